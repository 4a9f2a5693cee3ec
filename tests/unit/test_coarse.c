#include "fed/coarse.h"

#include "check.h"
#include "rand/philox.h"

#include <math.h>
#include <string.h>

enum { N = 4097, KEY = 77 }; /* one more than a run of lanes */

/* Deltas of standard deviation 1, about `mean`. */
static void
spread(float *d, size_t n, float mean)
{
    for (size_t i = 0; i < n; i++)
        d[i] = mean + 1.7f * (float)sin((double)i * 1.3);
}

/* Worked by hand: deviations 1, 1.5 and 1.375, which sqrt(2) divides. */
static void
golden(void)
{
    static const struct {
        float in[4];
        unsigned bits;
        double step;
    } g[] = {
        {{1, -1, 1, -1}, 2, 1},
        {{1, -1, 1, -1}, 3, 0.5},
        {{1, -1, 1, -1}, 1, 2},
        {{-7, -9, -9, -7}, 3, 0.5},
        {{1.5f, -1.5f, 1.5f, -1.5f}, 2, 2},
        {{1.375f, -1.375f, 1.375f, -1.375f}, 2, 1},
    };

    for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
        const struct fm_place at = {KEY, 0, 3, 9};
        uint16_t lane[8];
        float d[4];

        memcpy(d, g[i].in, sizeof d);
        fm_coarse(d, 4, g[i].bits, NULL, KEY, 3);
        fm_philox_lanes(lane, &at, 0, 1);
        for (size_t j = 0; j < 4; j++) {
            double u = (2 * (double)lane[j] + 1) / 131072;
            double want = floor((double)g[i].in[j] / g[i].step + u);

            CHECK((double)d[j] == want * g[i].step, "%zu, %zu: %g", i, j,
                  (double)d[j]);
        }
    }
}

/* Every element owns its lane, also behind the first run of them. */
static void
lanes(void)
{
    static float d[N], was[N];
    static uint16_t lane[N + 7];
    const struct fm_place at = {KEY, 0, 5, 9};

    spread(d, N, 0);
    memcpy(was, d, sizeof d);
    fm_coarse(d, N, 3, NULL, KEY, 5);
    fm_philox_lanes(lane, &at, 0, N / 8 + 1);
    for (size_t i = 0; i < N; i++) {
        double u = (2 * (double)lane[i] + 1) / 131072;

        CHECK((double)d[i] == floor((double)was[i] * 2 + u) / 2, "%zu: %g", i,
              (double)d[i]);
    }
}

/* Over many keys the mean is what was there: 20000 draws of a deviation of at
 * most step/2, so that 5 deviations of their mean are .018 * step. */
static void
unbiased(void)
{
    static const float in[5] = {0.3f, -0.7f, 1.1f, -1.6f, 0.05f};
    const int draws = 20000;
    double sum[5] = {0};

    for (int k = 0; k < draws; k++) {
        float d[5];

        memcpy(d, in, sizeof d);
        fm_coarse(d, 5, 3, NULL, (uint64_t)k, 0);
        for (size_t i = 0; i < 5; i++)
            sum[i] += (double)d[i];
    }
    for (size_t i = 0; i < 5; i++)
        CHECK(fabs(sum[i] / draws - (double)in[i]) < 0.018 * 0.5, "%zu: %g", i,
              sum[i] / draws);
}

/* From 1 to near 0, as in the first round: each stays above 0, and the small
 * ones keep their size, at whatever the coarsest rounding is. */
static void
variances(void)
{
    enum { CHANNELS = 32 };
    float base[CHANNELS], d[CHANNELS], local[CHANNELS];

    for (unsigned bits = 1; bits <= 8; bits++)
        for (uint64_t key = 0; key < 50; key++) {
            for (size_t i = 0; i < CHANNELS; i++) {
                base[i] = 1;
                local[i] = (float)(1e-4 * (double)((i + 1) * (i + 1)));
                d[i] = local[i] - base[i];
            }
            fm_coarse(d, CHANNELS, bits, base, key, 0);
            for (size_t i = 0; i < CHANNELS; i++)
                CHECK(fabsf(base[i] + d[i] - local[i]) < 7.1e-5f &&
                          base[i] + d[i] > 0,
                      "%u bits, %zu: %g", bits, i, (double)(base[i] + d[i]));
        }
    /* A dead channel's has come down to 0, and does not go below. */
    for (uint64_t key = 0; key < 50; key++) {
        base[0] = base[1] = base[2] = 1;
        d[0] = -1, d[1] = -0.5f, d[2] = -0.25f;
        fm_coarse(d, 3, 2, base, key, 0);
        CHECK(d[0] > -1 && d[0] < -0.9999f, "%g", (double)d[0]);
    }
}

static void
edges(void)
{
    float same[3] = {-0.25f, -0.25f, -0.25f}, one = 0.3f;
    float huge[2] = {0x1p36f, 0}, tiny[2] = {0x1p-149f, 0};
    float far[2] = {1000, 1000.0001f}, fine[N], was[N];

    fm_coarse(same, 3, 3, NULL, KEY, 0);
    CHECK(same[0] == -0.25f && same[1] == same[0] && same[2] == same[0],
          "equal");
    fm_coarse(&one, 1, 3, NULL, KEY, 0);
    CHECK(one == 0.3f, "one");
    fm_coarse(huge, 2, 1, NULL, KEY, 0);
    CHECK(huge[0] == 0x1p36f && huge[1] == 0, "huge");
    fm_coarse(tiny, 2, 3, NULL, KEY, 0);
    CHECK(tiny[0] == 0 || tiny[0] == 0x1p-126f, "%g", (double)tiny[0]);
    /* A float's own digits are the finest step. */
    fm_coarse(far, 2, 31, NULL, KEY, 0);
    CHECK(far[0] == 1000 && far[1] == 1000.0001f, "%g", (double)far[1]);
    spread(fine, N, -1);
    memcpy(was, fine, sizeof was);
    fm_coarse(fine, N, 31, NULL, KEY, 0);
    for (size_t i = 0; i < N; i++)
        CHECK(fabsf(fine[i] - was[i]) <= 0x1p-22f, "%zu", i);
}

/* What is summed, in multiples of 2^-48, never takes more than there is. */
static void
spared(void)
{
    const float ulp = 0x1p-48f;
    const float base[] = {5.6f * ulp, 5.6f * ulp, 5.6f * ulp, 0,
                          .5f * ulp,  0x1p-24f,   1,          7 * ulp};
    const float want[] = {-5 * ulp, 3, -5 * ulp, 0, 0, -0x1p-24f, -1, -7 * ulp};
    float delta[] = {-5.6f * ulp, 3,         -5.4f * ulp, 0,
                     -.5f * ulp,  -0x1p-24f, -1,          -7 * ulp};

    fm_coarse_variance(delta, 8, base);
    for (int i = 0; i < 8; i++)
        CHECK(delta[i] == want[i] && !(delta[i] == 0 && signbit(delta[i])),
              "%d: %a, not %a", i, (double)delta[i], (double)want[i]);
}

int
main(void)
{
    spared();
    golden();
    lanes();
    unbiased();
    variances();
    edges();
    return 0;
}
