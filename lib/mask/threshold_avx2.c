#include "mask/threshold_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

enum { WIDTH = 8 };

static inline __m256i
bins(const int32_t *n, __m256i factor, __m256 c)
{
    __m256i size = _mm256_abs_epi32(_mm256_loadu_si256((const __m256i *)n));
    __m256 t = _mm256_mul_ps(_mm256_cvtepi32_ps(size),
                             _mm256_cvtepi32_ps(_mm256_abs_epi32(factor)));

    return _mm256_cvttps_epi32(_mm256_mul_ps(_mm256_sqrt_ps(t), c));
}

size_t
fm_threshold_bins_avx2(uint8_t *bin, const struct fm_threshold *rule,
                       const int32_t *n, const uint16_t *k, size_t count)
{
    const struct fm_threshold_line l = fm_threshold_line(rule->is_signed);
    const __m256 c = _mm256_set1_ps(rule->c);
    const __m256i top = _mm256_set1_epi32(l.top);
    const __m256i step = _mm256_set1_epi32(l.step);
    const __m256i last = _mm256_set1_epi32(rule->last);
    size_t i = 0;

    for (; i + WIDTH <= count; i += WIDTH) {
        __m256i factor = top, b;
        __m128i half;

        if (k)
            factor = _mm256_sub_epi32(
                top,
                _mm256_mullo_epi32(step, _mm256_cvtepu16_epi32(_mm_loadu_si128(
                                             (const __m128i *)(k + i)))));
        b = _mm256_min_epi32(bins(n + i, factor, c), last);
        half = _mm_packs_epi32(_mm256_castsi256_si128(b),
                               _mm256_extracti128_si256(b, 1));
        _mm_storel_epi64((__m128i *)(bin + i), _mm_packus_epi16(half, half));
    }
    return i;
}

#endif
