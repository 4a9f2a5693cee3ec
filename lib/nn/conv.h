/*
 * conv: x (N,H,W,C) -> y (N,P,Q,K), P = (H + 2 pad - R)/stride + 1 rounded
 * down, Q likewise; w (K,C,R,S) as PyTorch keeps it, b (K).
 *
 *   y[n,p,q,k] = b[k] + sum over c,r,s of
 *                x[n, p stride + r - pad, q stride + s - pad, c] w[k,c,r,s]
 */
#ifndef FM_NN_CONV_H
#define FM_NN_CONV_H

#include "base/pool.h"
#include "tensor/arch.h"

#include <stdbool.h>

struct fm_conv;

/*
 * fm_conv_new - `l` is borrowed.  NULL and FM_ESYS.
 *   relu   the layer after it is a relu, computed along with it: what is less
 *          than 0 in y becomes 0, while it is in the cache
 */
struct fm_conv *fm_conv_new(const struct fm_layer *l, bool relu, size_t batch,
                            bool train, struct fm_pool *pool, struct fm_err *e);
void fm_conv_free(struct fm_conv *c); /* NULL is harmless */

/* b may be NULL; n is at most the batch. */
void fm_conv_forward(struct fm_conv *c, const float *w, const float *b,
                     const float *x, float *y, size_t n);

/*
 * fm_conv_backward - gradients from the forward's w, x and, with relu, y.
 * dy may be written over.  dx, dw and db are overwritten, and may be NULL
 * where not wanted.
 */
void fm_conv_backward(struct fm_conv *c, const float *w, const float *x,
                      const float *y, float *dy, size_t n, float *dx, float *dw,
                      float *db);

#endif
