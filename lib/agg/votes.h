/*
 * votes: FedPM's aggregation (arXiv 2209.15328, algorithm 2): by how many
 * clients each weight is kept.  Exact.
 *
 *   ones_i = sum over clients of m_ki,   one vote for each client
 *
 * whatever its number of samples, so that counts stay small integers.  The next
 * model holds these, added to the base's own unless its round begins with a
 * reset; what they mean for a weight is the matter of tensor/posterior.h.
 *
 * Sums of integers: order, grouping and threads do not change a byte.
 */
#ifndef FM_AGG_VOTES_H
#define FM_AGG_VOTES_H

#include "base/pool.h"
#include "bundle/bundle.h"

struct fm_votes {
    const struct fm_model *base; /* borrowed */
    uint32_t n;                  /* clients counted */
    uint32_t *ones;              /* base->masked */
};

/* fm_votes_new - no votes yet over a base model.  NULL and FM_ESYS. */
struct fm_votes *fm_votes_new(const struct fm_model *base, struct fm_err *e);
void fm_votes_free(struct fm_votes *v); /* NULL is harmless */

/*
 * fm_votes_add - count `n` bundles, all checked against the base.
 * fm_votes_room - may the masks of so many more be counted?
 * 0, or FM_EINPUT when the next model's votes would exceed FM_VOTES_MAX; then
 * nothing was counted.
 */
int fm_votes_add(struct fm_votes *v, const struct fm_bundle *const *b, size_t n,
                 struct fm_pool *pool, struct fm_err *e);
int fm_votes_room(const struct fm_votes *v, size_t more, struct fm_err *e);

/*
 * fm_votes_finish - the next model's counts into `next`, a model of the same
 * architecture, which may be the base itself.  The votes are used up: `v` is
 * good for fm_votes_free alone.  0, FM_ESYS, or FM_EINPUT when there are none.
 */
int fm_votes_finish(struct fm_votes *v, struct fm_model *next,
                    struct fm_err *e);

#endif
