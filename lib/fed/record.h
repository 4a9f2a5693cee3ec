/*
 * record: the closing of a round, as it is written into a ledger.
 *
 * In this order: open, base, past, then what the round says (fed/round.h),
 * output, write, close.  Between open and close the ledger is locked.
 */
#ifndef FM_FED_RECORD_H
#define FM_FED_RECORD_H

#include "base/bytes.h"
#include "fed/round.h"
#include "trust/ledgerfile.h"

/*
 * Refusals that a line tells one by one: else who sends enough rubbish would
 * fill it, and the round could not be closed.
 */
enum { FM_RECORD_REFUSED = 1000 };

struct fm_record {
    struct fm_ledger_file file;
    struct fm_ledger_entry entry;
    struct fm_err failed; /* of a note that could not be kept */
    size_t more;          /* refusals behind the first FM_RECORD_REFUSED */
    size_t line;          /* where it stands, once it is written */
    bool again;           /* it stood there before */
    size_t other;         /* the last line over this base that made another */
};

/*
 * fm_record_open - as fm_ledgerfile_open; `tool` is the writer's name and
 * version.  Release with fm_record_close, also after a failure.
 */
int fm_record_open(struct fm_record *r, const char *path, bool wait,
                   const char *tool, struct fm_err *e);

/*
 * fm_record_base - the round is over `base` under `policy`.  FM_EINPUT when the
 * ledger has lines and none of them made it; or FM_ESYS.
 */
int fm_record_base(struct fm_record *r, const struct fm_model *base,
                   const struct fm_policy *policy, struct fm_err *e);

/*
 * fm_record_past - tell a round over `base` who counted in the rounds before,
 * as far back as late answers may be and as the first `n` lines of a ledger
 * lead to the base.  0 or FM_ESYS.
 */
int fm_record_past(const struct fm_ledger *l, size_t n,
                   const struct fm_ledger_model *base, struct fm_round *round,
                   uint32_t max_stale, struct fm_err *e);

/* fm_record_count - the hook `count` of fed/round.h, with the record as ctx. */
int fm_record_count(void *record, const struct fm_part *part, uint64_t round,
                    const uint8_t *digest, struct fm_err *e);

/* fm_record_refuse - what does not count, and why; of the last of too many only
 * the number is kept. */
void fm_record_refuse(struct fm_record *r, const char *text);

/* fm_record_output - the model that was made, whose file `f` will be.  0 or
 * FM_ESYS. */
int fm_record_output(struct fm_record *r, const struct fm_model_file *f,
                     struct fm_err *e);

/*
 * fm_record_write - write the line, unless one is there that says the same; for
 * fm_out_before of cli/out.h.  0, FM_ESYS, or FM_EINPUT: the ledger is full.
 */
int fm_record_write(void *record, struct fm_err *e);

void fm_record_close(struct fm_record *r);

#endif
