/*
 * layout: images between the outside's NCHW and the net's NHWC.  Exact copies.
 *
 * Inside the net the channels of a pixel lie together: a row of a window is
 * then one stretch of memory, and loops over channels are vector loops.
 */
#ifndef FM_NN_LAYOUT_H
#define FM_NN_LAYOUT_H

#include "base/pool.h"
#include "tensor/arch.h"

#include <stdbool.h>

/* fm_layout_same - are NCHW and NHWC one and the same for this shape? */
static inline bool
fm_layout_same(struct fm_shape s)
{
    return s.c == 1 || s.h * s.w == 1;
}

/* x (N,C,H,W) -> y (N,H,W,C), and back.  No overlap. */
void fm_layout_nhwc(const float *x, float *y, size_t n, struct fm_shape s,
                    struct fm_pool *pool);
void fm_layout_nchw(const float *x, float *y, size_t n, struct fm_shape s,
                    struct fm_pool *pool);

/* fm_layout_transpose - x (n,rows,cols) -> y (n,cols,rows) in one thread. */
void fm_layout_transpose(const float *x, float *y, size_t n, size_t rows,
                         size_t cols);

#endif
