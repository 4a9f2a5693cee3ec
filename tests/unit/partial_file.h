/*
 * partial_file: partial sums as bytes in memory, for the tests.
 */
#ifndef FM_TESTS_PARTIAL_FILE_H
#define FM_TESTS_PARTIAL_FILE_H

#include "agg/partial.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Append the file of a sum to `out`. */
static inline int
pf_write(struct fm_buf *out, const struct fm_partial *p, struct fm_err *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    int rc;

    CHECK(f, "memory");
    rc = fm_partial_write(f, p, e);
    CHECK(fclose(f) == 0 && fm_buf_add(out, text, n, NULL) == 0, "memory");
    free(text);
    return rc;
}

/* Read a file that is `n` bytes; `info->part` is to be freed. */
static inline int
pf_read(struct fm_partial_info *info, const uint8_t *p, size_t n,
        const struct fm_model *base, struct fm_accum *sum, struct fm_err *e)
{
    static int fd = -1;
    struct fm_items it;
    struct fm_item item;
    char path[64];
    int rc;

    if (fd < 0)
        fd = memfd_create("partial", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0, "memfd");
    CHECK(pwrite(fd, p, n, 0) == (ssize_t)n, "memfd");
    *info = (struct fm_partial_info){0};
    CHECK(fm_items_open(&it, path, base, (size_t)1 << 20, e) == 0, "open");
    rc = fm_items_next(&it, &item, e);
    if (rc == 0 && item.kind != FM_ITEM_PARTIAL)
        rc = FM_EINPUT;
    if (rc == 0)
        rc = fm_partial_read(info, &it, &item, sum, e);
    if (rc == 0)
        CHECK(info->bytes == n, "%llu bytes read",
              (unsigned long long)info->bytes);
    fm_item_free(&item);
    fm_items_close(&it);
    return rc;
}

#endif
