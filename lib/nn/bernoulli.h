/*
 * bernoulli: weights that are kept or dropped by chance, and the gradient of
 * their scores (FedPM, arXiv 2209.15328, section 3.1).  Approximate: float32.
 *
 *   forward   theta = 1 / (1 + exp(-s)),  m = [U < theta],  y = w m
 *   backward  straight through the draw:  dL/ds = dL/dy w theta (1 - theta)
 *
 * U = (2k + 1) / 131072 with a 16-bit lane k (rand/philox.h).  The authors'
 * code has dL/dtheta = theta dL/dm, so that theta comes in once more.
 */
#ifndef FM_NN_BERNOULLI_H
#define FM_NN_BERNOULLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* fm_bernoulli_theta - theta of `n` scores, to about 3 units in the last place
 * of 1; a NaN stays one. */
void fm_bernoulli_theta(float *theta, const float *s, size_t n);

/* fm_bernoulli_keep - y of `n` weights with chances theta. */
void fm_bernoulli_keep(float *y, const float *w, const float *theta,
                       const uint16_t *k, size_t n);

/* fm_bernoulli_mask - m alone, as bytes 0 or 1. */
void fm_bernoulli_mask(uint8_t *m, const float *theta, const uint16_t *k,
                       size_t n);

/* fm_bernoulli_back - from dL/dy to dL/ds, in place. */
void fm_bernoulli_back(float *g, const float *w, const float *theta, size_t n,
                       bool authors);

#endif
