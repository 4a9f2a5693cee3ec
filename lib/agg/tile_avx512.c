#include "agg/tile_impl.h"

#if defined(__AVX512BW__)

#include <immintrin.h>
#include <string.h>

/* tile_impl.h says what the narrow sums are. */

/* 32 bits of a string, from bit i on; i is a multiple of 32. */
static inline uint32_t
bits32(const void *bits, size_t i)
{
    uint32_t x;

    memcpy(&x, (const char *)bits + i / 8, sizeof x);
    return x;
}

static inline __m512i
load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static void
add_uniform(struct fm_tile_narrow *s, const uint16_t *lane,
            const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const __m512i minus = _mm512_set1_epi16(INT16_MIN);
    const __m512i flip = _mm512_set1_epi16(INT16_MAX);
    const __m512i w = _mm512_set1_epi16(weight);
    /* A product with the low and with the high half of each word. */
    const __m512i even = _mm512_set1_epi32(weight);
    const __m512i odd = _mm512_slli_epi32(even, 16);

    for (size_t i = 0; i < count; i += FM_TILE_STEP) {
        const __mmask32 m = bits32(bits, i);
        __m512i k = load(lane + i);

        /* n = 2k' + 1, so -n = 2(-k' - 1) + 1: 32767 - lane takes the place
         * of lane - 32768, and the other term stays. */
        if (signs)
            k = _mm512_mask_sub_epi16(_mm512_add_epi16(k, minus), ~m, flip, k);
        else
            k = _mm512_maskz_add_epi16(m, k, minus);
        _mm512_storeu_si512(s->half + i,
                            _mm512_mask_add_epi16(load(s->half + i),
                                                  signs ? UINT32_MAX : m,
                                                  load(s->half + i), w));
        _mm512_storeu_si512(
            s->word + i,
            _mm512_add_epi32(load(s->word + i), _mm512_madd_epi16(k, even)));
        _mm512_storeu_si512(s->word + i + 16,
                            _mm512_add_epi32(load(s->word + i + 16),
                                             _mm512_madd_epi16(k, odd)));
    }
}

/* Without optimisation gcc's gather is a macro, which hands the mask on to a
 * function that takes it with a sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"

static void
add_gaussian(struct fm_tile_narrow *s, const uint16_t *lane,
             const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const int32_t *table = fm_noise_table();
    const __m512i zero = _mm512_setzero_si512();
    const __m512i w = _mm512_set1_epi32(weight);

    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 m = (__mmask16)(bits32(bits, i / 32 * 32) >> i % 32);
        __m512i k = _mm512_cvtepu16_epi32(
            _mm256_loadu_si256((const __m256i *)(lane + i)));
        __m512i n = _mm512_mask_i32gather_epi32(zero, signs ? (__mmask16)-1 : m,
                                                k, table, 4);

        if (signs)
            n = _mm512_mask_sub_epi32(n, (__mmask16)~m, zero, n);
        n = _mm512_mullo_epi32(n, w);
        _mm512_storeu_si512(s->word + i,
                            _mm512_add_epi32(load(s->word + i), n));
    }
}

#pragma GCC diagnostic pop

static void
add_bernoulli(struct fm_tile_narrow *s, const uint16_t *lane,
              const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const __m512i w = _mm512_set1_epi16(weight);

    for (size_t i = 0; i < count; i += FM_TILE_STEP) {
        /* The noise is bits, too: which entries go up, and which down? */
        const uint32_t m = bits32(bits, i), n = bits32(lane, i);
        const __mmask32 up = signs ? ~(m ^ n) : m & n;
        const __mmask32 down = signs ? m ^ n : m & ~n;
        __m512i x = load(s->half + i);

        x = _mm512_mask_add_epi16(x, up, x, w);
        x = _mm512_mask_sub_epi16(x, down, x, w);
        _mm512_storeu_si512(s->half + i, x);
    }
}

/* sum[0..15] += scale * x */
static inline void
widen16(int64_t *sum, __m512i x, __m512i scale)
{
    __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(x));
    __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(x, 1));

    low = _mm512_mul_epi32(low, scale);
    high = _mm512_mul_epi32(high, scale);
    _mm512_storeu_si512(sum, _mm512_add_epi64(load(sum), low));
    _mm512_storeu_si512(sum + 8, _mm512_add_epi64(load(sum + 8), high));
}

static void
widen_uniform(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
              size_t first, size_t count)
{
    const __m512i by = _mm512_set1_epi64(scale);
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                          21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));

    for (size_t i = 0; i < count; i += FM_TILE_STEP) {
        __m512i half = load(s->half + first + i);
        __m512i even = _mm512_slli_epi32(load(s->word + first + i), 1);
        __m512i odd = _mm512_slli_epi32(load(s->word + first + i + 16), 1);

        even = _mm512_add_epi32(
            even, _mm512_and_si512(half, _mm512_set1_epi32(UINT16_MAX)));
        odd = _mm512_add_epi32(odd, _mm512_srli_epi32(half, 16));
        widen16(sum + i, _mm512_permutex2var_epi32(even, low, odd), by);
        widen16(sum + i + 16, _mm512_permutex2var_epi32(even, high, odd), by);
    }
}

static void
widen_gaussian(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
               size_t first, size_t count)
{
    const __m512i by = _mm512_set1_epi64(scale);

    for (size_t i = 0; i < count; i += 16)
        widen16(sum + i, load(s->word + first + i), by);
}

static void
widen_bernoulli(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
                size_t first, size_t count)
{
    const __m512i by = _mm512_set1_epi64(scale);

    for (size_t i = 0; i < count; i += 16) {
        __m512i x = _mm512_cvtepi16_epi32(
            _mm256_loadu_si256((const __m256i *)(s->half + first + i)));

        widen16(sum + i, _mm512_slli_epi32(x, 16), by);
    }
}

const struct fm_tile_ops fm_tile_avx512 = {
    {add_uniform, add_gaussian, add_bernoulli},
    {widen_uniform, widen_gaussian, widen_bernoulli},
};

#endif
