/*
 * batchnorm: x (M,C) -> y (M,C), M = N*H*W pixels, per channel
 *
 *   y = scale (x - mean) / sqrt(var + eps) + shift
 *
 * with the batch's mean and (biased) variance in training, the running ones
 * otherwise (Ioffe and Szegedy, arXiv 1502.03167).
 */
#ifndef FM_NN_BATCHNORM_H
#define FM_NN_BATCHNORM_H

#include "base/pool.h"
#include "tensor/arch.h"

#include <stdbool.h>

struct fm_batchnorm;

/* fm_batchnorm_new - room for `l`'s channels; NULL and FM_ESYS. */
struct fm_batchnorm *fm_batchnorm_new(const struct fm_layer *l,
                                      struct fm_pool *pool, struct fm_err *e);
void fm_batchnorm_free(struct fm_batchnorm *b); /* NULL is harmless */

/* The four tensors of the layer; (C) each. */
struct fm_batchnorm_w {
    const float *scale, *shift;
    float *mean, *var;
};

/*
 * fm_batchnorm_forward - in training keeps the batch's mean and deviation for
 * backward and updates the running ones (net.h); m is at least 1.
 */
void fm_batchnorm_forward(struct fm_batchnorm *b,
                          const struct fm_batchnorm_w *w, const float *x,
                          float *y, size_t m, bool train);

/*
 * fm_batchnorm_backward - from the last training forward's x:  with
 * z = (x - mean) / sqrt(var + eps),
 *
 *   dshift = sum dy,  dscale = sum dy z
 *   dx = scale / sqrt(var + eps) (dy - dshift/M - z dscale/M)
 *
 * dshift and dscale may be NULL, dx may be NULL or dy.
 */
void fm_batchnorm_backward(struct fm_batchnorm *b, const float *x,
                           const float *dy, size_t m, float *dx, float *dscale,
                           float *dshift);

/*
 * The two halves of each, for whoever walks over the pixels himself (block.h).
 *
 * norm    where these five are; they keep their place
 * start   the moments; then y = (x - mean) mul + add
 * part    room (2,C) of piece i < FM_PIECES, for its sums of dy and of
 *         dy (x - mean); he fills all of them in
 * finish  adds the parts up; then dx = mul (dy - a - (x - mean) b)
 */
struct fm_norm {
    const float *mean, *mul, *add, *a, *b; /* (C) each */
};

struct fm_norm fm_batchnorm_norm(const struct fm_batchnorm *b);
struct fm_norm fm_batchnorm_start(struct fm_batchnorm *b,
                                  const struct fm_batchnorm_w *w,
                                  const float *x, size_t m, bool train);
float *fm_batchnorm_part(struct fm_batchnorm *b, size_t i);
void fm_batchnorm_finish(struct fm_batchnorm *b, size_t m, float *dscale,
                         float *dshift);

#endif
