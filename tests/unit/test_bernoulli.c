#include "nn/bernoulli.h"

#include "check.h"

#include <math.h>

/* Against libm, all over the range and beyond it. */
static void
theta(void)
{
    double worst = 0;

    for (int i = -30000; i <= 30000; i++) {
        float s = (float)i * 0.005f, t;
        double want = 1 / (1 + exp(-(double)s));

        fm_bernoulli_theta(&t, &s, 1);
        if (fabs((double)t - want) > worst)
            worst = fabs((double)t - want);
        CHECK(t >= 0 && t <= 1, "theta of %g is %g", (double)s, (double)t);
    }
    CHECK(worst < 3e-7, "off by %g", worst);
    for (size_t n = 0; n < 40; n++) {
        float s[40] = {0}, t[40];

        for (size_t i = 0; i < 40; i++)
            t[i] = 7;
        fm_bernoulli_theta(t, s, n);
        for (size_t i = 0; i < 40; i++)
            CHECK(t[i] == (i < n ? 0.5f : 7), "%zu of %zu", i, n);
    }
    {
        const float s = NAN;
        float t;

        fm_bernoulli_theta(&t, &s, 1);
        CHECK(isnan(t), "NaN gave %g", (double)t);
    }
}

/* m = [U < theta]: every lane once, so theta of all of them keep. */
static void
keep(void)
{
    static const float chance[] = {0, 0x1p-17f, 0.25f, 0.5f, 0.75f, 1};
    static const size_t want[] = {0, 0, 16384, 32768, 49152, 65536};

    for (size_t c = 0; c < 6; c++) {
        size_t kept = 0;

        for (uint32_t lane = 0; lane < 65536; lane++) {
            const uint16_t k = (uint16_t)lane;
            const float w = -3;
            uint8_t m;
            float y;

            fm_bernoulli_keep(&y, &w, &chance[c], &k, 1);
            fm_bernoulli_mask(&m, &chance[c], &k, 1);
            CHECK(m == (y != 0) && (y == 0 || y == w), "lane %u", lane);
            kept += m;
        }
        CHECK(kept == want[c], "theta %g keeps %zu", (double)chance[c], kept);
    }
}

/*
 * Straight through: the gradient of L = g * w * theta(s) by central
 * differences, in double, for any g that came back from the network.
 */
static void
gradient(void)
{
    for (int i = -40; i <= 40; i++) {
        const float s = (float)i * 0.2f, w = 0.75f, slope = -1.5f;
        const double h = 1e-4;
        double up = 1 / (1 + exp(-((double)s + h)));
        double down = 1 / (1 + exp(-((double)s - h)));
        double want = (double)slope * (double)w * (up - down) / (2 * h);
        float t, g = slope, twice = slope;

        fm_bernoulli_theta(&t, &s, 1);
        fm_bernoulli_back(&g, &w, &t, 1, false);
        fm_bernoulli_back(&twice, &w, &t, 1, true);
        CHECK(fabs((double)g - want) < 1e-6, "at %g: %g, not %g", (double)s,
              (double)g, want);
        CHECK(fabs((double)twice - want * (double)t) < 1e-6,
              "the authors' at %g: %g", (double)s, (double)twice);
    }
}

int
main(void)
{
    theta();
    keep();
    gradient();
    return 0;
}
