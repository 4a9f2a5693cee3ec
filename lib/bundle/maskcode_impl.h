/*
 * maskcode_impl: what the two directions of maskcode share.
 */
#ifndef FM_BUNDLE_MASKCODE_IMPL_H
#define FM_BUNDLE_MASKCODE_IMPL_H

#include "bundle/maskcode.h"
#include "mask/curve.h"
#include "mask/rans.h"

enum fm_mask_form {
    FM_FORM_STORED = 0, /* the byte of an empty text */
    FM_FORM_PLAIN,
    FM_FORM_NOISE,
    FM_FORM_DITHER,
    FM_FORMS,
    FM_FORM_MANY = 8, /* beside the form: 32 lanes */
};

enum {
    FM_SEGMENT = 1 << 22, /* entries */
    FM_MASK_TILE = 4096,  /* entries at a time; divides FM_SEGMENT */
};

/* What both ends know about each entry. */
struct fm_mask_side {
    enum fm_mask_form form;
    bool is_signed;                   /* e is coded, not m */
    const struct fm_model *posterior; /* fedpm: the base; else NULL */
    size_t masked;
    enum fm_dist dist;
    uint64_t noise_key, dither_key;
    size_t nparts;             /* curves: 1, or one per masked tensor */
    struct fm_mask_part *part; /* owned */
};

struct fm_mask_part {
    uint32_t ordinal;
    size_t at, count; /* entries of the mask */
    struct fm_curve curve;
    struct fm_threshold rule; /* of the curve's zoom */
    uint16_t p[FM_BINS];
};

/*
 * fm_mask_side_open - the parts without their curves; `base` may be NULL for
 * the form plain only.  0 or FM_ESYS; release with free(s->part).
 */
int fm_mask_side_open(struct fm_mask_side *s, enum fm_mask_form form,
                      const struct fm_bundle *b, const struct fm_model *base,
                      struct fm_err *e);

/* fm_mask_side_fine - the rule for bins of the highest zoom. */
struct fm_threshold fm_mask_side_fine(const struct fm_mask_side *s);

/* fm_mask_side_ready - after the curves are known: their tables. */
void fm_mask_side_ready(struct fm_mask_side *s);

/* What is known of a tile. */
struct fm_mask_tile {
    uint8_t bin[FM_MASK_TILE];
    uint16_t k[FM_MASK_TILE]; /* dither lanes, where e is coded */
    uint16_t p[FM_MASK_TILE];
};

/*
 * fm_mask_side_bins - bins, and where e is coded dither lanes, of entries
 * first .. first + count - 1 of one part; `rule` may be another than its own.
 * At most FM_MASK_TILE entries.
 */
void fm_mask_side_bins(const struct fm_mask_side *s,
                       const struct fm_mask_part *part,
                       const struct fm_threshold *rule, uint8_t *bin,
                       uint16_t *k, size_t first, size_t count);

/* fm_mask_side_look - p (and k) of `count` entries of the mask from `first`. */
void fm_mask_side_look(const struct fm_mask_side *s, struct fm_mask_tile *t,
                       size_t first, size_t count);

static inline size_t
fm_mask_segments(size_t masked)
{
    return masked / FM_SEGMENT + (masked % FM_SEGMENT != 0);
}

/* Entries of segment i. */
static inline size_t
fm_mask_segment_count(size_t masked, size_t i)
{
    size_t left = masked - i * FM_SEGMENT;

    return left < FM_SEGMENT ? left : FM_SEGMENT;
}

#endif
