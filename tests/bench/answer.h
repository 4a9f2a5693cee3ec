/*
 * answer: models of one layer, and synthetic answers to a model: random masks
 * with one half of the bits set, under fedsparsify one quarter, and small
 * deltas.  They cost no training, and the tools cannot tell.
 */
#ifndef FM_BENCH_ANSWER_H
#define FM_BENCH_ANSWER_H

#include "bench.h"
#include "bundle/sparse.h"
#include "bundle/step.h"
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
    if (method != FM_FEDBAT) /* whose noise is a constant of its own */
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

/* The word after -m, or the program's end. */
static inline enum fm_method
bench_method(const char *name)
{
    struct fm_settings set;
    struct fm_err e = {0};

    fm_settings_default(&set, FM_FEDMRN);
    if (fm_setting_set(&set, "method", name, &e))
        bench_usage(e.msg);
    return set.method;
}

/* What stands behind the deltas: fedbat's steps, fedsparsify's weights. */
static inline void
bench_more(struct fm_bundle *b, const struct fm_model *m, uint8_t *dense)
{
    for (size_t t = 0; t < m->arch->ntensors && fm_step_count(m); t++)
        if (m->tensor[t].masked)
            fm_step_put(dense + 4 * m->tensor[t].step, 1 << 14);
    if (b->method != FM_FEDSPARSIFY)
        return;
    for (size_t k = 0; k < m->masked; k++) {
        uint8_t *p = dense + 4 * (fm_sparse_first(b) + k);

        if (!(b->masks[k / 8] >> k % 8 & 1))
            fm_putf(p, 0);
        else if (fm_getf(p) == 0)
            fm_putf(p, 0x1p-34f);
    }
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
        fm_put64(
            b->bytes.data + k,
            bench_random(&x) &
                (b->method == FM_FEDSPARSIFY ? bench_random(&x) : UINT64_MAX));
    if (m->masked % 8)
        b->bytes.data[bits - 1] &= (uint8_t)((1u << m->masked % 8) - 1);
    for (size_t k = 0; k < m->full; k++)
        fm_putf(b->bytes.data + bits + 4 * k,
                (float)(bench_random(&x) >> 40) * 0x1p-34f);
    b->bytes.len = bits + 4 * m->full;
    b->masks = b->bytes.data;
    b->dense = b->bytes.data + bits;
    bench_more(b, m, b->bytes.data + bits);
    return 0;
}

#endif
