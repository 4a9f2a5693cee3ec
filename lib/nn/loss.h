/*
 * loss: mean cross-entropy of softmax.  z (N,K), labels y (N).  In double.
 */
#ifndef FM_NN_LOSS_H
#define FM_NN_LOSS_H

#include <stddef.h>
#include <stdint.h>

/* fm_loss - the mean loss; `correct` as fm_net_loss has it, may be NULL. */
double fm_loss(const float *z, const uint8_t *y, size_t n, size_t classes,
               size_t *correct);

/* fm_loss_backward - dz (N,K) = (softmax(z) - onehot(y)) / n */
void fm_loss_backward(const float *z, const uint8_t *y, size_t n,
                      size_t classes, float *dz);

#endif
