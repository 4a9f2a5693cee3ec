#include "base/archive.h"

#include "base/mem.h"
#include "base/odc.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <stdlib.h>

enum { LARGE = 4096 }; /* of a member */

size_t
fm_archive_header(const char *name)
{
    return FM_ODC_HEADER + strlen(name) + 1;
}

/* --- Writing ----------------------------------------------------------- */

/* Where libarchive's bytes go: into a buffer, or against one. */
struct target {
    struct fm_buf *out; /* NULL when comparing */
    const uint8_t *want;
    size_t left; /* of `want` */
    bool differs;
    int rc;
    struct fm_err *e;
};

static la_ssize_t
deliver(struct archive *a, void *ctx, const void *p, size_t n)
{
    struct target *t = ctx;

    (void)a;
    if (t->rc || t->differs)
        ;
    else if (t->out)
        t->rc = fm_buf_add(t->out, p, n, t->e);
    else if (n > t->left || memcmp(t->want, p, n) != 0)
        t->differs = true;
    else {
        t->want += n;
        t->left -= n;
    }
    /* Never a failure: libarchive 3.6 would not release the stream's state. */
    return (la_ssize_t)n;
}

static int
emit_member(struct archive *a, const struct fm_member *m, size_t inode)
{
    struct archive_entry *entry = archive_entry_new();
    int r;

    if (!entry)
        return ARCHIVE_FATAL;
    archive_entry_set_pathname(entry, m->name);
    archive_entry_set_mode(entry, AE_IFREG | 0644);
    archive_entry_set_nlink(entry, 1);
    archive_entry_set_ino64(entry, (la_int64_t)inode);
    archive_entry_set_size(entry, (la_int64_t)m->size);
    r = archive_write_header(a, entry);
    archive_entry_free(entry);
    if (r == ARCHIVE_OK && m->size > 0 &&
        archive_write_data(a, m->data, m->size) != (la_ssize_t)m->size)
        r = ARCHIVE_FATAL;
    return r;
}

/* Lead the members through libarchive to `t`. */
static int
emit(struct target *t, const struct fm_member *m, size_t n)
{
    struct archive *a = archive_write_new();
    int rc = 0, r;

    if (!a)
        return fm_err_nomem(t->e);
    r = archive_write_set_format_cpio_odc(a);
    /* No blocking: bytes pass as they come, and none follow the trailer. */
    if (r == ARCHIVE_OK)
        r = archive_write_set_bytes_per_block(a, 0);
    if (r == ARCHIVE_OK)
        r = archive_write_set_bytes_in_last_block(a, 1);
    if (r == ARCHIVE_OK)
        r = archive_write_open(a, t, NULL, deliver, NULL);
    for (size_t i = 0; i < n && r == ARCHIVE_OK && !t->differs; i++)
        r = emit_member(a, &m[i], i + 1);
    if (r == ARCHIVE_OK)
        r = archive_write_close(a);
    if (t->rc)
        rc = t->rc;
    else if (r != ARCHIVE_OK)
        rc = fm_err_set(t->e, FM_ESYS, "libarchive: %s",
                        archive_error_string(a) ? archive_error_string(a)
                                                : "out of memory");
    archive_write_free(a);
    return rc;
}

int
fm_archive_write(struct fm_buf *out, const struct fm_member *m, size_t n,
                 struct fm_err *e)
{
    struct target t = {.out = out, .e = e};
    size_t total = FM_ODC_TRAILER, start = out->len;
    int rc;

    assert(n <= FM_MEMBERS_MAX);
    for (size_t i = 0; i < n; i++) {
        assert(fm_odc_name_ok(m[i].name));
        if (m[i].size > FM_ODC_DATA_MAX)
            return fm_err_set(e, FM_EINPUT, "%s: %zu bytes are too many",
                              m[i].name, m[i].size);
        if (!fm_add_ok(total, fm_archive_header(m[i].name), &total) ||
            !fm_add_ok(total, m[i].size, &total))
            return fm_err_nomem(e);
    }
    rc = fm_buf_reserve(out, total, e);
    if (rc == 0)
        rc = emit(&t, m, n);
    if (rc)
        out->len = start;
    assert(rc || out->len - start == total);
    return rc;
}

/* --- Reading ----------------------------------------------------------- */

/* Read `n` bytes of an archive that has begun; `start` is its first in `out`.
 */
static int
more(struct fm_buf *out, struct fm_source *src, size_t n, size_t start,
     size_t limit, struct fm_err *e)
{
    uint64_t left;
    size_t got;
    int rc;

    if (n > limit - (out->len - start))
        return fm_err_set(e, FM_EINPUT,
                          "%s: byte %llu: the archive exceeds %zu bytes",
                          src->name, (unsigned long long)src->offset, limit);
    /* What a file has, and a little for the next headers, is asked for once:
     * growing by doubling would hold a large member twice. */
    if (n >= LARGE && fm_source_left(src, &left) && left >= n &&
        (rc = fm_buf_reserve(out, n + LARGE, e)))
        return rc;
    rc = fm_source_read(src, out, n, &got, e);
    if (rc == 0 && got < n)
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: byte %llu: cut short in the middle of an archive",
                        src->name, (unsigned long long)src->offset);
    return rc;
}

/* The header at `head` of an archive that has begun. */
static int
sizes(const struct fm_buf *out, size_t head, size_t *name, uint64_t *data,
      const struct fm_source *src, uint64_t at, struct fm_err *e)
{
    const char *bad = fm_odc_sizes(out->data + head, name, data);

    if (!bad)
        return 0;
    return fm_err_set(e, FM_EINPUT, "%s: byte %llu: %s", src->name,
                      (unsigned long long)at, bad);
}

int
fm_archive_begin(struct fm_buf *out, struct fm_source *src, size_t limit,
                 struct fm_err *e)
{
    const size_t start = out->len;
    const uint64_t at = src->offset;
    size_t got, name;
    uint64_t data;
    int rc;

    assert(limit >= FM_ODC_HEADER);
    /* Only before the first byte is the end of input a clean one. */
    if ((rc = fm_source_read(src, out, 1, &got, e)) || got == 0)
        return rc;
    if ((rc = more(out, src, FM_ODC_HEADER - 1, start, limit, e)) ||
        (rc = sizes(out, start, &name, &data, src, at, e)))
        return rc;
    return more(out, src, name, start, limit, e);
}

int
fm_archive_rest(struct fm_buf *out, size_t start, struct fm_source *src,
                size_t limit, struct fm_err *e)
{
    size_t head = start, name;
    uint64_t data, at = src->offset - (out->len - start);
    int rc;

    for (size_t members = 0;; members++) {
        if (members) {
            head = out->len;
            at = src->offset;
            if ((rc = more(out, src, FM_ODC_HEADER, start, limit, e)))
                return rc;
        }
        if ((rc = sizes(out, head, &name, &data, src, at, e)))
            return rc;
        if (members && (rc = more(out, src, name, start, limit, e)))
            return rc;
        if (fm_odc_is_trailer(out->data + head + FM_ODC_HEADER, name))
            return 0;
        if (members == FM_MEMBERS_MAX)
            return fm_err_set(e, FM_EINPUT, "%s: byte %llu: too many members",
                              src->name, (unsigned long long)at);
        if (data > SIZE_MAX)
            data = SIZE_MAX;
        if ((rc = more(out, src, (size_t)data, start, limit, e)))
            return rc;
    }
}

int
fm_archive_frame(struct fm_buf *out, struct fm_source *src, size_t limit,
                 struct fm_err *e)
{
    const size_t start = out->len;
    int rc = fm_archive_begin(out, src, limit, e);

    if (rc || out->len == start)
        return rc;
    return fm_archive_rest(out, start, src, limit, e);
}

int
fm_archive_parse(struct fm_member *m, size_t *n, const uint8_t *bytes,
                 size_t size, struct fm_err *e)
{
    struct target t = {.want = bytes, .left = size, .e = e};
    struct fm_member beyond;
    bool done = false;
    size_t at = 0;
    int rc;

    for (*n = 0;; ++*n) {
        bool full = *n == FM_MEMBERS_MAX;

        rc = fm_odc_next(full ? &beyond : &m[*n], bytes, size, &at, &done, e);
        if (rc)
            return rc;
        if (done)
            break;
        if (full)
            return fm_err_set(e, FM_EINPUT, "byte %zu: too many members", at);
    }
    /*
     * Modes, owners, inodes, times, the trailer and what follows it: all have
     * one right value, and writing the members again is what it is.
     */
    if ((rc = emit(&t, m, *n)))
        return rc;
    if (t.left > 0)
        return fm_err_set(e, FM_EINPUT,
                          "byte %zu: not what this archive must have here",
                          size - t.left);
    return 0;
}
