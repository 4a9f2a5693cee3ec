#include "codec/signs.h"

#include "codecfix.h"

/* By hand: the means 2 and 0.5, the bits of minus. */
static void
golden(void)
{
    static const float x[] = {1, -3, 0.5f};
    static const size_t count[] = {2, 1};
    static const uint8_t want[] = {0, 0, 0, 0x40, 0, 0, 0, 0x3f, 2};
    struct fm_codec_shape s = {.codec = {FM_CODEC_SIGNSGD, 0, 0},
                               .count = count,
                               .ntensors = 2,
                               .n = 3};
    struct fm_buf out = {0};
    float y[3];

    CHECK(fm_codec_encode(&out, &s, x, 1, NULL) == 0, "encode");
    CHECK(out.len == sizeof want && !memcmp(out.data, want, out.len), "code");
    CHECK(fm_codec_decode(y, &s, out.data, out.len, NULL) == 0, "decode");
    CHECK(y[0] == 2 && y[1] == -2 && y[2] == 0.5f, "%g", (double)y[1]);
    out.len = 0;
    s.codec.value = 0.25;
    CHECK(fm_codec_encode(&out, &s, x, 1, NULL) == 0, "encode");
    CHECK(out.len == 1 && out.data[0] == 2, "%zu bytes", out.len);
    CHECK(fm_codec_decode(y, &s, out.data, out.len, NULL) == 0, "decode");
    CHECK(y[0] == 0.25f && y[1] == -0.25f && y[2] == 0.25f, "%g", (double)y[2]);
    fm_buf_free(&out);
}

/* ||x - D(x)||^2 = ||x||^2 - ||x||_1^2 / d in each tensor, but for rounding. */
static void
error(void)
{
    static float x[CF_N], y[CF_N];
    const struct fm_codec_shape s = cf_shape("signsgd");
    size_t at = 0;

    cf_fill(x, 2);
    CHECK(cf_pass(y, &s, x, 0) == 4 * CF_TENSORS + CF_N / 8, "size");
    for (size_t t = 0; t < CF_TENSORS; at += cf_count[t++]) {
        double one = 0, d = (double)cf_count[t], left;

        for (size_t i = 0; i < cf_count[t]; i++)
            one += fabs((double)x[at + i]);
        left = cf_norm2(x + at, cf_count[t]) - one * one / d;
        CHECK(fabs(cf_error2(x + at, y + at, cf_count[t]) - left) <=
                  1e-6 * cf_norm2(x + at, cf_count[t]),
              "tensor %zu", t);
    }
    cf_hostile(&s, x);
}

/* What is 0 takes both signs alike: of 16000, within 6 deviations. */
static void
nothing(void)
{
    static float x[CF_N], y[CF_N];
    const struct fm_codec_shape s = cf_shape("signsgd:1");
    double sum = 0;

    CHECK(cf_pass(y, &s, x, 3) == CF_N / 8, "size");
    for (size_t i = 0; i < CF_N; i++)
        sum += (double)y[i];
    CHECK(fabs(sum) < 6 * sqrt(CF_N), "%g", sum);
}

static void
hostile(void)
{
    struct fm_codec_shape s = cf_shape("signsgd");
    uint8_t code[] = {0, 0, 0x80, 0x3f, 1};
    struct fm_err e = {0};
    const size_t one = 1;
    float y;

    s.count = &one;
    s.ntensors = s.n = 1;
    CHECK(fm_codec_decode(&y, &s, code, 5, NULL) == 0 && y == -1, "good");
    code[4] = 3;
    CHECK(fm_codec_decode(&y, &s, code, 5, NULL) == FM_EINPUT, "pad bit");
    code[4] = 1;
    for (int v = 0; v < 4; v++) {
        /* Infinity, NaN, minus, 2^38. */
        fm_put32(code, (const uint32_t[]){0x7f800000, 0x7fc00000, 0xbf800000,
                                          (127u + 38) << 23}[v]);
        e = (struct fm_err){0};
        CHECK(fm_codec_decode(&y, &s, code, 5, &e) == FM_EINPUT, "%d", v);
        CHECK(strstr(e.msg, "scale 0 is not a number in [0,2^38)"), "%s",
              e.msg);
    }
}

int
main(void)
{
    golden();
    error();
    nothing();
    hostile();
    return 0;
}
