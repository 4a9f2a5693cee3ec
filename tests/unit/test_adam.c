#include "nn/adam.h"

#include "check.h"

#include <math.h>

/*
 * By hand: the first step divides m = g/10 by 1 - 0.9 and sqrt(v) = |g| times
 * sqrt(.001) by sqrt(1 - .999), so that it is lr long, whatever the gradient.
 */
static void
first(void)
{
    float p[3] = {1, 1, 1}, m[3] = {0}, v[3] = {0};
    const float g[3] = {4, -0.001f, 0};

    fm_adam_step(p, g, m, v, 3, 1, 0.25, 0);
    CHECK(fabsf(p[0] - 0.75f) < 1e-6f && fabsf(p[1] - 1.25f) < 1e-5f &&
              p[2] == 1,
          "%.9g %.9g %.9g", (double)p[0], (double)p[1], (double)p[2]);
    CHECK(fabsf(m[0] - 0.4f) < 1e-6f && fabsf(v[0] - 0.016f) < 1e-7f,
          "moments %.9g %.9g", (double)m[0], (double)v[0]);
}

/* torch 1.13: optim.Adam([p], lr=0.1, weight_decay=d) in double, p = 1 with
 * gradients .3, -.2, .5, 0. */
static void
torch(void)
{
    static const double want[2][4] = {
        {0.9000000, 0.8855480, 0.8271878, 0.7793827},
        {0.9000000, 0.8820091, 0.8219555, 0.7720036}};
    const float g[4] = {0.3f, -0.2f, 0.5f, 0};

    for (int d = 0; d < 2; d++) {
        float p = 1, m = 0, v = 0;

        for (uint64_t t = 1; t <= 4; t++) {
            fm_adam_step(&p, &g[t - 1], &m, &v, 1, t, 0.1, 0.01 * d);
            CHECK(fabs((double)p - want[d][t - 1]) < 1e-6, "%d, step %d: %.7g",
                  d, (int)t, (double)p);
        }
    }
}

/* Every place of a vector's tail is treated alike. */
static void
tails(void)
{
    for (size_t n = 0; n < 40; n++) {
        float p[40] = {0}, m[40] = {0}, v[40] = {0}, g[40];

        for (size_t i = 0; i < 40; i++)
            g[i] = 0.5f;
        fm_adam_step(p, g, m, v, n, 3, 0.1, 0);
        for (size_t i = 0; i < 40; i++)
            CHECK(p[i] == (i < n ? p[0] : 0), "%zu of %zu", i, n);
    }
}

int
main(void)
{
    first();
    torch();
    tails();
    return 0;
}
