#include "codec/half.h"

#include "codecfix.h"

/* By hand, from IEEE 754's binary16. */
static void
golden(void)
{
    static const struct {
        float x;
        uint16_t h;
    } g[] = {
        {0.0f, 0},
        {-0.0f, 0x8000},
        {1.0f, 0x3c00},
        {-2.0f, 0xc000},
        {65504.0f, 0x7bff},
        {65519.0f, 0x7bff},        /* below the tie with 65536 */
        {65520.0f, 0x7c00},        /* the tie goes to even: infinity */
        {0x1p-14f, 0x0400},        /* the least normal */
        {0x1p-24f, 0x0001},        /* the least */
        {0x1p-25f, 0x0000},        /* a tie, to even */
        {0x1.000002p-25f, 0x0001}, /* above it */
        {0x1.8p-24f, 0x0002},      /* a tie, to even */
        {1.0f + 0x1p-11f, 0x3c00}, /* a tie, to even */
        {1.0f + 0x3p-11f, 0x3c02}, /* likewise */
        {0x1.ff8p-15f, 0x03ff},    /* the largest subnormal */
        {0x1.fffp-15f, 0x0400},    /* rounds to the least normal */
        {0.1f, 0x2e66},
    };

    for (size_t i = 0; i < sizeof g / sizeof *g; i++)
        CHECK(fm_half_round(g[i].x) == g[i].h, "%a: %04x", (double)g[i].x,
              fm_half_round(g[i].x));
    CHECK(fm_half_round(INFINITY) == 0x7c00, "infinity");
    CHECK(fm_half_round(-INFINITY) == 0xfc00, "-infinity");
    CHECK((fm_half_round(NAN) & 0x7fff) > 0x7c00, "NaN");
    CHECK(isinf(fm_half_value(0x7c00)) && isnan(fm_half_value(0x7c01)),
          "infinity and NaN back");
}

/* Every half is itself again, and no float lies nearer to another. */
static void
all(void)
{
    for (uint32_t h = 0; h < 0x7c00; h++) {
        float v = fm_half_value((uint16_t)h);
        float next = h == 0x7bff ? 65536 : fm_half_value((uint16_t)(h + 1));
        float middle = v + (next - v) / 2;

        CHECK(next > v, "%04x: not in order", h);
        CHECK(fm_half_round(v) == h, "%04x", h);
        CHECK(fm_half_round(-v) == (h | 0x8000), "-%04x", h);
        CHECK(fm_half_value((uint16_t)(h | 0x8000)) == -v, "-%04x", h);
        CHECK(fm_half_round(middle) == h + (h & 1), "%04x: the tie", h);
        CHECK(fm_half_round(nextafterf(middle, 0)) == h, "%04x: below", h);
        CHECK(fm_half_round(nextafterf(middle, 1e9f)) == h + 1, "%04x: above",
              h);
    }
}

static void
error(void)
{
    static float x[CF_N], y[CF_N];
    const struct fm_codec_shape s = cf_shape("float16");

    cf_fill(x, 1);
    CHECK(cf_pass(y, &s, x, 0) == 2 * CF_N, "size");
    for (size_t i = 0; i < CF_N; i++)
        CHECK(fabsf(y[i] - x[i]) <= fmaxf(0x1p-11f * fabsf(x[i]), 0x1p-25f),
              "%zu: %a %a", i, (double)x[i], (double)y[i]);
    cf_hostile(&s, x);
}

static void
too_large(void)
{
    struct fm_codec_shape s = cf_shape("float16");
    const float x[] = {1, -65520};
    struct fm_err e = {0};
    struct fm_buf out = {0};

    s.n = 2;
    CHECK(fm_codec_encode(&out, &s, x, 0, &e) == FM_EINPUT && out.len == 0,
          "accepted");
    CHECK(strstr(e.msg, "value 1 is too large for float16"), "%s", e.msg);
    fm_buf_free(&out);
}

int
main(void)
{
    golden();
    all();
    error();
    too_large();
    return 0;
}
