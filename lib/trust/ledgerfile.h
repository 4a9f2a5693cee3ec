/*
 * ledgerfile: a ledger (ledger.h) on the disk, one writer at a time.
 *
 * The file is only ever added to.  Who opens it holds a lock (flock) until it
 * is closed, so that two runs cannot both write a next line; a line is written
 * and synced before the model that it tells of has its name (cli/out.h).  So
 * after a crash at any moment
 *
 *   - the last line is cut short: its model has no name.  It is no line yet,
 *     and the next run that opens the ledger takes it away;
 *   - the line is whole and its model has no name: the same run once more makes
 *     the same model, finds the line, and writes no second one.
 *
 * A model that has a name has its line.
 */
#ifndef FM_TRUST_LEDGERFILE_H
#define FM_TRUST_LEDGERFILE_H

#include "trust/ledger.h"

struct fm_ledger_file {
    int fd;
    const char *path;
    bool made;     /* by us, who hold it */
    uint64_t size; /* of the whole lines */
    size_t torn;   /* bytes that were taken away at the end */
    struct fm_ledger lines;
};

/*
 * fm_ledgerfile_open - open or make the ledger at `path` (borrowed), lock, read
 * and repair it.
 *
 *   wait  for another run that holds it; else that is FM_ESYS
 *
 * Returns 0, FM_EINPUT (damaged; not a regular file) or FM_ESYS.
 */
int fm_ledgerfile_open(struct fm_ledger_file *f, const char *path, bool wait,
                       struct fm_err *e);

/*
 * fm_ledgerfile_append - make `t` the next line: its number, previous and hash
 * are filled in; nothing of it is kept here.  On the disk when it returns 0.
 * FM_EINPUT: the ledger is full.  On FM_ESYS the file is as it was, if the
 * machine lets it.
 */
int fm_ledgerfile_append(struct fm_ledger_file *f, struct fm_ledger_entry *t,
                         struct fm_err *e);

/* fm_ledgerfile_close - and remove one that was made and has no line. */
void fm_ledgerfile_close(struct fm_ledger_file *f);

/* fm_ledgerfile_read - only read and check; *torn receives the bytes of a last
 * line that was cut short.  0, FM_EINPUT or FM_ESYS. */
int fm_ledgerfile_read(struct fm_ledger *l, size_t *torn, const char *path,
                       struct fm_err *e);

#endif
