#include "mask/draw.h"

#include "base/cpu.h"
#include "check.h"
#include "manual.h"
#include "rand/noise.h"
#include "rand/philox.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 332, A_01 = 167772 /* A = 0.01 */ };

/* Worked by hand.  With A = 1 (a = 2^24) and n = 32768 the noise is 1/2, and
 * lane k stands for U = (2k+1)/131072: m = 1 exactly when u/N + U >= 1. */
static void
golden(void)
{
    static const struct {
        float u;
        int32_t n;
        uint16_t k;
        uint8_t binary, sign;
    } g[] = {
        /* u/N = 1/2: binary takes from U >= 1/2, k >= 32768; signed is + from
         * U >= 1/4, k >= 16384. */
        {0.25f, 32768, 32767, 0, 1},
        {0.25f, 32768, 32768, 1, 1},
        {0.25f, 32768, 16383, 0, 0},
        {0.25f, 32768, 16384, 0, 1},
        {-0.25f, -32768, 32767, 0, 1},
        {-0.25f, -32768, 32768, 1, 1},
        /* u/N = -1/2: never in binary; signed from U >= 3/4, k >= 49152. */
        {-0.25f, 32768, 65535, 0, 1},
        {-0.25f, 32768, 49151, 0, 0},
        {0.25f, -32768, 49152, 0, 1},
        /* u = 0: never; from U >= 1/2. */
        {0, 32768, 65535, 0, 1},
        {0, -32768, 32767, 0, 0},
        /* u = N: always, and so beyond. */
        {0.5f, 32768, 0, 1, 1},
        {9.0f, 32768, 0, 1, 1},
        {-9.0f, 32768, 65535, 0, 0},
        /* u/N = 1 - 2^-17 just reaches the middle of the first interval. */
        {0.5f - 0x1p-18f, 32768, 0, 1, 1},
        {0.5f - 0x1.8p-18f, 32768, 0, 0, 1},
    };

    for (size_t i = 0; i < sizeof g / sizeof g[0]; i++) {
        uint8_t m;

        fm_draw_stochastic(&m, &g[i].u, &g[i].n, &g[i].k, 1, 1 << 24, false);
        CHECK(m == g[i].binary, "%zu: binary %d", i, m);
        fm_draw_stochastic(&m, &g[i].u, &g[i].n, &g[i].k, 1, 1 << 24, true);
        CHECK(m == g[i].sign, "%zu: signed %d", i, m);
    }
}

static void
nearest(void)
{
    static const struct {
        float u;
        int32_t n;
        uint8_t binary, sign;
    } g[] = {
        {0.25f, 32768, 1, 1},   {0.2499999f, 32768, 0, 1},
        {-0.25f, -32768, 1, 1}, {-0.2499999f, -32768, 0, 1},
        {0, 32768, 0, 1},       {0, -32768, 0, 1},
        {-0.0f, 1, 0, 1},       {-1e-30f, 32768, 0, 0},
        {1, -32768, 0, 0},      {NAN, 1, 0, 0},
        {INFINITY, 1, 1, 1},    {INFINITY, -1, 0, 0},
    };

    for (size_t i = 0; i < sizeof g / sizeof g[0]; i++) {
        uint8_t m;

        fm_draw_nearest(&m, &g[i].u, &g[i].n, 1, 1 << 24, false);
        CHECK(m == g[i].binary, "%zu: binary %d", i, m);
        fm_draw_nearest(&m, &g[i].u, &g[i].n, 1, 1 << 24, true);
        CHECK(m == g[i].sign, "%zu: signed %d", i, m);
    }
}

static void
extremes(void)
{
    static const float u[] = {NAN,     -NAN,     INFINITY,  -INFINITY,
                              FLT_MAX, -FLT_MAX, 0x1p-149f, -0x1p-149f};
    static const uint8_t want[] = {0, 0, 1, 0, 1, 0};
    static const uint32_t as[] = {1, A_01, UINT32_MAX};
    const uint16_t ks[] = {0, 32768, 65535};
    const int32_t ns[] = {1, 283438};

    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 18; j++) {
            uint32_t a = as[j / 6];
            uint8_t m;

            fm_draw_stochastic(&m, &u[i], &ns[j % 2], &ks[j / 2 % 3], 1, a,
                               false);
            CHECK(m == (i < 6 ? want[i] : 0), "u %g: %d", (double)u[i], m);
            fm_draw_stochastic(&m, &u[i], &ns[j % 2], &ks[j / 2 % 3], 1, a,
                               true);
            CHECK(m == (i < 6 ? want[i] : ks[j / 2 % 3] >= 32768),
                  "u %g, signed: %d", (double)u[i], m);
        }
}

static void
fill(float *u, int32_t *n, uint16_t *k, size_t count, enum fm_dist d)
{
    const struct fm_place at = {7, 0, 0, FM_FOR_DITHER};

    fm_philox_lanes(k, &at, 0, (count + 7) / 8);
    for (size_t i = 0; i < count; i++)
        u[i] = (float)(k[i] - 32768) * 0x1p-21f;
    fm_noise_fill(n, 7, d, 0, 0, count);
    /* Ties and oddities among them. */
    u[3] = NAN;
    u[17] = INFINITY;
    u[18] = -INFINITY;
    u[19] = 0;
    u[20] = -0.0f;
    fm_philox_lanes(k, &at, 1000, (count + 7) / 8);
}

/* Each variant against the portable one, at every length that has a tail and
 * at odd addresses. */
static void
variant(enum fm_cpu_level level, enum fm_dist d)
{
    static float u[N + 8];
    static int32_t n[N + 8];
    static uint16_t k[N + 8];
    uint8_t want[N], got[N + 8];

    fm_cpu_cap(level);
    if (fm_cpu() != level) {
        SKIP("draw: this host cannot run %s", fm_cpu_name(level));
        return;
    }
    fill(u, n, k, N, d);
    for (int rule = 0; rule < 4; rule++)
        for (size_t count = 0; count <= 300; count++) {
            size_t off = count % 5;

            memset(got, 9, sizeof got);
            for (int pass = 0; pass < 2; pass++) {
                uint8_t *m = pass ? got + off : want;

                fm_cpu_cap(pass ? level : FM_CPU_PORTABLE);
                if (rule < 2)
                    fm_draw_stochastic(m, u + off, n + off, k + off, count,
                                       A_01, rule);
                else
                    fm_draw_nearest(m, u + off, n + off, count, A_01,
                                    rule == 3);
            }
            CHECK(memcmp(want, got + off, count) == 0, "%s: rule %d, count %zu",
                  fm_cpu_name(level), rule, count);
            CHECK(got[off + count] == 9, "wrote too far: count %zu", count);
        }
}

/* E[N m] = u while u/N is inside: every lane once is every U once, so the
 * mean over all 65536 lanes is u/N to one part in 65536, not just on
 * average. */
static void
unbiased(void)
{
    enum { LANES = 65536 };
    static uint16_t k[LANES];
    static float u[LANES];
    static int32_t n[LANES];
    static uint8_t m[LANES];
    static const double ratio[] = {0, 0.1, 0.25, 0.5, 0.77, 1, -0.5, 1.5};
    static const int32_t ns[] = {1, -777, 32768, -65535, 283438};

    fm_cpu_cap(FM_CPU_AVX512);
    for (size_t i = 0; i < LANES; i++)
        k[i] = (uint16_t)i;
    for (size_t j = 0; j < 40; j++) {
        int32_t nj = ns[j / 8];
        double r = ratio[j % 8], got[2], low[2] = {0, -1};

        for (size_t i = 0; i < LANES; i++) {
            u[i] = (float)(r * nj * (A_01 * 0x1p-40));
            n[i] = nj;
        }
        for (int s = 0; s < 2; s++) {
            double sum = 0, want = r < low[s] ? low[s] : r > 1 ? 1 : r;

            fm_draw_stochastic(m, u, n, k, LANES, A_01, s);
            for (size_t i = 0; i < LANES; i++)
                sum += s ? 2 * m[i] - 1 : m[i];
            got[s] = sum / LANES;
            CHECK(fabs(got[s] - want) < 2.1 / LANES, "n %d, u/N %g: %.6f",
                  (int)nj, r, got[s]);
        }
    }
}

/* The same with noise and dither from Philox: the sum of N m over many
 * elements is the sum of u within five standard errors. */
static void
expectation(enum fm_dist d, bool is_signed)
{
    enum { M = 1 << 16 };
    static float u[M];
    static int32_t n[M];
    static uint16_t k[M];
    static uint8_t m[M];
    const struct fm_place at = {31, 0, 2, FM_FOR_DITHER};
    const double unit = (double)fm_noise_unit(A_01);
    double miss = 0, var = 0;

    fm_noise_fill(n, 31, d, 2, 0, M);
    fm_philox_lanes(k, &at, 0, M / 8);
    for (size_t i = 0; i < M; i++) /* u/N runs over [0,1) or [-1,1) */
        u[i] =
            (float)(unit * n[i] *
                    ((double)(i % 64) / 64 * (is_signed ? 2 : 1) - is_signed));
    fm_draw_stochastic(m, u, n, k, M, A_01, is_signed);
    for (size_t i = 0; i < M; i++) {
        double noise = unit * n[i];
        double sent = noise * (is_signed ? 2 * m[i] - 1 : m[i]);
        double p = (u[i] / noise + is_signed) / (1 + is_signed);

        miss += sent - u[i];
        var += noise * noise * p * (1 - p) * (is_signed ? 4 : 1);
    }
    CHECK(fabs(miss) < 5 * sqrt(var), "%s, signed %d: off by %g, sigma %g",
          fm_dist_name(d), is_signed, miss, sqrt(var));
}

/* fedmrn-noise(7) has these. */
static void
manual(void)
{
    static const float u[] = {0.001f, 0.001f, -0.004f, -0.004f, 0.02f, 0};
    static const int32_t n[] = {32767, 32767, -45001, 45001, 283438, -65536};
    static const uint16_t k[] = {52427, 52429, 27313, 51000, 35500, 32767};
    char text[1024];
    size_t at = 0;

#define SAY(...)                                                               \
    at += (size_t)snprintf(text + at, sizeof text - at, __VA_ARGS__)
    SAY("%-8s %8s %6s  %6s %6s %11s %11s\n", "u", "n", "k", "binary", "signed",
        "dm binary", "dm signed");
    for (size_t i = 0; i < 6; i++) {
        uint8_t m[4];

        for (int s = 0; s < 2; s++) {
            fm_draw_stochastic(&m[s], u + i, n + i, k + i, 1, A_01, s);
            fm_draw_nearest(&m[2 + s], u + i, n + i, 1, A_01, s);
        }
        SAY("%-8g %8d %6u  %6d %6d %11d %11d\n", (double)u[i], (int)n[i], k[i],
            m[0], m[1], m[2], m[3]);
    }
#undef SAY
    manual_check("man/fedmrn-noise.7", "masks", text);
}

int
main(void)
{
    golden();
    nearest();
    extremes();
    for (int l = FM_CPU_PORTABLE; l <= FM_CPU_AVX512; l++)
        for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++)
            variant((enum fm_cpu_level)l, (enum fm_dist)d);
    unbiased();
    for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++) {
        expectation((enum fm_dist)d, false);
        expectation((enum fm_dist)d, true);
    }
    manual();
    return 0;
}
