#include "rand/philox_impl.h"

#if defined(__AVX512F__)

#include <immintrin.h>

/*
 * A group is eight blocks in four registers: word j of a block is the low
 * half of one 64-bit element of x[j], so that a product is where the next
 * round wants it and its high half is one shift away.  What the upper halves
 * hold does not matter until the end.  GROUPS of them run side by side, since
 * a round waits on its multiplication.
 */
enum { WIDTH = 8, GROUPS = 4 };

static inline void
rounds(__m512i x[GROUPS][4], uint64_t key)
{
    const __m512i m0 = _mm512_set1_epi64(PHILOX_M0);
    const __m512i m1 = _mm512_set1_epi64(PHILOX_M1);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    for (int r = 0; r < PHILOX_ROUNDS; r++) {
        const __m512i key0 = _mm512_set1_epi64(k0);
        const __m512i key1 = _mm512_set1_epi64(k1);

        for (int g = 0; g < GROUPS; g++) {
            __m512i p0 = _mm512_mul_epu32(x[g][0], m0);
            __m512i p1 = _mm512_mul_epu32(x[g][2], m1);

            /* 0x96: the exclusive or of three. */
            x[g][0] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32),
                                                x[g][1], key0, 0x96);
            x[g][1] = p1;
            x[g][2] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32),
                                                x[g][3], key1, 0x96);
            x[g][3] = p0;
        }
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
}

size_t
fm_philox_lanes_avx512(uint16_t *out, const struct fm_place *at, uint32_t first,
                       size_t blocks)
{
    /* unpacklo and unpackhi take from each 128-bit part its first and its
     * second element; this order of the counters makes the blocks come out
     * in order, without a permutation. */
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    const __m512i low = _mm512_set1_epi64(0xffffffff);
    size_t i = 0;

    for (; i + WIDTH * GROUPS <= blocks; i += WIDTH * GROUPS) {
        __m512i x[GROUPS][4];

        for (int g = 0; g < GROUPS; g++) {
            uint32_t c = first + (uint32_t)i + WIDTH * (uint32_t)g;

            x[g][0] = _mm512_add_epi64(_mm512_set1_epi64(c), order);
            x[g][1] = _mm512_set1_epi64(at->high);
            x[g][2] = _mm512_set1_epi64(at->ordinal);
            x[g][3] = _mm512_set1_epi64(at->purpose);
        }
        rounds(x, at->key);
        for (int g = 0; g < GROUPS; g++) {
            uint16_t *p = out + 8 * (i + WIDTH * (size_t)g);
            __m512i w01 = _mm512_or_si512(_mm512_and_si512(x[g][0], low),
                                          _mm512_slli_epi64(x[g][1], 32));
            __m512i w23 = _mm512_or_si512(_mm512_and_si512(x[g][2], low),
                                          _mm512_slli_epi64(x[g][3], 32));

            _mm512_storeu_si512(p, _mm512_unpacklo_epi64(w01, w23));
            _mm512_storeu_si512(p + 32, _mm512_unpackhi_epi64(w01, w23));
        }
    }
    return i;
}

#endif
