/*
 * local: one client's training in one round.
 *
 * FedMRN (arXiv 2408.03220), for each masked tensor with frozen weights w,
 * noise N = n*A/65536 and the learnable update u, which starts at 0.  At step
 * t = 1..T, T = epochs * ceil(samples/batch), p = t/T:
 *
 *   masked update   u^ = N * m, m a fresh mask drawn from u (mask/draw.h)
 *   clipped update  u- = N * clip(u/N, 0, 1)      (signed: clip to [-1,1])
 *   forward with    w + (u^ with probability p, each element by itself, else
 *                        u-)
 *   gradient        straight through to u; u itself is never clipped
 *
 * The choice takes u^ when k' * T < 65536 * t for a lane k' of purpose select;
 * masks draw on lanes of purpose mask.  Both are keyed by the private seed,
 * block high = t.  By `masking`:
 *
 *   psm   as above
 *   sm    u^ always
 *   pm    u- always; the final mask is deterministic
 *   dm    deterministic masks in every step, and at the end
 *   post  ordinary training of w (like fedavg); u is the difference at the
 *         end, the mask is drawn once from it
 *
 * The final mask is one fresh stochastic draw of the last u (but for pm and
 * dm), with the dither's lanes of purpose dither: from the client key when it
 * is shared, from the private seed when it is private.
 *
 * Full tensors are trained like fedavg's, and sent as float32 deltas w' - w,
 * rounded to so many bits as the settings say (coarse.h).
 * Every method takes momentum, weight decay and the learning-rate schedule;
 * momentum and decay belong to what is trained, under masking to u.
 *
 * FedProx (arXiv 1812.06127, equation 2): with `prox` mu the loss gains
 * mu/2 * ||w' - w||^2 over all that is trained, w the model's.  A tensor that
 * is trained as it is gets the gradient mu * (w' - w), an update under masking
 * mu * u; batch normalisation's running values have no gradient.  Under SGD
 * that wants lr * mu below 1, or steps overshoot.  fedpm has no prox: its
 * weights do not move.
 *
 * FedPM (arXiv 2209.15328, algorithm 1): w are frozen weights from the run
 * seed, and scores s start from the model's posterior (tensor/posterior.h).  In
 * each step a fresh mask m ~ Bernoulli(sigmoid(s)) on lanes of purpose mask,
 * block high = t, and Adam on the scores with the gradient straight through the
 * draw (nn/bernoulli.h, nn/adam.h; `gradient` authors: times theta once more).
 * In the end one mask is drawn on lanes of purpose dither, as above.  Adam's
 * moments start at 0, or where `state` left them.
 *
 * FedBAT (arXiv 2408.03215; the authors' code where the paper leaves it open),
 * for each masked tensor with frozen weights w, an update u, which starts at 0,
 * and a step s of its own.  With T steps in all, in the first floor(warmup * T)
 * u is trained as it is:
 *
 *   forward with    w + u
 *
 * Then s0 = mean |u|, and s = s0 * e^(rho * r), held in [0.0005, 0.05] and
 * rounded to multiples of 2^-24, where r starts at 0:
 *
 *   forward with    w + s * m,  m = +1 with the chance (u/s + 1)/2, held in
 *                   [0,1], else -1, drawn anew each time on lanes of purpose
 *                   mask
 *   gradient        with g of the weight: to u  g where |u| <= s, else 0;
 *                   to s  the sum of g * (m - u/s) where |u| <= s, and of
 *                   g * sign(u) elsewhere; to r  rho * s times that, 0 while s
 *                   is held
 *
 * r is trained by plain SGD with the same rate.  In the end one m is drawn on
 * lanes of purpose dither, as above, and travels with s (bundle/step.h).
 *
 * FedSparsify (arXiv 2204.12430, its variant Local): all tensors are trained as
 * fedavg's, but a weight of a convolution or linear layer that is 0 in the
 * model stays 0.  In the end the smallest weights are pruned (prune.h), as many
 * as the schedule says for the round (tensor/settings.h), and what is left
 * travels as it is (bundle/sparse.h).
 *
 * Images may be moved and mirrored (data/augment.h), by a stream of purpose
 * augment for each step, block high = t, over its batch in order.
 *
 * Order of samples: epoch E (from 0) shuffles the rows, as they were given, by
 * a stream of purpose shuffle, block high = E, and cuts batches in order; the
 * last may be short.
 */
#ifndef FM_FED_LOCAL_H
#define FM_FED_LOCAL_H

#include "base/pool.h"
#include "bundle/bundle.h"
#include "data/augment.h"
#include "tensor/model.h"

#include <stdio.h>

struct fm_state;
struct fm_checkpoint;

/*
 * What keeps a training from being lost (checkpoint.h).  A checkpoint is saved
 * before the first step, unless `from` was one; after the last; and whenever
 * due(ctx, whole) after a step says so, `whole` at the end of an epoch.
 * save(ctx, fill, arg, e) has fill(arg, out, e) write the file, and returns 0
 * or a code, which ends the training.
 */
struct fm_keep {
    struct fm_checkpoint *from; /* where to go on; or NULL */
    bool (*due)(void *ctx, bool whole);
    int (*save)(void *ctx, int (*fill)(void *arg, FILE *out, struct fm_err *e),
                void *arg, struct fm_err *e);
    void *ctx;
};

struct fm_local {
    const struct fm_model *base;
    const struct fm_dataset *data; /* checked against base, and `set` */
    const uint32_t *row;           /* the client's rows */
    size_t nrows;
    const char *client;
    const struct fm_settings *set; /* base->set, or with local overrides */
    uint64_t private_seed;
    struct fm_state *state;     /* fedpm: continued and updated; may be NULL */
    const struct fm_keep *keep; /* may be NULL */
    struct fm_pool *pool;
    /* Called after each step when not NULL: step of steps, its batch's loss. */
    void (*progress)(void *ctx, size_t step, size_t steps, double loss);
    void *progress_ctx;
};

/* fm_local_augment - what `set` does to images, for fm_augment_check. */
static inline struct fm_augment
fm_local_augment(const struct fm_settings *set)
{
    return (struct fm_augment){set->crop, set->flip == FM_FLIP_YES};
}

/*
 * fm_local_train - train, and fill `b` with the answer (coder raw).
 * The masks and deltas are kept in b->bytes; fm_bundle_free releases them.
 * Returns 0, FM_ESYS, or FM_EINPUT when the training diverged (a loss or a
 * weight that is not finite), with the step and advice, would take 2^32
 * steps, or l->keep->from is a checkpoint of another training.  The answer does
 * not depend on the number of threads.
 */
int fm_local_train(struct fm_bundle *b, const struct fm_local *l,
                   struct fm_err *e);

#endif
