/*
 * The transforms against what they are for: a convolution of one tile; and
 * each against its transpose, <T x, y> = <x, T' y>.
 */
#include "check.h"
#include "nn/transform.h"
#include "nn_ref.h"

enum { C = FM_TRANSFORM_CHANNELS, K = 2 * C };

static float *
random_room(size_t n, uint32_t seed)
{
    float *p = calloc(n, sizeof *p);

    for (size_t i = 0; i < n; i++)
        p[i] = (float)ref_random(&seed);
    return p;
}

static double
dot(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Sums of some thousand products of numbers up to about 100 in size. */
static void
same(double a, double b, const char *what, const struct fm_layer *l)
{
    CHECK(fabs(a - b) < 1e-5 * (fabs(a) + 100), "%s: %.9g, not %.9g (%zux%zu)",
          what, b, a, l->in.h, l->in.w);
}

static struct fm_layer
layer(size_t h, size_t w, size_t pad)
{
    struct fm_layer l = {.op = FM_CONV, .in = {C, h, w}, .r = 3, .s = 3};

    l.pad = pad;
    l.out = (struct fm_shape){K, h + 2 * pad - 2, w + 2 * pad - 2};
    return l;
}

/*
 * One channel in, one out (the others' weights are 0): the element-wise
 * product needs no sum, and the result is the plain convolution.  Terms of a
 * sum reach 20 times the result: a few times 20 * 2^-24.
 */
static void
convolves(size_t h, size_t w, size_t pad)
{
    const struct fm_layer l = layer(h, w, pad);
    size_t tiles = fm_transform_tiles(&l), plane = tiles * K;
    float *x = random_room(C * h * w, 1), *g = calloc(K * C * 9, sizeof *g);
    float *v = random_room(36 * plane, 2), *m = calloc(36 * plane, sizeof *m);
    float *u = calloc(36 * C * K, sizeof *u), *y = random_room(K * 900, 3);
    float b[K] = {[5] = 0.5f};
    uint32_t seed = 4;

    for (size_t i = 0; i < 9; i++)
        g[(5 * C + 3) * 9 + i] = (float)ref_random(&seed);
    fm_transform_input(&l, x, v, plane);
    fm_transform_weight(&l, g, 0, K, u, C * K, false);
    for (size_t i = 0; i < 36; i++)
        for (size_t t = 0; t < tiles; t++)
            m[i * plane + t * K + 5] =
                v[i * plane + t * C + 3] * u[i * C * K + 3 * K + 5];
    fm_transform_output(&l, m, plane, b, false, y);
    for (size_t i = 0; i < l.out.h * l.out.w * K; i++) {
        size_t k = i % K, p = i / K / l.out.w, q = i / K % l.out.w;
        double want = (double)b[k];

        for (size_t j = 0; j < 9 && k == 5; j++) {
            size_t r = p + j / 3 - pad, s = q + j % 3 - pad;

            if (r < h && s < w)
                want += (double)x[(r * w + s) * C + 3] *
                        (double)g[(5 * C + 3) * 9 + j];
        }
        CHECK(fabs((double)y[i] - want) < 5e-6, "%zux%zu [%zu]: %g, not %g", h,
              w, i, (double)y[i], want);
    }
    free(x), free(g), free(v), free(m), free(u), free(y);
}

static void
transposes(size_t h, size_t w, size_t pad)
{
    const struct fm_layer l = layer(h, w, pad);
    size_t tiles = fm_transform_tiles(&l), plane = tiles * K + 16;
    size_t nx = C * h * w, ny = K * l.out.h * l.out.w;
    float *x = random_room(nx, 5), *dx = calloc(nx, sizeof *dx);
    float *y = calloc(ny, sizeof *y), *dy = random_room(ny, 6);
    float *a = calloc(36 * plane, sizeof *a), *b = random_room(36 * plane, 7);

    /* Only C or K of a tile's channels are used, and nothing between. */
    fm_transform_input(&l, x, a, plane);
    fm_transform_input_back(&l, b, plane, dx);
    same(dot(x, dx, nx), dot(a, b, 36 * plane), "input", &l);
    fm_transform_input_back(&l, b, plane, dx); /* adds */
    same(dot(x, dx, nx), 2 * dot(a, b, 36 * plane), "input again", &l);
    memset(a, 0, 36 * plane * sizeof *a);
    fm_transform_output_back(&l, NULL, dy, a, plane, NULL);
    fm_transform_output(&l, b, plane, NULL, false, y);
    same(dot(y, dy, ny), dot(a, b, 36 * plane), "output", &l);
    free(x), free(dx), free(y), free(dy), free(a), free(b);
}

/* Panels are columns of the whole; `swap` is the other way round. */
static void
weights(void)
{
    const struct fm_layer l = layer(4, 4, 1);
    size_t n = K * C * 9, plane = C * K;
    float *w = random_room(n, 8), *dw = calloc(n, sizeof *dw);
    float *u = calloc(36 * plane, sizeof *u),
          *s = calloc(36 * plane, sizeof *s);
    float *du = random_room(36 * plane, 9), *part = calloc(36 * plane, 4);

    fm_transform_weight(&l, w, 0, K, u, plane, false);
    fm_transform_weight(&l, w, 0, C, s, plane, true);
    fm_transform_weight(&l, w, C, C, part, plane, false);
    fm_transform_weight_back(&l, du, plane, 0, K, dw);
    same(dot(w, dw, n), dot(u, du, 36 * plane), "weight", &l);
    for (size_t i = 0; i < 36 * plane; i++) {
        size_t p = i / plane * plane, c = i % plane / K, k = i % K;

        CHECK(u[i] == s[p + k * C + c], "swap: %zu", i);
        CHECK(k < C || u[i] == part[p + c * C + k - C], "panel: %zu", i);
    }
    memset(dw, 0, n * sizeof *dw);
    fm_transform_weight_back(&l, part, plane, C, C, dw);
    CHECK(dw[0] == 0, "another panel's gradient");
    free(w), free(dw), free(u), free(s), free(du), free(part);
}

int
main(void)
{
    for (size_t h = 1; h < 10; h++)
        for (size_t w = 1; w < 15; w += 2)
            for (size_t pad = 0; pad < 4; pad++) {
                if (h + 2 * pad < 3 || w + 2 * pad < 3)
                    continue;
                convolves(h, w, pad);
                transposes(h, w, pad);
            }
    weights();
    return 0;
}
