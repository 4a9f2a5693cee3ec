/*
 * round: aggregation, from streams of bundles to the next model.
 *
 * The rules about who counts:
 *   - every bundle answers the base model (checked by bundle/bundle.h);
 *   - the same bundle twice (two sticks) counts once, and is named;
 *   - two different bundles of one client are both refused;
 *   - a client inside a partial sum may not come again, in another partial sum
 *     or as a bundle: what is added cannot be told apart any more;
 *   - what each weighs, and who does not count at all, says the policy
 *     (trust/policy.h).
 * The verdict and the bytes of the result do not depend on the order.
 *
 * Rounds may follow each other: the first answer to a later round ends the one
 * before, and answers the model that it gave, known by the id that its file
 * would have.  So who has an old model and the answers since arrives at the
 * newest one.  Rounds must come in order (order.h brings files into it), and
 * none may be missing.
 *
 * Under a quorum no single answer decides that: each counts in the round that
 * it answers, whatever the order, and what is older than the base in the first.
 * One that its device does not give, or that is another when it is read again
 * to be added, is refused alone, like one that is damaged.  Once all were read
 * a round is closed, and the next one opens when its quorum of clients has
 * answered the model that came out; else these are refused.
 *
 * Memory: the base model and the sums (together 12 bytes for each masked
 * parameter, 20 for each full one), bundles in flight (at most 24 MiB and half
 * a byte for each masked parameter, and always one), and about 150 bytes per
 * client.  A partial sum is read and written in pieces.
 */
#ifndef FM_FED_ROUND_H
#define FM_FED_ROUND_H

#include "agg/partial.h"
#include "bundle/item.h"
#include "trust/policy.h"

#include <stdio.h>

struct fm_round;

/* Called for what the user should hear: "a.mrn: the same bundle as ..., counted
 * once".  And after every item, with the number of bundles taken. */
struct fm_round_hooks {
    void (*note)(void *ctx, const char *text);
    void (*progress)(void *ctx, size_t bundles);
    void *ctx;
    /* Each client that counts, the round that it answers, and BLAKE2b of its
     * bundle's bytes (FM_BLAKE_256) as they came; NULL when it is inside a
     * partial sum.  0 or a code. */
    int (*count)(void *ctx, const struct fm_part *part, uint64_t round,
                 const uint8_t *digest, struct fm_err *e);
    /* Which bundles there are at all; the others are passed over in silence. */
    bool (*wanted)(void *ctx, const struct fm_bundle *b);
};

/*
 * fm_round_new - start over `base` (borrowed, and moved on by each round that
 * ends).  What `policy` points to must outlive the round; NULL means the
 * default.  NULL with FM_EINPUT when it does not fit the method, or FM_ESYS.
 */
struct fm_round *fm_round_new(struct fm_model *base, struct fm_pool *pool,
                              const struct fm_policy *policy,
                              const struct fm_round_hooks *hooks,
                              struct fm_err *e);
void fm_round_free(struct fm_round *r);

/* fm_round_guard - let `g` (borrowed) guard all that is taken from now on. */
void fm_round_guard(struct fm_round *r, const struct fm_guard *g);

/*
 * Late answers (policy.max_stale): of a client one bundle counts in each round.
 * A model does not say who counted, so who knows tells it, before anything is
 * taken:
 *
 * fm_round_seen - a client has counted in a round.  0 or FM_ESYS.
 * fm_round_known - all that have, in rounds from `first` on, were told.
 * fm_round_unsure - how many late answers count of which that is not known.
 */
int fm_round_seen(struct fm_round *r, const char *client, uint64_t round,
                  struct fm_err *e);
void fm_round_known(struct fm_round *r, uint64_t first);
size_t fm_round_unsure(const struct fm_round *r);

/*
 * fm_round_take - read and add everything in `path` (or "-").  Returns 0,
 * FM_EINPUT (a reject: the round has failed) or FM_ESYS.
 */
int fm_round_take(struct fm_round *r, const char *path, struct fm_err *e);

/*
 * fm_round_report - under policy.report, once the round is over: what became of
 * every answer (trust/verdicts.h), also when there is no model.  Borrowed; it
 * may be asked for once.  NULL and FM_ESYS.
 */
const struct fm_buf *fm_round_report(struct fm_round *r, struct fm_err *e);

/* fm_round_came - has an answer come of the i-th client that the policy
 * excludes? */
bool fm_round_came(const struct fm_round *r, size_t i);

/* fm_round_clients - clients counted so far, in all rounds. */
size_t fm_round_clients(const struct fm_round *r);

/*
 * fm_round_next - turn the base model itself into the next one, so that a third
 * set of weights needs no room: round + 1, parent = the base's id, bundles =
 * the sorted ids.  (Its own id is not known before it is written.)
 *
 *   base  the model that the round is over
 *   head  receives the header of its file
 *
 * Returns 0, FM_ESYS, or FM_EINPUT when nothing was taken or the sum is
 * refused (agg/accum.h).  The round is over then: only fm_round_free and
 * fm_round_clients may follow, and after a failure `base` is unusable.
 */
int fm_round_next(struct fm_buf *head, struct fm_round *r,
                  struct fm_model *base, struct fm_err *e);

/*
 * fm_round_sum - what the round comes to as a partial sum, for
 * fm_partial_write; under a quorum of the round that the base leads to.  p->sum
 * stays the round's; p->part is to be freed.  0, FM_ESYS, or FM_EINPUT when
 * nothing was taken.
 */
int fm_round_sum(struct fm_partial *p, struct fm_round *r, struct fm_err *e);

#endif
