/*
 * policy: who counts in a round, and how much.
 *
 * One struct says it all; who closes a round (fed/round.h) fills it from its
 * options and asks it.  A round with another policy is another round: the
 * model that comes out follows from the base, the bundles and this.
 */
#ifndef FM_TRUST_POLICY_H
#define FM_TRUST_POLICY_H

#include "agg/partial.h"
#include "agg/rule.h"
#include "agg/staleness.h"
#include "base/crypto.h"

struct fm_policy {
    /*
     * 0: one answer that is refused fails the round.  N: answers that are
     * refused are named and left out, and N must remain.
     */
    size_t quorum;
    struct fm_weighting weighting;
    struct fm_rule rule; /* agg/rule.h; not mean: each client weighs 1 */
    /* Answers to the max_stale rounds before this one count, too. */
    uint32_t max_stale;
    struct fm_staleness staleness;
    bool report; /* all refusals are to be told, even where one is too many */
    /* Clients that do not count, whatever they send. */
    const char *const *exclude;
    size_t nexclude;
    /*
     * The roster: the largest number of samples that a client may weigh, from
     * 1 to FM_SAMPLES_MAX, or 0 when it is not in it, or revoked.  NULL when
     * there is none.
     */
    uint64_t (*listed)(const void *roster, const char *client);
    const void *roster;
    /* For the ledger: was there a roster file, and its BLAKE2b-256. */
    bool rostered;
    uint8_t roster_digest[FM_BLAKE_256];
};

/* fm_policy_default - every good answer counts by its samples (under fedpm by
 * its vote), a bad one fails the round. */
struct fm_policy fm_policy_default(enum fm_method m);

/*
 * fm_policy_check - does the policy make sense for a run's answers?  0 or
 * FM_EINPUT, before anything is read: fedpm's votes have no weights and are
 * never late; by roster takes a roster; a rule but mean takes bits that mean
 * the same for all (agg/rule.h), equal weights and no late answers.
 */
int fm_policy_check(const struct fm_policy *p, const struct fm_settings *set,
                    struct fm_err *e);

/* fm_policy_excludes - is the client named by exclude? */
bool fm_policy_excludes(const struct fm_policy *p, const char *client);

/*
 * fm_policy_weigh - what a client weighs that claims so many samples; 0 or
 * FM_EINPUT when the roster does not have it.
 */
int fm_policy_weigh(uint64_t *weight, const struct fm_policy *p,
                    const char *client, uint64_t samples, struct fm_err *e);

#endif
