/*
 * loss: what a network's outputs z (N,K) should have been, and how far off they
 * are.  In double; PyTorch's CrossEntropyLoss, MSELoss and BCEWithLogitsLoss
 * with their mean reduction:
 *
 *   softmax  y a label below K    mean of -log softmax(z)[y]
 *   mse      y (K), any numbers   mean of (z - y)^2 over all N*K
 *   bce      K = 1, y 0 or 1      mean of -log sigmoid(z) where y is 1, of
 *                                 -log sigmoid(-z) where it is 0
 */
#ifndef FM_NN_LOSS_H
#define FM_NN_LOSS_H

#include "tensor/settings.h"

#include <stddef.h>
#include <stdint.h>

/* What is learned of a batch. */
struct fm_target {
    enum fm_loss_kind kind;
    const uint8_t *label; /* (N); softmax and bce */
    const float *number;  /* (N,K); mse */
};

/* fm_loss - the mean loss; `correct` as fm_net_loss has it, may be NULL. */
double fm_loss(const float *z, const struct fm_target *y, size_t n, size_t k,
               size_t *correct);

/*
 * fm_loss_backward - its gradient dz (N,K): (softmax(z) - onehot(y)) / N,
 * 2 (z - y) / (N K), or (sigmoid(z) - y) / N.
 */
void fm_loss_backward(const float *z, const struct fm_target *y, size_t n,
                      size_t k, float *dz);

/* fm_loss_guess - the class that outputs z (K) stand for under softmax or bce:
 * of the largest, the first of equals; 1 where z is above 0. */
size_t fm_loss_guess(const float *z, size_t k, enum fm_loss_kind kind);

#endif
