/*
 * modelfix: model files that are damaged on purpose, with a checksum that
 * holds all the same.
 */
#ifndef FM_TESTS_MODELFIX_H
#define FM_TESTS_MODELFIX_H

#include "newmodel.h"

#include <stdlib.h>
#include <string.h>

static const char mf_net[] = "input 2x4x4\nconv 3 3x3 nobias\nbatchnorm\n"
                             "relu\nflatten\nlinear 2\n";

/* A small model's file; round 0, or with a history. */
static inline struct fm_buf
mf_file(enum fm_method method, bool history)
{
    struct fm_err e = {0};
    struct fm_model *m = nm_model(method, mf_net, 7);
    struct fm_buf b = {0};

    CHECK(!fm_model_init_values(m, "normal:0.01", &e), "%s", e.msg);
    if (history) {
        m->round = 3;
        m->nbundles = 2;
        m->bundle = calloc(2, sizeof *m->bundle);
        CHECK(m->bundle, "memory");
        m->bundle[1].b[15] = 0xab;
    }
    CHECK(fm_model_dump(&b, m, &e) == 0, "%s", e.msg);
    fm_model_free(m);
    return b;
}

static inline struct fm_buf
mf_copy(const uint8_t *p, size_t n)
{
    struct fm_buf b = {0};

    CHECK(!fm_buf_add(&b, p, n, NULL), "memory");
    return b;
}

static const char mf_sum_key[] = "\"fedmrn.checksum\":\"";

/* Put the right checksum into a file, as model.h says it. */
static inline void
mf_seal(struct fm_buf *b)
{
    uint8_t *at =
        b->len ? memmem(b->data, b->len, mf_sum_key, strlen(mf_sum_key)) : NULL;
    char text[FM_ID_HEX];
    struct fm_id sum;

    if (!at)
        return;
    at += strlen(mf_sum_key);
    if (b->data + b->len - at < 32)
        return;
    memset(at, '0', 32);
    sum = fm_hash128(b->data, b->len);
    memcpy(at, fm_id_hex(text, &sum), 32);
}

static inline void
mf_replace(struct fm_buf *b, const char *from, const char *to)
{
    uint8_t *at = memmem(b->data, b->len, from, strlen(from));

    CHECK(at && strlen(from) == strlen(to), "%s", from);
    memcpy(at, to, strlen(to));
}

static inline void
mf_refused(struct fm_buf *in, const char *message)
{
    struct fm_err e = {0};

    CHECK(!fm_model_parse(in, &e) && e.code == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, message), "%s: %s", message, e.msg);
}

/* Refused with `from` in the header replaced by as many bytes of `to`, though
 * the checksum holds. */
static inline void
mf_edited(const struct fm_buf *b, const char *from, const char *to,
          const char *message)
{
    struct fm_buf in = mf_copy(b->data, b->len);

    mf_replace(&in, from, to);
    mf_seal(&in);
    mf_refused(&in, message);
}

#endif
