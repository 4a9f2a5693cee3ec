/* The block against its layers one by one. */
#include "check.h"
#include "nn/activation.h"
#include "nn/block.h"
#include "nn/pool2d.h"
#include "nn_ref.h"

static float *
room(size_t n)
{
    return calloc(n, sizeof(float));
}

/*
 * Forward is the same arithmetic, so the same bits.  Sums of a few hundred
 * gradients, in another order: 1e-6 of their size, which is about 10.
 */
static void
same(const float *got, const float *want, size_t n, double tolerance,
     const char *what)
{
    for (size_t i = 0; i < n; i++)
        CHECK(fabs((double)got[i] - (double)want[i]) <= tolerance,
              "%s[%zu]: %.9g, not %.9g", what, i, (double)got[i],
              (double)want[i]);
}

static void
compare(size_t span, size_t c, size_t h, size_t w, size_t n, bool train)
{
    const struct fm_shape s = {c, h, w}, half = {c, h / 2, w / 2};
    const struct fm_layer l[3] = {
        {.op = FM_BATCHNORM, .in = s, .out = s, .eps = 1e-5, .momentum = 0.1},
        {.op = FM_RELU, .in = s, .out = s},
        {.op = FM_MAXPOOL, .in = s, .out = half, .r = 2, .s = 2, .stride = 2}};
    size_t in = n * c * h * w, m = n * h * w;
    size_t out = n * fm_shape_count(l[span - 1].out);
    struct fm_batchnorm *b = fm_batchnorm_new(l, NULL, NULL);
    float *t = room(4 * c), *x = room(in), *dy = room(out), *y = room(out);
    float *z = room(in), *want = room(out), *dz = room(in), *dx = room(in);
    float *ds = room(2 * c), *sums = room(2 * c);
    const struct fm_batchnorm_w bw = {t, t + c, t + 2 * c, t + 3 * c};
    uint32_t seed = 3;

    CHECK(fm_block_span(l, span) == span, "span");
    for (size_t i = 0; i < 4 * c; i++)
        t[i] = (float)(1 + ref_random(&seed) / 2);
    for (size_t i = 0; i < in; i++) /* few values, so many are equal */
        x[i] = (float)floor(4 * ref_random(&seed)) - 2;
    for (size_t i = 0; i < out; i++)
        dy[i] = (float)ref_random(&seed);

    fm_batchnorm_forward(b, &bw, x, z, m, train);
    fm_activation_forward(FM_RELU, z, z, in, NULL);
    if (span == 3)
        fm_pool2d_forward(&l[2], z, want, n, NULL);
    else
        memcpy(want, z, in * sizeof *z);
    if (train && span == 3)
        fm_pool2d_backward(&l[2], z, dy, dz, n, NULL);
    else if (train)
        memcpy(dz, dy, in * sizeof *dz);
    fm_activation_backward(FM_RELU, z, dz, dz, in, NULL);
    if (train)
        fm_batchnorm_backward(b, x, dz, m, dz, sums, sums + c);

    fm_block_forward(l, span, b, &bw, x, y, n, train, NULL);
    same(y, want, out, 0, "y");
    if (train) {
        fm_block_backward(l, span, b, x, dy, n, dx, ds, ds + c, NULL);
        same(dx, dz, in, 1e-5, "dx");
        same(ds, sums, 2 * c, 1e-5, "sums");
        memset(ds, 0, 2 * c * sizeof *ds);
        fm_block_backward(l, span, b, x, dy, n, NULL, ds, ds + c, NULL);
        same(ds, sums, 2 * c, 1e-5, "sums alone");
    }
    fm_batchnorm_free(b);
    free(t), free(x), free(dy), free(y), free(z), free(want), free(dz);
    free(dx), free(ds), free(sums);
}

/* relu and maxpool without a batchnorm: the very bits. */
static void
without_norm(size_t c, size_t h, size_t w, size_t n)
{
    const struct fm_shape s = {c, h, w}, half = {c, h / 2, w / 2};
    const struct fm_layer l[2] = {
        {.op = FM_RELU, .in = s, .out = s},
        {.op = FM_MAXPOOL, .in = s, .out = half, .r = 2, .s = 2, .stride = 2}};
    size_t in = n * c * h * w, out = n * fm_shape_count(half);
    float *x = room(in), *z = room(in), *dx = room(in), *dz = room(in);
    float *y = room(out), *want = room(out), *dy = room(out);
    uint32_t seed = 5;

    CHECK(fm_block_span(l, 2) == 2, "span");
    for (size_t i = 0; i < in; i++)
        x[i] = (float)floor(4 * ref_random(&seed)) - 1, dx[i] = 9;
    for (size_t i = 0; i < out; i++)
        dy[i] = (float)ref_random(&seed);
    fm_activation_forward(FM_RELU, x, z, in, NULL);
    fm_pool2d_forward(&l[1], z, want, n, NULL);
    fm_pool2d_backward(&l[1], z, dy, dz, n, NULL);
    fm_activation_backward(FM_RELU, z, dz, dz, in, NULL);
    fm_block_forward(l, 2, NULL, NULL, x, y, n, true, NULL);
    same(y, want, out, 0, "y without norm");
    fm_block_backward(l, 2, NULL, x, dy, n, dx, NULL, NULL, NULL);
    same(dx, dz, in, 0, "dx without norm");
    free(x), free(z), free(dx), free(dz), free(y), free(want), free(dy);
}

static void
spans(void)
{
    struct fm_layer l[3] = {{.op = FM_BATCHNORM, .in = {32, 4, 4}},
                            {.op = FM_RELU},
                            {.op = FM_MAXPOOL, .r = 2, .s = 2, .stride = 2}};

    CHECK(fm_block_span(l, 3) == 3 && fm_block_span(l, 2) == 2, "whole");
    CHECK(fm_block_span(l, 1) == 0 && fm_block_span(l + 1, 1) == 0, "part");
    l[1].in.c = 32;
    CHECK(fm_block_span(l + 1, 2) == 2, "without norm");
    l[2].stride = 1;
    CHECK(fm_block_span(l + 1, 2) == 0, "a relu alone");
    CHECK(fm_block_span(l, 3) == 2, "overlapping windows");
    l[0].in.c = 33;
    CHECK(fm_block_span(l, 3) == 0, "33 channels");
    l[0].in.c = 32, l[1].op = FM_TANH;
    CHECK(fm_block_span(l, 3) == 0, "tanh");
}

int
main(void)
{
    spans();
    for (size_t span = 2; span < 4; span++)
        for (size_t c = 16; c < 80; c += 32)
            for (size_t h = 2; h < 6; h++)
                for (size_t n = 1; n < 20; n += 8) {
                    without_norm(c, h, 5, n);
                    compare(span, c, h, 5, n, true);
                    compare(span, c, 7 - h, 6, n, false);
                }
    return 0;
}
