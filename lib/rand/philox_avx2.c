#include "rand/philox_impl.h"

#if defined(__AVX2__)

#include <immintrin.h>

/* As philox_avx512.c, which explains it, with four blocks to a group.  Two
 * groups: more would not fit into sixteen registers. */
enum { WIDTH = 4, GROUPS = 2 };

static inline void
rounds(__m256i x[GROUPS][4], uint64_t key)
{
    const __m256i m0 = _mm256_set1_epi64x(PHILOX_M0);
    const __m256i m1 = _mm256_set1_epi64x(PHILOX_M1);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    for (int r = 0; r < PHILOX_ROUNDS; r++) {
        const __m256i key0 = _mm256_set1_epi64x(k0);
        const __m256i key1 = _mm256_set1_epi64x(k1);

        for (int g = 0; g < GROUPS; g++) {
            __m256i p0 = _mm256_mul_epu32(x[g][0], m0);
            __m256i p1 = _mm256_mul_epu32(x[g][2], m1);

            x[g][0] = _mm256_xor_si256(_mm256_srli_epi64(p1, 32),
                                       _mm256_xor_si256(x[g][1], key0));
            x[g][1] = p1;
            x[g][2] = _mm256_xor_si256(_mm256_srli_epi64(p0, 32),
                                       _mm256_xor_si256(x[g][3], key1));
            x[g][3] = p0;
        }
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
}

size_t
fm_philox_lanes_avx2(uint16_t *out, const struct fm_place *at, uint32_t first,
                     size_t blocks)
{
    const __m256i order = _mm256_setr_epi64x(0, 2, 1, 3);
    const __m256i low = _mm256_set1_epi64x(0xffffffff);
    size_t i = 0;

    for (; i + WIDTH * GROUPS <= blocks; i += WIDTH * GROUPS) {
        __m256i x[GROUPS][4];

        for (int g = 0; g < GROUPS; g++) {
            uint32_t c = first + (uint32_t)i + WIDTH * (uint32_t)g;

            x[g][0] = _mm256_add_epi64(_mm256_set1_epi64x(c), order);
            x[g][1] = _mm256_set1_epi64x(at->high);
            x[g][2] = _mm256_set1_epi64x(at->ordinal);
            x[g][3] = _mm256_set1_epi64x(at->purpose);
        }
        rounds(x, at->key);
        for (int g = 0; g < GROUPS; g++) {
            __m256i *p = (__m256i *)(out + 8 * (i + WIDTH * (size_t)g));
            __m256i w01 = _mm256_or_si256(_mm256_and_si256(x[g][0], low),
                                          _mm256_slli_epi64(x[g][1], 32));
            __m256i w23 = _mm256_or_si256(_mm256_and_si256(x[g][2], low),
                                          _mm256_slli_epi64(x[g][3], 32));

            _mm256_storeu_si256(p, _mm256_unpacklo_epi64(w01, w23));
            _mm256_storeu_si256(p + 1, _mm256_unpackhi_epi64(w01, w23));
        }
    }
    return i;
}

#endif
