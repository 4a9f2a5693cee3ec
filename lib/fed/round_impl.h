/*
 * round_impl: what the round*.c share.
 *
 * Without quorum and report an answer is added as soon as it was read, and the
 * first that is refused ends the round.  With one of them (`looks`) all answers
 * are read once to be judged (trust/claims.h), and those that count are read
 * again and added when the round ends: nothing that is refused later must be
 * taken out of a sum, and nothing of a damaged stream has come in.
 *
 * Under a quorum answers to later rounds wait until all sources were read
 * (roundlater.c): what one of them says ends no round.
 */
#ifndef FM_FED_ROUND_IMPL_H
#define FM_FED_ROUND_IMPL_H

#include "agg/robust.h"
#include "base/spool.h"
#include "fed/round.h"
#include "fed/seen.h"
#include "fed/tally.h"
#include "trust/verdicts.h"

/* Bundles in flight: the sums are read once for all of them. */
enum { FM_ROUND_BATCH = 32, FM_ROUND_HOLD = 24 << 20 };

struct fm_round {
    struct fm_model *base;
    uint64_t first; /* the round that base had at the start */
    size_t ended;   /* clients of the rounds that are over */
    struct fm_pool *pool;
    struct fm_policy policy;
    struct fm_round_hooks hooks;
    const struct fm_guard *guard; /* or NULL */
    struct fm_tally tally;
    struct fm_seen
        seen;       /* who counted before, as far as is known: in all ... */
    uint64_t known; /* ... rounds from this one on */
    size_t unsure;  /* late ones that count in rounds before that */
    bool *came;     /* the i-th that the policy excludes */
    struct fm_accum *sum; /* of all in the tally but those that wait; and what
                             is older hangs on it */
    struct fm_robust *robust; /* NULL under rule mean */
    struct fm_item wait[FM_ROUND_BATCH];
    size_t nwait, bytes;       /* of those that wait */
    const char *source, *name; /* at work: as given, and as the tally has it */
    bool failed;               /* nothing can come of it any more */
    /* When it looks first: */
    bool looks;
    struct fm_claims claims; /* of the round at work */
    struct fm_claims later;  /* to rounds after it, under a quorum */
    struct fm_claims next;   /* of the round that follows, if one does */
    size_t most;             /* answers of one source: FM_PARTS_MAX ... */
    bool full;               /* ... and more came */
    bool waits;              /* the item at work is one of `later` ... */
    struct fm_id from;       /* ... and was made from this */
    uint64_t round;          /* ... for this round */
    struct fm_spool *spool;  /* of every source so far */
    size_t nspool, spool_room;
    size_t steps;         /* rounds that ended */
    struct fm_buf report; /* of the rounds so far */
};

/* fm_round_open - start on a source; 0 or a code. */
int fm_round_open(struct fm_round *r, struct fm_items *it, const char *path,
                  struct fm_err *e);

/* fm_round_add - take over a bundle that counts, and weighs what it says, to be
 * added with others; fm_round_flush - add those that wait.  0 or a code. */
int fm_round_add(struct fm_round *r, struct fm_item *item, struct fm_err *e);
int fm_round_flush(struct fm_round *r, struct fm_err *e);

/* fm_round_older - the sum of the answers that are so late (0: of this round);
 * NULL and FM_ESYS. */
struct fm_accum *fm_round_older(struct fm_round *r, uint32_t late,
                                struct fm_err *e);

/* fm_round_sums - may partial sums come in?  0 or FM_EINPUT. */
int fm_round_sums(const struct fm_round *r, struct fm_err *e);

/* fm_round_part - what a client of a partial sum weighs is what it would weigh
 * here: 0 or FM_EINPUT. */
int fm_round_part(struct fm_round *r, const struct fm_part *part,
                  struct fm_err *e);

/* fm_round_excludes - does the policy exclude the client?  It has come, then.
 */
bool fm_round_excludes(struct fm_round *r, const char *client);

/* fm_round_say - tell the user "where: what". */
void fm_round_say(const struct fm_round *r, const char *file, uint64_t offset,
                  const char *what);

/* fm_round_tell - tell who keeps a book that a client counts; `digest` as
 * hooks.count has it.  0 or a code. */
int fm_round_tell(struct fm_round *r, const struct fm_part *part,
                  uint64_t round, const uint8_t *digest, struct fm_err *e);

/* fm_round_digest - note in a->digest what a bundle's bytes are, where somebody
 * vouches for them or keeps a book. */
void fm_round_digest(const struct fm_round *r, struct fm_answer *a,
                     const struct fm_bundle *b);

/* fm_round_alone - does a failure refuse no more than the answer that was at
 * work?  Under a quorum also what its own device does not give (a worn stick),
 * but never what the machine lacks. */
bool fm_round_alone(const struct fm_round *r, int rc, const struct fm_err *why);

/* fm_round_restart - forget all that was added to the sum of the round at
 * work.  0 or FM_ESYS. */
int fm_round_restart(struct fm_round *r, struct fm_err *e);

/* fm_round_once - has the client of a late answer counted in that round, by
 * another one?  0 or FM_EINPUT. */
int fm_round_once(struct fm_round *r, const struct fm_bundle *b,
                  struct fm_err *e);

/*
 *   fm_round_look    read a source and note what it claims
 *   fm_round_settle  at the end of a round: decide, and add what counts
 *   fm_round_judge   then hold each bundle that counts against the sum
 *
 * 0 or a code.
 */
int fm_round_look(struct fm_round *r, const char *path, struct fm_err *e);
int fm_round_settle(struct fm_round *r, struct fm_err *e);
int fm_round_judge(struct fm_round *r, struct fm_err *e);

/* fm_round_note - note an answer among the claims; with `why` it does not
 * count, and the user is told.  fm_round_bare - a reason without the place
 * where it was found. */
int fm_round_note(struct fm_round *r, const struct fm_answer *a,
                  const struct fm_part *part, size_t n, const char *why,
                  struct fm_err *e);
const char *fm_round_bare(const struct fm_err *why, const char *file);

/* fm_round_item - note an item that was read, or is refused for `why`; `a` says
 * where it is. */
int fm_round_item(struct fm_round *r, struct fm_items *it, struct fm_item *item,
                  struct fm_answer *a, const struct fm_err *why,
                  struct fm_err *e);

/*
 * Answers to later rounds, under a quorum.
 *
 *   fm_round_wait    the item that was just read is one; note it
 *   fm_round_follow  the round at work has become the base: look at those that
 *                    answer it, and make them r->next if a quorum of clients
 *                    counts; else refuse them, and all that is later
 *   fm_round_dismiss refuse all of them
 *
 * 0 or a code.
 */
int fm_round_wait(struct fm_round *r, const struct fm_answer *a,
                  const struct fm_item *item, struct fm_err *e);
int fm_round_follow(struct fm_round *r, struct fm_err *e);
int fm_round_dismiss(struct fm_round *r, const char *why, struct fm_err *e);

/* fm_round_again - read an answer that was read before; `it` and `item` are to
 * be released when that succeeds.  fm_round_item_max - the largest item. */
int fm_round_again(struct fm_round *r, const struct fm_answer *a,
                   struct fm_items *it, struct fm_item *item, struct fm_err *e);
size_t fm_round_item_max(const struct fm_model *base);

/* fm_round_follows - was an answer to the round that the base leads to made
 * from the base, which the answers before it have made?  0 or FM_EINPUT. */
int fm_round_follows(const struct fm_round *r, const struct fm_id *from,
                     struct fm_err *e);

/* fm_round_turn - for fm_items: an answer to another round. */
int fm_round_turn(void *ctx, uint64_t round, const struct fm_id *from,
                  struct fm_err *e);

#endif
