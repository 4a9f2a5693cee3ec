/*
 * masktheta: contexts for FedPM's masks, from the posterior that both ends know
 * (arXiv 2209.15328; tensor/posterior.h).  Exact.
 *
 * A client's training starts from the model's scores s and ends with scores of
 * its own, s', from which an entry is drawn: m = 1 exactly when logit(U) < s',
 * with U = (2k + 1) / 131072 of the dither's lane k and logit(U) = log(U / (1 -
 * U)).  So
 *
 *   without the dither  the chance of a 1 grows with s alone
 *   with it             m differs from [logit(U) < s] only where s' and s lie
 *                       on two sides of logit(U), which is rarer the larger
 *                       |s - logit(U)| is.  What is coded is e, whether it
 *                       differs.
 *
 * In float, with a table of logit by lane, and last and c of the rule:
 *
 *   bin = min(last, floor((s + 4.7) * c)),      c = 6.75 * 2^zoom
 *   bin = min(last, floor(|s - logit(U)| * c)), c = 8 * 2^zoom
 */
#ifndef FM_BUNDLE_MASKTHETA_H
#define FM_BUNDLE_MASKTHETA_H

#include "mask/threshold.h"
#include "tensor/model.h"

enum { FM_THETA_RUN = 4096 }; /* entries of one call, at most */

/* The rules of mask/threshold.h, for a coder with or without the dither. */
struct fm_threshold fm_theta_rule(bool dither, unsigned zoom);
struct fm_threshold fm_theta_fine(bool dither);

/*
 * fm_theta_bins - of entries first .. first+count-1 of a tensor, any `first`.
 *
 *   bin   count bytes, overwritten
 *   flip  NULL without the dither; else count lanes, overwritten: 2^15 where e
 *         is the opposite of m, else 0 (as fm_threshold_flip reads them)
 *   key   of the dither
 */
void fm_theta_bins(uint8_t *bin, uint16_t *flip,
                   const struct fm_threshold *rule, const struct fm_model *m,
                   size_t tensor, uint64_t key, size_t first, size_t count);

#endif
