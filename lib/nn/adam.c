#include "nn/adam.h"

#include "nn/vec.h"

#include <math.h>

static const double beta1 = 0.9, beta2 = 0.999;

FM_CLONES static void
step(float *restrict p, const float *restrict g, float *restrict m,
     float *restrict v, size_t n, float rate, float root, float decay)
{
    const float b1 = (float)beta1, b2 = (float)beta2;
    const float c1 = (float)(1 - beta1), c2 = (float)(1 - beta2);

    for (size_t i = 0; i < n; i++) {
        float d = g[i] + decay * p[i];

        m[i] = b1 * m[i] + c1 * d;
        v[i] = b2 * v[i] + c2 * (d * d);
        p[i] -= rate * m[i] / (__builtin_sqrtf(v[i]) * root + 1e-8f);
    }
}

void
fm_adam_step(float *p, const float *g, float *m, float *v, size_t n, uint64_t t,
             double lr, double weight_decay)
{
    double first = 1 - pow(beta1, (double)t),
           second = 1 - pow(beta2, (double)t);

    step(p, g, m, v, n, (float)(lr / first), (float)(1 / sqrt(second)),
         (float)weight_decay);
}
