#include "mask/threshold_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

enum { WIDTH = 8, ROW = 4 * WIDTH };

/* What the loop over rows keeps at hand. */
struct rule {
    enum fm_dist dist;
    bool dither;
    const int32_t *z; /* of gaussian noise */
    __m256 c;
    __m256i top, last;
    __m128i shift;
};

static inline __m256i
widen(const uint16_t *lane)
{
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)lane));
}

/* n, or any integer of its size. */
static inline __m256i
noise_of(const struct rule *r, const uint16_t *noise, size_t i)
{
    if (r->dist == FM_UNIFORM)
        return _mm256_sub_epi32(_mm256_slli_epi32(widen(noise + i), 1),
                                _mm256_set1_epi32(65535));
    if (r->dist == FM_GAUSSIAN)
        return _mm256_i32gather_epi32(r->z, widen(noise + i), 4);
    return _mm256_set1_epi32(65536);
}

/* Rounding does not see a sign, so it is dropped from the product. */
static inline __m256i
bins(const struct rule *r, const uint16_t *noise, const uint16_t *k, size_t i)
{
    __m256i factor = r->top;
    __m256 t;

    if (r->dither)
        factor =
            _mm256_sub_epi32(r->top, _mm256_sll_epi32(widen(k + i), r->shift));
    t = _mm256_andnot_ps(
        _mm256_set1_ps(-0.0f),
        _mm256_mul_ps(_mm256_cvtepi32_ps(noise_of(r, noise, i)),
                      _mm256_cvtepi32_ps(factor)));
    return _mm256_min_epi32(
        _mm256_cvttps_epi32(_mm256_mul_ps(_mm256_sqrt_ps(t), r->c)), r->last);
}

static inline __attribute__((always_inline)) size_t
rows(uint8_t *bin, const struct rule r, const uint16_t *noise,
     const uint16_t *k, size_t count)
{
    /* A pack takes from both its halves in turn. */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    size_t i = 0;

    for (; i + ROW <= count; i += ROW) {
        __m256i b[4];

        for (size_t j = 0; j < 4; j++)
            b[j] = bins(&r, noise, k, i + WIDTH * j);
        b[0] = _mm256_packus_epi16(_mm256_packs_epi32(b[0], b[1]),
                                   _mm256_packs_epi32(b[2], b[3]));
        _mm256_storeu_si256((__m256i *)(bin + i),
                            _mm256_permutevar8x32_epi32(b[0], order));
    }
    return i;
}

size_t
fm_threshold_bins_avx2(uint8_t *bin, const struct fm_threshold *rule,
                       const uint16_t *noise, const uint16_t *k, size_t count)
{
    const struct fm_threshold_line l = fm_threshold_line(rule->is_signed);
    struct rule r = {
        .dist = rule->dist,
        .dither = k != NULL,
        .z = rule->dist == FM_GAUSSIAN ? fm_noise_table() : NULL,
        .c = _mm256_set1_ps(rule->c),
        .top = _mm256_set1_epi32(l.top),
        .last = _mm256_set1_epi32(rule->last),
        .shift = _mm_cvtsi32_si128(l.shift),
    };

    return rows(bin, r, noise, k, count);
}

/*
 * A byte of each probability at a time, from a table of 64 bytes in four
 * vectors: a shuffle looks up the low four bits of a bin, and the two above
 * choose among its four answers.
 */
struct table {
    __m256i part[4];
};

static inline __m256i
look(const struct table *t, __m256i bin)
{
    __m256i bit4 = _mm256_slli_epi16(bin, 3), bit5 = _mm256_slli_epi16(bin, 2);
    __m256i low =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(t->part[0], bin),
                           _mm256_shuffle_epi8(t->part[1], bin), bit4);
    __m256i high =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(t->part[2], bin),
                           _mm256_shuffle_epi8(t->part[3], bin), bit4);

    return _mm256_blendv_epi8(low, high, bit5);
}

size_t
fm_threshold_look_avx2(uint16_t *p, const uint8_t *bin, const uint16_t *table,
                       size_t count)
{
    struct table low, high;
    size_t i = 0;

    for (int j = 0; j < 4; j++) {
        uint8_t byte[2][16];

        for (int b = 0; b < 16; b++) {
            byte[0][b] = (uint8_t)table[16 * j + b];
            byte[1][b] = (uint8_t)(table[16 * j + b] >> 8);
        }
        low.part[j] = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)byte[0]));
        high.part[j] = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)byte[1]));
    }
    for (; i + ROW <= count; i += ROW) {
        __m256i b = _mm256_loadu_si256((const __m256i *)(bin + i)), l, h, a;

        /* Unpacking takes the first and third, second and fourth quarters. */
        b = _mm256_permute4x64_epi64(b, 0xd8);
        l = look(&low, b);
        h = look(&high, b);
        a = _mm256_unpacklo_epi8(l, h);
        _mm256_storeu_si256((__m256i *)(p + i), a);
        a = _mm256_unpackhi_epi8(l, h);
        _mm256_storeu_si256((__m256i *)(p + i + 16), a);
    }
    return i;
}

#endif
