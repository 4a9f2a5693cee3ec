/*
 * codecfix: updates and shapes for the tests of lib/codec.
 */
#ifndef FM_TESTS_CODECFIX_H
#define FM_TESTS_CODECFIX_H

#include "check.h"
#include "codec/codec.h"
#include "rand/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Entries of the tensors of most tests: none begins where a run does. */
static const size_t cf_count[] = {1, 9000, 37, 4096, 2866};
enum { CF_N = 16000, CF_TENSORS = 5 };

static inline struct fm_codec_shape
cf_shape(const char *codec)
{
    struct fm_codec_shape s = {
        .count = cf_count, .ntensors = CF_TENSORS, .n = CF_N, .key = 11};

    CHECK(fm_codecname_parse(&s.codec, codec), "%s", codec);
    return s;
}

/* A normal update; every tensor has a deviation of its own. */
static inline void
cf_fill(float *x, uint64_t seed)
{
    struct fm_stream draw;
    float sd = 0.5f;

    fm_stream_start(&draw, seed, 0, 0, FM_FOR_SPLIT);
    for (size_t t = 0; t < CF_TENSORS; t++, sd *= 0.25f)
        for (size_t i = 0; i < cf_count[t]; i++)
            *x++ = sd * (float)fm_stream_normal(&draw);
}

/* Code and decode: the bytes of the code, which must be read to the end. */
static inline size_t
cf_pass(float *y, const struct fm_codec_shape *s, const float *x, uint64_t seed)
{
    struct fm_err e = {0};
    struct fm_buf out = {0};
    size_t size;

    CHECK(fm_codec_encode(&out, s, x, seed, &e) == 0, "%s", e.msg);
    CHECK(fm_codec_decode(y, s, out.data, out.len, &e) == 0, "%s", e.msg);
    size = out.len;
    fm_buf_free(&out);
    return size;
}

static inline double
cf_norm2(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static inline double
cf_error2(const float *x, const float *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    return sum;
}

/* Every prefix of a code, a byte more, and each byte changed: refused, or
 * decoded to something without a step outside (what ASan and valgrind see). */
static inline void
cf_hostile(const struct fm_codec_shape *s, const float *x)
{
    struct fm_buf out = {0};
    float *y = malloc(s->n * sizeof *y);
    uint8_t *copy;
    size_t stride;

    CHECK(y && fm_codec_encode(&out, s, x, 5, NULL) == 0, "memory");
    stride = out.len / 60 + 1;
    for (size_t n = 0; n < out.len;
         n += n < 32 || n + 16 > out.len ? 1 : stride) {
        copy = malloc(n + 1);
        CHECK(copy, "memory");
        memcpy(copy, out.data, n);
        /* A range coder reads zeros beyond the end. */
        CHECK(fm_codec_decode(y, s, copy, n, NULL) == FM_EINPUT ||
                  s->codec.kind == FM_CODEC_TOPK,
              "%zu of %zu bytes accepted", n, out.len);
        free(copy);
    }
    CHECK(fm_buf_add(&out, "", 1, NULL) == 0, "memory");
    CHECK(fm_codec_decode(y, s, out.data, out.len, NULL) == FM_EINPUT,
          "a byte too many accepted");
    for (size_t i = 0; i + 1 < out.len; i += i < 32 ? 1 : stride) {
        out.data[i] ^= 0xa5;
        (void)fm_codec_decode(y, s, out.data, out.len - 1, NULL);
        out.data[i] ^= 0xa5;
    }
    free(y);
    fm_buf_free(&out);
}

#endif
