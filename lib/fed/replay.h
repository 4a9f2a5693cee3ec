/*
 * replay: do the rounds of a ledger (trust/ledger.h) again, from the bundles.
 *
 * Sums are exact, so that the model of each line must come out byte for byte.
 * A bundle is known by its id, in whatever form and file it stands; a client
 * inside a partial sum is taken from its bundle, too.  A roster is not kept, so
 * that of rounds with one the weights are those that the ledger says; they are
 * held against the policy and the samples in the bundles.  Where somebody has
 * the roster, against that, and the bundles' signatures are checked.
 */
#ifndef FM_FED_REPLAY_H
#define FM_FED_REPLAY_H

#include "base/pool.h"
#include "trust/ledger.h"
#include "trust/vouch.h"

/*
 * fm_replay - replay every line from what is in and below `dir`.
 *
 *   vouch the roster of every line; or NULL
 *   done  called, when not NULL, for each line that follows, with the file of
 *         its model when that is there, else NULL
 *
 * The model that the first line starts from must be in `dir`; those that the
 * lines made need not be.  But a model that is there and says that it came from
 * one of them must be in the ledger, and no model may be damaged.
 *
 * Returns 0; FM_EINPUT, with a message that names the first round that does not
 * follow and why; or FM_ESYS.
 */
int fm_replay(const struct fm_ledger *l, const char *dir, struct fm_pool *pool,
              const struct fm_vouch *vouch,
              void (*done)(void *ctx, const struct fm_ledger_entry *t,
                           const char *path),
              void *ctx, struct fm_err *e);

#endif
