#include "base/cpu.h"
#include "check.h"
#include "mask/draw.h"
#include "mask/threshold.h"
#include "rand/philox.h"

#include <math.h>
#include <string.h>

enum { N = 1000 };

static int32_t n[N];
static uint16_t noise[N], k[N]; /* lanes */
static float u[N];

static void
fill(enum fm_dist d)
{
    struct fm_place at = {7, 0, 3, FM_FOR_DITHER};
    uint16_t lane[N];

    fm_noise_fill(n, 7, d, 3, 0, N);
    fm_philox_lanes(k, &at, 0, N / 8);
    at.purpose = FM_FOR_NOISE;
    fm_philox_lanes(noise, &at, 0, N / 8);
    at.ordinal = 4;
    fm_philox_lanes(lane, &at, 0, N / 8);
    for (int i = 0; i < N; i++)
        u[i] = ((float)lane[i] - 32768) * 0x1p-15f * 0x1p-6f;
}

/*
 * By hand, in units where A = 1, so that t / (65536 * 131072) is about
 * |n| (1 - U): the root of 1/4 is bin 32, of 1/16 bin 16, and zooms double.
 */
static void
golden(void)
{
    /* n is 65535, -65535, 16383, -4095, 1 and 65535. */
    const uint16_t some[] = {65535, 0, 40959, 30720, 32768, 65535};
    const uint16_t lane[] = {0, 0, 0, 0, 65535, 65535};
    const uint8_t want[3][6] = {
        {63, 63, 31, 15, 0, 0}, {63, 63, 63, 31, 0, 0}, {63, 63, 63, 63, 0, 0}};
    const uint8_t fine[6] = {255, 255, 127, 63, 0, 0};
    struct fm_threshold r;
    uint8_t bin[6];

    for (unsigned z = 0; z <= FM_ZOOM_MAX; z++) {
        r = fm_threshold_rule(FM_UNIFORM, false, z);
        fm_threshold_bins(bin, &r, some, lane, 6);
        CHECK(memcmp(bin, want[z], 6) == 0, "zoom %u", z);
    }
    r = fm_threshold_fine(FM_UNIFORM, false);
    fm_threshold_bins(bin, &r, some, lane, 6);
    CHECK(memcmp(bin, fine, 6) == 0, "fine");

    /* Signed: 2T = |n| |131070 - 4k| is largest for the outermost lanes. */
    r = fm_threshold_rule(FM_UNIFORM, true, 0);
    {
        const uint16_t big[] = {65535, 65535, 0, 40959};
        const uint16_t at[] = {0, 65535, 32768, 0};

        fm_threshold_bins(bin, &r, big, at, 4);
        CHECK(bin[0] == 63 && bin[1] == 63 && bin[2] == 0 && bin[3] == 31,
              "%d %d %d %d", bin[0], bin[1], bin[2], bin[3]);
    }
}

/* Every variant and every length gives the same; the fine bins hold the rest;
 * and no largest |n| leaves the range. */
static void
variants(void)
{
    for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++)
        for (int how = 0; how < 4; how++)
            for (unsigned z = 0; z <= FM_ZOOM_MAX; z++) {
                struct fm_threshold r =
                    fm_threshold_rule((enum fm_dist)d, how & 1, z);
                struct fm_threshold f =
                    fm_threshold_fine((enum fm_dist)d, how & 1);
                const uint16_t *lane = how & 2 ? k : NULL;
                uint8_t want[N], got[N], fine[N];

                fill((enum fm_dist)d);
                fm_cpu_cap(FM_CPU_PORTABLE);
                fm_threshold_bins(want, &r, noise, lane, N);
                fm_threshold_bins(fine, &f, noise, lane, N);
                fm_threshold_zoom(got, fine, z, N);
                CHECK(memcmp(got, want, N) == 0, "zoom %u", z);
                for (int i = 0; i < N; i++) {
                    int b = fine[i] >> (FM_ZOOM_MAX - z);

                    CHECK(want[i] == (b < 63 ? b : 63), "entry %d", i);
                }
                for (int level = 1; level < 3; level++) {
                    fm_cpu_cap((enum fm_cpu_level)level);
                    if ((int)fm_cpu() != level) {
                        SKIP("no %s here",
                             fm_cpu_name((enum fm_cpu_level)level));
                        continue;
                    }
                    for (size_t c = 0; c < 100; c++) {
                        fm_threshold_bins(got, &r, noise, lane, c);
                        CHECK(memcmp(got, want, c) == 0, "%zu entries", c);
                    }
                    fm_threshold_bins(got, &f, noise, lane, N);
                    CHECK(memcmp(got, fine, N) == 0, "fine");
                }
                fm_cpu_cap(FM_CPU_AVX512);
            }
}

static void
look(void)
{
    uint16_t table[FM_BINS], p[N];
    uint8_t bin[N];

    for (int b = 0; b < FM_BINS; b++)
        table[b] = (uint16_t)(40000 - 600 * b);
    for (int i = 0; i < N; i++)
        bin[i] = (uint8_t)(i * 37 % FM_BINS);
    for (size_t c = 0; c < 200; c++) {
        memset(p, 0, sizeof p);
        fm_threshold_look(p, bin, table, c);
        for (size_t i = 0; i < c; i++)
            CHECK(p[i] == table[bin[i]], "entry %zu of %zu", i, c);
        CHECK(p[c] == 0, "beyond %zu", c);
    }
}

/*
 * What makes it a context: the draw of mask/draw.h gives a 1 (signed: an e of
 * 1) exactly when the update's size in the right direction reaches t.
 */
static void
is_a_threshold(enum fm_dist d)
{
    const uint32_t a = 1u << 18; /* A = 1/64, as the updates go */
    uint8_t m[N], bits[N / 8] = {0}, flip[N / 8] = {0};
    int ones = 0;

    fill(d);
    fm_draw_stochastic(m, u, n, k, N, a, false);
    for (int i = 0; i < N; i++) {
        double v = (n[i] < 0 ? -1.0 : 1.0) * (double)u[i] * 64 * 65536;
        double t = fabs((double)n[i]) * (131071 - 2 * k[i]) / 131072;

        CHECK(m[i] == (v >= t), "binary, entry %d", i);
    }
    fm_draw_stochastic(m, u, n, k, N, a, true);
    for (int i = 0; i < N; i++)
        bits[i / 8] |= (uint8_t)(m[i] << i % 8);
    fm_threshold_flip(bits, k, N);
    for (int i = 0; i < N; i++) {
        double s = (n[i] < 0) != (k[i] >= 32768) ? -1.0 : 1.0;
        double v = s * (double)u[i] * 64 * 65536;
        double t = fabs((double)n[i]) * abs(65535 - 2 * k[i]) / 65536;
        int e = bits[i / 8] >> i % 8 & 1;

        CHECK(e == (v >= t), "signed, entry %d", i);
        ones += e;
    }
    CHECK(ones > 0 && ones < N / 2, "%d ones", ones);
    fm_threshold_flip(flip, k, 13);
    CHECK((flip[1] & 0xe0) == 0 && flip[2] == 0, "beyond the count");
}

int
main(void)
{
    golden();
    variants();
    look();
    is_a_threshold(FM_UNIFORM);
    is_a_threshold(FM_GAUSSIAN);
    is_a_threshold(FM_BERNOULLI);
    return 0;
}
