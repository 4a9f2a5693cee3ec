#include "nn/bernoulli.h"

#include "nn/vec.h"

#include <string.h>

/*
 * e^x for |x| <= 87: 2^k e^r with |r| <= ln(2)/2, where e^r is a polynomial
 * through the first terms of its series; libm's takes longer than everything
 * around it.
 */
FM_INLINE float
exponential(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to int */
    float kf = x * 1.44269504f + magic, k = kf - magic;
    float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    float y = 1.98412698e-4f, two;
    uint32_t bits;

    y = y * r + 1.38888889e-3f;
    y = y * r + 8.33333333e-3f;
    y = y * r + 4.16666667e-2f;
    y = y * r + 1.66666667e-1f;
    y = y * r + 0.5f;
    y = y * r + 1.0f;
    y = y * r + 1.0f;
    /* The integer k lies in the low bits of kf; those above are pushed out. */
    memcpy(&bits, &kf, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&two, &bits, sizeof two);
    return y * two;
}

FM_CLONES static void
sigmoid(float *restrict theta, const float *restrict s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = -s[i];
        float low = x < -87.0f ? -87.0f : x;
        float t = 1.0f / (1.0f + exponential(low > 87.0f ? 87.0f : low));

        theta[i] = t;
    }
}

FM_CLONES static void
keep(float *restrict y, const float *restrict w, const float *restrict theta,
     const uint16_t *restrict k, size_t n)
{
    /* Both sides are exact: 2k + 1 has 17 bits, and 2^17 theta a shift. */
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(2 * k[i] + 1) < theta[i] * 131072.0f ? w[i] : 0.0f;
}

FM_CLONES static void
mask(uint8_t *restrict m, const float *restrict theta,
     const uint16_t *restrict k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        m[i] = (float)(2 * k[i] + 1) < theta[i] * 131072.0f;
}

FM_CLONES static void
paper(float *restrict g, const float *restrict w, const float *restrict theta,
      size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] *= w[i] * (theta[i] * (1.0f - theta[i]));
}

FM_CLONES static void
authors_code(float *restrict g, const float *restrict w,
             const float *restrict theta, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] *= w[i] * (theta[i] * theta[i] * (1.0f - theta[i]));
}

void
fm_bernoulli_theta(float *theta, const float *s, size_t n)
{
    sigmoid(theta, s, n);
}

void
fm_bernoulli_keep(float *y, const float *w, const float *theta,
                  const uint16_t *k, size_t n)
{
    keep(y, w, theta, k, n);
}

void
fm_bernoulli_mask(uint8_t *m, const float *theta, const uint16_t *k, size_t n)
{
    mask(m, theta, k, n);
}

void
fm_bernoulli_back(float *g, const float *w, const float *theta, size_t n,
                  bool authors)
{
    if (authors)
        authors_code(g, w, theta, n);
    else
        paper(g, w, theta, n);
}
