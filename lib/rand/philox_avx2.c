#include "rand/philox_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

/* As philox_avx512.c, which explains it, with four blocks to a group.  Three
 * groups, and the keys in memory: more would not fit into sixteen registers. */
enum { WIDTH = 4, GROUPS = 3, ROUNDS = PHILOX_ROUNDS - 2 };

struct group {
    __m256i w0, w1, w2, w3;
};

static inline struct group
start(const struct fm_philox_head *h, uint32_t block)
{
    const __m256i order = _mm256_setr_epi64x(0, 2, 1, 3);
    __m256i p =
        _mm256_mul_epu32(_mm256_add_epi64(_mm256_set1_epi64x(block), order),
                         _mm256_set1_epi64x(PHILOX_M0));
    __m256i q =
        _mm256_mul_epu32(_mm256_xor_si256(_mm256_srli_epi64(p, 32),
                                          _mm256_set1_epi64x(h->head[0])),
                         _mm256_set1_epi64x(PHILOX_M1));

    return (struct group){
        _mm256_xor_si256(_mm256_srli_epi64(q, 32),
                         _mm256_set1_epi64x(h->head[1])),
        q,
        _mm256_xor_si256(p, _mm256_set1_epi64x(h->head[2])),
        _mm256_set1_epi64x(h->head[3]),
    };
}

static inline struct group
step(struct group x, __m256i k0, __m256i k1)
{
    __m256i p0 = _mm256_mul_epu32(x.w0, _mm256_set1_epi64x(PHILOX_M0));
    __m256i p1 = _mm256_mul_epu32(x.w2, _mm256_set1_epi64x(PHILOX_M1));
    __m256i h0 = _mm256_srli_epi64(p0, 32), h1 = _mm256_srli_epi64(p1, 32);

    return (struct group){_mm256_xor_si256(h1, _mm256_xor_si256(x.w1, k0)), p1,
                          _mm256_xor_si256(h0, _mm256_xor_si256(x.w3, k1)), p0};
}

static inline void
finish(uint16_t *out, struct group x)
{
    enum { ODD = 0xaa };
    __m256i w01 = _mm256_blend_epi32(x.w0, _mm256_slli_epi64(x.w1, 32), ODD);
    __m256i w23 = _mm256_blend_epi32(x.w2, _mm256_slli_epi64(x.w3, 32), ODD);

    _mm256_storeu_si256((__m256i *)out, _mm256_unpacklo_epi64(w01, w23));
    _mm256_storeu_si256((__m256i *)(out + 16), _mm256_unpackhi_epi64(w01, w23));
}

size_t
fm_philox_lanes_avx2(uint16_t *out, const struct fm_place *at, uint32_t first,
                     size_t blocks)
{
    const struct fm_philox_head h = fm_philox_begin(at);
    __m256i key[ROUNDS][2];
    size_t i = 0;

    for (int r = 0; r < ROUNDS; r++)
        for (int j = 0; j < 2; j++)
            key[r][j] = _mm256_set1_epi64x(h.key[r][j]);
    for (; i + WIDTH * GROUPS <= blocks; i += WIDTH * GROUPS) {
        uint32_t block = first + (uint32_t)i;
        struct group a = start(&h, block), b = start(&h, block + WIDTH);
        struct group c = start(&h, block + 2 * WIDTH);

        for (int r = 0; r < ROUNDS; r++) {
            a = step(a, key[r][0], key[r][1]);
            b = step(b, key[r][0], key[r][1]);
            c = step(c, key[r][0], key[r][1]);
        }
        finish(out + 8 * i, a);
        finish(out + 8 * (i + WIDTH), b);
        finish(out + 8 * (i + 2 * WIDTH), c);
    }
    for (; i + WIDTH <= blocks; i += WIDTH) {
        struct group a = start(&h, first + (uint32_t)i);

        for (int r = 0; r < ROUNDS; r++)
            a = step(a, key[r][0], key[r][1]);
        finish(out + 8 * i, a);
    }
    return i;
}

#endif
