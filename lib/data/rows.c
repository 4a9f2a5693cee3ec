#include "data/rows.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>

/* Comments and leading zeros aside, a list of all rows is far below this. */
#define FILE_LIMIT ((size_t)1 << 36)

/* A reader over the file's bytes, with what it has seen. */
struct reader {
    const char *name;
    size_t limit, line;
    uint8_t *seen; /* one bit per row */
    uint32_t *row;
    size_t n, room;
};

/* Cannot wrap: the value stops growing once it has passed the limit. */
static int
number(const struct reader *r, const char *s, size_t len, size_t *row,
       struct fm_err *e)
{
    size_t v = 0;

    for (size_t i = 0; i < len; i++) {
        /* A quoted line would end at its NUL. */
        if (s[i] == '\0')
            return fm_err_set(e, FM_EINPUT,
                              "%s: not a text, but row numbers are wanted, "
                              "one a line",
                              r->name);
        if (s[i] < '0' || s[i] > '9')
            return fm_err_set(e, FM_EINPUT,
                              "%s:%zu: '%.*s' is not a row number", r->name,
                              r->line, (int)(len < 32 ? len : 32), s);
        if (v < r->limit)
            v = 10 * v + (size_t)(s[i] - '0');
    }
    if (v >= r->limit)
        return fm_err_set(
            e, FM_EINPUT, "%s:%zu: row %.*s is not below the data set's %zu",
            r->name, r->line, (int)(len < 32 ? len : 32), s, r->limit);
    *row = v;
    return 0;
}

static int
append(struct reader *r, uint32_t row, struct fm_err *e)
{
    if (r->n == r->room) {
        void *p = fm_grow(r->row, r->n, &r->room, sizeof *r->row, e);

        if (!p)
            return FM_ESYS;
        r->row = p;
    }
    r->row[r->n++] = row;
    return 0;
}

static int
line(struct reader *r, const char *s, size_t len, struct fm_err *e)
{
    size_t row = 0;
    uint8_t bit;
    int rc;

    r->line++;
    if (len && s[len - 1] == '\r')
        len--;
    if (len == 0 || s[0] == '#')
        return 0;
    if ((rc = number(r, s, len, &row, e)))
        return rc;
    bit = (uint8_t)(1u << (row % 8));
    if (r->seen[row / 8] & bit)
        return fm_err_set(e, FM_EINPUT, "%s:%zu: row %zu comes twice", r->name,
                          r->line, row);
    r->seen[row / 8] |= bit;
    return append(r, (uint32_t)row, e);
}

int
fm_rows_read(uint32_t **row, size_t *n, const char *path, size_t limit,
             struct fm_err *e)
{
    struct reader r = {.name = fm_file_name(path), .limit = limit};
    struct fm_buf file = {0};
    int rc;

    *row = NULL;
    *n = 0;
    if ((rc = fm_file_read(&file, path, FILE_LIMIT, e)))
        goto out;
    r.seen = fm_alloc(limit / 8 + 1, 1, e);
    if (!r.seen) {
        rc = FM_ESYS;
        goto out;
    }
    for (size_t at = 0; at < file.len;) {
        const char *s = (const char *)file.data + at;
        const char *stop = memchr(s, '\n', file.len - at);
        size_t len = stop ? (size_t)(stop - s) : file.len - at;

        if ((rc = line(&r, s, len, e)))
            goto out;
        at += len + 1;
    }
    if (r.n == 0) {
        rc = fm_err_set(e, FM_EINPUT, "%s: no row numbers in it", r.name);
        goto out;
    }
    *row = r.row;
    *n = r.n;
    r.row = NULL;
out:
    free(r.row);
    free(r.seen);
    fm_buf_free(&file);
    return rc;
}

uint32_t *
fm_rows_all(size_t n, struct fm_err *e)
{
    uint32_t *row = fm_alloc(n, sizeof *row, e);

    for (size_t i = 0; row && i < n; i++)
        row[i] = (uint32_t)i;
    return row;
}
