/*
 * verdicts: the report of a round, as JSON.
 *
 * {"rounds":[{...},{...}]}, one object for each round that was closed, or was
 * to be:
 *
 *   "round"    the round, "base" the id of the model that it is over
 *   "policy"   {"quorum","weights","max_stale","staleness","rule","excluded"}
 *   "counted"  clients that count, "refused" answers that are refused
 *   "failed"   why there is no model, when there is none
 *   "answers"  sorted by client, round and id:
 *     "file","offset"   where it came from
 *     "kind"            "bundle", "partial sum", or "unknown" (never parsed)
 *     "verdict"         "counted", "twice", "excluded", "refused"
 *     "why"             for all but the first
 *     "round","id"      that it answers; of the bundle
 *     "client","samples","weight"      of a bundle
 *     "agreement","outlier"            of a bundle that counts, see
 *                                      agg/agreement.h
 *     "clients"         of a partial sum: [{"client","samples","weight",
 *                       "id"}, ...]
 *
 * The bytes follow from the answers and their files' names: order and threads
 * do not matter, but where the same bundle came twice.
 */
#ifndef FM_TRUST_VERDICTS_H
#define FM_TRUST_VERDICTS_H

#include "trust/claims.h"
#include "trust/policy.h"

/* fm_verdicts_add - append a round's object to `out`, after a comma where there
 * is one already; `base` is the id of the model that it is over, `failed` NULL
 * when all went well.  0 or FM_ESYS. */
int fm_verdicts_add(struct fm_buf *out, uint64_t round,
                    const struct fm_id *base, const struct fm_policy *policy,
                    const struct fm_claims *c, const char *failed,
                    struct fm_err *e);

/* fm_verdicts_end - make the rounds in `out` the whole text; 0 or FM_ESYS. */
int fm_verdicts_end(struct fm_buf *out, struct fm_err *e);

#endif
