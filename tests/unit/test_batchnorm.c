#include "check.h"
#include "nn/batchnorm.h"

#include <math.h>
#include <string.h>

enum { C = 2, M = 4 };

static struct fm_layer layer = {
    .op = FM_BATCHNORM, .in = {C, 1, 1}, .eps = 0.25, .momentum = 0.1};

/*
 * Channel 0 holds 1 3 5 7: mean 4, biased variance 5, unbiased 20/3.  Channel
 * 1 holds the same plus 4096, where E[x^2] - E[x]^2 in floats would give
 * nonsense.
 */
static const float x[M * C] = {1, 4097, 3, 4099, 5, 4101, 7, 4103};
static float scale[C] = {2, 1}, shift[C] = {10, 0};
static float mean[C] = {1, 0}, var[C] = {3, 1};
static const struct fm_batchnorm_w w = {scale, shift, mean, var};

/* Two ulps of the value. */
static void
near(float got, double want, const char *what)
{
    CHECK(fabs((double)got - want) <= 2.4e-7 * fabs(want) + 1e-9,
          "%s: %.9g, not %.9g", what, (double)got, want);
}

static void
eval(void)
{
    struct fm_batchnorm *b = fm_batchnorm_new(&layer, NULL, NULL);
    float y[M * C];

    fm_batchnorm_forward(b, &w, x, y, M, false);
    for (size_t i = 0; i < M; i++) {
        near(y[i * C], ((double)x[i * C] - 1) / sqrt(3.25) * 2 + 10, "eval 0");
        near(y[i * C + 1], (double)x[i * C + 1] / sqrt(1.25), "eval 1");
    }
    CHECK(mean[0] == 1 && var[0] == 3, "running values moved");
    fm_batchnorm_free(b);
}

static void
train(void)
{
    struct fm_batchnorm *b = fm_batchnorm_new(&layer, NULL, NULL);
    const float dy[M * C] = {1, 1, 2, 0, 0, 0, 1, 0};
    double d = sqrt(5.25); /* the deviation */
    float y[M * C], dx[M * C], dscale[C], dshift[C];

    fm_batchnorm_forward(b, &w, x, y, M, true);
    for (size_t i = 0; i < M; i++) {
        near(y[i * C], ((double)x[i * C] - 4) / d * 2 + 10, "train 0");
        near(y[i * C + 1], ((double)x[i * C] - 4) / d, "train 1");
    }
    near(mean[0], 0.9 * 1 + 0.1 * 4, "running mean 0");
    near(mean[1], 0.1 * 4100, "running mean 1");
    near(var[0], 0.9 * 3 + 0.1 * 20 / 3, "running var 0");
    near(var[1], 0.9 * 1 + 0.1 * 20 / 3, "running var 1");

    /* z = (-3,-1,1,3)/d; channel 0: sum dy = 4, sum dy z = (-3-2+3)/d. */
    fm_batchnorm_backward(b, x, dy, M, dx, dscale, dshift);
    near(dshift[0], 4, "dshift 0");
    near(dshift[1], 1, "dshift 1");
    near(dscale[0], -2 / d, "dscale 0");
    near(dscale[1], -3 / d, "dscale 1");
    for (size_t i = 0; i < M; i++) {
        double z = ((double)x[i * C] - 4) / d;

        near(dx[i * C], 2 / d * ((double)dy[i * C] - 1 + z * 2 / d / 4), "dx");
        near(dx[i * C + 1],
             1 / d * ((double)dy[i * C + 1] - 0.25 + z * 3 / d / 4), "dx");
    }
    fm_batchnorm_free(b);
}

/* Many rows and channels, against sums in double; in place as well. */
static void
many(size_t m, size_t c)
{
    struct fm_layer l = {.in = {c, 1, 1}, .eps = 1e-5, .momentum = 1};
    struct fm_batchnorm *b = fm_batchnorm_new(&l, NULL, NULL);
    float *v = calloc(m * c, sizeof *v), *y = calloc(m * c, sizeof *y);
    float *t = calloc(4 * c, sizeof *t);
    struct fm_batchnorm_w u = {t, t + c, t + 2 * c, t + 3 * c};

    for (size_t i = 0; i < m * c; i++)
        v[i] = (float)(i * 2654435761u % 4096) / 1024 - (float)(i % c);
    for (size_t i = 0; i < c; i++)
        t[i] = 1;
    fm_batchnorm_forward(b, &u, v, y, m, true);
    for (size_t j = 0; j < c; j++) {
        double sum = 0, square = 0;

        for (size_t i = 0; i < m; i++)
            sum += (double)v[i * c + j];
        sum /= (double)m;
        for (size_t i = 0; i < m; i++)
            square += pow((double)v[i * c + j] - sum, 2);
        /* The pieces' float sums of m/16 terms lose a few more bits. */
        CHECK(fabs((double)u.mean[j] - sum) < 1e-5 * (fabs(sum) + 1), "mean");
        CHECK(fabs((double)u.var[j] * (double)(m - 1) / square - 1) < 1e-5,
              "var %g, not %g", (double)u.var[j], square / (double)(m - 1));
        for (size_t i = 0; i < m; i += 7)
            CHECK(fabs((double)y[i * c + j] -
                       ((double)v[i * c + j] - sum) /
                           sqrt(square / (double)m + 1e-5)) < 1e-4,
                  "row %zu channel %zu", i, j);
    }
    fm_batchnorm_forward(b, &u, v, v, m, true);
    CHECK(memcmp(v, y, m * c * sizeof *v) == 0, "in place");
    fm_batchnorm_free(b);
    free(v);
    free(y);
    free(t);
}

int
main(void)
{
    eval();
    train();
    many(999, 1);
    many(17, 33);
    many(2, 16);
    many(5000, 32);
    fm_batchnorm_free(NULL);
    return 0;
}
