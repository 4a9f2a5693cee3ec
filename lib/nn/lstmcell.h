/*
 * lstmcell: what an LSTM layer computes at one step behind its products, for
 * some samples, and the gradients of that.  Approximate.
 *
 *   gates   (rows,4K)  the sums i, f, g, o of lstm.h, K each, which become
 *                      sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
 *   before  (rows,K)   c of the step before; NULL: zeros
 *   c       (rows,K)   f * before + i * g
 *   h       (rows,K)   o * tanh(c)
 */
#ifndef FM_NN_LSTMCELL_H
#define FM_NN_LSTMCELL_H

#include <stddef.h>

/* From `gates` and `before`: the gates' values, c and h. */
void fm_lstmcell_forward(float *gates, const float *before, float *c, float *h,
                         size_t rows, size_t k);

/*
 * The gates' values, as the forward left them, become the gradients of the
 * sums.  dh is h's; dc, that of c by the steps after this one, becomes that of
 * `before`.
 */
void fm_lstmcell_backward(float *gates, const float *before, const float *c,
                          const float *dh, float *dc, size_t rows, size_t k);

#endif
