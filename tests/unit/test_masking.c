#include "fed/masking.h"

#include "base/cpu.h"
#include "rand/philox.h"

#include "check.h"

#include <math.h>
#include <string.h>

enum { N = 77, KEY = 20240803, ORDINAL = 6, STEPS = 40 };

static struct fm_masking_lanes lanes;
static const uint32_t magnitude = 167772; /* 0.01 */

/* Updates on both sides of the clip range of every element, and zeros. */
static void
example(float *w, float *u, int32_t *n, enum fm_dist d)
{
    fm_noise_fill(n, 99, d, ORDINAL, 0, N);
    for (size_t i = 0; i < N; i++) {
        double noise = n[i] * (magnitude * 0x1p-40);

        w[i] = (float)(0.05 * sin((double)i));
        u[i] = (float)(noise *
                       (2.6 * ((double)i * 0.618 - floor((double)i * 0.618)) -
                        1.3));
        if (i % 11 == 0)
            u[i] = 0;
    }
}

/* Lane i of a place, from single blocks. */
static double
lane(uint64_t key, uint32_t high, uint32_t purpose, size_t i)
{
    uint32_t ctr[4] = {(uint32_t)(i / 8), high, ORDINAL, purpose}, word[4];

    fm_philox_block(word, key, ctr);
    return word[i % 8 / 2] >> (16 * (i % 2)) & 0xffff;
}

static double
clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* The mask of local.h and of the paper, as written there: with division,
 * floor and clamp. */
static double
slow_mask(double r, double dither, bool is_signed, bool deterministic)
{
    if (is_signed)
        return deterministic ? (r >= 0 ? 1 : -1)
                             : 2 * clamp(floor((r + 1) / 2 + dither), 0, 1) - 1;
    return deterministic ? r >= 0.5 : clamp(floor(r + dither), 0, 1);
}

static double
slow_weight(const struct fm_masking_step *s, double w, double u, int32_t n,
            size_t i)
{
    double noise = n * (s->a * 0x1p-24) / 65536, r = u / noise;
    double dither = (2 * lane(s->key, s->t, FM_FOR_MASK, i) + 1) / 131072;
    double masked =
        noise * slow_mask(r, dither, s->is_signed, s->masking == FM_DM);
    double clipped = noise * clamp(r, s->is_signed ? -1 : 0, 1);
    bool take = true;

    if (s->masking == FM_PM)
        take = false;
    if (s->masking == FM_PSM)
        take = lane(s->key, s->t, FM_FOR_SELECT, i) * s->steps < 65536.0 * s->t;
    return w + (take ? masked : clipped);
}

/* Every method, masking and distribution against the slow implementation. */
static void
reference(void)
{
    for (int c = 0; c < 2 * 4 * 3; c++) {
        struct fm_masking_step s = {.masking = (enum fm_masking)(c / 2 % 4),
                                    .is_signed = c % 2,
                                    .a = magnitude,
                                    .ordinal = ORDINAL,
                                    .key = KEY,
                                    .steps = STEPS};
        float w[N], u[N], out[N];
        int32_t n[N];

        example(w, u, n, (enum fm_dist)(c / 8));
        for (s.t = 1; s.t <= STEPS; s.t++) {
            fm_masking_weights(out, &s, w, u, n, 0, N, &lanes);
            for (size_t i = 0; i < N; i++) {
                double want = slow_weight(&s, w[i], u[i], n[i], i);

                CHECK(fabs(out[i] - want) < 1e-8,
                      "case %d, step %u, element %zu: %.9g, not %.9g", c, s.t,
                      i, (double)out[i], want);
            }
        }
    }
}

/* The same for the mask that is sent. */
static void
final_mask(void)
{
    for (int c = 0; c < 2 * 5 * 3; c++) {
        struct fm_masking_step s = {.masking = (enum fm_masking)(c / 2 % 5),
                                    .is_signed = c % 2,
                                    .a = magnitude,
                                    .ordinal = ORDINAL,
                                    .key = KEY};
        bool deterministic = s.masking == FM_PM || s.masking == FM_DM;
        float w[N], u[N];
        int32_t n[N];
        uint8_t m[N];

        example(w, u, n, (enum fm_dist)(c / 10));
        fm_masking_final(m, &s, u, n, 0, N, &lanes);
        for (size_t i = 0; i < N; i++) {
            double r = u[i] / (n[i] * (magnitude * 0x1p-40));
            double dither = (2 * lane(KEY, 0, FM_FOR_DITHER, i) + 1) / 131072;
            double want = slow_mask(r, dither, s.is_signed, deterministic);

            CHECK(m[i] == (want > 0), "case %d, element %zu: %u, r = %g", c, i,
                  m[i], r);
        }
    }
}

/*
 * E[u^] = clip(u) (section on stochastic masking): the mean of M = 4000 draws
 * of N*m is within 5 sigma of the clipped update, sigma <= |N| / sqrt(M)
 * (signed; half of it for binary masks).
 */
static void
expectation(void)
{
    enum { DRAWS = 4000 };

    for (int c = 0; c < 4; c++) {
        struct fm_masking_step s = {.masking = c / 2 ? FM_PSM : FM_SM,
                                    .is_signed = c % 2,
                                    .a = magnitude,
                                    .ordinal = ORDINAL,
                                    .key = KEY,
                                    .steps = DRAWS};
        float w[N], u[N], out[N], zero[N] = {0};
        double sum[N] = {0};
        int32_t n[N];

        example(w, u, n, FM_UNIFORM);
        for (s.t = 1; s.t <= DRAWS; s.t++) {
            fm_masking_weights(out, &s, zero, u, n, 0, N, &lanes);
            for (size_t i = 0; i < N; i++)
                sum[i] += (double)out[i];
        }
        for (size_t i = 0; i < N; i++) {
            double noise = n[i] * (magnitude * 0x1p-40);
            double want = noise * clamp(u[i] / noise, c % 2 ? -1 : 0, 1);

            CHECK(fabs(sum[i] / DRAWS - want) <=
                      5 * fabs(noise) / sqrt(DRAWS) + 1e-8,
                  "case %d, element %zu: mean %g, not %g", c, i, sum[i] / DRAWS,
                  want);
        }
    }
}

/* Progressive masking takes the masked update with probability t/T, and
 * always in the last step.  u = N/4 tells the two apart. */
static void
progress(void)
{
    enum { MANY = FM_MASKING_CHUNK };
    static float zero[MANY], u[MANY], out[MANY];
    static int32_t n[MANY];
    struct fm_masking_step s = {.masking = FM_PSM,
                                .a = magnitude,
                                .ordinal = ORDINAL,
                                .key = KEY,
                                .steps = STEPS};

    fm_noise_fill(n, 5, FM_BERNOULLI, ORDINAL, 0, MANY);
    for (size_t i = 0; i < MANY; i++)
        u[i] = (float)n[i] * 0.25f * (float)(magnitude * 0x1p-40);
    for (s.t = 1; s.t <= STEPS; s.t++) {
        double p = (double)s.t / STEPS, taken = 0;

        fm_masking_weights(out, &s, zero, u, n, 0, MANY, &lanes);
        for (size_t i = 0; i < MANY; i++)
            taken += fabsf(out[i] - u[i]) > 0.001f;
        CHECK(fabs(taken - p * MANY) <= 5 * sqrt(p * (1 - p) * MANY),
              "step %u: %g taken of %d", s.t, taken, MANY);
    }
}

/* Every variant, every tail: the same bits; and lanes follow `first`. */
static void
variants(void)
{
    float w[N], u[N], want[N], got[N];
    int32_t n[N];

    example(w, u, n, FM_GAUSSIAN);
    for (int c = 0; c < 8; c++) {
        struct fm_masking_step s = {.masking = (enum fm_masking)(c / 2),
                                    .is_signed = c % 2,
                                    .a = magnitude,
                                    .ordinal = ORDINAL,
                                    .key = KEY,
                                    .t = 7,
                                    .steps = STEPS};

        fm_cpu_cap(FM_CPU_PORTABLE);
        fm_masking_weights(want, &s, w, u, n, 0, N, &lanes);
        for (int cap = FM_CPU_PORTABLE; cap <= FM_CPU_AVX512; cap++) {
            fm_cpu_cap((enum fm_cpu_level)cap);
            if ((int)fm_cpu() < cap) {
                if (c == 0)
                    SKIP("no %s here", fm_cpu_name((enum fm_cpu_level)cap));
                continue;
            }
            for (size_t count = 0; count <= N; count++) {
                fm_masking_weights(got, &s, w, u, n, 0, count, &lanes);
                CHECK(memcmp(got, want, count * sizeof *got) == 0,
                      "case %d, %s, %zu elements", c,
                      fm_cpu_name((enum fm_cpu_level)cap), count);
            }
            fm_masking_weights(got, &s, w + 24, u + 24, n + 24, 24, N - 24,
                               &lanes);
            CHECK(memcmp(got, want + 24, (N - 24) * sizeof *got) == 0,
                  "case %d, %s, from 24", c,
                  fm_cpu_name((enum fm_cpu_level)cap));
        }
        fm_cpu_cap(FM_CPU_AVX512);
    }
}

int
main(void)
{
    reference();
    final_mask();
    expectation();
    progress();
    variants();
    return 0;
}
