#include "rand/fmath.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the first has 37 bits, so that its product with an
 * exponent is exact. */
#define LN2_HIGH 0x1.62e42fefap-1
#define LN2_LOW  0x3.9ef35793c7673p-41

double
fm_power_of_two(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * x = 2^k (1+f) with 1+f in [sqrt(1/2), sqrt(2)), and log(1+f) = 2 atanh(s) =
 * 2 (s + s^3/3 + s^5/5 + ...) with s = f / (2+f), |s| < .1716.  The first term
 * left out, s^25/25, is below 2^-58 of the sum.
 */
double
fm_log(double x)
{
    uint64_t bits;
    double f, s, z, p;
    int k;

    assert(x >= DBL_MIN && x <= DBL_MAX);
    memcpy(&bits, &x, sizeof bits);
    k = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
    memcpy(&f, &bits, sizeof f);
    if (f >= 0x1.6a09e667f3bcdp0) {
        f *= 0.5;
        k++;
    }
    f -= 1.0;
    s = f / (2.0 + f);
    z = s * s;
    p = 1.0 / 23;
    for (int i = 21; i >= 3; i -= 2)
        p = 1.0 / i + z * p;
    p = 2.0 * s * z * p; /* all but the first term */
    return k * LN2_HIGH + (2.0 * s + (p + k * LN2_LOW));
}

/*
 * x = k ln 2 + r with |r| <= ln(2)/2, and e^r by its series up to r^14 / 14!;
 * the next term is below 2^-63.
 */
double
fm_exp(double x)
{
    double r, p = 1.0;
    int k;

    if (x > 709.782712893384)
        return INFINITY;
    if (x < -745.2)
        return 0.0;
    if (x != x)
        return x;
    k = (int)(x * 0x1.71547652b82fep0 + (x < 0 ? -0.5 : 0.5));
    r = (x - k * LN2_HIGH) - k * LN2_LOW;
    for (int i = 14; i >= 2; i--)
        p = 1.0 + r * p / i;
    p = 1.0 + r * p;
    /* Two factors, since 2^k alone may overflow or be subnormal. */
    return p * fm_power_of_two(k / 2) * fm_power_of_two(k - k / 2);
}

/* c[0] + c[1] x + ... + c[7] x^7 */
static double
poly7(const double c[8], double x)
{
    double p = c[7];

    for (int i = 6; i >= 0; i--)
        p = c[i] + x * p;
    return p;
}

/* The rational approximations of AS 241, routine PPND16: the middle, the
 * tails, and the far tails. */
static const double mid_num[8] = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3};
static const double mid_den[8] = {1.0,
                                  4.2313330701600911252e1,
                                  6.8718700749205790830e2,
                                  5.3941960214247511077e3,
                                  2.1213794301586595867e4,
                                  3.9307895800092710610e4,
                                  2.8729085735721942674e4,
                                  5.2264952788528545610e3};
static const double tail_num[8] = {
    1.42343711074968357734e0,  4.63033784615654529590e0,
    5.76949722146069140550e0,  3.64784832476320460504e0,
    1.27045825245236838258e0,  2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double tail_den[8] = {1.0,
                                   2.05319162663775882187e0,
                                   1.67638483018380384940e0,
                                   6.89767334985100004550e-1,
                                   1.48103976427480074590e-1,
                                   1.51986665636164571966e-2,
                                   5.47593808499534494600e-4,
                                   1.05075007164441684324e-9};
static const double far_num[8] = {
    6.65790464350110377720e0,  5.46378491116411436990e0,
    1.78482653991729133580e0,  2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_den[8] = {1.0,
                                  5.99832206555887937690e-1,
                                  1.36929880922735805310e-1,
                                  1.48753612908506148525e-2,
                                  7.86869131145613259100e-4,
                                  1.84631831751005468180e-5,
                                  1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};

double
fm_normal_inverse(double p)
{
    double q = p - 0.5, r, z;

    assert(p > 0 && p < 1);
    if (q >= -0.425 && q <= 0.425) {
        r = 0.180625 - q * q;
        return q * poly7(mid_num, r) / poly7(mid_den, r);
    }
    r = sqrt(-fm_log(q < 0 ? p : 1.0 - p));
    if (r <= 5.0)
        z = poly7(tail_num, r - 1.6) / poly7(tail_den, r - 1.6);
    else
        z = poly7(far_num, r - 5.0) / poly7(far_den, r - 5.0);
    return q < 0 ? -z : z;
}
