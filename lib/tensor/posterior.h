/*
 * posterior: what FedPM's votes say about each weight (arXiv 2209.15328,
 * section 3.2).  Exact.
 *
 * The chance that a weight is kept has a Beta prior with both parameters
 * lambda0 = `prior`; with `ones` of `votes` its mode is
 *
 *   theta = (ones + lambda0 - 1) / (votes + 2 lambda0 - 2)       in double
 *
 * and 1/2 when that is 0/0.  Before any vote, in round 0, `scores` may say
 * otherwise: theta = 1 / (1 + exp(-s)) of a normal s (fm_model_scores).
 *
 * Clients train scores, s = log(theta / (1 - theta)), rounded to float.  For
 * this, and only for this, theta is clamped to [0.01, 0.99], so that a vote
 * without dissent does not make a score infinite.
 */
#ifndef FM_TENSOR_POSTERIOR_H
#define FM_TENSOR_POSTERIOR_H

#include "tensor/model.h"

enum { FM_POSTERIOR_RUN = 4096 + 8 }; /* elements of one call, at most */

/* Of elements first .. first+count-1 of a tensor, `first` a multiple of 8. */
void fm_posterior_theta(double *theta, const struct fm_model *m, size_t tensor,
                        size_t first, size_t count);
void fm_posterior_scores(float *s, const struct fm_model *m, size_t tensor,
                         size_t first, size_t count);

#endif
