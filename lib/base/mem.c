#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

void *
fm_alloc_dirty(size_t n, size_t size, struct fm_err *e)
{
    size_t bytes;
    void *p;

    /* aligned_alloc wants a multiple of the alignment, and more than none. */
    if (!fm_mul_ok(n, size, &bytes) || !fm_add_ok(bytes, ALIGN, &bytes) ||
        bytes > PTRDIFF_MAX) {
        fm_err_nomem(e);
        return NULL;
    }
    bytes -= bytes % ALIGN;
    if (bytes == 0)
        bytes = ALIGN;
    p = aligned_alloc(ALIGN, bytes);
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
