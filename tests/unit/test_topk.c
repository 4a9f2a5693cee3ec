#include "codec/topk.h"

#include "codecfix.h"

#include "base/range.h"

static void
counts(void)
{
    CHECK(fm_topk_count(0.5, 5) == 3, "half up");
    CHECK(fm_topk_count(0.01, 10) == 1, "at least one");
    CHECK(fm_topk_count(1, 7) == 7, "all");
    CHECK(fm_topk_count(0.25, 4) == 1, "a quarter");
}

/* By hand: two of five, the tie going to the lower place. */
static void
golden(void)
{
    static const float x[] = {1, -4, 0, 4, -4};
    static const size_t count[] = {5};
    struct fm_codec_shape s = {.codec = {FM_CODEC_TOPK, 0, 0.4},
                               .count = count,
                               .ntensors = 1,
                               .n = 5};
    struct fm_buf out = {0};
    float y[5];

    CHECK(fm_codec_encode(&out, &s, x, 1, NULL) == 0, "encode");
    CHECK(fm_get32(out.data) == 0xc0800000 &&
              fm_get32(out.data + 4) == 0x40800000,
          "values");
    CHECK(fm_codec_decode(y, &s, out.data, out.len, NULL) == 0, "decode");
    CHECK(y[0] == 0 && y[1] == -4 && y[2] == 0 && y[3] == 4 && y[4] == 0,
          "places");
    fm_buf_free(&out);
}

/* The k largest, and the bound of the lemma; and about what the places of so
 * many cost at least, N H2(k/N) bits, within 6 %. */
static void
error(void)
{
    static float x[CF_N], y[CF_N];
    static const char *const codec[] = {"topk:0.001", "topk:0.01",  "topk:0.1",
                                        "topk:0.5",   "topk:0.999", "topk:1"};

    cf_fill(x, 3);
    for (size_t c = 0; c < sizeof codec / sizeof *codec; c++) {
        const struct fm_codec_shape s = cf_shape(codec[c]);
        const size_t k = fm_topk_count(s.codec.value, CF_N);
        double q = (double)k / CF_N, least = INFINITY, most = 0;
        size_t size = cf_pass(y, &s, x, 0), sent = 0;

        for (size_t i = 0; i < CF_N; i++) {
            double v = fabs((double)x[i]);

            CHECK(y[i] == 0 || y[i] == x[i], "%s: %zu", codec[c], i);
            sent += y[i] != 0;
            if (y[i] != 0 && v < least)
                least = v;
            if (y[i] == 0 && v > most)
                most = v;
        }
        CHECK(sent == k && least >= most, "%s: %zu", codec[c], sent);
        CHECK(cf_error2(x, y, CF_N) <= (1 - q) * cf_norm2(x, CF_N), "%s",
              codec[c]);
        if (q < 1)
            q = -(q * log2(q) + (1 - q) * log2(1 - q)) * CF_N / 8;
        else
            q = 0;
        /* Sorted by tensors, places are even cheaper; some for learning. */
        CHECK((double)size - 4 * (double)k <= 1.06 * q + 40, "%s: %zu bytes",
              codec[c], size);
        cf_hostile(&s, x);
    }
}

/* A place beyond the last, and none at all. */
static void
hostile(void)
{
    const struct fm_codec_shape s = cf_shape("topk:0.00001");
    static float y[CF_N];
    uint8_t code[16] = {0};
    struct fm_err e = {0};

    CHECK(fm_codec_decode(y, &s, code, 4, &e) == FM_EINPUT, "length 0");
    CHECK(strstr(e.msg, "value 0 has no place among 16000"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_codec_decode(y, &s, code, 3, &e) == FM_EINPUT, "3 bytes");
    CHECK(strstr(e.msg, "3 bytes cannot hold 1 of 16000"), "%s", e.msg);
    memset(code + 4, 0xff, 12);
    CHECK(fm_codec_decode(y, &s, code, 16, NULL) == FM_EINPUT, "beyond");
}

int
main(void)
{
    counts();
    golden();
    error();
    hostile();
    return 0;
}
