#include "nn/sgd.h"

#include "nn/vec.h"

FM_CLONES static void
plain(float *p, const float *g, size_t n, float lr, float decay)
{
    for (size_t i = 0; i < n; i++)
        p[i] -= lr * (g[i] + decay * p[i]);
}

FM_CLONES static void
heavy_ball(float *p, const float *g, float *v, size_t n, float lr,
           float momentum, float decay)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + (g[i] + decay * p[i]);
        p[i] -= lr * v[i];
    }
}

void
fm_sgd_step(float *p, const float *g, float *v, size_t n, double lr,
            double momentum, double weight_decay)
{
    if (momentum > 0)
        heavy_ball(p, g, v, n, (float)lr, (float)momentum, (float)weight_decay);
    else
        plain(p, g, n, (float)lr, (float)weight_decay);
}
