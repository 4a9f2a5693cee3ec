/*
 * tile: sums of the masked noise of some clients, over a piece of one tensor
 * that stays in a core's cache.  Exact.
 *
 *   sum_i += sum over clients of  samples_k * n_ki * m_ki
 *
 * with n the noise integer (rand/noise.h) and m in {0,1} or {-1,+1}.
 */
#ifndef FM_AGG_TILE_H
#define FM_AGG_TILE_H

#include "rand/noise.h"

#include <stdbool.h>

/* Entries of the largest piece, a multiple of 128. */
enum { FM_TILE = 4096 };

struct fm_tile {
    enum fm_dist dist;
    bool signs;       /* a mask bit of 0 means -1; else 0 */
    uint32_t ordinal; /* of the tensor */
    size_t first;     /* the piece's first entry in it, a multiple of FM_TILE */
    size_t at;        /* that entry's bit in the masks */
    size_t count;     /* entries, at most FM_TILE */
};

struct fm_tile_client {
    uint64_t key;         /* of its noise */
    uint64_t samples;     /* 1..2^32 */
    const uint8_t *masks; /* all masked tensors (mask/bits.h) */
};

/*
 * fm_tile_add - add `n` clients to the `count` sums.  The caller has checked
 * that none can wrap.  Every CPU variant gives the same sums.  Cannot fail.
 */
void fm_tile_add(int64_t *sum, const struct fm_tile *t,
                 const struct fm_tile_client *c, size_t n);

#endif
