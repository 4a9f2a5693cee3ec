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

/*
 * x / f, or one more or less: it is below 2^17, and a float's rounding, with
 * the lost last bit of x, moves it by less than 1.
 */
static inline __m256i
near_quotient(__m256i x, __m256i f)
{
    __m256 half = _mm256_cvtepi32_ps(_mm256_srli_epi32(x, 1));

    return _mm256_cvttps_epi32(
        _mm256_div_ps(_mm256_add_ps(half, half), _mm256_cvtepi32_ps(f)));
}

/* Words are rare: one entry in sixteen has one at the most. */
static inline void
give_words(__m256i x, unsigned m, uint8_t **at)
{
    uint32_t lane[WIDTH];

    _mm256_storeu_si256((__m256i *)lane, x);
    for (; m; m &= (1u << (31 - __builtin_clz(m))) - 1) {
        uint32_t w = lane[31 - __builtin_clz(m)];

        *at -= FM_RANS_WORD;
        (*at)[0] = (uint8_t)w;
        (*at)[1] = (uint8_t)(w >> 8);
    }
}

static inline __m256i
unstep(__m256i x, const uint16_t *probability, uint8_t **at, uint8_t bits)
{
    const __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i one = _mm256_set1_epi32(FM_RANS_ONE);
    __m256i p =
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)probability));
    __m256i bit = _mm256_cmpeq_epi32(
        _mm256_and_si256(_mm256_set1_epi32(bits), each), each);
    __m256i f = _mm256_blendv_epi8(_mm256_sub_epi32(one, p), p, bit);
    __m256i most = _mm256_slli_epi32(f, 32 - FM_RANS_BITS);
    __m256i give = _mm256_cmpeq_epi32(_mm256_max_epu32(x, most), x), q, r, fix;
    unsigned m = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(give));

    if (m)
        give_words(x, m, at);
    x = _mm256_blendv_epi8(x, _mm256_srli_epi32(x, 16), give);
    q = near_quotient(x, f);
    r = _mm256_sub_epi32(x, _mm256_mullo_epi32(q, f));
    x = _mm256_add_epi32(_mm256_slli_epi32(q, FM_RANS_BITS), r);
    /* Where q was wrong, the remainder is not in 0..f-1. */
    fix = _mm256_sub_epi32(one, f);
    x = _mm256_sub_epi32(x, _mm256_and_si256(fix, _mm256_srai_epi32(r, 31)));
    x = _mm256_add_epi32(x, _mm256_andnot_si256(_mm256_cmpgt_epi32(f, r), fix));
    return _mm256_add_epi32(x, _mm256_andnot_si256(bit, p));
}

size_t
fm_rans_encode_avx2(struct fm_rans_out *out, const uint8_t *bits,
                    const uint16_t *p, size_t count)
{
    __m256i *const x = (__m256i *)out->x;
    __m256i a = _mm256_loadu_si256(x), b = _mm256_loadu_si256(x + 1);
    __m256i c = _mm256_loadu_si256(x + 2), d = _mm256_loadu_si256(x + 3);
    uint8_t *at = out->at;

    for (size_t i = count; i > 0;) {
        i -= FM_RANS_MANY;
        d = unstep(d, p + i + 3 * WIDTH, &at, bits[i / 8 + 3]);
        c = unstep(c, p + i + 2 * WIDTH, &at, bits[i / 8 + 2]);
        b = unstep(b, p + i + WIDTH, &at, bits[i / 8 + 1]);
        a = unstep(a, p + i, &at, bits[i / 8]);
    }
    _mm256_storeu_si256(x, a);
    _mm256_storeu_si256(x + 1, b);
    _mm256_storeu_si256(x + 2, c);
    _mm256_storeu_si256(x + 3, d);
    out->at = at;
    return count;
}

#endif
