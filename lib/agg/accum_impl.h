/*
 * accum_impl: what accum.c, accumfinish.c and partialread.c share.
 */
#ifndef FM_AGG_ACCUM_IMPL_H
#define FM_AGG_ACCUM_IMPL_H

#include "agg/accum.h"

/* A model's tensors, cut into tiles. */
struct fm_accum_plan {
    const struct fm_model *base;
    size_t *first; /* number of a tensor's first tile, and the end; to be freed
                    */
};

struct fm_accum_piece {
    size_t tensor, first, count; /* entries of a tensor */
};

/* fm_accum_plan - cut; 0 or FM_ESYS.  How many tiles there are, and what the
 * i-th is. */
int fm_accum_plan(struct fm_accum_plan *p, const struct fm_model *base,
                  struct fm_err *e);
size_t fm_accum_tiles(const struct fm_accum_plan *p);
struct fm_accum_piece fm_accum_piece(const struct fm_accum_plan *p, size_t i);

/* fm_variance_units - how many units of 2^-48 a client may take from a running
 * variance, at most 2^86. */
__int128 fm_variance_units(float variance);

#endif
