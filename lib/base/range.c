#include "base/range.h"

#include <assert.h>

enum { LEARNT = 1024 };

#define LEAST ((uint32_t)1 << 24) /* of the range, before a bit is coded */

static uint32_t
split(const struct fm_range_model *m, uint32_t range)
{
    uint64_t zeros = 2 * (uint64_t)m->zeros + 1;

    return (uint32_t)(range * zeros / (zeros + 2 * (uint64_t)m->ones + 1));
}

static void
learn(struct fm_range_model *m, bool bit)
{
    if (bit)
        m->ones++;
    else
        m->zeros++;
    if (m->zeros + m->ones == LEARNT) {
        m->zeros /= 2;
        m->ones /= 2;
    }
}

/* --- Writing -------------------------------------------------------------- */

void
fm_range_begin(struct fm_range_out *r, struct fm_buf *out)
{
    *r = (struct fm_range_out){
        .out = out, .start = out->len, .range = UINT32_MAX};
}

/* The number written is below 1, so that a carry always finds its place. */
static void
carry(struct fm_range_out *r)
{
    size_t i = r->out->len;

    while (!r->failed && ++r->out->data[--i] == 0)
        assert(i > r->start);
}

static void
put_byte(struct fm_range_out *r)
{
    uint8_t byte = (uint8_t)(r->low >> 24);

    r->failed = r->failed || fm_buf_add(r->out, &byte, 1, NULL);
    r->low <<= 8;
}

/* Take the part of the interval that begins `skip` above low. */
static void
narrow(struct fm_range_out *r, uint32_t skip, uint32_t range)
{
    r->low += skip;
    if (r->low < skip)
        carry(r);
    for (r->range = range; r->range < LEAST; r->range <<= 8)
        put_byte(r);
}

void
fm_range_put(struct fm_range_out *r, struct fm_range_model *m, bool bit)
{
    uint32_t bound = split(m, r->range);

    if (bit)
        narrow(r, bound, r->range - bound);
    else
        narrow(r, 0, bound);
    learn(m, bit);
}

void
fm_range_put_bits(struct fm_range_out *r, uint32_t v, unsigned n)
{
    uint32_t part = r->range >> n;

    assert(n >= 1 && n <= 16 && v >> n == 0);
    narrow(r, part * v, part);
}

int
fm_range_finish(struct fm_range_out *r, struct fm_err *e)
{
    uint64_t last = (uint64_t)r->low + r->range - 1, mask = UINT32_MAX, v;
    struct fm_buf *out = r->out;

    /* The fewest bytes: with mask 0 there is always one. */
    while ((v = (r->low + mask) & ~mask) > last)
        mask >>= 8;
    narrow(r, (uint32_t)v - r->low, UINT32_MAX);
    for (int i = 0; i < 4; i++)
        put_byte(r);
    if (r->failed) {
        out->len = r->start;
        return fm_err_set(e, FM_ESYS, "out of memory");
    }
    while (out->len > r->start && out->data[out->len - 1] == 0)
        out->len--;
    return 0;
}

/* --- Reading -------------------------------------------------------------- */

static void
get_byte(struct fm_range_in *r)
{
    r->code = r->code << 8 | (r->pos < r->size ? r->p[r->pos] : 0);
    r->pos++;
}

void
fm_range_open(struct fm_range_in *r, const uint8_t *p, size_t size)
{
    *r = (struct fm_range_in){.p = p, .size = size, .range = UINT32_MAX};
    for (int i = 0; i < 4; i++)
        get_byte(r);
}

static void
narrowed(struct fm_range_in *r, uint32_t skip, uint32_t range)
{
    r->code -= skip;
    for (r->range = range; r->range < LEAST; r->range <<= 8)
        get_byte(r);
}

bool
fm_range_get(struct fm_range_in *r, struct fm_range_model *m)
{
    uint32_t bound = split(m, r->range);
    bool bit = r->code >= bound;

    if (bit)
        narrowed(r, bound, r->range - bound);
    else
        narrowed(r, 0, bound);
    learn(m, bit);
    return bit;
}

uint32_t
fm_range_get_bits(struct fm_range_in *r, unsigned n)
{
    uint32_t part = r->range >> n, v = r->code / part;

    assert(n >= 1 && n <= 16);
    /* What the parts leave over is nobody's, and no writer goes there. */
    if (v >> n)
        v = ((uint32_t)1 << n) - 1;
    narrowed(r, part * v, part);
    return v;
}

int
fm_range_close(const struct fm_range_in *r, struct fm_err *e)
{
    if (r->size > r->pos || (r->size && r->p[r->size - 1] == 0))
        return fm_err_set(e, FM_EINPUT,
                          "%zu bytes, which is more than the code needs",
                          r->size);
    return 0;
}
