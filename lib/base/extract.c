#include "base/extract.h"

#include "base/crc32.h"
#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

enum { STEP = 1 << 18 };

struct reader {
    struct fm_source *src;
    struct fm_err *e;
    int rc;
    uint8_t tail[8]; /* the last bytes read, padded in front */
    uint8_t block[STEP];
};

static la_ssize_t
fetch(struct archive *a, void *ctx, const void **p)
{
    struct reader *r = ctx;
    size_t got, keep;

    (void)a;
    r->rc = fm_source_some(r->src, r->block, sizeof r->block, &got, r->e);
    if (r->rc)
        return -1;
    keep = got < sizeof r->tail ? got : sizeof r->tail;
    memmove(r->tail, r->tail + keep, sizeof r->tail - keep);
    memcpy(r->tail + sizeof r->tail - keep, r->block + got - keep, keep);
    *p = r->block;
    return (la_ssize_t)got;
}

/* Our reader's failure comes first: libarchive's would only describe it. */
static int
damaged(struct reader *r, struct archive *a)
{
    const char *why = archive_error_string(a);

    if (r->rc)
        return r->rc;
    if (archive_errno(a) == ENOMEM)
        return fm_err_nomem(r->e);
    return fm_err_set(r->e, FM_EINPUT, "%s: damaged or cut short: %s",
                      r->src->name, why ? why : "cannot decompress");
}

/* The filters that this libarchive has itself, without running a program. */
static int
formats(struct archive *a)
{
    int (*const filter[])(struct archive *) = {
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
        archive_read_support_filter_xz,   archive_read_support_filter_lzma,
        archive_read_support_filter_zstd, archive_read_support_filter_lz4,
    };

    for (size_t i = 0; i < sizeof filter / sizeof *filter; i++) {
        struct archive *probe = archive_read_new();
        int r = probe ? filter[i](probe) : ARCHIVE_FATAL;

        archive_read_free(probe);
        if (r == ARCHIVE_OK)
            r = filter[i](a);
        if (r == ARCHIVE_FATAL)
            return r;
    }
    /* Nothing at all is a file too. */
    if (archive_read_support_format_empty(a) != ARCHIVE_OK)
        return ARCHIVE_FATAL;
    return archive_read_support_format_raw(a);
}

/*
 * libarchive 3.6 does not look at gzip's own checksum.  The file ends with
 * the CRC-32 and the length (modulo 2^32) of the last member, and most files
 * have one; of several, the earlier ones go unchecked.
 */
static int
check_gzip(const struct reader *r, const uint8_t *data, size_t n)
{
    const uint64_t turn = (uint64_t)1 << 32;

    /* Of more than 4 GiB, the member may be any of these long. */
    for (uint64_t len = fm_get32(r->tail + 4); len <= n; len += turn)
        if (fm_crc32(data + (n - len), (size_t)len) == fm_get32(r->tail))
            return 0;
    return fm_err_set(r->e, FM_EINPUT, "%s: damaged: gzip checksum differs",
                      r->src->name);
}

static int
drain(struct reader *r, struct archive *a, struct fm_buf *out, size_t limit)
{
    const size_t start = out->len;

    for (;;) {
        size_t left = limit - (out->len - start);
        la_ssize_t k;
        int rc;

        if ((rc = fm_buf_reserve(out, STEP, r->e)))
            return rc;
        k = archive_read_data(a, out->data + out->len, STEP);
        if (k < 0)
            return damaged(r, a);
        if ((size_t)k > left)
            return fm_err_set(r->e, FM_EINPUT, "%s: larger than %zu bytes",
                              r->src->name, limit);
        if (k == 0)
            break;
        out->len += (size_t)k;
    }
    if (archive_filter_code(a, 0) != ARCHIVE_FILTER_GZIP)
        return 0;
    return check_gzip(r, out->data + start, out->len - start);
}

int
fm_extract_from(struct fm_buf *out, struct fm_source *src, size_t limit,
                struct fm_err *e)
{
    struct reader *r = fm_alloc(1, sizeof *r, e);
    struct archive *a = NULL;
    struct archive_entry *entry;
    const size_t start = out->len;
    int rc = 0, got;

    if (!r)
        return FM_ESYS;
    r->src = src;
    r->e = e;
    a = archive_read_new();
    if (!a || formats(a) != ARCHIVE_OK) {
        rc = fm_err_nomem(e);
        goto out;
    }
    if (archive_read_open(a, r, NULL, fetch, NULL) != ARCHIVE_OK) {
        rc = damaged(r, a);
        goto out;
    }
    got = archive_read_next_header(a, &entry);
    if (got != ARCHIVE_OK && got != ARCHIVE_EOF)
        rc = damaged(r, a);
    else if (r->rc)
        rc = r->rc;
    else if (archive_filter_count(a) > 2)
        rc = fm_err_set(e, FM_EINPUT, "%s: compressed more than once",
                        r->src->name);
    else if (got == ARCHIVE_OK)
        rc = drain(r, a, out, limit);
out:
    if (rc)
        out->len = start;
    archive_read_free(a);
    free(r);
    return rc;
}

int
fm_extract_file(struct fm_buf *out, const char *path, size_t limit,
                struct fm_err *e)
{
    struct fm_source src;
    int rc = fm_source_open(&src, path, e);

    if (rc)
        return rc;
    /* Uncompressed data fit without growing; drain asks for a step more. */
    rc = fm_source_room(&src, out, limit, STEP, e);
    if (!rc)
        rc = fm_extract_from(out, &src, limit, e);
    fm_source_close(&src);
    return rc;
}

/* --- Members of an archive --------------------------------------------- */

bool
fm_extract_is_zip(const uint8_t *bytes, size_t size)
{
    return size >= 4 &&
           (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

bool
fm_extract_is_tar(const uint8_t *bytes, size_t size)
{
    return size >= 512 && (memcmp(bytes + 257, "ustar", 6) == 0 ||
                           memcmp(bytes + 257, "ustar ", 6) == 0);
}

static int
member_damaged(struct archive *a, const char *name, struct fm_err *e)
{
    const char *why = archive_error_string(a);

    if (archive_errno(a) == ENOMEM)
        return fm_err_nomem(e);
    return fm_err_set(e, FM_EINPUT, "%s: damaged or cut short: %s", name,
                      why ? why : "cannot be read");
}

/* The data of the entry at hand. */
static int
read_member(struct fm_buf *out, struct archive *a, const char *name,
            size_t limit, struct fm_err *e)
{
    const size_t start = out->len;
    la_ssize_t k = 1;
    int rc = 0;

    while (!rc && k > 0) {
        if ((rc = fm_buf_reserve(out, STEP, e)))
            break;
        k = archive_read_data(a, out->data + out->len, STEP);
        if (k < 0)
            rc = member_damaged(a, name, e);
        else if ((size_t)k > limit - (out->len - start))
            rc = fm_err_set(e, FM_EINPUT, "%s: larger than %zu bytes", name,
                            limit);
        else
            out->len += (size_t)k;
    }
    return rc;
}

/* All entries are looked at, for a second one of the name. */
static int
find_member(struct fm_buf *out, struct archive *a, const char *name,
            size_t limit, bool *found, struct fm_err *e)
{
    struct archive_entry *entry;
    int r, rc = 0;

    while (!rc && (r = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
        const char *path, *last;

        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return member_damaged(a, "archive", e);
        path = archive_entry_pathname(entry);
        last = path ? strrchr(path, '/') : NULL;
        last = last ? last + 1 : path;
        if (!last || strcmp(last, name) != 0 ||
            archive_entry_filetype(entry) != AE_IFREG)
            continue;
        if (*found)
            return fm_err_set(e, FM_EINPUT, "%s comes twice", name);
        *found = true;
        rc = read_member(out, a, name, limit, e);
    }
    return rc;
}

int
fm_extract_member(struct fm_buf *out, const uint8_t *bytes, size_t size,
                  const char *name, size_t limit, bool *found, struct fm_err *e)
{
    struct archive *a = archive_read_new();
    const size_t start = out->len;
    bool zip = fm_extract_is_zip(bytes, size);
    int rc = 0;

    *found = false;
    if (!a || (zip ? archive_read_support_format_zip_seekable(a)
                   : archive_read_support_format_tar(a)) == ARCHIVE_FATAL) {
        rc = fm_err_nomem(e);
        goto out;
    }
    /* A sparse file's holes would come from nowhere. */
    if (!zip && limit > size)
        limit = size;
    if (archive_read_open_memory(a, bytes, size) != ARCHIVE_OK)
        rc = member_damaged(a, "archive", e);
    else
        rc = find_member(out, a, name, limit, found, e);
out:
    if (rc)
        out->len = start;
    archive_read_free(a);
    return rc;
}
