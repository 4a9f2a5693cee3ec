#include "check.h"
#include "mask/curve.h"
#include "mask/rans.h"

#include <math.h>
#include <string.h>

/* Worked by hand: log-odds 0 is 1/2, ln 3 of 8/8 steps is about 3/4; bits of
 * one knot: 000, then y + 128 from its lowest bit. */
static void
golden(void)
{
    struct fm_curve c = {.knots = 1, .y = {0}}, got;
    struct fm_buf out = {0};
    struct fm_bitout o = {.out = &out};
    struct fm_bitin in;
    uint16_t p[FM_BINS];

    fm_curve_table(p, &c);
    CHECK(p[0] == 16384 && p[63] == 16384, "%d %d", p[0], p[63]);
    c.y[0] = 8; /* e / (1 + e) */
    fm_curve_table(p, &c);
    CHECK(p[17] == 23955, "%d", p[17]);
    CHECK(fm_curve_write(&o, &c, NULL) == 0, "write");
    CHECK(out.len == 2 && out.data[0] == 0x40 && out.data[1] == 0x04,
          "%zu: %02x %02x", out.len, out.data[0], out.data[1]);

    /* Two knots, 0 and -16: falling by 16/64 of 1/8 a bin.  Its bits: 1 in
     * three, zoom 2 in two, 128 in eight; 31 + 8 = 39 in q = 2: 110, 11100. */
    c = (struct fm_curve){.knots = 2, .zoom = 2, .y = {0, -16}};
    fm_curve_table(p, &c);
    CHECK(p[0] == 16384 && p[32] == 8813, "%d", p[32]); /* 1/(1+e) */
    CHECK(fm_curve_write(&o, &c, NULL) == 0, "write");
    CHECK(o.used == (11 + 13 + 8) % 8, "%u bits", o.used);

    in = (struct fm_bitin){out.data, out.len, 0};
    CHECK(fm_curve_read(&got, &in) && got.knots == 1 && got.y[0] == 8, "first");
    CHECK(fm_curve_read(&got, &in) && got.knots == 2 && got.zoom == 2 &&
              got.y[0] == 0 && got.y[1] == -16,
          "second");
    CHECK(in.at == 32, "%zu bits", in.at);
    fm_buf_free(&out);
}

static void
round_trips(void)
{
    struct fm_buf out = {0};
    struct fm_bitout o = {.out = &out};
    struct fm_bitin in;
    struct fm_curve c, got;
    unsigned x = 1;

    for (int pass = 0; pass < 2; pass++) {
        in = (struct fm_bitin){out.data, out.len, 0};
        x = 1;
        for (int i = 0; i < 300; i++) {
            static const unsigned knots[] = {1, 2, 3, 5, 9, 17};

            memset(&c, 0, sizeof c);
            c.knots = knots[i % 6];
            c.zoom = c.knots > 1 ? (unsigned)i % 3 : 0;
            for (unsigned j = 0; j < c.knots; j++) {
                x = x * 1664525 + 1013904223;
                c.y[j] = i < 20 ? (j % 2 ? 127 : -127) : (int)(x >> 24) % 255;
                c.y[j] -= i < 20 ? 0 : 127;
            }
            if (pass == 0)
                CHECK(fm_curve_write(&o, &c, NULL) == 0, "write");
            else
                CHECK(fm_curve_read(&got, &in) &&
                          memcmp(&got, &c, sizeof c) == 0,
                      "curve %d", i);
        }
    }
    fm_buf_free(&out);
}

/* A curve as its first bits, with zeros behind them; is it one? */
static bool
takes(const char *bits)
{
    uint8_t byte[32] = {0};
    struct fm_bitin in = {byte, sizeof byte, 0};
    struct fm_curve c;

    for (size_t i = 0; *bits; bits++)
        if (*bits != ' ') {
            byte[i / 8] |= (uint8_t)((*bits == '1') << i % 8);
            i++;
        }
    return fm_curve_read(&c, &in);
}

/* Numbers have their lowest bit first; a difference d is q ones, 0, and q + 3
 * bits. */
static void
one_fault(void)
{
    static const struct {
        const char *name, *good, *bad;
    } row[] = {
        {"-128 for y", "000 00000001", "000 00000000"},
        {"zoom 3", "100 01 00000001", "100 11 00000001"},
        {"a sum of 128", "100 00 11111111 0 100", "100 00 11111111 0 010"},
        {"a sum of -128", "100 00 10000000 0 000", "100 00 10000000 0 100"},
        {"six knots", "101 00 00000001", "011 00 00000001"},
        /* A shift by so many does nothing on some machines. */
        {"a difference of 32 ones", "100 00 00000001 0",
         "100 00 00000001 11111111111111111111111111111111 0"},
    };
    struct fm_curve c = {.knots = 17, .zoom = 1}, got;
    struct fm_buf out = {0};
    struct fm_bitout o = {.out = &out};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        CHECK(takes(row[i].good), "not: %s", row[i].name);
        CHECK(!takes(row[i].bad), "%s", row[i].name);
    }
    CHECK(fm_curve_write(&o, &c, NULL) == 0, "write");
    for (size_t n = 0; n < out.len; n++) {
        struct fm_bitin cut = {out.data, n, 0};

        CHECK(!fm_curve_read(&got, &cut), "%zu bytes", n);
    }
    fm_buf_free(&out);
}

/* Any bits are refused or make a table that the coder takes. */
static void
hostile(void)
{
    uint8_t bytes[40];
    unsigned x = 5;
    int good = 0, bad = 0;

    for (int round = 0; round < 20000; round++) {
        struct fm_bitin in = {bytes, sizeof bytes, 0};
        struct fm_curve c;
        uint16_t p[FM_BINS];

        for (size_t i = 0; i < sizeof bytes; i++) {
            x = x * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(x >> 24);
        }
        if (!fm_curve_read(&c, &in)) {
            bad++;
            continue;
        }
        good++;
        CHECK(in.at <= 8 * sizeof bytes, "over-read");
        fm_curve_table(p, &c);
        for (int b = 0; b < FM_BINS; b++)
            CHECK(p[b] >= 1 && p[b] < FM_RANS_ONE, "bin %d: %d", b, p[b]);
    }
    CHECK(good > 100 && bad > 100, "%d good, %d bad", good, bad);
}

static double
entropy(double all, double ones)
{
    double p = ones / all;

    return ones > 0 && ones < all ? -all * (p * log2(p) + (1 - p) * log2(1 - p))
                                  : 0;
}

/*
 * Masks of a Laplacian update: a 1 with probability exp(-t/s)/2.  The fit comes
 * within .2 % and its own bits of the best that the bins allow.
 */
static void
fits(double s, double total, bool zooms)
{
    struct fm_curve_counts n = {0};
    struct fm_curve c;
    double best = 0, bits;

    for (int b = 0; b < FM_BINS_FINE; b++) {
        double q = (b + 0.5) / FM_BINS_FINE, t = q * q;

        n.all[b] = (uint64_t)(total * 2 * q / FM_BINS_FINE);
        n.ones[b] = (uint64_t)((double)n.all[b] * 0.5 * exp(-t / s) + 0.5);
        best += entropy((double)n.all[b], (double)n.ones[b]);
    }
    bits = fm_curve_fit(&c, &n);
    CHECK(bits > best && bits < 1.002 * best + 90, "s %g: %.0f, best %.0f", s,
          bits, best);
    CHECK(!zooms || c.zoom > 0, "s %g: zoom %u", s, c.zoom);
    CHECK(c.y[0] > -4 && c.y[0] < 12, "s %g: y %d", s, c.y[0]);
}

static void
extremes(void)
{
    struct fm_curve_counts n = {0};
    struct fm_curve c;

    CHECK(fm_curve_fit(&c, &n) == 11 && c.knots == 1, "nothing");
    for (int b = 0; b < FM_BINS_FINE; b++)
        n.all[b] = n.ones[b] = 1000;
    CHECK(fm_curve_fit(&c, &n) < 40 && c.knots == 1 && c.y[0] > 80, "ones");
    memset(n.ones, 0, sizeof n.ones);
    CHECK(fm_curve_fit(&c, &n) < 40 && c.knots == 1 && c.y[0] < -80, "zeros");
    for (int b = 0; b < FM_BINS_FINE; b++)
        n.ones[b] = 500;
    CHECK(fm_curve_fit(&c, &n) == 256011 && c.y[0] == 0, "even");
    /* One bin alone, and one entry alone. */
    memset(&n, 0, sizeof n);
    n.all[255] = 100;
    n.ones[255] = 10;
    fm_curve_fit(&c, &n);
    CHECK(c.knots == 1, "%u knots", c.knots);
    n.all[255] = n.ones[255] = 1;
    CHECK(fm_curve_fit(&c, &n) < 12, "one entry");
    /* All that 64 bits of a huge tensor count. */
    for (int b = 0; b < FM_BINS_FINE; b++) {
        n.all[b] = (uint64_t)1 << 40;
        n.ones[b] = b < 100 ? (uint64_t)1 << 39 : 0;
    }
    CHECK(fm_curve_fit(&c, &n) < 1.6 * 0x1p40 * 100, "huge");
}

int
main(void)
{
    golden();
    round_trips();
    one_fault();
    hostile();
    fits(0.3, 3e5, false);
    fits(0.05, 3e5, false);
    fits(0.01, 3e5, true);
    fits(0.2, 2e7, false);
    extremes();
    return 0;
}
