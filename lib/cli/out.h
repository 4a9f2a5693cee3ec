/*
 * out: output that appears whole or not at all.
 *
 * To a regular file: a temporary ".NAME.PID-N.tmp" in the same directory,
 * written, fsynced, renamed over the target, the directory fsynced.  Its mode
 * is 0666 less the umask.  It is removed on every failure, at exit and on
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU; stale ones of dead processes
 * are removed by the next run with the same target.  A link is followed and
 * stays a link.  To standard output ("-" or NULL), a device or a pipe: written
 * through, flush and close checked. Binary data to a terminal is a usage error.
 *
 * A tool prepares its whole answer first and opens the output last.
 */
#ifndef FM_CLI_OUT_H
#define FM_CLI_OUT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* fm_out_check_tty - a usage error if `path` means a terminal; for binary
 * output, called with the options, before any work. */
void fm_out_check_tty(const char *path);

/*
 * fm_out_check - would fm_out_open refuse `path` now?  0 or its code and
 * message; nothing is made.  A tool that works or waits for long asks first.
 */
int fm_out_check(const char *path, struct fm_err *e);

/* fm_out_check_file - the same for what must be whole or not at all, as only a
 * file is: FM_EINPUT for standard output, a pipe or a device. */
int fm_out_check_file(const char *path, struct fm_err *e);

/*
 * fm_out_same - do both paths lead to one file, which need not be there yet?
 * Standard output, devices and pipes may be given twice.
 */
bool fm_out_same(const char *a, const char *b);

/*
 * fm_out_open - a stream to write to, or NULL and FM_ESYS or FM_EINPUT
 * (a directory, no such directory, no permission).  Writing to it needs no
 * checks: a failure is remembered.
 * fm_out_commit - flush, sync, close and rename; 0 or FM_ESYS.  Only one
 * output is open at a time, but for fm_out_before.
 * fm_out_abort - forget it.
 */
FILE *fm_out_open(const char *path, struct fm_err *e);
int fm_out_commit(struct fm_err *e);
void fm_out_abort(void);

/*
 * fm_out_before - have fn(ctx, e) called once, when the next output is complete
 * and, if it is a file, synced: before that has its name.  Its failure is the
 * output's.  It may write one output itself, and that one likewise; three in
 * all.
 */
void fm_out_before(int (*fn)(void *ctx, struct fm_err *e), void *ctx);

/* fm_out_write - open, write `n` bytes, commit; 0 or a code. */
int fm_out_write(const char *path, const void *p, size_t n, struct fm_err *e);

/*
 * fm_out_stream - open, let fill(ctx, f, e) write, and commit; or forget the
 * output when `fill` fails.  0 or a code.
 */
int fm_out_stream(const char *path,
                  int (*fill)(void *ctx, FILE *f, struct fm_err *e), void *ctx,
                  struct fm_err *e);

/*
 * fm_out_private - the same into a file that only its owner may read (mode
 * 0600).  It must be a regular one: a device or a pipe is FM_EINPUT.
 */
int fm_out_private(const char *path,
                   int (*fill)(void *ctx, FILE *f, struct fm_err *e), void *ctx,
                   struct fm_err *e);

/*
 * fm_out_pair - as fm_out_stream, with the `n` bytes at `p` as the file
 * `beside`, which belongs to it.  Both must be regular files.  When both are
 * complete and synced `beside` gets its name, and `path` last: whoever finds
 * the new `path` finds the new `beside`.  A crash between the two leaves the
 * old `path`, and the same command once more makes both good.
 */
int fm_out_pair(const char *path,
                int (*fill)(void *ctx, FILE *f, struct fm_err *e), void *ctx,
                const char *beside, const void *p, size_t n, struct fm_err *e);

/*
 * fm_out_close_stdout - flush and close standard output, for what was printed
 * to it; 0 or FM_ESYS.  fm_cli_end does this.
 */
int fm_out_close_stdout(struct fm_err *e);

#endif
