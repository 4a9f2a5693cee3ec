/*
 * block: batchnorm, relu and, if it follows, maxpool 2, in one walk over the
 * pixels each way; or relu and maxpool 2 alone.  x (N,H,W,C) -> y (N,P,Q,C).
 *
 * Same values as the layers one after the other, and same gradients but for
 * the order of sums.  One by one the three read and write a large image 19
 * times in a step; together, six times.
 */
#ifndef FM_NN_BLOCK_H
#define FM_NN_BLOCK_H

#include "nn/batchnorm.h"

/*
 * fm_block_span - how many of the `left` layers from `l` on can be computed
 * together: 3, 2, or 0.  (A relu after a convolution and without a pool is the
 * convolution's: conv.h.)
 */
size_t fm_block_span(const struct fm_layer *l, size_t left);

/* As fm_batchnorm_forward; `l` is the first of `span` layers, n images.
 * Without a batchnorm b and w are NULL. */
void fm_block_forward(const struct fm_layer *l, size_t span,
                      struct fm_batchnorm *b, const struct fm_batchnorm_w *w,
                      const float *x, float *y, size_t n, bool train,
                      struct fm_pool *pool);

/* As fm_batchnorm_backward; dy is the gradient of the last layer's output, and
 * dx is not dy. */
void fm_block_backward(const struct fm_layer *l, size_t span,
                       struct fm_batchnorm *b, const float *x, const float *dy,
                       size_t n, float *dx, float *dscale, float *dshift,
                       struct fm_pool *pool);

#endif
