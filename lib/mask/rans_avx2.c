#include "mask/rans_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

/*
 * Four vectors of eight lanes.  A vector's words are the next ones of the
 * stream, as many as it has lanes that want one: they are loaded in a row, and
 * the lane with r wanting lanes before it gets word r.
 */
enum { WIDTH = 8, ROW = FM_RANS_MANY * FM_RANS_WORD };

/* ranks[m]: for each lane, one byte each, how many bits of m are below it. */
#define ONES 0x0101010101010101u
#define SPREAD(m)                                                              \
    ((((m)*ONES & 0x8040201008040201u) + 0x7f7f7f7f7f7f7f7fu) >> 7 & ONES)
#define RANK(m)   (SPREAD((uint64_t)(m)) * (ONES << 8))
#define RANK4(m)  RANK(m), RANK((m) + 1), RANK((m) + 2), RANK((m) + 3)
#define RANK16(m) RANK4(m), RANK4((m) + 4), RANK4((m) + 8), RANK4((m) + 12)
#define RANK64(m)                                                              \
    RANK16(m), RANK16((m) + 16), RANK16((m) + 32), RANK16((m) + 48)

static const uint64_t ranks[256] = {RANK64(0), RANK64(64), RANK64(128),
                                    RANK64(192)};

static inline __m256i
step(__m256i x, const uint16_t *probability, const uint8_t **at, uint8_t *bits)
{
    const __m256i one = _mm256_set1_epi32(FM_RANS_ONE);
    __m256i p =
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)probability));
    __m256i s = _mm256_and_si256(x, _mm256_set1_epi32(FM_RANS_ONE - 1));
    __m256i bit = _mm256_cmpgt_epi32(p, s);
    __m256i f = _mm256_blendv_epi8(_mm256_sub_epi32(one, p), p, bit);
    __m256i want, word;
    unsigned m;

    x = _mm256_add_epi32(
        _mm256_mullo_epi32(f, _mm256_srli_epi32(x, FM_RANS_BITS)),
        _mm256_sub_epi32(s, _mm256_andnot_si256(bit, p)));
    want = _mm256_cmpeq_epi32(_mm256_srli_epi32(x, 16), _mm256_setzero_si256());
    m = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(want));
    word = _mm256_permutevar8x32_epi32(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)*at)),
        _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)ranks[m])));
    x = _mm256_blendv_epi8(x, _mm256_or_si256(_mm256_slli_epi32(x, 16), word),
                           want);
    *at += FM_RANS_WORD * (size_t)__builtin_popcount(m);
    *bits = (uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(bit));
    return x;
}

size_t
fm_rans_decode_avx2(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p,
                    size_t count)
{
    __m256i *const x = (__m256i *)in->x;
    __m256i a = _mm256_loadu_si256(x), b = _mm256_loadu_si256(x + 1);
    __m256i c = _mm256_loadu_si256(x + 2), d = _mm256_loadu_si256(x + 3);
    const uint8_t *at = in->at;
    size_t i = 0;

    for (; i + FM_RANS_MANY <= count && in->end - at >= ROW;
         i += FM_RANS_MANY) {
        a = step(a, p + i, &at, bits + i / 8);
        b = step(b, p + i + WIDTH, &at, bits + i / 8 + 1);
        c = step(c, p + i + 2 * WIDTH, &at, bits + i / 8 + 2);
        d = step(d, p + i + 3 * WIDTH, &at, bits + i / 8 + 3);
    }
    _mm256_storeu_si256(x, a);
    _mm256_storeu_si256(x + 1, b);
    _mm256_storeu_si256(x + 2, c);
    _mm256_storeu_si256(x + 3, d);
    in->at = at;
    return i;
}

#endif
