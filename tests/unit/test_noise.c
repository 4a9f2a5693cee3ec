#include "rand/noise.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/digest.h"
#include "check.h"
#include "manual.h"
#include "rand/philox.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the table as little-endian 32-bit integers; see gaussian_table for what
 * says that the table is right. */
#define TABLE_HASH ((uint64_t)0x324a0d5de77fd26b)

/* Key 0, tensor 0: block 0 is Random123's first known answer, 6627e8d5
 * e169c58d ..., so the noise can be worked out by hand. */
static void
golden(void)
{
    int32_t n[128];
    const uint32_t word[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};

    fm_noise_fill(n, 0, FM_UNIFORM, 0, 0, 3);
    CHECK(n[0] == 2 * 0xe8d5 - 65535, "%" PRId32, n[0]);
    CHECK(n[1] == 2 * 0x6627 - 65535, "%" PRId32, n[1]);
    CHECK(n[2] == 2 * 0xc58d - 65535, "%" PRId32, n[2]);
    fm_noise_fill(n, 0, FM_GAUSSIAN, 0, 0, 2);
    CHECK(n[0] == fm_noise_table()[0xe8d5], "%" PRId32, n[0]);
    CHECK(n[1] == fm_noise_table()[0x6627], "%" PRId32, n[1]);
    fm_noise_fill(n, 0, FM_BERNOULLI, 0, 0, 128);
    for (int i = 0; i < 128; i++)
        CHECK(n[i] == (word[i / 32] >> (i % 32) & 1 ? 65536 : -65536),
              "element %d: %" PRId32, i, n[i]);
}

/* The inverse of the normal CDF by bisection on libm's erfc. */
static double
inverse(double p)
{
    double lo = 0, hi = 8; /* for p > 1/2 */

    for (int i = 0; i < 50; i++) {
        double mid = (lo + hi) / 2;

        if (0.5 * erfc(mid / sqrt(2.0)) > 1 - p)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static void
gaussian_table(void)
{
    const int32_t *z = fm_noise_table();
    uint8_t *bytes = malloc(4 * 65536);
    double square = 0;
    uint64_t h;

    CHECK(bytes, "out of memory");
    for (size_t k = 0; k < 65536; k++) {
        fm_put32(bytes + 4 * k, (uint32_t)z[k]);
        square += (double)z[k] * z[k];
        CHECK(z[k] == -z[65535 - k], "not symmetric at %zu", k);
        CHECK(abs(z[k]) >= 1 && abs(z[k]) <= 283438, "%" PRId32, z[k]);
        CHECK(k == 0 || z[k] >= z[k - 1], "not monotonic at %zu", k);
        if (k >= 32768)
            CHECK(z[k] ==
                      lround(65536 * inverse((2.0 * (double)k + 1) / 131072)),
                  "entry %zu: %" PRId32, k, z[k]);
    }
    CHECK(z[32768] == 1 && z[65535] == 283438, "%" PRId32 " %" PRId32, z[32768],
          z[65535]);
    square /= 65536.0 * 65536 * 65536;
    CHECK(fabs(square - 0.99998) < 5e-6, "variance %.6f", square);
    h = fm_hash64(bytes, 4 * 65536);
    CHECK(h == TABLE_HASH, "table is %016" PRIx64, h);
    free(bytes);
}

enum { MAX = 700 };

/* Element i is a function of the key and i alone, whatever the level, the
 * count and the place the fill starts. */
static void
pieces(enum fm_dist d, enum fm_cpu_level level)
{
    static int32_t want[9000], got[9000];

    fm_cpu_cap(FM_CPU_PORTABLE);
    fm_noise_fill(want, 99, d, 4, 0, 9000);
    fm_cpu_cap(level);
    if (fm_cpu() != level) {
        SKIP("noise: this host cannot run %s", fm_cpu_name(level));
        return;
    }
    for (size_t n = 0; n <= MAX; n++) {
        int32_t *p = got + n % 3;

        memset(got, 0x55, sizeof got);
        fm_noise_fill(p, 99, d, 4, 0, n);
        CHECK(memcmp(p, want, 4 * n) == 0, "%s %s: count %zu", fm_dist_name(d),
              fm_cpu_name(level), n);
        CHECK(p[n] == 0x55555555, "%s: count %zu: wrote too far",
              fm_dist_name(d), n);
    }
    for (size_t first = 0; first < 9000; first += 128) {
        fm_noise_fill(got, 99, d, 4, first, 9000 - first);
        CHECK(memcmp(got, want + first, 4 * (9000 - first)) == 0,
              "%s %s: first %zu", fm_dist_name(d), fm_cpu_name(level), first);
    }
}

/* Far into a large tensor the block number must not be cut. */
static void
far_away(void)
{
    const uint32_t ctr[4] = {0x80000000u, 0, 7, FM_FOR_NOISE};
    uint32_t w[4];
    int32_t n;

    fm_philox_block(w, 3, ctr);
    fm_noise_fill(&n, 3, FM_UNIFORM, 7, (size_t)1 << 34, 1);
    CHECK(n == 2 * (int32_t)(w[0] & 0xffff) - 65535, "%" PRId32, n);
}

static void
moments(enum fm_dist d, double variance)
{
    enum { N = 1 << 17 };
    static int32_t n[N];
    double sum = 0, square = 0;

    fm_noise_fill(n, 2024, d, 0, 0, N);
    for (size_t i = 0; i < N; i++) {
        double x = n[i] / 65536.0;

        CHECK(n[i] != 0 && abs(n[i]) <= fm_noise_max(d), "%" PRId32, n[i]);
        sum += x;
        square += x * x;
    }
    CHECK(fabs(sum / N) < 5 * sqrt(variance / N), "%s: mean %g",
          fm_dist_name(d), sum / N);
    CHECK(fabs(square / N - variance) < 5 * variance * sqrt(2.0 / N),
          "%s: variance %g", fm_dist_name(d), square / N);
}

static void
names(void)
{
    enum fm_dist d = FM_BERNOULLI;

    for (int i = FM_UNIFORM; i <= FM_BERNOULLI; i++) {
        const char *s = fm_dist_name((enum fm_dist)i);

        CHECK(fm_dist_parse(&d, s, strlen(s)) == 0 && (int)d == i, "%s", s);
    }
    CHECK(fm_dist_parse(&d, "gaussian:1", 8) == 0 && d == FM_GAUSSIAN, "len");
    CHECK(fm_dist_parse(&d, "unifor", 6) != 0, "accepted");
    CHECK(fm_dist_parse(&d, "", 0) != 0, "accepted");
}

static void
magnitudes(void)
{
    static const struct {
        const char *s;
        uint32_t a;
    } good[] = {
        {"0.01", 167772}, /* 167772.16 */
        {"1e-2", 167772},
        {"1E-2", 167772},
        {".01", 167772},
        {"00.0100", 167772},
        {"0.005", 83886}, /* 83886.08 */
        {"1", 16777216},
        {"1.", 16777216},
        {"0.1e1", 16777216},
        {"0.1e+1", 16777216},
        {"1000e-3", 16777216},
        {"255.99999", 4294967128},
        /* 2^-25 = 2.98023223876953125e-8 is a tie, and goes up ... */
        {"8.94069671630859375e-8", 2}, /* 3 * 2^-25 = 1.5 */
        {"8.940696716308593749999999999999999999999999999e-8", 1},
        {"8.94069671630859375000000000000000000000000000001e-8", 2},
        /* ... and what would round to 0 is the smallest there is. */
        {"1e-8", 1},
        {"1e-999999999999999999999999", 1},
        {"0.00000000000000000000000000000000000000000000000001", 1},
    };
    static const char *const bad[] = {"",      "0",
                                      "0.0",   "0e5",
                                      "-1",    "+1",
                                      " 1",    "1 ",
                                      "1x",    "e5",
                                      ".",     "1e",
                                      "1e+",   "1e1.5",
                                      "0x1",   "nan",
                                      "inf",   "256",
                                      "1e3",   "1e999999999999999999999999",
                                      "1,5",   "255.99999999",
                                      "1..2",  "1e--2",
                                      "00256", "1000000000000"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t a = 0;

        CHECK(fm_magnitude_parse(&a, good[i].s) == 0, "%s refused", good[i].s);
        CHECK(a == good[i].a, "%s: %" PRIu32, good[i].s, a);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t a = 0;

        CHECK(fm_magnitude_parse(&a, bad[i]) == -1, "\"%s\" read as %" PRIu32,
              bad[i], a);
    }
}

/* fedmrn-noise(7) has these. */
static void
manual(void)
{
    static const size_t lanes[] = {0, 1, 12345, 32767, 32768, 65535};
    const struct fm_place at = {0x3e5a71de2ddc161a, 0, 3, FM_FOR_NOISE};
    char text[2048];
    uint16_t k[8];
    int32_t v[12];
    size_t n = 0;

#define SAY(...) n += (size_t)snprintf(text + n, sizeof text - n, __VA_ARGS__)
    fm_philox_lanes(k, &at, 0, 1);
    SAY("lanes     ");
    for (size_t i = 0; i < 8; i++)
        SAY(" %u", k[i]);
    for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++) {
        SAY("\n%-10s", fm_dist_name((enum fm_dist)d));
        fm_noise_fill(v, at.key, (enum fm_dist)d, 3, 0, 12);
        for (size_t i = 0; i < 12; i++)
            SAY("%s%" PRId32, i == 6 ? "\n           " : " ", v[i]);
    }
    SAY("\ntable");
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++)
        SAY("%s %zu: %" PRId32, i % 3 ? "," : "\n          ", lanes[i],
            fm_noise_table()[lanes[i]]);
    SAY("\n           XXH3-64 of its bytes %016" PRIx64 "\n", TABLE_HASH);
#undef SAY
    manual_check("man/fedmrn-noise.7", "noise", text);
}

int
main(void)
{
    golden();
    gaussian_table();
    for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++)
        for (int l = FM_CPU_PORTABLE; l <= FM_CPU_AVX512; l++)
            pieces((enum fm_dist)d, (enum fm_cpu_level)l);
    far_away();
    moments(FM_UNIFORM, 1.0 / 3);
    moments(FM_GAUSSIAN, 0.99998);
    moments(FM_BERNOULLI, 1);
    names();
    magnitudes();
    manual();
    return 0;
}
