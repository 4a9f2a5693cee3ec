#include "mask/rans_impl.h"

#if defined(__AVX512F__)

#include <immintrin.h>

/* As rans_avx2.c, which explains it, with two vectors of sixteen lanes; the
 * expanding move gives each lane its word. */
enum { WIDTH = 16, ROW = FM_RANS_MANY * FM_RANS_WORD };

static inline __m512i
step(__m512i x, const uint16_t *probability, const uint8_t **at, uint8_t *bits)
{
    const __m512i one = _mm512_set1_epi32(FM_RANS_ONE);
    const __m512i low = _mm512_set1_epi32(FM_RANS_LOW);
    __m512i p =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)probability));
    __m512i word =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)*at));
    __m512i s = _mm512_and_si512(x, _mm512_set1_epi32(FM_RANS_ONE - 1));
    __mmask16 bit = _mm512_cmplt_epu32_mask(s, p), want;
    __m512i f = _mm512_mask_mov_epi32(_mm512_sub_epi32(one, p), bit, p);

    x = _mm512_add_epi32(
        _mm512_mullo_epi32(f, _mm512_srli_epi32(x, FM_RANS_BITS)),
        _mm512_mask_sub_epi32(s, (__mmask16)~bit, s, p));
    want = _mm512_cmplt_epu32_mask(x, low);
    x = _mm512_mask_or_epi32(x, want, _mm512_slli_epi32(x, 16),
                             _mm512_maskz_expand_epi32(want, word));
    *at += FM_RANS_WORD * (size_t)__builtin_popcount(want);
    bits[0] = (uint8_t)bit;
    bits[1] = (uint8_t)(bit >> 8);
    return x;
}

size_t
fm_rans_decode_avx512(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p,
                      size_t count)
{
    __m512i a = _mm512_loadu_si512(in->x);
    __m512i b = _mm512_loadu_si512(in->x + WIDTH);
    const uint8_t *at = in->at;
    size_t i = 0;

    for (; i + FM_RANS_MANY <= count && in->end - at >= ROW;
         i += FM_RANS_MANY) {
        a = step(a, p + i, &at, bits + i / 8);
        b = step(b, p + i + WIDTH, &at, bits + i / 8 + 2);
    }
    _mm512_storeu_si512(in->x, a);
    _mm512_storeu_si512(in->x + WIDTH, b);
    in->at = at;
    return i;
}

/* As in rans_avx2.c, of the whole x. */
static inline __m512i
near_quotient(__m512i x, __m512i f)
{
    return _mm512_cvttps_epi32(
        _mm512_div_ps(_mm512_cvtepu32_ps(x), _mm512_cvtepi32_ps(f)));
}

static inline __m512i
unstep(__m512i x, const uint16_t *probability, uint8_t **at, __mmask16 bit)
{
    const __m512i one = _mm512_set1_epi32(FM_RANS_ONE);
    __m512i p =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)probability));
    __m512i f = _mm512_mask_mov_epi32(_mm512_sub_epi32(one, p), bit, p);
    __mmask16 give =
        _mm512_cmpge_epu32_mask(x, _mm512_slli_epi32(f, 32 - FM_RANS_BITS));
    unsigned n = (unsigned)__builtin_popcount(give);
    __m512i q, r, fix;

    *at -= FM_RANS_WORD * (size_t)n;
    _mm256_mask_storeu_epi16(
        *at, (__mmask16)((1u << n) - 1),
        _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(give, x)));
    x = _mm512_mask_srli_epi32(x, give, x, 16);
    q = near_quotient(x, f);
    r = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
    x = _mm512_add_epi32(_mm512_slli_epi32(q, FM_RANS_BITS), r);
    /* Where q was wrong, the remainder is not in 0..f-1. */
    fix = _mm512_sub_epi32(one, f);
    x = _mm512_mask_sub_epi32(
        x, _mm512_cmplt_epi32_mask(r, _mm512_setzero_si512()), x, fix);
    x = _mm512_mask_add_epi32(x, _mm512_cmpge_epi32_mask(r, f), x, fix);
    return _mm512_mask_add_epi32(x, (__mmask16)~bit, x, p);
}

size_t
fm_rans_encode_avx512(struct fm_rans_out *out, const uint8_t *bits,
                      const uint16_t *p, size_t count)
{
    __m512i a = _mm512_loadu_si512(out->x);
    __m512i b = _mm512_loadu_si512(out->x + WIDTH);
    uint8_t *at = out->at;

    for (size_t i = count; i > 0;) {
        i -= FM_RANS_MANY;
        b = unstep(b, p + i + WIDTH, &at,
                   (__mmask16)(bits[i / 8 + 2] | bits[i / 8 + 3] << 8));
        a = unstep(a, p + i, &at,
                   (__mmask16)(bits[i / 8] | bits[i / 8 + 1] << 8));
    }
    _mm512_storeu_si512(out->x, a);
    _mm512_storeu_si512(out->x + WIDTH, b);
    out->at = at;
    return count;
}

#endif
