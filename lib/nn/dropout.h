/*
 * dropout: x (M) -> y (M), element by element: 0 with probability p, else
 * x/(1-p).
 *
 * Element i is dropped when 2k+1 < 131072 p for k, lane i of the place (key,
 * pass, ordinal = the layer's index, purpose dropout); elements count in
 * memory order over the batch, (N,H,W,C) for images.  Nothing is stored: the
 * gradient draws the same lanes again.
 */
#ifndef FM_NN_DROPOUT_H
#define FM_NN_DROPOUT_H

#include "base/pool.h"
#include "rand/philox.h"

/* Lanes of one place: eight in each of 2^32 blocks. */
#define FM_DROPOUT_MAX ((size_t)1 << 35)

/*
 * fm_dropout - both ways, since the gradient is the same product.
 *   x, y  m values, m at most FM_DROPOUT_MAX; y may be x
 */
void fm_dropout(const float *x, float *y, size_t m, double p,
                const struct fm_place *at, struct fm_pool *pool);

#endif
