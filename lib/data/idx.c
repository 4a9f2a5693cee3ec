#include "data/idx.h"

#include "base/mem.h"

#include <assert.h>

enum { UNSIGNED_BYTE = 0x08 };

static size_t
big_endian32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* The four bytes in front of the dimensions. */
static int
magic(struct fm_idx *x, const uint8_t *bytes, size_t size, size_t min,
      size_t max, struct fm_err *e)
{
    if (size < 4)
        return fm_err_set(e, FM_EINPUT,
                          "not an IDX file: it has %zu bytes, less than the "
                          "magic number",
                          size);
    if (bytes[0] || bytes[1])
        return fm_err_set(e, FM_EINPUT,
                          "not an IDX file: it starts with %02x%02x%02x%02x "
                          "instead of 0000",
                          bytes[0], bytes[1], bytes[2], bytes[3]);
    if (bytes[2] != UNSIGNED_BYTE)
        return fm_err_set(e, FM_EINPUT,
                          "IDX values of type 0x%02x; only 0x08 (unsigned "
                          "byte) is read",
                          bytes[2]);
    x->ndim = bytes[3];
    if (x->ndim >= min && x->ndim <= max)
        return 0;
    if (min == max)
        return fm_err_set(e, FM_EINPUT,
                          "IDX with %zu dimensions, not %zu (are images and "
                          "labels mixed up?)",
                          x->ndim, min);
    return fm_err_set(e, FM_EINPUT,
                      "IDX with %zu dimensions, not %zu to %zu (are images and "
                      "labels mixed up?)",
                      x->ndim, min, max);
}

int
fm_idx_parse(struct fm_idx *x, const uint8_t *bytes, size_t size, size_t min,
             size_t max, struct fm_err *e)
{
    size_t head;
    int rc;

    assert(min >= 1 && min <= max && max <= FM_IDX_NDIM);
    if ((rc = magic(x, bytes, size, min, max, e)))
        return rc;
    head = 4 + 4 * x->ndim;
    if (size < head)
        return fm_err_set(e, FM_EINPUT, "IDX file ends in its header");
    x->count = 1;
    for (size_t i = 0; i < x->ndim; i++) {
        x->dim[i] = big_endian32(bytes + 4 + 4 * i);
        if (x->dim[i] == 0)
            return fm_err_set(e, FM_EINPUT, "IDX dimension %zu is 0", i + 1);
        if (!fm_mul_ok(x->count, x->dim[i], &x->count))
            return fm_err_set(e, FM_EINPUT, "IDX dimensions are too large");
    }
    if (size - head != x->count)
        return fm_err_set(e, FM_EINPUT,
                          "IDX header promises %zu values, the file has %zu",
                          x->count, size - head);
    x->data = bytes + head;
    return 0;
}
