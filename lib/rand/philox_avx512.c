#include "rand/philox_impl.h"

#if defined(__AVX512F__)

#include <immintrin.h>

/*
 * A group is eight blocks in four registers: word j of a block is the low
 * half of one 64-bit element of w[j], so that a product is where the next
 * round wants it and its high half is one shift away.  What the upper halves
 * hold does not matter until the end.  Four groups run side by side, since a
 * round waits on its multiplication; they are spelled out, since gcc -O2 would
 * keep an array of them in memory.
 */
enum { WIDTH = 8, GROUPS = 4 };

struct group {
    __m512i w0, w1, w2, w3;
};

/* Two rounds are done here (philox_impl.h). */
static inline struct group
start(const struct fm_philox_head *h, uint32_t block)
{
    /* unpacklo and unpackhi take from each 128-bit part its first and its
     * second element; this order of the counters makes the blocks come out
     * in order, without a permutation. */
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    __m512i p =
        _mm512_mul_epu32(_mm512_add_epi64(_mm512_set1_epi64(block), order),
                         _mm512_set1_epi64(PHILOX_M0));
    __m512i q =
        _mm512_mul_epu32(_mm512_xor_si512(_mm512_srli_epi64(p, 32),
                                          _mm512_set1_epi64(h->head[0])),
                         _mm512_set1_epi64(PHILOX_M1));

    return (struct group){
        _mm512_xor_si512(_mm512_srli_epi64(q, 32),
                         _mm512_set1_epi64(h->head[1])),
        q,
        _mm512_xor_si512(p, _mm512_set1_epi64(h->head[2])),
        _mm512_set1_epi64(h->head[3]),
    };
}

static inline struct group
step(struct group x, __m512i k0, __m512i k1)
{
    __m512i p0 = _mm512_mul_epu32(x.w0, _mm512_set1_epi64(PHILOX_M0));
    __m512i p1 = _mm512_mul_epu32(x.w2, _mm512_set1_epi64(PHILOX_M1));
    __m512i h0 = _mm512_srli_epi64(p0, 32), h1 = _mm512_srli_epi64(p1, 32);

    /* 0x96: the exclusive or of three. */
    return (struct group){_mm512_ternarylogic_epi64(h1, x.w1, k0, 0x96), p1,
                          _mm512_ternarylogic_epi64(h0, x.w3, k1, 0x96), p0};
}

static inline void
finish(uint16_t *out, struct group x)
{
    /* Odd 32-bit elements from the second, shifted into place. */
    const __mmask16 odd = 0xaaaa;
    __m512i w01 =
        _mm512_mask_blend_epi32(odd, x.w0, _mm512_slli_epi64(x.w1, 32));
    __m512i w23 =
        _mm512_mask_blend_epi32(odd, x.w2, _mm512_slli_epi64(x.w3, 32));

    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(w01, w23));
    _mm512_storeu_si512(out + 32, _mm512_unpackhi_epi64(w01, w23));
}

size_t
fm_philox_lanes_avx512(uint16_t *out, const struct fm_place *at, uint32_t first,
                       size_t blocks)
{
    const struct fm_philox_head h = fm_philox_begin(at);
    size_t i = 0;

    for (; i + WIDTH * GROUPS <= blocks; i += WIDTH * GROUPS) {
        uint32_t block = first + (uint32_t)i;
        struct group a = start(&h, block), b = start(&h, block + WIDTH);
        struct group c = start(&h, block + 2 * WIDTH);
        struct group d = start(&h, block + 3 * WIDTH);

        for (int r = 0; r < PHILOX_ROUNDS - 2; r++) {
            const __m512i k0 = _mm512_set1_epi64(h.key[r][0]);
            const __m512i k1 = _mm512_set1_epi64(h.key[r][1]);

            a = step(a, k0, k1);
            b = step(b, k0, k1);
            c = step(c, k0, k1);
            d = step(d, k0, k1);
        }
        finish(out + 8 * i, a);
        finish(out + 8 * (i + WIDTH), b);
        finish(out + 8 * (i + 2 * WIDTH), c);
        finish(out + 8 * (i + 3 * WIDTH), d);
    }
    return i;
}

#endif
