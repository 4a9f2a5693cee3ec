/*
 * answer: models of one layer, and synthetic answers to a model: random masks
 * with one half of the bits set, and small deltas.  They cost no training, and
 * the tools cannot tell.
 */
#ifndef FM_BENCH_ANSWER_H
#define FM_BENCH_ANSWER_H

#include "bench.h"
#include "bundle/bundle.h"
#include "mask/bits.h"

#include <string.h>

enum { BENCH_INPUTS = 1000 };

/* One linear layer of about so many weights, all 0. */
static inline struct fm_model *
bench_model(size_t params, enum fm_method method, enum fm_dist dist,
            struct fm_err *e)
{
    struct fm_settings set;
    struct fm_buf file = {0};
    struct fm_model *m;
    char text[80];

    fm_settings_default(&set, method);
    set.dist = dist;
    snprintf(text, sizeof text, "input %d\nlinear %zu nobias\n", BENCH_INPUTS,
             params / BENCH_INPUTS);
    m = fm_model_new(fm_arch_parse(text, "arch", e), &set, 1, e);
    if (m && fm_model_dump(&file, m, e)) { /* gives it an id */
        fm_model_free(m);
        m = NULL;
    }
    fm_buf_free(&file);
    return m;
}

/* Client `i`'s answer, kept in b->bytes; release with fm_bundle_free. */
static inline int
bench_answer(struct fm_bundle *b, const struct fm_model *m, size_t i,
             struct fm_err *e)
{
    size_t bits = fm_bits_size(m->masked);
    uint64_t x = i + 1;
    int rc;

    *b = (struct fm_bundle){
        .method = m->set.method,
        .coder = FM_CODER_RAW,
        .dither = m->set.dither,
        .round = m->round + 1,
        .samples = 600,
        .base = m->id,
        .masked = m->masked,
        .full = m->full,
    };
    snprintf(b->client, sizeof b->client, "c%zu", i);
    /* The masks' end is written in whole words. */
    if ((rc = fm_buf_reserve(&b->bytes, bits + 8 + 4 * m->full, e)))
        return rc;
    for (size_t k = 0; k < bits; k += 8)
        fm_put64(b->bytes.data + k, bench_random(&x));
    if (m->masked % 8)
        b->bytes.data[bits - 1] &= (uint8_t)((1u << m->masked % 8) - 1);
    for (size_t k = 0; k < m->full; k++)
        fm_putf(b->bytes.data + bits + 4 * k,
                (float)(bench_random(&x) >> 40) * 0x1p-34f);
    b->bytes.len = bits + 4 * m->full;
    b->masks = b->bytes.data;
    b->dense = b->bytes.data + bits;
    return 0;
}

#endif
