/*
 * pool2d: maximum and mean over square windows, without padding.
 * x (N,H,W,C) -> y (N,P,Q,C), P = (H - r)/stride + 1 rounded down, Q likewise.
 */
#ifndef FM_NN_POOL2D_H
#define FM_NN_POOL2D_H

#include "base/pool.h"
#include "tensor/arch.h"

void fm_pool2d_forward(const struct fm_layer *l, const float *x, float *y,
                       size_t n, struct fm_pool *pool);

/*
 * dx, from dy; overwritten, no overlap.  The maximum's gradient goes to the
 * first of equals in a window, found again in `x`.  The mean ignores x.
 */
void fm_pool2d_backward(const struct fm_layer *l, const float *x,
                        const float *dy, float *dx, size_t n,
                        struct fm_pool *pool);

#endif
