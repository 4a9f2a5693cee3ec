#include "rand/fmath.h"

#include "check.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static uint64_t
bits(double x)
{
    uint64_t b;

    memcpy(&b, &x, sizeof b);
    return b;
}

/* |got - want| in units of want's last place. */
static double
ulps(double got, double want)
{
    return fabs(got - want) / (nextafter(fabs(want), INFINITY) - fabs(want));
}

/* Bits that must never change: a partition hangs on them. */
static void
golden(void)
{
    CHECK(fm_power_of_two(-1022) == DBL_MIN, "the least");
    CHECK(fm_power_of_two(-3) == 0.125 && fm_power_of_two(0) == 1, "powers");
    CHECK(fm_power_of_two(1023) == 0x1p1023, "the largest");
    CHECK(fm_log(1.0) == 0.0, "%a", fm_log(1.0));
    CHECK(fm_exp(0.0) == 1.0, "%a", fm_exp(0.0));
    CHECK(bits(fm_log(10.0)) == 0x40026bb1bbb55516, "%016" PRIx64,
          bits(fm_log(10.0)));
    CHECK(bits(fm_log(0.3)) == 0xbff34378fcbda721, "%016" PRIx64,
          bits(fm_log(0.3)));
    CHECK(bits(fm_exp(1.0)) == 0x4005bf0a8b14576a, "%016" PRIx64,
          bits(fm_exp(1.0)));
    CHECK(bits(fm_exp(-7.7)) == 0x3f3dad2df0f5035d, "%016" PRIx64,
          bits(fm_exp(-7.7)));
    /* 1.959963984540054 in any statistics book. */
    CHECK(fabs(fm_normal_inverse(0.975) - 1.959963984540054) < 1e-14, "%.17g",
          fm_normal_inverse(0.975));
}

/* Against libm, which is right to an ulp or so on every system we know. */
static void
against_libm(void)
{
    uint64_t x = 88172645463325252u;

    for (int i = 0; i < 200000; i++) {
        double v, u;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        u = (double)(x >> 11) * 0x1p-53 + 0x1p-60;
        v = u * 4 + 0x1p-40;
        CHECK(ulps(fm_log(v), log(v)) <= 4, "log %a: %a", v, fm_log(v));
        v = ldexp(0.5 + u, (int)(x % 2000) - 1000);
        CHECK(ulps(fm_log(v), log(v)) <= 4, "log %a: %a", v, fm_log(v));
        v = (u - 0.5) * 1400;
        CHECK(ulps(fm_exp(v), exp(v)) <= 4, "exp %a: %a", v, fm_exp(v));
        v = u - 0.5;
        CHECK(ulps(fm_exp(v), exp(v)) <= 4, "exp %a: %a", v, fm_exp(v));
    }
    /* Around 1 a logarithm loses everything if it is done carelessly. */
    for (double d = 0x1p-52; d < 0.5; d *= 1.7) {
        CHECK(ulps(fm_log(1 + d), log(1 + d)) <= 4, "log 1+%a", d);
        CHECK(ulps(fm_log(1 - d), log(1 - d)) <= 4, "log 1-%a", d);
    }
}

static void
edges(void)
{
    CHECK(fm_exp(-746) == 0, "%g", fm_exp(-746));
    CHECK(fm_exp(-INFINITY) == 0, "%g", fm_exp(-INFINITY));
    CHECK(fm_exp(710) == INFINITY, "%g", fm_exp(710));
    CHECK(fm_exp(INFINITY) == INFINITY, "%g", fm_exp(INFINITY));
    CHECK(isnan(fm_exp(NAN)), "%g", fm_exp(NAN));
    CHECK(fm_exp(-744.4) == 0x1p-1074, "%a", fm_exp(-744.4));
    CHECK(isfinite(fm_exp(709.78)), "%g", fm_exp(709.78));
    CHECK(ulps(fm_exp(-710), exp(-710)) <= 4, "%a", fm_exp(-710));
    CHECK(ulps(fm_log(DBL_MIN), log(DBL_MIN)) <= 4, "%a", fm_log(DBL_MIN));
    CHECK(ulps(fm_log(DBL_MAX), log(DBL_MAX)) <= 4, "%a", fm_log(DBL_MAX));
}

/* Phi(z) by erfc, inverted by bisection: another method altogether. */
static void
normal_inverse(void)
{
    for (double p = 1e-300; p < 0.5; p *= p < 1e-9 ? 1e3 : 1.07) {
        double lo = 0, hi = 40, z = fm_normal_inverse(p);

        for (int i = 0; i < 80; i++) {
            double mid = (lo + hi) / 2;

            if (0.5 * erfc(mid / sqrt(2.0)) > p)
                lo = mid;
            else
                hi = mid;
        }
        CHECK(fabs(z + lo) < 1e-13 * (1 + lo), "p %g: %.17g not %.17g", p, z,
              -lo);
        if (p > 1e-10) /* 1 - p loses digits of p */
            CHECK(fabs(fm_normal_inverse(1 - p) + z) < 1e-6, "p %g", p);
    }
    CHECK(fm_normal_inverse(0.5) == 0, "%g", fm_normal_inverse(0.5));
}

int
main(void)
{
    golden();
    against_libm();
    edges();
    normal_inverse();
    return 0;
}
