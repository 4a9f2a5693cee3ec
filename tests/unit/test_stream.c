#include "rand/stream.h"

#include "check.h"
#include "manual.h"
#include "rand/fmath.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Word 0 of block 0 first: Random123's answer for counter 0, key 0, and
 * then block 1. */
static void
golden(void)
{
    const uint32_t want[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    const uint32_t ctr[4] = {1, 0, 0, 0};
    uint32_t next[4], v[10], got;
    struct fm_stream s;
    double d;

    fm_stream_start(&s, 0, 0, 0, FM_FOR_NOISE);
    for (int i = 0; i < 4; i++) {
        got = fm_stream_u32(&s);
        CHECK(got == want[i], "word %d: %08x", i, got);
    }
    fm_philox_block(next, 0, ctr);
    for (int i = 0; i < 4; i++) {
        got = fm_stream_u32(&s);
        CHECK(got == next[i], "word %d of block 1: %08x", i, got);
    }

    /* (2x+1)/2^53, x = 0x6627e8d5 then the top 20 bits of 0xe169c58d. */
    fm_stream_start(&s, 0, 0, 0, FM_FOR_NOISE);
    d = fm_stream_unit(&s);
    CHECK(d == 0x6627e8d5e169cp-52 + 0x1p-53, "%a", d);
    /* 0xbc57ac4c * 10 / 2^32 = 7.35... */
    CHECK((got = fm_stream_below(&s, 10)) == 7, "%u", got);

    fm_stream_start(&s, 1, 2, 3, FM_FOR_SHUFFLE);
    for (uint32_t i = 0; i < 10; i++)
        v[i] = i;
    fm_stream_shuffle(&s, v, 10);
    CHECK(memcmp(v, (uint32_t[10]){0, 2, 3, 4, 1, 9, 5, 7, 6, 8}, sizeof v) ==
              0,
          "%u %u %u %u %u %u %u %u %u %u", v[0], v[1], v[2], v[3], v[4], v[5],
          v[6], v[7], v[8], v[9]);
    fm_stream_start(&s, 1, 0, 1, FM_FOR_SPLIT);
    d = fm_stream_normal(&s);
    CHECK(d == 0x1.fb797c767a724p-2, "%a", d);
    d = fm_stream_gamma(&s, 2.5);
    CHECK(d == 0x1.6705a731dbb3p+2, "%a", d);
    d = fm_stream_gamma(&s, 0.3);
    CHECK(d == 0x1.3fee4d14e85fap-1, "%a", d);
}

/* The four words of the counter and the key all matter. */
static void
places(void)
{
    struct fm_stream s[5];
    uint32_t w[5];

    fm_stream_start(&s[0], 9, 0, 0, FM_FOR_SPLIT);
    fm_stream_start(&s[1], 8, 0, 0, FM_FOR_SPLIT);
    fm_stream_start(&s[2], 9, 1, 0, FM_FOR_SPLIT);
    fm_stream_start(&s[3], 9, 0, 1, FM_FOR_SPLIT);
    fm_stream_start(&s[4], 9, 0, 0, FM_FOR_SHUFFLE);
    for (int i = 0; i < 5; i++) {
        w[i] = fm_stream_u32(&s[i]);
        for (int j = 0; j < i; j++)
            CHECK(w[i] != w[j], "streams %d and %d agree", i, j);
    }
}

/* Six outcomes, 60,000 draws: chi-square with 5 degrees of freedom is above
 * 30 once in 70,000 keys, and this key is fixed. */
static void
below(void)
{
    struct fm_stream s;
    double count[6] = {0}, chi = 0;

    fm_stream_start(&s, 12345, 0, 0, FM_FOR_SPLIT);
    for (int i = 0; i < 60000; i++) {
        uint32_t x = fm_stream_below(&s, 6);

        CHECK(x < 6, "%u", x);
        count[x]++;
    }
    for (int i = 0; i < 6; i++)
        chi += (count[i] - 10000) * (count[i] - 10000) / 10000;
    CHECK(chi < 30, "chi-square %g", chi);
    for (int i = 0; i < 1000; i++) {
        CHECK(fm_stream_below(&s, 1) == 0, "below 1");
        /* A modulus near 2^32 makes the refusal loop run often. */
        CHECK(fm_stream_below(&s, 0x80000001u) <= 0x80000000u, "below");
    }
}

/* Means and variances within five standard errors. */
static void
moments(void)
{
    enum { N = 100000 };
    static const double shapes[] = {0.05, 0.3, 1, 2.5, 40};
    struct fm_stream s;
    double sum = 0, square = 0;

    fm_stream_start(&s, 77, 0, 1, FM_FOR_SPLIT);
    for (int i = 0; i < N; i++) {
        double x = fm_stream_normal(&s);

        sum += x;
        square += x * x;
    }
    CHECK(fabs(sum / N) < 5 / sqrt(N), "mean %g", sum / N);
    CHECK(fabs(square / N - 1) < 5 * sqrt(2.0 / N), "variance %g", square / N);
    for (size_t j = 0; j < sizeof shapes / sizeof shapes[0]; j++) {
        double a = shapes[j], var, want;

        sum = square = 0;
        for (int i = 0; i < N; i++) {
            double x = fm_stream_gamma(&s, a);

            CHECK(x >= 0 && isfinite(x), "gamma %g", x);
            sum += x;
            square += x * x;
        }
        sum /= N;
        var = square / N - sum * sum;
        CHECK(fabs(sum - a) < 5 * sqrt(a / N), "shape %g: mean %g", a, sum);
        /* Var of the sample variance: (kurtosis - 1) a^2 / N, kurtosis
         * 3 + 6/a. */
        want = 5 * a * sqrt((2 + 6 / a) / N);
        CHECK(fabs(var - a) < want, "shape %g: variance %g", a, var);
    }
    CHECK(fm_stream_gamma(&s, 1e-300) == 0, "a tiny shape must underflow");
}

static void
shuffle(void)
{
    enum { N = 1000 };
    uint32_t v[N];
    unsigned seen[N] = {0}, place[4] = {0};
    struct fm_stream s;

    for (uint32_t i = 0; i < N; i++)
        v[i] = i;
    fm_stream_start(&s, 5, 0, 0, FM_FOR_SHUFFLE);
    fm_stream_shuffle(&s, v, N);
    for (int i = 0; i < N; i++)
        seen[v[i]]++;
    for (int i = 0; i < N; i++)
        CHECK(seen[i] == 1, "%d is there %u times", i, seen[i]);
    /* Every place is equally likely for the first. */
    for (int t = 0; t < 40000; t++) {
        uint32_t w[4] = {0, 1, 2, 3};

        fm_stream_shuffle(&s, w, 4);
        for (int i = 0; i < 4; i++)
            place[i] += w[i] == 0;
    }
    for (int i = 0; i < 4; i++)
        CHECK(place[i] > 9500 && place[i] < 10500, "place %d: %u", i, place[i]);
    fm_stream_shuffle(&s, v, 0);
    fm_stream_shuffle(&s, v, 1);
}

/* fedmrn-noise(7) has these, for who writes the tools again. */
static void
manual(void)
{
    char text[2048];
    size_t n = 0;
    struct fm_stream s;
    uint32_t v[10];

#define SAY(...) n += (size_t)snprintf(text + n, sizeof text - n, __VA_ARGS__)
    fm_stream_start(&s, 1, 2, 3, FM_FOR_SHUFFLE);
    SAY("words     ");
    for (int i = 0; i < 6; i++)
        SAY(" %08" PRIx32, fm_stream_u32(&s));
    SAY("\nbelow 10  ");
    for (int i = 0; i < 16; i++)
        SAY(" %" PRIu32, fm_stream_below(&s, 10));
    SAY("\nunits     ");
    for (int i = 0; i < 2; i++)
        SAY(" %.17g", fm_stream_unit(&s));
    SAY("\nnormals   ");
    for (int i = 0; i < 2; i++)
        SAY(" %.17g", fm_stream_normal(&s));
    SAY("\ngamma 2.5 ");
    for (int i = 0; i < 2; i++)
        SAY(" %.17g", fm_stream_gamma(&s, 2.5));
    SAY("\ngamma 0.3 ");
    for (int i = 0; i < 2; i++)
        SAY(" %.17g", fm_stream_gamma(&s, 0.3));
    for (uint32_t i = 0; i < 10; i++)
        v[i] = i;
    fm_stream_shuffle(&s, v, 10);
    SAY("\nshuffle   ");
    for (int i = 0; i < 10; i++)
        SAY(" %" PRIu32, v[i]);
    SAY("\nlog        %.17g %.17g\n", fm_log(0.3), fm_log(1e300));
    SAY("exp        %.17g %.17g\n", fm_exp(1), fm_exp(-7.7));
#undef SAY
    manual_check("man/fedmrn-noise.7", "streams", text);
}

int
main(void)
{
    golden();
    places();
    below();
    moments();
    shuffle();
    manual();
    return 0;
}
