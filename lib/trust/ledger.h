/*
 * ledger: what was done with a run's rounds, as lines that hold each other.
 *
 * A text file to which each closing of a round adds one line, a JSON object
 * without white space and a newline, keys in this order:
 *
 *   "ledger"    1, the format
 *   "line"      its number, from 1
 *   "previous"  "hash" of the line before, 64 zeros in the first
 *   "tool"      what wrote it, "fedmrn-aggregate 0.1.0"
 *   "base"      the model that was given: {"round", "id", "digest"}
 *   "policy"    {"rule" (agg/rule.h; but mean), "roster" (the digest of its
 *               file, where there was one), "weights" (agg/weighting.h),
 *               "quorum", "max-stale", "staleness" (agg/staleness.h),
 *               "exclude": [client, ...]}
 *   "inputs"    who counts, sorted by round and client: [{"client", "bundle"
 *               (its id), "digest", "round" (that it answers), "samples",
 *               "weight"}, ...]
 *   "refused"   what does not count, and why: [text, ...]
 *   "output"    the model that was made, as "base"
 *   "hash"      BLAKE2b-256 of the line's bytes before `,"hash"`
 *
 * A digest is the BLAKE2b-256 (`b2sum -l 256`) of the model's file, that of a
 * packed one as if it were not; or of the bundle as it came, and null for a
 * client inside a partial sum.
 *
 * The text of a line is canonical, so that no byte of it can change unseen, and
 * "previous" and "line" keep the lines in their places.  That whole lines are
 * missing at the end nobody can see from the file alone: a later hash, noted
 * elsewhere, or a later model tells it.
 */
#ifndef FM_TRUST_LEDGER_H
#define FM_TRUST_LEDGER_H

#include "base/crypto.h"
#include "trust/policy.h"

enum {
    FM_LEDGER_HEX = 2 * FM_BLAKE_256 + 1,
    FM_LEDGER_INPUTS = 100000, /* clients of a line */
    FM_LEDGER_LINES = 1 << 16,
    FM_LEDGER_TOOL = 64, /* of its text, with the NUL */
};

struct fm_ledger_model {
    uint64_t round;
    struct fm_id id;
    uint8_t digest[FM_BLAKE_256];
};

struct fm_ledger_input {
    struct fm_part part;
    uint64_t round; /* that it answers */
    bool summed;    /* inside a partial sum: there is no digest */
    uint8_t digest[FM_BLAKE_256];
};

/* One line.  Start from {0}; fm_ledger_entry_free leaves it so. */
struct fm_ledger_entry {
    uint64_t line;
    uint8_t previous[FM_BLAKE_256], hash[FM_BLAKE_256];
    char tool[FM_LEDGER_TOOL];
    struct fm_ledger_model base, output;
    struct fm_policy policy; /* of a roster the digest: weights are inputs' */
    char **exclude;          /* the policy's */
    struct fm_ledger_input *input;
    size_t n, room;
    char **refused;
    size_t nrefused;
};

struct fm_ledger {
    struct fm_ledger_entry *entry;
    size_t n, room;
};

/* fm_ledger_hex - a digest as lower-case hex digits; returns `out`. */
char *fm_ledger_hex(char out[FM_LEDGER_HEX], const uint8_t p[FM_BLAKE_256]);

/* fm_ledger_hex_parse - the inverse: is `s` 64 lower-case hex digits? */
bool fm_ledger_hex_parse(uint8_t p[FM_BLAKE_256], const char *s);

/*
 * fm_ledger_describe - round, id and digest of the model whose file it is, as
 * fm_model_file_put writes it.  0 or FM_ESYS.
 */
int fm_ledger_describe(struct fm_ledger_model *out,
                       const struct fm_model_file *f, struct fm_err *e);

/*
 * Filling a line.  fm_ledger_set_policy copies the policy; fm_ledger_count adds
 * a client that counts, with BLAKE2b of its answer's bytes (FM_BLAKE_256) or,
 * inside a partial sum, NULL; fm_ledger_refuse a text, of which bytes that are
 * not printable ASCII become `?`; fm_ledger_exclude and fm_ledger_add one
 * client of either list. 0, FM_ESYS, or FM_EINPUT for too many clients.
 */
int fm_ledger_set_policy(struct fm_ledger_entry *t, const struct fm_policy *p,
                         struct fm_err *e);
int fm_ledger_count(struct fm_ledger_entry *t, const struct fm_part *part,
                    uint64_t round, const uint8_t *digest, struct fm_err *e);
int fm_ledger_exclude(struct fm_ledger_entry *t, const char *client,
                      struct fm_err *e);
int fm_ledger_add(struct fm_ledger_entry *t, const struct fm_ledger_input *in,
                  struct fm_err *e);
int fm_ledger_refuse(struct fm_ledger_entry *t, const char *text,
                     struct fm_err *e);

/* fm_ledger_sort - put the inputs into their order, which is fm_ledger_order's
 * of two of them (as memcmp returns). */
void fm_ledger_sort(struct fm_ledger_entry *t);
int fm_ledger_order(const struct fm_ledger_input *a,
                    const struct fm_ledger_input *b);
void fm_ledger_entry_free(struct fm_ledger_entry *t);

/*
 * fm_ledger_parse - the lines in `n` bytes, into *l, which starts from {0} and
 * is released by fm_ledger_free, also after a failure.
 *
 *   whole  receives the bytes of the whole lines; what follows them (fewer
 *          than n) has no newline and no hash, as a machine leaves it that
 *          stops while it writes: no line yet
 *
 * Also checked: each base is the first line's, or an earlier line's output.
 * Returns 0, FM_EINPUT ("line 3: ...") or FM_ESYS.
 */
int fm_ledger_parse(struct fm_ledger *l, const uint8_t *p, size_t n,
                    size_t *whole, struct fm_err *e);
void fm_ledger_free(struct fm_ledger *l);

/* fm_ledger_knows - the first line that has the model as its output, or as its
 * base when it is the first; 0: none. */
size_t fm_ledger_knows(const struct fm_ledger *l, const struct fm_id *id);

/* fm_ledger_has - is the model, by its digest, which nobody can forge as an id,
 * the first line's base or some line's output? */
bool fm_ledger_has(const struct fm_ledger *l, const struct fm_ledger_model *m);

/* fm_ledger_roster - the first line that was not closed under the roster with
 * this digest; 0: none. */
size_t fm_ledger_roster(const struct fm_ledger *l,
                        const uint8_t digest[FM_BLAKE_256]);

/* fm_ledger_find - the number of the line that says the same of base, policy,
 * inputs and output as `t`, which is sorted; 0: none. */
size_t fm_ledger_find(const struct fm_ledger *l,
                      const struct fm_ledger_entry *t);

#endif
