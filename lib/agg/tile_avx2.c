#include "agg/tile_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>
#include <string.h>

/* tile_impl.h says what the narrow sums are. */

static inline __m256i
load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void
store(void *p, __m256i x)
{
    _mm256_storeu_si256(p, x);
}

/* 16 bits of a string, from bit i on; i is a multiple of 16. */
static inline uint16_t
bits16(const void *bits, size_t i)
{
    uint16_t x;

    memcpy(&x, (const char *)bits + i / 8, sizeof x);
    return x;
}

/* Bit j as element j, 0 or -1. */
static inline __m256i
spread16(uint16_t bits)
{
    const __m256i each = _mm256_setr_epi16(
        1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8,
        1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, INT16_MIN);
    __m256i x = _mm256_set1_epi16((int16_t)bits);

    return _mm256_cmpeq_epi16(_mm256_and_si256(x, each), each);
}

static inline __m256i
spread8(unsigned bits)
{
    const __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i x = _mm256_set1_epi32((int)bits);

    return _mm256_cmpeq_epi32(_mm256_and_si256(x, each), each);
}

static void
add_uniform(struct fm_tile_narrow *s, const uint16_t *lane,
            const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const __m256i minus = _mm256_set1_epi16(INT16_MIN);
    const __m256i w = _mm256_set1_epi16(weight);
    /* A product with the low and with the high half of each word. */
    const __m256i even = _mm256_set1_epi32(weight);
    const __m256i odd = _mm256_slli_epi32(even, 16);
    const __m256i ones = _mm256_set1_epi16(-1);

    for (size_t i = 0; i < count; i += 16) {
        /* Of each 32 entries the even ones come first. */
        int32_t *word = s->word + i / 32 * 32 + i % 32 / 2;
        __m256i k = _mm256_xor_si256(load(lane + i), minus);
        __m256i m = spread16(bits16(bits, i));

        /* n = 2k' + 1, so -n = 2(-k' - 1) + 1, and -k' - 1 is ~k'. */
        if (signs) {
            k = _mm256_xor_si256(k, _mm256_xor_si256(m, ones));
            m = ones;
        } else {
            k = _mm256_and_si256(k, m);
        }
        store(s->half + i,
              _mm256_add_epi16(load(s->half + i), _mm256_and_si256(w, m)));
        store(word, _mm256_add_epi32(load(word), _mm256_madd_epi16(k, even)));
        store(word + 16,
              _mm256_add_epi32(load(word + 16), _mm256_madd_epi16(k, odd)));
    }
}

static void
add_gaussian(struct fm_tile_narrow *s, const uint16_t *lane,
             const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const int32_t *table = fm_noise_table();
    const __m256i w = _mm256_set1_epi32(weight);
    const __m256i ones = _mm256_set1_epi32(-1);

    for (size_t i = 0; i < count; i += 8) {
        __m256i k =
            _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(lane + i)));
        __m256i m = spread8(bits16(bits, i / 16 * 16) >> i % 16 & 0xff);
        __m256i n = _mm256_i32gather_epi32(table, k, 4);

        if (signs) {
            m = _mm256_xor_si256(m, ones);
            n = _mm256_sub_epi32(_mm256_xor_si256(n, m), m);
        } else {
            n = _mm256_and_si256(n, m);
        }
        n = _mm256_mullo_epi32(n, w);
        store(s->word + i, _mm256_add_epi32(load(s->word + i), n));
    }
}

static void
add_bernoulli(struct fm_tile_narrow *s, const uint16_t *lane,
              const uint64_t *bits, int16_t weight, bool signs, size_t count)
{
    const __m256i w = _mm256_set1_epi16(weight);

    for (size_t i = 0; i < count; i += 16) {
        /* The noise is bits, too: which entries go down, and which count? */
        const uint16_t m = bits16(bits, i), n = bits16(lane, i);
        __m256i down = spread16((uint16_t) ~(signs ? ~(m ^ n) : n));
        __m256i x = _mm256_sub_epi16(_mm256_xor_si256(w, down), down);

        if (!signs)
            x = _mm256_and_si256(x, spread16(m));
        store(s->half + i, _mm256_add_epi16(load(s->half + i), x));
    }
}

/* sum[0..3] += scale * x */
static inline void
widen4(int64_t *sum, __m128i x, __m256i scale)
{
    __m256i wide = _mm256_mul_epi32(_mm256_cvtepi32_epi64(x), scale);

    store(sum, _mm256_add_epi64(load(sum), wide));
}

static inline void
widen8(int64_t *sum, __m256i x, __m256i scale)
{
    widen4(sum, _mm256_castsi256_si128(x), scale);
    widen4(sum + 4, _mm256_extracti128_si256(x, 1), scale);
}

static void
widen_uniform(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
              size_t first, size_t count)
{
    const __m256i by = _mm256_set1_epi64x(scale);

    for (size_t i = 0; i < count; i += 16) {
        const int32_t *word = s->word + first + i / 32 * 32 + i % 32 / 2;
        __m256i half = load(s->half + first + i);
        __m256i even = _mm256_slli_epi32(load(word), 1);
        __m256i odd = _mm256_slli_epi32(load(word + 16), 1), low, high;

        even = _mm256_add_epi32(
            even, _mm256_and_si256(half, _mm256_set1_epi32(UINT16_MAX)));
        odd = _mm256_add_epi32(odd, _mm256_srli_epi32(half, 16));
        /* Entries 0-3 and 8-11, 4-7 and 12-15. */
        low = _mm256_unpacklo_epi32(even, odd);
        high = _mm256_unpackhi_epi32(even, odd);
        widen8(sum + i, _mm256_permute2x128_si256(low, high, 0x20), by);
        widen8(sum + i + 8, _mm256_permute2x128_si256(low, high, 0x31), by);
    }
}

static void
widen_gaussian(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
               size_t first, size_t count)
{
    const __m256i by = _mm256_set1_epi64x(scale);

    for (size_t i = 0; i < count; i += 8)
        widen8(sum + i, load(s->word + first + i), by);
}

static void
widen_bernoulli(int64_t *sum, const struct fm_tile_narrow *s, int32_t scale,
                size_t first, size_t count)
{
    const __m256i by = _mm256_set1_epi64x(scale);

    for (size_t i = 0; i < count; i += 8) {
        __m256i x = _mm256_cvtepi16_epi32(
            _mm_loadu_si128((const __m128i *)(s->half + first + i)));

        widen8(sum + i, _mm256_slli_epi32(x, 16), by);
    }
}

const struct fm_tile_ops fm_tile_avx2 = {
    {add_uniform, add_gaussian, add_bernoulli},
    {widen_uniform, widen_gaussian, widen_bernoulli},
};

#endif
