#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * A page fault per 4 KiB was a quarter of an aggregation's time: large pieces
 * ask for pages of 2 MiB, which a system may give or not.
 */
enum { ALIGN = 64, HUGE = 2 << 20, HUGE_FROM = 2 * HUGE };

static void *
large(size_t bytes)
{
    void *p = aligned_alloc(HUGE, bytes - bytes % HUGE + HUGE);

#ifdef MADV_HUGEPAGE
    if (p)
        madvise(p, bytes, MADV_HUGEPAGE); /* advice: failing is no failure */
#endif
    return p;
}

void *
fm_alloc_dirty(size_t n, size_t size, struct fm_err *e)
{
    size_t bytes;
    void *p;

    /* aligned_alloc wants a multiple of the alignment, and more than none. */
    if (!fm_mul_ok(n, size, &bytes) || !fm_add_ok(bytes, ALIGN, &bytes) ||
        bytes > PTRDIFF_MAX - HUGE) {
        fm_err_nomem(e);
        return NULL;
    }
    bytes -= bytes % ALIGN;
    p = bytes < HUGE_FROM ? aligned_alloc(ALIGN, bytes) : large(bytes);
    if (!p)
        fm_err_nomem(e);
    return p;
}

void *
fm_alloc(size_t n, size_t size, struct fm_err *e)
{
    void *p = fm_alloc_dirty(n, size, e);

    /* It was given, so the product fits. */
    if (p)
        memset(p, 0, n * size);
    return p;
}

void *
fm_grow(void *p, size_t n, size_t *room, size_t size, struct fm_err *e)
{
    size_t more = *room ? 2 * *room : 64;
    void *q = fm_alloc(more, size, e);

    if (!q)
        return NULL;
    if (n)
        memcpy(q, p, n * size);
    free(p);
    *room = more;
    return q;
}
