#include "base/mem.h"
#include "bundle/maskcode_impl.h"
#include "mask/bits.h"

#include <assert.h>
#include <stdlib.h>

enum { SIZE = 4 }; /* bytes of a segment's size */

bool
fm_maskcode_alone(const uint8_t *code, size_t size)
{
    return size > 0 && (code[0] & ~FM_FORM_MANY) <= FM_FORM_PLAIN;
}

struct job {
    const struct fm_mask_side *side;
    unsigned lanes;
    const uint8_t **segment; /* where each starts, and the end */
    uint8_t *bits;
    _Atomic int bad;
};

static bool
decode(const struct job *j, size_t i)
{
    const uint8_t *code = j->segment[i];
    size_t at = i * FM_SEGMENT;
    size_t end = at + fm_mask_segment_count(j->side->masked, i);
    struct fm_rans_in in;
    struct fm_mask_tile t;

    if (!fm_rans_open(&in, code, (size_t)(j->segment[i + 1] - code), j->lanes))
        return false;
    for (; at < end; at += FM_MASK_TILE) {
        size_t n = end - at < FM_MASK_TILE ? end - at : FM_MASK_TILE;

        fm_mask_side_look(j->side, &t, at, n);
        if (!fm_rans_decode(&in, j->bits + at / 8, t.p, n))
            return false;
        if (j->side->is_signed)
            fm_threshold_flip(j->bits + at / 8, t.k, n);
    }
    return fm_rans_close(&in);
}

static void
decode_segment(void *ctx, size_t i, size_t worker)
{
    struct job *j = ctx;

    (void)worker;
    if (!decode(j, i))
        j->bad = 1;
}

/* Where the segments lie in the rest of the code. */
static bool
cut(const uint8_t **segment, size_t n, const uint8_t *p, size_t size)
{
    const uint8_t *at;

    assert(n - 1 <= size / SIZE); /* decode_segments saw to it */
    at = p + SIZE * (n - 1);
    size -= SIZE * (n - 1);
    for (size_t i = 0; i < n; i++) {
        size_t this = i + 1 < n ? fm_get32(p + SIZE * i) : size;

        if (this > size)
            return false;
        segment[i] = at;
        at += this;
        size -= this;
    }
    segment[n] = at;
    return true;
}

static int
decode_segments(struct fm_buf *out, const struct fm_mask_side *s,
                unsigned lanes, const uint8_t *p, size_t size,
                struct fm_pool *pool, struct fm_err *e)
{
    struct job j = {.side = s, .lanes = lanes};
    size_t n = fm_mask_segments(s->masked);
    int rc = FM_ESYS;

    /* A segment has its states at least: so the code's size bounds what is
     * allocated for it. */
    if (n > size / (SIZE * FM_RANS_FEW))
        return fm_err_set(e, FM_EINPUT, "masks: the code is too short");
    j.segment = fm_alloc(n + 1, sizeof *j.segment, e);
    if (!j.segment || fm_buf_reserve(out, fm_bits_size(s->masked), e))
        goto out;
    j.bits = out->data + out->len;
    if (cut(j.segment, n, p, size))
        fm_pool_run(pool, n, decode_segment, &j);
    else
        j.bad = 1;
    if (j.bad) {
        rc = fm_err_set(e, FM_EINPUT, "masks: not a code of %zu entries",
                        s->masked);
        goto out;
    }
    out->len += fm_bits_size(s->masked);
    rc = 0;
out:
    free(j.segment);
    return rc;
}

/* The curves; *size bytes of code before, the rest of them after. */
static bool
read_curves(struct fm_mask_side *s, const uint8_t **p, size_t *size)
{
    struct fm_bitin in = {.p = *p, .n = *size};

    for (size_t i = 0; i < s->nparts; i++)
        if (!fm_curve_read(&s->part[i].curve, &in))
            return false;
    if (s->form == FM_FORM_PLAIN && s->part[0].curve.knots > 1)
        return false;
    if (in.at % 8 && in.p[in.at / 8] >> in.at % 8) /* what fills the byte */
        return false;
    *p += (in.at + 7) / 8;
    *size -= (in.at + 7) / 8;
    return true;
}

static int
decode_stored(struct fm_buf *out, size_t masked, const uint8_t *p, size_t size,
              struct fm_err *e)
{
    int rc = fm_bits_check(p, size, masked, e);

    return rc ? rc : fm_buf_add(out, p, size, e);
}

int
fm_maskcode_decode(struct fm_buf *out, const struct fm_bundle *b,
                   const uint8_t *code, size_t size,
                   const struct fm_model *base, struct fm_pool *pool,
                   struct fm_err *e)
{
    struct fm_mask_side s = {0};
    unsigned first, form, lanes;
    int rc;

    if (b->masked == 0 || size == 0)
        return fm_bits_check(code, size, b->masked, e);
    assert(!base || base->masked == b->masked);
    first = *code++;
    size--;
    form = first & ~(unsigned)FM_FORM_MANY;
    lanes = first & FM_FORM_MANY ? FM_RANS_MANY : FM_RANS_FEW;
    if (form >= FM_FORMS || first == FM_FORM_MANY) /* what is stored has none */
        return fm_err_set(e, FM_EINPUT, "masks: form %u is not known", first);
    if (form > FM_FORM_PLAIN && b->method == FM_FEDSPARSIFY)
        return fm_err_set(e, FM_EINPUT, "masks: form %u is not fedsparsify's",
                          first);
    if (form > FM_FORM_PLAIN && !base)
        return fm_err_set(e, FM_EINPUT,
                          "its masks are coded with the noise of its model, "
                          "which --model must give");
    if (form == FM_FORM_STORED)
        return decode_stored(out, b->masked, code, size, e);
    if ((rc = fm_mask_side_open(&s, (enum fm_mask_form)form, b, base, e)))
        return rc;
    if (read_curves(&s, &code, &size)) {
        fm_mask_side_ready(&s);
        rc = decode_segments(out, &s, lanes, code, size, pool, e);
    } else {
        rc = fm_err_set(e, FM_EINPUT, "masks: a curve is malformed");
    }
    free(s.part);
    return rc;
}
