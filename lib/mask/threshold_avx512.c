#include "mask/threshold_impl.h"

#if defined(__AVX512F__)

#include <immintrin.h>

enum { WIDTH = 16, LOOK = 32 };

static inline __m512i
widen(const uint16_t *lane)
{
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)lane));
}

/* Without optimisation gcc's gather is a macro, which hands the mask on to a
 * function that takes it with a sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* n, or any integer of its size; `z` is the table of gaussian noise. */
static inline __m512i
noise_of(enum fm_dist d, const uint16_t *noise, size_t i, const int32_t *z)
{
    if (d == FM_UNIFORM)
        return _mm512_sub_epi32(_mm512_slli_epi32(widen(noise + i), 1),
                                _mm512_set1_epi32(65535));
    if (d == FM_GAUSSIAN)
        return _mm512_i32gather_epi32(widen(noise + i), z, 4);
    return _mm512_set1_epi32(65536);
}

#pragma GCC diagnostic pop

size_t
fm_threshold_bins_avx512(uint8_t *bin, const struct fm_threshold *rule,
                         const uint16_t *noise, const uint16_t *k, size_t count)
{
    const struct fm_threshold_line l = fm_threshold_line(rule->is_signed);
    const enum fm_dist d = rule->dist;
    const int32_t *z = d == FM_GAUSSIAN ? fm_noise_table() : NULL;
    const __m512 c = _mm512_set1_ps(rule->c);
    const __m512i top = _mm512_set1_epi32(l.top);
    const __m512i last = _mm512_set1_epi32(rule->last);
    const __m128i shift = _mm_cvtsi32_si128(l.shift);
    size_t i = 0;

    /* Rounding does not see a sign, so it is dropped from the product. */
    for (; i + WIDTH <= count; i += WIDTH) {
        __m512i factor = top, b;
        __m512 t;

        if (k)
            factor =
                _mm512_sub_epi32(top, _mm512_sll_epi32(widen(k + i), shift));
        t = _mm512_abs_ps(
            _mm512_mul_ps(_mm512_cvtepi32_ps(noise_of(d, noise, i, z)),
                          _mm512_cvtepi32_ps(factor)));
        b = _mm512_cvttps_epi32(_mm512_mul_ps(_mm512_sqrt_ps(t), c));
        _mm_storeu_si128((__m128i *)(bin + i),
                         _mm512_cvtepi32_epi8(_mm512_min_epi32(b, last)));
    }
    return i;
}

/* A table of 64 words is two registers. */
size_t
fm_threshold_look_avx512(uint16_t *p, const uint8_t *bin, const uint16_t *table,
                         size_t count)
{
    const __m512i low = _mm512_loadu_si512(table);
    const __m512i high = _mm512_loadu_si512(table + 32);
    size_t i = 0;

    for (; i + LOOK <= count; i += LOOK) {
        __m512i at = _mm512_cvtepu8_epi16(
            _mm256_loadu_si256((const __m256i *)(bin + i)));

        _mm512_storeu_si512(p + i, _mm512_permutex2var_epi16(low, at, high));
    }
    return i;
}

#endif
