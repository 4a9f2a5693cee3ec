/*
 * philox_impl: what the variants of fm_philox_lanes share.
 *
 * A variant fills the lanes of as many whole groups of its own width as fit
 * into `blocks`, and returns the number of blocks it did; the portable code
 * does the rest.
 */
#ifndef FM_RAND_PHILOX_IMPL_H
#define FM_RAND_PHILOX_IMPL_H

#include "rand/philox.h"

/* Multipliers and key increments of Philox4x32 (SC 2011, section 4.3). */
#define PHILOX_M0     0xD2511F53u
#define PHILOX_M1     0xCD9E8D57u
#define PHILOX_W0     0x9E3779B9u
#define PHILOX_W1     0xBB67AE85u
#define PHILOX_ROUNDS 10

/*
 * Blocks of one place differ in a single counter word, so much of the first two
 * rounds is the same for all of them.  With x0 the block's number, they are
 *
 *   p = M0 * x0       q = M1 * (high(p) ^ head[0])
 *   x0 = high(q) ^ head[1], x1 = low(q), x2 = low(p) ^ head[2], x3 = head[3]
 */
struct fm_philox_head {
    uint32_t head[4];
    uint32_t key[PHILOX_ROUNDS - 2][2]; /* of the rounds that are left */
};

static inline struct fm_philox_head
fm_philox_begin(const struct fm_place *at)
{
    uint32_t k0 = (uint32_t)at->key, k1 = (uint32_t)(at->key >> 32);
    uint64_t p1 = (uint64_t)PHILOX_M1 * at->ordinal;
    uint64_t p0 = (uint64_t)PHILOX_M0 * ((uint32_t)(p1 >> 32) ^ at->high ^ k0);
    struct fm_philox_head h;

    h.head[0] = at->purpose ^ k1;
    k0 += PHILOX_W0;
    k1 += PHILOX_W1;
    h.head[1] = (uint32_t)p1 ^ k0;
    h.head[2] = (uint32_t)(p0 >> 32) ^ k1;
    h.head[3] = (uint32_t)p0;
    for (int r = 0; r < PHILOX_ROUNDS - 2; r++) {
        h.key[r][0] = k0 += PHILOX_W0;
        h.key[r][1] = k1 += PHILOX_W1;
    }
    return h;
}

size_t fm_philox_lanes_avx2(uint16_t *out, const struct fm_place *at,
                            uint32_t first, size_t blocks);
size_t fm_philox_lanes_avx512(uint16_t *out, const struct fm_place *at,
                              uint32_t first, size_t blocks);

#endif
