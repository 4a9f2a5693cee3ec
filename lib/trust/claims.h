/*
 * claims: the answers that came to a round, and which of them count.
 *
 * An answer is a bundle or a partial sum; each client in it claims a place in
 * a round.  All of them are known before anything is decided, so that the
 * verdicts do not depend on the order in which they came:
 *
 *   - different bundles of one client to one round: all of them are refused,
 *     and the partial sums that hold one;
 *   - partial sums that share a client are refused, since neither can be taken
 *     apart;
 *   - a partial sum that claims another client's bundle is refused, and so are
 *     two bundles that have one id; and then, of the answers that are left,
 *   - a bundle that a partial sum holds, too, or that came several times,
 *     counts once;
 *   - as long as all that counts weighs more than FM_TOTAL_MAX, the heaviest is
 *     refused (of equal ones the one whose client, round and id come first).
 *
 * Memory: about 200 bytes for each client.  Who adds answers limits how many
 * one source may have: one limit for all would let one source take every place.
 */
#ifndef FM_TRUST_CLAIMS_H
#define FM_TRUST_CLAIMS_H

#include "agg/partial.h"
#include "base/crypto.h"

enum fm_verdict { FM_COUNTS, FM_TWICE, FM_EXCLUDED, FM_REFUSED };

/* fm_verdict_name - "counted", "twice", "excluded" or "refused". */
const char *fm_verdict_name(enum fm_verdict v);

struct fm_answer {
    const char *file;  /* borrowed; where it came from */
    size_t source;     /* the caller's */
    uint64_t offset;   /* in that file */
    bool summed;       /* a partial sum */
    uint64_t round;    /* that it answers; 0 when nobody knows */
    struct fm_id from; /* made from this model; where the caller wants it */
    struct fm_id id;   /* of the bundle or of the partial sum's file */
    /* BLAKE2b of the bundle's bytes, where the caller wants it; else 0. */
    uint8_t digest[FM_BLAKE_256];
    size_t first, n; /* its clients: part[first] and on; n 0: nobody knows */
    enum fm_verdict verdict;
    bool said; /* to the user */
    char *why; /* for anything but FM_COUNTS: what to say; owned */
    bool judged, outlier;
    double agreement; /* if judged: a z-score (agg/agreement.h) */
};

struct fm_claims {
    struct fm_answer *answer; /* in the order they came */
    size_t n, room;
    struct fm_part *part;
    size_t nparts, parts_room;
};

/* Start from {0}.  fm_claims_free leaves it so. */
void fm_claims_free(struct fm_claims *c);

/*
 * fm_claims_add - one answer more, with its `n` clients; a->first, n and why
 * are set here.  `why` is copied, or NULL.  0 or FM_ESYS.
 */
int fm_claims_add(struct fm_claims *c, const struct fm_answer *a,
                  const struct fm_part *part, size_t n, const char *why,
                  struct fm_err *e);

/* fm_claims_cut - forget all but the first `n` answers. */
void fm_claims_cut(struct fm_claims *c, size_t n);

/* fm_claims_refuse - refuse an answer that has counted so far; 0, FM_ESYS. */
int fm_claims_refuse(struct fm_claims *c, size_t i, const char *why,
                     struct fm_err *e);

/* fm_claims_decide - apply the rules above to those that count so far; 0 or
 * FM_ESYS. */
int fm_claims_decide(struct fm_claims *c, struct fm_err *e);

/* fm_claims_having - how many have a verdict; fm_claims_clients - clients in
 * the answers that count. */
size_t fm_claims_having(const struct fm_claims *c, enum fm_verdict v);
size_t fm_claims_clients(const struct fm_claims *c);

/* fm_place - "a.mrn", or "<stdin> (at byte 1234)"; returns `out`. */
enum { FM_PLACE_MAX = 200 };
char *fm_place(char out[FM_PLACE_MAX], const char *file, uint64_t offset);

#endif
