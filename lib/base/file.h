/*
 * file: reading whole files and streams.
 *
 * "-" is standard input, and is called <stdin> in messages.  A missing file, a
 * directory or a file without permission is FM_EINPUT; EIO is FM_ESYS.
 * Interrupted and short reads are continued.
 */
#ifndef FM_BASE_FILE_H
#define FM_BASE_FILE_H

#include "base/bytes.h"

#include <stdbool.h>

enum { FM_SOURCE_AHEAD = 16 };

/* A stream with its name and how far it was read. */
struct fm_source {
    const char *name; /* borrowed; "<stdin>" for "-" */
    int fd;
    uint64_t offset;
    uint8_t ahead[FM_SOURCE_AHEAD]; /* peeked at, and not read yet */
    size_t nahead;
};

/* fm_file_name - what messages call `path`. */
const char *fm_file_name(const char *path);

/* fm_source_open - open `path` (or "-") for reading; 0 or a code. */
int fm_source_open(struct fm_source *s, const char *path, struct fm_err *e);

/*
 * fm_source_some - what one read gives: 1..n bytes into `p`, 0 at the end of
 * input.  Returns 0 or a code.
 */
int fm_source_some(struct fm_source *s, void *p, size_t n, size_t *got,
                   struct fm_err *e);

/*
 * fm_source_read - append exactly `n` bytes to `out`, or fewer at the end of
 * input; *got says how many.  `out` grows only as bytes arrive, so `n` may
 * come from a hostile header.  Returns 0 or a code.
 */
int fm_source_read(struct fm_source *s, struct fm_buf *out, size_t n,
                   size_t *got, struct fm_err *e);

/*
 * fm_source_peek - the next `n` bytes, at most FM_SOURCE_AHEAD, into `p`, or
 * fewer at the end of input; they stay to be read.  Returns 0 or a code.
 */
int fm_source_peek(struct fm_source *s, void *p, size_t n, size_t *got,
                   struct fm_err *e);

/*
 * fm_source_left - true and *n = the bytes still to come, of a regular file;
 * false when nobody can know, as of a pipe.
 */
bool fm_source_left(const struct fm_source *s, uint64_t *n);

/*
 * fm_source_room - make room in `out` for the rest of a regular file, when it
 * is at most `limit` bytes, and for `more`; anything else grows as it comes.  0
 * or FM_ESYS.
 */
int fm_source_room(const struct fm_source *s, struct fm_buf *out, size_t limit,
                   size_t more, struct fm_err *e);

/* fm_source_close - close it, unless it is standard input. */
void fm_source_close(struct fm_source *s);

/*
 * fm_file_read - append the whole of `path` (or "-") to `out`.
 * More than `limit` bytes is FM_EINPUT.
 */
int fm_file_read(struct fm_buf *out, const char *path, size_t limit,
                 struct fm_err *e);

/*
 * fm_file_map - a file's bytes where the system keeps them: nothing is read
 * before it is touched, and processes that map the same file share it.  A file
 * that is cut short meanwhile kills the process (SIGBUS): only for data that
 * is the user's own.
 *
 * True and *m; false when there is nothing to map ("-", a missing file, a
 * pipe, an empty file, one of more than `limit` bytes), so that fm_file_read
 * is the one to ask, and to complain.  fm_file_unmap is harmless on {0}.
 */
struct fm_map {
    const uint8_t *data;
    size_t len;
};

bool fm_file_map(struct fm_map *m, const char *path, size_t limit);
void fm_file_unmap(struct fm_map *m);

#endif
