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

FM_CLONES static void
pull_home(float *g, const float *p, size_t n, float mu)
{
    for (size_t i = 0; i < n; i++)
        g[i] += mu * p[i];
}

FM_CLONES static void
pull(float *g, const float *p, const float *from, size_t n, float mu)
{
    for (size_t i = 0; i < n; i++)
        g[i] += mu * (p[i] - from[i]);
}

void
fm_sgd_pull(float *g, const float *p, const float *from, size_t n, double mu)
{
    if (from)
        pull(g, p, from, n, (float)mu);
    else
        pull_home(g, p, n, (float)mu);
}

FM_CLONES static void
hold(float *restrict g, const float *restrict p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] = p[i] == 0 ? 0 : g[i];
}

void
fm_sgd_hold(float *g, const float *p, size_t n)
{
    hold(g, p, n);
}
