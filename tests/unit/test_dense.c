#include "bundle/dense.h"

#include "base/range.h"
#include "check.h"
#include "fixture.h"

#include <math.h>

enum { N = 1000 };

static void
put(uint8_t *dense, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fm_putf(dense + 4 * i, v[i]);
}

/* From a program in Python that was written from the headers alone, with
 * fractions and integers of any length in place of this coder's. */
static void
golden(void)
{
    static const float a[] = {-1.5f, -1.25f, -1.75f, -1.0f};
    static const float b[] = {0, 0, 0, 0.1f, 1e-9f, 5, -3, 100, 0, 7, -12345};
    static const float c[] = {0, -0.0f};
    static const size_t one[] = {4}, three[] = {3, 2, 6};
    static const uint8_t code_a[] = {0x24, 0xfb, 0x25, 0x55};
    static const uint8_t code_b[] = {0x25, 0x43, 0xcc, 0x37, 0x64, 0xff, 0x32,
                                     0x92, 0xc0, 0x2a, 0x1a, 0x4c, 0x29, 0x28,
                                     0x9e, 0x15, 0x8d, 0xea, 0x8f, 0x1b};
    static const uint8_t code_c[] = {0xbf, 0xff, 0xff, 0xfe, 0x00, 0x00, 0x20};
    const struct {
        const float *v;
        struct fm_dense_shape shape;
        const uint8_t *code;
        size_t size;
    } g[] = {
        {a, {one, 1, 4}, code_a, sizeof code_a},
        {b, {three, 3, 11}, code_b, sizeof code_b},
        {c, {NULL, 0, 2}, code_c, sizeof code_c},
    };

    for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
        uint8_t dense[64], got[64];
        struct fm_buf out = {0};
        struct fm_err e = {0};

        put(dense, g[i].v, g[i].shape.full);
        CHECK(fm_dense_encode(&out, dense, &g[i].shape, &e) == 0, "%s", e.msg);
        CHECK(out.len == g[i].size && !memcmp(out.data, g[i].code, out.len),
              "%zu: %zu bytes", i, out.len);
        CHECK(fm_dense_decode(got, &g[i].shape, out.data, out.len, &e) == 0,
              "%s", e.msg);
        CHECK(memcmp(got, dense, 4 * g[i].shape.full) == 0, "%zu", i);
        fm_buf_free(&out);
    }
}

/* Code and decode; returns the size of the code. */
static size_t
round_trip(const float *v, const struct fm_dense_shape *shape)
{
    size_t ntensors = shape->count ? shape->ntensors : 1, n;
    uint8_t dense[4 * N], got[4 * N];
    struct fm_buf out = {0};
    struct fm_err e = {0};

    put(dense, v, shape->full);
    CHECK(fm_buf_add(&out, "head", 4, &e) == 0, "%s", e.msg);
    CHECK(fm_dense_encode(&out, dense, shape, &e) == 0, "%s", e.msg);
    CHECK(memcmp(out.data, "head", 4) == 0, "what was there");
    n = out.len - 4;
    CHECK(n <= fm_dense_max(ntensors, shape->full), "%zu bytes", n);
    CHECK(fm_dense_decode(got, shape, out.data + 4, n, &e) == 0, "%s", e.msg);
    CHECK(memcmp(got, dense, 4 * shape->full) == 0, "decoded");
    fm_buf_free(&out);
    return n;
}

/* About a normal distribution: twelve uniform numbers. */
static float
bell(uint64_t *x)
{
    float sum = 0;

    for (int i = 0; i < 12; i++)
        sum += fx_float(x) / 2;
    return sum;
}

static void
round_trips(void)
{
    static const size_t count[] = {0, 700, 1, 299};
    const struct fm_dense_shape some = {count, 4, N}, whole = {NULL, 0, N};
    const struct fm_dense_shape none = {NULL, 0, 0}, empty = {count, 0, 0};
    float v[N] = {0};
    uint64_t x = 5;
    size_t n;

    CHECK(round_trip(v, &none) <= 2 && round_trip(v, &empty) == 0, "nothing");
    n = round_trip(v, &some);
    CHECK(n < 20, "all zero: %zu bytes", n);
    /* Deviation 2 steps: 3.05 bits each. */
    for (size_t i = 0; i < N; i++)
        v[i] = -0.75f + 0x1p-12f * floorf(2 * bell(&x));
    n = round_trip(v, &some);
    CHECK(n > 370 && n < 400, "coarse: %zu bytes", n);
    n = round_trip(v, &whole);
    CHECK(n > 370 && n < 400, "as one: %zu bytes", n);
    /* Scales that differ by tensor. */
    for (size_t i = 701; i < N; i++)
        v[i] = 0x1p-20f * floorf(2 * bell(&x));
    n = round_trip(v, &some);
    CHECK(n > 370 && n < 405, "two scales: %zu bytes", n);
    CHECK(round_trip(v, &whole) > n, "two scales as one");
    /* Floats as they come, and the widest and the narrowest there are. */
    for (size_t i = 0; i < N; i++)
        v[i] = fx_float(&x) * (i % 5 ? 1 : 1e-6f);
    n = round_trip(v, &some);
    CHECK(n >= 3600 && n <= 4020, "floats: %zu bytes", n);
    for (size_t i = 0; i < N; i++)
        v[i] = i % 2 ? 0x1.fffffep37f : -0x1p-149f;
    round_trip(v, &some);
    for (size_t i = 0; i < N; i++)
        v[i] = i % 2 ? 16777216 : -16777216;
    v[3] = 1;
    round_trip(v, &some);
    for (size_t i = 0; i < N; i++)
        v[i] = i % 3 ? INFINITY : -0.0f;
    round_trip(v, &some);
    for (size_t i = 0; i < N; i++)
        v[i] = 0x1p-149f * (float)(i % 7);
    round_trip(v, &some);
    /* What is no integer of the code's: alone too large, too small, none. */
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < N; i++)
            v[i] = k == 0 ? 0x1p40f : k == 1 ? (i ? 1 : -0x1p30f) : i ? NAN : 1;
        round_trip(v, &some);
    }
    /* Lengths that jump between 0 and 25 bits cost more than floats do. */
    for (size_t i = 0; i < N; i++)
        v[i] = fx_random(&x) % 2 ? 0 : truncf(fx_float(&x) * 0x1p24f);
    round_trip(v, &some);
}

static void
refused(const uint8_t *code, size_t size, const struct fm_dense_shape *shape,
        const char *why)
{
    uint8_t dense[4 * N];
    struct fm_err e = {0};

    CHECK(fm_dense_decode(dense, shape, code, size, &e) == FM_EINPUT,
          "accepted, not: %s", why);
    CHECK(strcmp(e.msg, why) == 0, "%s", e.msg);
}

/* A code with a centre of 2^25, or -2^25. */
static struct fm_buf
beyond(bool minus)
{
    struct fm_range_out r;
    struct fm_buf b = {0};

    fm_range_begin(&r, &b);
    fm_range_put_bits(&r, 1, 1);
    fm_range_put(&r, &(struct fm_range_model){0}, false);
    fm_range_put_bits(&r, 149, 8);
    for (int i = 0; i < 26; i++) /* its length */
        fm_range_put(&r, &(struct fm_range_model){0}, true);
    for (int i = 0; i < 3; i++) /* its sign, and two bits with a model */
        fm_range_put(&r, &(struct fm_range_model){0}, minus && i == 0);
    CHECK(fm_range_finish(&r, NULL) == 0, "memory");
    return b;
}

static void
hostile(void)
{
    static const size_t count[] = {300, 700};
    const struct fm_dense_shape some = {count, 2, N}, whole = {NULL, 0, N};
    const struct fm_dense_shape none = {NULL, 0, 0};
    /* A first bit of 0, the plain bit 0, and 8 bits of 1. */
    static const uint8_t exponent[] = {0x3f, 0xff};
    uint8_t code[600], dense[4 * N];
    struct fm_buf far;
    uint64_t x = 9;
    struct fm_err e;

    refused(exponent, 2, &some, "the exponent 106 is beyond 37");
    refused(exponent, 2, &whole,
            "written tensor by tensor, and the tensors are those of its "
            "model, which --model must give");
    far = beyond(true);
    refused(far.data, far.len, &whole, "an integer is beyond 2^24");
    fm_buf_free(&far);
    far = beyond(false);
    refused(far.data, far.len, &whole, "an integer is beyond 2^24");
    CHECK(fm_buf_add(&far, "and more", 8, NULL) == 0, "memory");
    refused(far.data, far.len, &none,
            "13 bytes, which is more than the code needs");
    fm_buf_free(&far);
    /* Anything else ends, with values or without. */
    for (int k = 0; k < 2000; k++) {
        size_t n = fx_random(&x) % sizeof code;

        for (size_t i = 0; i < n; i++)
            code[i] = (uint8_t)fx_random(&x);
        e = (struct fm_err){0};
        if (fm_dense_decode(dense, k % 2 ? &some : &whole, code, n, &e))
            CHECK(e.code == FM_EINPUT && *e.msg, "no reason");
    }
}

int
main(void)
{
    golden();
    round_trips();
    hostile();
    return 0;
}
