#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

void *
fm_alloc(size_t n, size_t size, struct fm_err *e)
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
    if (!p) {
        fm_err_nomem(e);
        return NULL;
    }
    memset(p, 0, bytes);
    return p;
}
