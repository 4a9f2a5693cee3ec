#include "base/bytes.h"

#include "base/mem.h"

#include <stdlib.h>

int
fm_buf_reserve(struct fm_buf *b, size_t more, struct fm_err *e)
{
    size_t need, cap;
    uint8_t *p;

    if (!fm_add_ok(b->len, more, &need))
        return fm_err_nomem(e);
    if (need <= b->cap)
        return 0;
    /* Doubling keeps appends linear; a large exact request stays exact. */
    cap = b->cap < need / 2 ? need : 2 * b->cap;
    if (cap < need)
        cap = need;
    p = fm_alloc_dirty(cap, 1, e);
    if (!p)
        return FM_ESYS;
    if (b->len)
        memcpy(p, b->data, b->len);
    free(b->data);
    b->data = p;
    b->cap = cap;
    return 0;
}

int
fm_buf_add(struct fm_buf *b, const void *p, size_t n, struct fm_err *e)
{
    int rc = fm_buf_reserve(b, n, e);

    if (rc)
        return rc;
    if (n)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    return 0;
}

void
fm_buf_free(struct fm_buf *b)
{
    free(b->data);
    *b = (struct fm_buf){0};
}
