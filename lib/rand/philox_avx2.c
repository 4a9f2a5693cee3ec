#include "rand/philox_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

/* As philox_avx512.c, which explains it, with four blocks to a group.  Two
 * groups: more would not fit into sixteen registers. */
enum { WIDTH = 4, GROUPS = 2 };

struct group {
    __m256i w0, w1, w2, w3;
};

static inline struct group
start(const struct fm_place *at, uint32_t block)
{
    const __m256i order = _mm256_setr_epi64x(0, 2, 1, 3);

    return (struct group){
        _mm256_add_epi64(_mm256_set1_epi64x(block), order),
        _mm256_set1_epi64x(at->high),
        _mm256_set1_epi64x(at->ordinal),
        _mm256_set1_epi64x(at->purpose),
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
    size_t i = 0;

    for (; i + WIDTH * GROUPS <= blocks; i += WIDTH * GROUPS) {
        uint32_t block = first + (uint32_t)i;
        struct group a = start(at, block), b = start(at, block + WIDTH);
        uint64_t k0 = (uint32_t)at->key, k1 = at->key >> 32;

        for (int r = 0; r < PHILOX_ROUNDS; r++) {
            const __m256i v0 = _mm256_set1_epi64x((long long)k0);
            const __m256i v1 = _mm256_set1_epi64x((long long)k1);

            a = step(a, v0, v1);
            b = step(b, v0, v1);
            k0 += PHILOX_W0;
            k1 += PHILOX_W1;
        }
        finish(out + 8 * i, a);
        finish(out + 8 * (i + WIDTH), b);
    }
    return i;
}

#endif
