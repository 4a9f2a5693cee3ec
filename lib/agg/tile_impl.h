/*
 * tile_impl: what the variants of fm_tile_add share.
 *
 * A variant adds a run of clients into narrow sums first, which hold four or
 * eight times as many to a register as 64 bits do, and widens those into the
 * real ones at the end of the run.  What the narrow sums mean, and the total
 * weight that keeps them from wrapping:
 *
 *   uniform    n = 2k' + 1 with k' = lane - 32768, which has 16 bits as a
 *              weight has, so one multiply-add makes a product.  `word` is the
 *              sum of weight * k' * m, `half` that of weight * m, and the sum
 *              2 word + half: below 65535 * (2^15 - 1) in magnitude.  Of each
 *              32 entries, word[0..15] belong to the even ones and
 *              word[16..31] to the odd ones, since those are the low and the
 *              high halves of the generator's words.
 *   gaussian   `word` is the sum of weight * n * m, in order.
 *   bernoulli  `half`, signed, is the sum of weight * n/65536 * m, in order.
 *
 * A client too heavy for that has a run of its own, with weight 1; `scale`
 * then stands for its samples when the run is widened.
 */
#ifndef FM_AGG_TILE_IMPL_H
#define FM_AGG_TILE_IMPL_H

#include "agg/tile.h"

/* Entries that a variant handles at once: counts are rounded up to that. */
enum { FM_TILE_STEP = 32, FM_TILE_DISTS = 3 };

struct fm_tile_narrow {
    int32_t word[FM_TILE];
    uint16_t half[FM_TILE];
};

struct fm_tile_ops {
    /*
     * Add one client to `count` narrow sums: its lanes, its mask bits from
     * the piece's first entry on, 64 to a word.
     */
    void (*add[FM_TILE_DISTS])(struct fm_tile_narrow *s, const uint16_t *lane,
                               const uint64_t *bits, int16_t weight, bool signs,
                               size_t count);
    /* sum += scale * the narrow sums first .. first+count-1. */
    void (*widen[FM_TILE_DISTS])(int64_t *sum, const struct fm_tile_narrow *s,
                                 int32_t scale, size_t first, size_t count);
};

extern const struct fm_tile_ops fm_tile_avx2, fm_tile_avx512;

#endif
