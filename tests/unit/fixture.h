/*
 * fixture: small models and answers to them, for the tests of the layers that
 * exchange bundles.  The weights and masks are any numbers, but always the
 * same ones.
 */
#ifndef FM_TESTS_FIXTURE_H
#define FM_TESTS_FIXTURE_H

#include "base/mem.h"
#include "bundle/bundle.h"
#include "mask/bits.h"
#include "newmodel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Tensors that start inside a byte, and one that spans two tiles. */
#define FX_ARCH                                                                \
    "input 1x6x6\nconv 3 3x3 nobias\nbatchnorm\nrelu\nlinear 121\nrelu\n"      \
    "linear 5\n"
#define FX_TINY "input 1x3x3\nconv 1 2x2 nobias\nbatchnorm\nlinear 2\n"

/* xorshift64*: the tests' own generator. */
static inline uint32_t
fx_random(uint64_t *x)
{
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return (uint32_t)(*x * 0x2545f4914f6cdd1du >> 32);
}

/* A number in [-1,1). */
static inline float
fx_float(uint64_t *x)
{
    return (float)((int32_t)(fx_random(x) >> 8) - (1 << 23)) * 0x1p-23f;
}

static inline struct fm_model *
fx_model(const char *text, enum fm_method method, enum fm_dist dist)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_buf file = {0};
    struct fm_model *m;
    uint64_t x = 1;

    fm_settings_default(&set, method);
    set.dist = dist;
    m = nm_with(&set, text, 42);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++) {
            float v = fx_float(&x);

            if (m->tensor[t].spec->role == FM_VAR)
                v = v * v + 2;
            m->tensor[t].value[i] = v;
        }
    CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg); /* gives it an id */
    fm_buf_free(&file);
    return m;
}

/* A model of FedPM: count i, over all tensors, is stride * i mod (votes + 1).
 */
static inline struct fm_model *
fx_fedpm(const char *text, uint32_t votes, uint32_t stride)
{
    struct fm_err e = {0};
    struct fm_model *m = nm_model(FM_FEDPM, text, 3);
    struct fm_buf file = {0};
    uint32_t *ones;

    ones = calloc(m->masked, sizeof *ones);
    CHECK(ones, "memory");
    for (size_t i = 0; i < m->masked; i++)
        ones[i] = (uint32_t)(i * stride % ((size_t)votes + 1));
    CHECK(!fm_model_recount(m, ones, votes, &e), "%s", e.msg);
    free(ones);
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg); /* gives it an id */
    fm_buf_free(&file);
    return m;
}

/* A client's answer, kept in b->bytes; release with fm_bundle_free. */
static inline struct fm_bundle
fx_answer(const struct fm_model *m, const char *client, uint64_t samples,
          uint64_t seed)
{
    struct fm_bundle b = {
        .method = m->set.method,
        .coder = FM_CODER_RAW,
        .dither = FM_DITHER_SHARED,
        .round = m->round + 1,
        .samples = samples,
        .base = m->id,
        .masked = m->masked,
        .full = m->full,
    };
    size_t bits = fm_bits_size(m->masked);
    uint64_t x = seed * 2 + 1;

    snprintf(b.client, sizeof b.client, "%s", client);
    CHECK(fm_buf_reserve(&b.bytes, bits + 4 * m->full, NULL) == 0, "memory");
    b.bytes.len = bits + 4 * m->full;
    for (int i = 0; i < 8; i++)
        fx_random(&x);
    for (size_t i = 0; i < bits; i++)
        b.bytes.data[i] = (uint8_t)fx_random(&x);
    if (m->masked % 8)
        b.bytes.data[bits - 1] &= (uint8_t)((1u << m->masked % 8) - 1);
    for (size_t i = 0; i < m->full; i++)
        fm_putf(b.bytes.data + bits + 4 * i, fx_float(&x));
    for (size_t t = 0; m->set.method == FM_FEDBAT && t < m->arch->ntensors; t++)
        if (m->tensor[t].masked)
            fm_putf(b.bytes.data + bits + 4 * m->tensor[t].step,
                    (float)(1 + (fx_random(&x) & 0xfffff)) * 0x1p-24f);
    /* What fedsparsify keeps is what has a value. */
    for (size_t i = 0; m->set.method == FM_FEDSPARSIFY && i < m->masked; i++)
        if (!(b.bytes.data[i / 8] >> i % 8 & 1))
            fm_putf(b.bytes.data + bits + 4 * (m->full - m->masked + i), 0);
    b.masks = b.bytes.data;
    b.dense = b.bytes.data + bits;
    return b;
}

/* The same as a file, appended to `out`; returns its id. */
static inline struct fm_id
fx_file(struct fm_buf *out, const struct fm_model *m, const char *client,
        uint64_t samples, uint64_t seed)
{
    struct fm_bundle b = fx_answer(m, client, samples, seed);
    struct fm_err e = {0};
    struct fm_id id;

    CHECK(fm_bundle_write(out, &b, &e) == 0, "%s", e.msg);
    id = b.id;
    fm_bundle_free(&b);
    return id;
}

/* A directory of the test's own, removed by fx_leave. */
static inline void
fx_enter(char dir[32])
{
    strcpy(dir, "/tmp/fm_test_XXXXXX");
    CHECK(mkdtemp(dir) && chdir(dir) == 0, "mkdtemp");
}

static inline void
fx_leave(const char *dir)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK(chdir("/") == 0 && system(command) == 0, "%s", command);
}

static inline void
fx_save(const char *path, const struct fm_buf *b)
{
    FILE *f;

    /* A new file: some file systems sync one that is written over. */
    remove(path);
    f = fopen(path, "wb");
    CHECK(f, "%s", path);
    /* An empty buffer may have no data at all, which fwrite does not take. */
    if (b->len)
        CHECK(fwrite(b->data, 1, b->len, f) == b->len, "%s", path);
    CHECK(fclose(f) == 0, "%s", path);
}

#endif
