#include "mask/draw_impl.h"

#if defined(__AVX512F__)

#include <immintrin.h>

/* Eight entries; `top` already less 2k. */
static __mmask8
eight(const float *u, const int32_t *n, __m256i top, __m512d scale)
{
    const __m512i minus = _mm512_set1_epi64(INT64_MIN);
    __m256i ni = _mm256_loadu_si256((const __m256i *)n);
    __m512d v = _mm512_mul_pd(_mm512_cvtps_pd(_mm256_loadu_ps(u)), scale);
    __m512i flip = _mm512_and_si512(_mm512_cvtepi32_epi64(ni), minus);
    __m512d right = _mm512_mul_pd(_mm512_cvtepi32_pd(_mm256_abs_epi32(ni)),
                                  _mm512_cvtepi32_pd(top));

    v = _mm512_castsi512_pd(_mm512_xor_si512(_mm512_castpd_si512(v), flip));
    return _mm512_cmp_pd_mask(v, right, _CMP_GE_OQ);
}

size_t
fm_draw_avx512(uint8_t *m, const float *u, const int32_t *n, const uint16_t *k,
               size_t count, struct fm_draw_rule r)
{
    const __m512d scale = _mm512_set1_pd(r.scale);
    const __m512i fixed = _mm512_set1_epi32(r.top);
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m512i top = fixed;
        __mmask16 taken;

        if (k) {
            __m256i ki = _mm256_loadu_si256((const __m256i *)(k + i));

            top = _mm512_sub_epi32(
                top, _mm512_slli_epi32(_mm512_cvtepu16_epi32(ki), 1));
        }
        taken = (__mmask16)(eight(u + i, n + i, _mm512_castsi512_si256(top),
                                  scale) |
                            eight(u + i + 8, n + i + 8,
                                  _mm512_extracti64x4_epi64(top, 1), scale)
                                << 8);
        _mm_storeu_si128((__m128i *)(m + i), _mm_maskz_set1_epi8(taken, 1));
    }
    return i;
}

#endif
