#include "mask/draw_impl.h"

#if defined(__AVX2__)

#include "base/bytes.h"

#include <immintrin.h>

/* Four entries as four bits; `top` already less 2k. */
static unsigned
four(const float *u, const int32_t *n, __m128i top, __m256d scale)
{
    const __m256i minus = _mm256_set1_epi64x(INT64_MIN);
    __m128i ni = _mm_loadu_si128((const __m128i *)n);
    __m256d v = _mm256_mul_pd(_mm256_cvtps_pd(_mm_loadu_ps(u)), scale);
    __m256i flip = _mm256_and_si256(_mm256_cvtepi32_epi64(ni), minus);
    __m256d right = _mm256_mul_pd(_mm256_cvtepi32_pd(_mm_abs_epi32(ni)),
                                  _mm256_cvtepi32_pd(top));

    v = _mm256_xor_pd(v, _mm256_castsi256_pd(flip));
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(v, right, _CMP_GE_OQ));
}

size_t
fm_draw_avx2(uint8_t *m, const float *u, const int32_t *n, const uint16_t *k,
             size_t count, struct fm_draw_rule r)
{
    const __m256d scale = _mm256_set1_pd(r.scale);
    const __m256i fixed = _mm256_set1_epi32(r.top);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m256i top = fixed;
        unsigned low, high;

        if (k) {
            __m128i ki = _mm_loadu_si128((const __m128i *)(k + i));

            top = _mm256_sub_epi32(
                top, _mm256_slli_epi32(_mm256_cvtepu16_epi32(ki), 1));
        }
        low = four(u + i, n + i, _mm256_castsi256_si128(top), scale);
        high =
            four(u + i + 4, n + i + 4, _mm256_extracti128_si256(top, 1), scale);
        /* Bit j of four bits to byte j: the copies at 0, 7, 14, 21 do not
         * meet at the bits that stay. */
        fm_put32(m + i, low * 0x204081u & 0x01010101u);
        fm_put32(m + i + 4, high * 0x204081u & 0x01010101u);
    }
    return i;
}

#endif
