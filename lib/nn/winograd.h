/*
 * winograd: 3x3 convolution of stride 1 with a quarter of the multiplications
 * (transform.h).  Approximate, a little more so than the plain way: its sums
 * cancel terms larger than the result, which costs one bit, two at worst.
 *
 * x (N,H,W,C) -> y (N,P,Q,K), as conv.h has it; conv.c asks for it.
 */
#ifndef FM_NN_WINOGRAD_H
#define FM_NN_WINOGRAD_H

#include "base/pool.h"
#include "tensor/arch.h"

#include <stdbool.h>

struct fm_winograd;

/* fm_winograd_suits - can it compute this layer, and is it faster? */
bool fm_winograd_suits(const struct fm_layer *l);

/* As fm_conv_new and its companions; dy is left as it is. */
struct fm_winograd *fm_winograd_new(const struct fm_layer *l, bool relu,
                                    size_t batch, bool train,
                                    struct fm_pool *pool, struct fm_err *e);
void fm_winograd_free(struct fm_winograd *c);
void fm_winograd_forward(struct fm_winograd *c, const float *w, const float *b,
                         const float *x, float *y, size_t n);
void fm_winograd_backward(struct fm_winograd *c, const float *w, const float *x,
                          const float *y, const float *dy, size_t n, float *dx,
                          float *dw, float *db);

#endif
