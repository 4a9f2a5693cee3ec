/*
 * sgd: stochastic gradient descent as torch.optim.SGD has it (dampening 0, no
 * Nesterov):  g += weight_decay * p;  v = momentum * v + g  (v = g in the
 * first step);  p -= lr * v.
 */
#ifndef FM_NN_SGD_H
#define FM_NN_SGD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * fm_sgd_step - one step on `n` values.
 *   p, g    values and gradient
 *   v       momentum buffer of n values, zero before the first step; may be
 *           NULL when momentum is 0
 */
void fm_sgd_step(float *p, const float *g, float *v, size_t n, double lr,
                 double momentum, double weight_decay);

/*
 * fm_sgd_pull - the gradient of mu/2 * ||p - from||^2, added to `g`:
 *
 *   g += mu * (p - from)
 *
 * the proximal term of FedProx (arXiv 1812.06127, equation 2).  `from` NULL is
 * the origin.
 */
void fm_sgd_pull(float *g, const float *p, const float *from, size_t n,
                 double mu);

/* fm_sgd_hold - g = 0 where p is 0: what was pruned stays so. */
void fm_sgd_hold(float *g, const float *p, size_t n);

#endif
