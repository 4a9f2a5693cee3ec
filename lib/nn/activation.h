/*
 * activation: relu, tanh, sigmoid.  x (M) -> y (M), element by element.
 */
#ifndef FM_NN_ACTIVATION_H
#define FM_NN_ACTIVATION_H

#include "base/pool.h"
#include "tensor/arch.h"

/* y = f(x); y may be x. */
void fm_activation_forward(enum fm_op op, const float *x, float *y, size_t m,
                           struct fm_pool *pool);

/* dx = dy f'(x), from y = f(x); relu's slope at 0 is 0.  dx may be dy. */
void fm_activation_backward(enum fm_op op, const float *y, const float *dy,
                            float *dx, size_t m, struct fm_pool *pool);

#endif
