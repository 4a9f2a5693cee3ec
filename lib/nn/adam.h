/*
 * adam: Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1) as torch.optim.Adam
 * has it, with beta1 = 0.9, beta2 = 0.999 and epsilon = 1e-8; in step t, from
 * 1:
 *
 *   g += weight_decay * p
 *   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *   p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 *
 * Approximate: float32.
 */
#ifndef FM_NN_ADAM_H
#define FM_NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * fm_adam_step - step t on `n` values.
 *   p, g  values and gradient
 *   m, v  moments of n values, zero before the first step
 */
void fm_adam_step(float *p, const float *g, float *m, float *v, size_t n,
                  uint64_t t, double lr, double weight_decay);

#endif
