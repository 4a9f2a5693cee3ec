/*
 * err: how library functions report failure.
 *
 * The library never prints and never exits.  A function that can fail because
 * of the outside world (a file, memory, a malformed input) takes a struct
 * fm_err * as its last argument, returns 0 on success, and on failure returns
 * one of the codes below with a message filled in.  A broken precondition is
 * a bug in the caller and is caught by assert, not reported.
 *
 * A struct fm_err starts from {0}.
 *
 * The codes are the exit statuses of the tools, so that a tool can return what
 * the library gave it.  2 (usage) is missing here: only lib/cli knows options.
 */
#ifndef FM_BASE_ERR_H
#define FM_BASE_ERR_H

#include <stdbool.h>

enum fm_code {
    FM_OK = 0,
    FM_ESYS = 1,   /* the machine failed: I/O, memory; a retry may succeed */
    FM_EINPUT = 3, /* an input was rejected: missing, malformed, refused */
};

struct fm_err {
    enum fm_code code;
    char msg[400]; /* one line, no newline, names the file and the place */
    bool unread;   /* FM_ESYS, but of an input's device: see fm_err_unread */
};

/*
 * fm_err_set - record a failure, and return `code` so that a caller can write
 * `return fm_err_set(e, ...)`.  The first failure wins: later calls on the
 * same `e` keep its code and message.  `e` may be NULL.  What a hostile file
 * put into the message to drive a terminal becomes `?` (printable.h).
 */
int fm_err_set(struct fm_err *e, enum fm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * fm_err_where - put "where: " in front of the message of a failed `e`, for a
 * caller that knows the file which its callee was not told.  No effect when
 * `e` is NULL or holds no failure.  Returns e's code, or FM_OK.
 */
int fm_err_where(struct fm_err *e, const char *where);

/*
 * fm_err_errno - "name: what strerror says", for a system call that failed on
 * a named file with errno `err`.  What a retry cannot mend (no such file, no
 * permission, a directory, a read-only file system) is FM_EINPUT; the rest
 * (I/O, no space, no memory, no descriptors) is FM_ESYS.  Returns the code.
 */
int fm_err_errno(struct fm_err *e, int err, const char *name);

/*
 * fm_err_unread - the same for opening or reading an input.  Where it is the
 * input's own device that failed (a worn stick's EIO), and not memory or
 * descriptors that ran out, e->unread is set, for who can do without the input.
 */
int fm_err_unread(struct fm_err *e, int err, const char *name);

/*
 * fm_err_pass - record the failure that is in `why`, under the rules of
 * fm_err_set.  Returns its code.
 */
int fm_err_pass(struct fm_err *e, const struct fm_err *why);

/* fm_err_nomem - the one way to say that memory ran out.  Returns FM_ESYS. */
int fm_err_nomem(struct fm_err *e);

#endif
