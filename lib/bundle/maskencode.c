#include "base/mem.h"
#include "bundle/maskcode_impl.h"
#include "mask/bits.h"

#include <assert.h>
#include <stdlib.h>

/* Segments of less are coded with few lanes, whose ends cost less. */
enum { MANY_BYTES = 32 << 10 };

/* --- The curves ---------------------------------------------------------- */

/* Several counters for each bin, taken in turn: a counter that was just
 * written cannot be read at once. */
enum { WAYS = 4 };

static void
count_tile(uint32_t count[WAYS][2 * FM_BINS_FINE], const uint8_t *bin,
           const uint8_t *m, size_t n)
{
    size_t i = 0;

    for (; i + WAYS <= n; i += WAYS)
        for (size_t w = 0; w < WAYS; w++)
            count[w][2 * bin[i + w] + m[i + w]]++;
    for (; i < n; i++)
        count[0][2 * bin[i] + m[i]]++;
}

static void
count_part(struct fm_curve_counts *c, const struct fm_mask_side *s,
           const struct fm_mask_part *part, const uint8_t *bits)
{
    const struct fm_threshold fine = fm_threshold_fine(s->dist, s->is_signed);
    uint8_t bin[FM_MASK_TILE], m[FM_MASK_TILE];
    uint16_t k[FM_MASK_TILE];

    *c = (struct fm_curve_counts){0};
    for (size_t first = 0; first < part->count; first += FM_MASK_TILE) {
        size_t left = part->count - first,
               n = left < FM_MASK_TILE ? left : FM_MASK_TILE;
        uint32_t count[WAYS][2 * FM_BINS_FINE] = {{0}};

        fm_mask_side_bins(s, part, &fine, bin, k, first, n);
        fm_bits_get(m, bits, part->at + first, n);
        if (s->is_signed)
            for (size_t i = 0; i < n; i++)
                m[i] ^= (uint8_t)(k[i] >> 15);
        count_tile(count, bin, m, n);
        for (size_t b = 0; b < FM_BINS_FINE; b++)
            for (size_t w = 0; w < WAYS; w++) {
                c->all[b] += count[w][2 * b] + count[w][2 * b + 1];
                c->ones[b] += count[w][2 * b + 1];
            }
    }
}

/* Fit every curve; returns the bits that they and the masks take. */
static double
fit(struct fm_mask_side *s, const uint8_t *bits)
{
    double sum = 0;

    for (size_t i = 0; i < s->nparts; i++) {
        struct fm_curve_counts c = {0};

        if (s->form == FM_FORM_PLAIN) {
            c.all[0] = s->masked;
            c.ones[0] = fm_bits_count(bits, 0, s->masked);
        } else {
            count_part(&c, s, &s->part[i], bits);
        }
        sum += fm_curve_fit(&s->part[i].curve, &c);
    }
    fm_mask_side_ready(s);
    return sum;
}

/*
 * The best of the forms that the model allows: the dither's contexts, or where
 * these save little, since the mask did not use it, those of the noise alone.
 */
static const double saving = 0.95;

static int
choose(struct fm_mask_side *s, double *bits, const struct fm_bundle *b,
       const struct fm_model *base, struct fm_err *e)
{
    enum fm_mask_form best = FM_FORM_PLAIN, last = FM_FORM_PLAIN;
    double plain;
    int rc;

    if (base && base->set.method != FM_FEDPM)
        last = b->dither == FM_DITHER_SHARED ? FM_FORM_DITHER : FM_FORM_NOISE;
    if ((rc = fm_mask_side_open(s, best, b, base, e)))
        return rc;
    plain = *bits = fit(s, b->masks);
    for (enum fm_mask_form form = last; form > FM_FORM_PLAIN; form--) {
        struct fm_mask_side other;
        double cost;

        if ((rc = fm_mask_side_open(&other, form, b, base, e)))
            return rc;
        cost = fit(&other, b->masks);
        if (cost < *bits) {
            struct fm_mask_side old = *s;

            *s = other;
            other = old;
            *bits = cost;
            best = form;
        }
        free(other.part);
        if (best == form && cost < saving * plain)
            break;
    }
    return 0;
}

/* --- The segments -------------------------------------------------------- */

struct job {
    const struct fm_mask_side *side;
    const uint8_t *bits;
    unsigned lanes;
    struct fm_buf *room; /* of each segment: its code is the end of it */
    const uint8_t **code;
};

static void
encode_segment(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t start = i * FM_SEGMENT;
    size_t at = start + fm_mask_segment_count(j->side->masked, i);
    struct fm_rans_out out;
    struct fm_mask_tile t;
    uint8_t e[FM_MASK_TILE / 8];

    (void)worker;
    fm_rans_start(&out, j->room[i].data, j->room[i].len, j->lanes);
    while (at > start) {
        size_t n = at % FM_MASK_TILE ? at % FM_MASK_TILE : FM_MASK_TILE;

        at -= n;
        fm_mask_side_look(j->side, &t, at, n);
        memcpy(e, j->bits + at / 8, fm_bits_size(n));
        if (j->side->is_signed)
            fm_threshold_flip(e, t.k, n);
        fm_rans_encode(&out, e, t.p, n);
    }
    j->code[i] = fm_rans_finish(&out);
}

static size_t
code_size(const struct job *j, size_t i)
{
    return (size_t)(j->room[i].data + j->room[i].len - j->code[i]);
}

static int
put_segments(struct fm_buf *out, const struct job *j, size_t n,
             struct fm_err *e)
{
    uint8_t size[4];
    int rc = 0;

    for (size_t i = 0; i + 1 < n && rc == 0; i++) {
        fm_put32(size, (uint32_t)code_size(j, i));
        rc = fm_buf_add(out, size, sizeof size, e);
    }
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = fm_buf_add(out, j->code[i], code_size(j, i), e);
    return rc;
}

static int
encode_segments(struct fm_buf *out, const struct fm_mask_side *s,
                const uint8_t *bits, unsigned lanes, struct fm_pool *pool,
                struct fm_err *e)
{
    size_t n = fm_mask_segments(s->masked);
    struct job j = {.side = s, .bits = bits, .lanes = lanes};
    int rc = FM_ESYS;

    j.room = fm_alloc(n, sizeof *j.room, e);
    j.code = fm_alloc(n, sizeof *j.code, e);
    if (!j.room || !j.code)
        goto out;
    for (size_t i = 0; i < n; i++) {
        size_t size = fm_rans_room(fm_mask_segment_count(s->masked, i));

        if (fm_buf_reserve(&j.room[i], size, e))
            goto out;
        j.room[i].len = size;
    }
    fm_pool_run(pool, n, encode_segment, &j);
    rc = put_segments(out, &j, n, e);
out:
    for (size_t i = 0; j.room && i < n; i++)
        fm_buf_free(&j.room[i]);
    free(j.room);
    free(j.code);
    return rc;
}

static int
encode(struct fm_buf *out, const struct fm_mask_side *s, const uint8_t *bits,
       double cost, struct fm_pool *pool, struct fm_err *e)
{
    size_t n = fm_mask_segments(s->masked);
    bool many = cost / 8 >= (double)n * MANY_BYTES;
    uint8_t form = (uint8_t)(s->form + (many ? FM_FORM_MANY : 0));
    struct fm_bitout o = {.out = out};
    int rc = fm_buf_add(out, &form, 1, e);

    for (size_t i = 0; i < s->nparts && rc == 0; i++)
        rc = fm_curve_write(&o, &s->part[i].curve, e);
    return rc ? rc
              : encode_segments(out, s, bits, many ? FM_RANS_MANY : FM_RANS_FEW,
                                pool, e);
}

int
fm_maskcode_encode(struct fm_buf *out, const struct fm_bundle *b,
                   const struct fm_model *base, struct fm_pool *pool,
                   struct fm_err *e)
{
    size_t start = out->len, raw = fm_bits_size(b->masked);
    struct fm_mask_side s = {0};
    double bits;
    int rc;

    if (b->masked == 0)
        return 0;
    if ((rc = choose(&s, &bits, b, base, e)) ||
        (rc = encode(out, &s, b->masks, bits, pool, e)))
        goto out;
    if (out->len - start > raw) {
        out->len = start;
        if ((rc = fm_buf_add(out, "", 1, e)) == 0)
            rc = fm_buf_add(out, b->masks, raw, e);
    }
out:
    free(s.part);
    return rc;
}
