/*
 * accum: exact sums of masked noise and of full-precision deltas.  Exact.
 *
 * Masked parameter i (one 64-bit integer):
 *
 *   acc_i = sum over clients of  weight_k * n_ki * m_ki
 *
 * with n the noise integer (rand/noise.h) and m in {0,1} or {-1,+1}; the weight
 * is the number of samples or what a policy makes of it (weighting.h).
 *
 * Full parameter i (one 128-bit integer):
 *
 *   acc_i = sum over clients of  weight_k * q_ki,
 *   q = round-half-even(x * 2^48), |x| < 2^38
 *
 * Of a running variance v no answer takes more than floor(v * 2^48) (bundle.h
 * refuses one that would); a late one, which was made from another v, counts as
 * if it took that.
 *
 * Neither can wrap: the weights total at most FM_TOTAL_MAX = 2^33 - 1, checked
 * before a client is added (2^33 * max|n| < 2^63, and 2^33 * 2^86 * s < 2^127
 * with the largest s below).
 *
 * Answers to earlier rounds have sums of their own, one for each round, since
 * the noise had another magnitude then.
 *
 * Then once, with den = 2^48 times the weight of all, late or not, w the base
 * value, a the tensor's magnitude in the round that is answered (A = a *
 * 2^-24) and s what the answers weigh by their age (staleness.h; 256 for
 * current ones):
 *
 *   masked  d = (double)(sum over rounds of a * s * acc) / den
 *   full    d = (double)(sum over rounds of s * acc) / (256 * den)
 *   both    w' = (float)((double)w + d)
 *
 * where the sum is a 128-bit integer and its conversion to double rounds
 * to nearest, ties to even.  (n * A / 65536 = n * a * 2^-40; s = 2^8; so the
 * masked quotient has den = weight * 2^48.)
 *
 * The last line is that of the server's optimizer sgd with rate 1; the others
 * make w' of d as server.h says.
 *
 * Under vote majority:STEP (Bernstein et al., arXiv 1802.04434, where every
 * weight is 1) weights and biases count by their signs, sign(0) = 0:
 *
 *   acc_i = sum over clients of  weight_k * sign(x_ki)
 *   d_i = STEP * sign(acc_i)               what w' is made of, as above
 *
 * and the tensors of batch normalisation as above.
 *
 * Under fedbat there is no noise, and each client has a step a_k of its own for
 * each tensor, a * 2^-24 (bundle/step.h), a at most 2^24:
 *
 *   masked  acc_i = sum over clients of weight_k * a_k * m_ki,
 *           d = (double)(2^16 * s * acc) / den
 *
 * Steps among the full parameters are not summed; their sums stay 0.
 *
 * Under fedsparsify clients send weights x, not differences, and masks m that
 * say which of them are left (bundle/sparse.h).  Of each masked parameter there
 * is a vote, which a majority decides as in the authors' code, and a sum:
 *
 *   masked  acc_i = sum over clients of weight_k * m_ki      m in {0,1}
 *   full    sum_i = sum over clients of weight_k * q(x_ki)
 *           S     = sum over rounds of s * weight
 *           d     = (double)(sum over rounds of s * sum_i) / (S * 2^48)
 *                   where 2 * (sum over rounds of s * acc_i) >= S, else 0;
 *                   less (double)w
 *
 * Under fedpm nothing of this holds but the weights' total: votes are counted
 * instead (votes.h).
 *
 * Integer sums are associative: order, grouping, threads and instruction set
 * do not change a byte of the result.
 */
#ifndef FM_AGG_ACCUM_H
#define FM_AGG_ACCUM_H

#include "agg/staleness.h"
#include "agg/votes.h"
#include "agg/weighting.h"
#include "base/pool.h"
#include "bundle/bundle.h"

#define FM_TOTAL_MAX (((uint64_t)1 << 33) - 1)

struct fm_accum {
    const struct fm_model *base;   /* borrowed */
    struct fm_weighting weighting; /* the method's own, until it is set */
    uint64_t weight;               /* of all clients */
    int64_t *masked;               /* base->masked */
    __int128 *full;                /* base->full */
    struct fm_votes *votes; /* under fedpm, and then masked and full are NULL */
    uint32_t late; /* rounds that these answers are late; 0: current ones */
    uint32_t s;    /* what they weigh (staleness.h), in units of 1/256 */
    struct fm_accum *older; /* a sum of later ones, over the same base; owned */
};

/* fm_accum_voted - do clients vote on a tensor's signs? */
static inline bool
fm_accum_voted(const struct fm_model *base, size_t tensor)
{
    return base->set.vote > 0 &&
           fm_role_maskable(base->tensor[tensor].spec->role);
}

/* fm_accum_new - zero sums over a base model.  NULL and FM_ESYS. */
struct fm_accum *fm_accum_new(const struct fm_model *base, struct fm_err *e);
void fm_accum_free(struct fm_accum *a); /* NULL is harmless */

/* fm_accum_reset - zero sums again and none of older answers, after
 * fm_accum_finish has turned the base itself into the next one.  0 or FM_ESYS.
 */
int fm_accum_reset(struct fm_accum *a, struct fm_err *e);

/*
 * fm_accum_add - add `n` bundles (at least 1), all checked against the base.
 * More bundles per call read the sums fewer times.  A bundle's weight (its
 * samples, where that is 0) is taken as it is; whoever calls knows the policy.
 * Returns 0, or FM_EINPUT when the weights would exceed the bound; then nothing
 * was added.
 */
int fm_accum_add(struct fm_accum *a, const struct fm_bundle *const *b, size_t n,
                 struct fm_pool *pool, struct fm_err *e);

/* fm_accum_room - may so much weight of so many clients be added?  0 or
 * FM_EINPUT. */
int fm_accum_room(const struct fm_accum *a, uint64_t weight, size_t clients,
                  struct fm_err *e);

/*
 * fm_accum_finish - the next model's values into `next`, a model of the same
 * architecture (its values are overwritten; `next` may be the base itself). The
 * sum is used up.
 * Returns 0, or FM_EINPUT when the weight is 0, a value or moment is not finite
 * or a running variance came out negative.
 */
int fm_accum_finish(const struct fm_accum *a, struct fm_model *next,
                    struct fm_pool *pool, struct fm_err *e);

/*
 * fm_full_quantise - q of one delta: round-half-even(x * 2^48) for |x| < 2^38.
 */
__int128 fm_full_quantise(float x);

/*
 * fm_full_counted - what delta x counts for entry `i` of a tensor that is not
 * masked, times the weight: q; the sign where clients vote; of a running
 * variance in a late answer no less than all there is.
 */
__int128 fm_full_counted(const struct fm_accum *a, size_t tensor, size_t i,
                         float x);

#endif
