/*
 * linear: x (N,F) -> y (N,K) = x w^T + b, with w (K,F), b (K).
 */
#ifndef FM_NN_LINEAR_H
#define FM_NN_LINEAR_H

#include "base/pool.h"

#include <stddef.h>

/* b may be NULL. */
void fm_linear_forward(const float *x, const float *w, const float *b, float *y,
                       size_t n, size_t f, size_t k, struct fm_pool *pool);

/*
 * dx (N,F) = dy w;  dw (K,F) = dy^T x;  db (K) = sum over N of dy.
 * dx, dw and db are overwritten, and may be NULL where not wanted.
 */
void fm_linear_backward(const float *x, const float *w, const float *dy,
                        size_t n, size_t f, size_t k, float *dx, float *dw,
                        float *db, struct fm_pool *pool);

#endif
