#include "base/mem.h"
#include "tensor/model_impl.h"

#include <assert.h>

/* Bits that a count of 0..votes needs. */
static unsigned
width_of(uint32_t votes)
{
    return votes ? 32 - (unsigned)__builtin_clz(votes) : 0;
}

int
fm_model_packed_size(size_t *bytes, const struct fm_model *m, struct fm_err *e)
{
    size_t bits;

    if (m->votes == 0 && m->arch->params > FM_MODEL_UNVOTED_MAX)
        return fm_err_set(e, FM_EINPUT,
                          "%zu counts without a vote are not packed; use the "
                          "plain file",
                          m->arch->params);
    if (!fm_mul_ok(m->arch->params, width_of(m->votes), &bits))
        return fm_err_nomem(e);
    *bytes = bits / 8 + (bits % 8 != 0);
    return 0;
}

int
fm_model_pack(struct fm_buf *out, const struct fm_model *m, struct fm_err *e)
{
    const unsigned width = width_of(m->votes);
    const size_t start = out->len;
    struct fm_model view = *m;
    struct fm_buf counts = {0};
    unsigned held = 0;
    uint64_t hold = 0;
    size_t bytes = 0;
    int rc;

    assert(m->set.method == FM_FEDPM && !m->packed);
    if ((rc = fm_model_packed_size(&bytes, m, e)) ||
        (rc = fm_buf_reserve(&counts, bytes + 8, e)))
        return rc;
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++) {
            hold |= (uint64_t)fm_model_ones(m, t, i) << held;
            for (held += width; held >= 8; held -= 8, hold >>= 8)
                counts.data[counts.len++] = (uint8_t)hold;
        }
    if (held)
        counts.data[counts.len++] = (uint8_t)hold;
    assert(counts.len == bytes);
    view.packed = true;
    view.values = counts.data;
    if (!(rc = fm_model_head(out, &view, e)) &&
        (rc = fm_buf_add(out, counts.data, bytes, e)))
        out->len = start;
    fm_buf_free(&counts);
    return rc;
}

int
fm_model_unpack(struct fm_model *m, const uint8_t *p, struct fm_err *e)
{
    const unsigned width = width_of(m->votes);
    const size_t n = m->arch->params, each = fm_dtype_size(m->dtype);
    const uint32_t mask = (uint32_t)(((uint64_t)1 << width) - 1);
    struct fm_buf file = {0};
    unsigned held = 0;
    uint64_t hold = 0;
    uint8_t *to;
    int rc;

    if ((rc = fm_buf_reserve(&file, n * each, e)))
        return rc;
    to = file.data;
    for (size_t i = 0; i < n; i++, to += each) {
        for (; held < width; held += 8)
            hold |= (uint64_t)*p++ << held;
        if (each == 1)
            *to = (uint8_t)(hold & mask);
        else if (each == 2)
            fm_put16(to, (uint16_t)(hold & mask));
        else
            fm_put32(to, (uint32_t)hold & mask);
        hold >>= width;
        held -= width;
    }
    file.len = n * each;
    if (hold) {
        fm_buf_free(&file);
        return fm_err_set(e, FM_EINPUT, "counts: a pad bit is set");
    }
    fm_buf_free(&m->file);
    m->file = file;
    m->packed = false;
    fm_model_values(m, m->file.data);
    /* Its id is that of the file with a tensor for each name. */
    return fm_model_identify(m, e);
}
