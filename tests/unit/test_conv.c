/*
 * Convolutions against their formula.  Values are small integers, so every
 * sum is exact in any order.
 */
#include "check.h"
#include "nn/conv.h"

#include <stdint.h>
#include <string.h>

/* 3x3 pixels, a 2x2 kernel: the first output is 1+2*2+3*4+4*5 = 37. */
static void
by_hand(void)
{
    struct fm_layer l = {.op = FM_CONV,
                         .in = {1, 3, 3},
                         .out = {1, 2, 2},
                         .r = 2,
                         .s = 2,
                         .stride = 1};
    const float x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[4] = {1, 2, 3, 4};
    const float b = 100;
    const float dx[9] = {1, 2, 0, 3, 5, 2, 0, 3, 4};
    float dy[4] = {1, 0, 0, 1}, y[4], gx[9], gw[4], gb;
    struct fm_conv *c = fm_conv_new(&l, false, 1, true, NULL, NULL);

    fm_conv_forward(c, w, &b, x, y, 1);
    CHECK(y[0] == 137 && y[1] == 147 && y[2] == 167 && y[3] == 177, "y");
    fm_conv_backward(c, w, x, NULL, dy, 1, gx, gw, &gb);
    CHECK(memcmp(gx, dx, sizeof gx) == 0, "dx");
    CHECK(gw[0] == 6 && gw[1] == 8 && gw[2] == 12 && gw[3] == 14, "dw");
    CHECK(gb == 2, "db");
    fm_conv_free(c);
}

struct sums {
    float *y, *dx, *dw, *db;
};

static float
small(size_t i, unsigned mod)
{
    return (float)(i * 2654435761u % 4294967291u % mod) - (float)(mod / 2);
}

/* Where the terms of output i are in x and in w; how many there are. */
struct term {
    size_t x, w;
};

static size_t
terms(struct term *t, const struct fm_layer *l, size_t i)
{
    size_t rs = l->r * l->s, k = i % l->out.c, n = 0;
    size_t q = i / l->out.c % l->out.w, p = i / l->out.c / l->out.w % l->out.h;
    size_t image = i / fm_shape_count(l->out);

    for (size_t j = 0; j < rs; j++) {
        size_t h = p * l->stride + j / l->s - l->pad; /* wraps: too large */
        size_t v = q * l->stride + j % l->s - l->pad;
        size_t at = ((image * l->in.h + h) * l->in.w + v) * l->in.c;

        for (size_t c = 0; h < l->in.h && v < l->in.w && c < l->in.c; c++)
            t[n++] = (struct term){at + c, (k * l->in.c + c) * rs + j};
    }
    return n;
}

/* The definition, and its derivative, term by term. */
static void
naive(const struct fm_layer *l, bool relu, const float *w, const float *b,
      const float *x, const float *dy, size_t n, struct sums *o)
{
    struct term *t = calloc(l->r * l->s * l->in.c, sizeof *t);

    for (size_t i = 0; i < n * fm_shape_count(l->out); i++) {
        const size_t many = terms(t, l, i);

        o->y[i] = b[i % l->out.c];
        for (size_t j = 0; j < many; j++)
            o->y[i] += x[t[j].x] * w[t[j].w];
        if (relu && o->y[i] <= 0) {
            o->y[i] = 0;
            continue;
        }
        o->db[i % l->out.c] += dy[i];
        for (size_t j = 0; j < many; j++) {
            o->dx[t[j].x] += dy[i] * w[t[j].w];
            o->dw[t[j].w] += dy[i] * x[t[j].x];
        }
    }
    free(t);
}

static void
same(const float *got, const float *want, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        CHECK(got[i] == want[i], "%s[%zu] is %g, not %g", what, i,
              (double)got[i], (double)want[i]);
}

static float *
room(size_t n)
{
    return calloc(n, sizeof(float));
}

static void
compare(struct fm_layer l, bool relu, size_t batch, size_t n)
{
    size_t nw = l.out.c * l.in.c * l.r * l.s, nx, ny;
    struct fm_conv *c = fm_conv_new(&l, relu, batch, true, NULL, NULL);
    struct sums want, got;
    float *x, *dy, *w = room(nw), *b = room(l.out.c);

    nx = n * fm_shape_count(l.in);
    ny = n * fm_shape_count(l.out);
    x = room(nx);
    dy = room(ny);
    want = (struct sums){room(ny), room(nx), room(nw), room(l.out.c)};
    got = (struct sums){room(ny), room(nx), room(nw), room(l.out.c)};
    for (size_t i = 0; i < nx; i++)
        x[i] = small(i, 7);
    for (size_t i = 0; i < ny; i++)
        dy[i] = small(i, 5);
    for (size_t i = 0; i < nw; i++)
        w[i] = small(i, 9);
    for (size_t i = 0; i < l.out.c; i++)
        b[i] = (float)i;
    naive(&l, relu, w, b, x, dy, n, &want);
    fm_conv_forward(c, w, b, x, got.y, n);
    same(got.y, want.y, ny, "y");
    fm_conv_backward(c, w, x, got.y, dy, n, got.dx, got.dw, got.db);
    same(got.dx, want.dx, nx, "dx");
    same(got.dw, want.dw, nw, "dw");
    same(got.db, want.db, l.out.c, "db");
    fm_conv_backward(c, w, x, got.y, dy, n, NULL, NULL, NULL);
    fm_conv_free(c);
    free(x), free(dy), free(w), free(b);
    free(want.y), free(want.dx), free(want.dw), free(want.db);
    free(got.y), free(got.dx), free(got.dw), free(got.db);
}

int
main(void)
{
    static const size_t rs[6][2] = {{1, 1}, {2, 2}, {3, 3},
                                    {5, 5}, {2, 3}, {5, 1}};

    by_hand();
    for (size_t i = 0; i < 6 * 3 * 2; i++) {
        size_t pad = i / 6 % 3, stride = 1 + i / 18, in = 1 + i % 4 * 2;
        struct fm_layer l = {.op = FM_CONV,
                             .in = {in, 7, 6},
                             .out = {.c = 1 + i % 5 * 4},
                             .r = rs[i % 6][0],
                             .s = rs[i % 6][1],
                             .stride = stride,
                             .pad = pad};

        l.out.h = (7 + 2 * pad - l.r) / stride + 1;
        l.out.w = (6 + 2 * pad - l.s) / stride + 1;
        compare(l, false, 3, 1);
        compare(l, true, 3, 3);
    }
    /* More lines than one window matrix holds. */
    compare((struct fm_layer){.op = FM_CONV,
                              .in = {40, 30, 31},
                              .out = {20, 30, 31},
                              .r = 3,
                              .s = 3,
                              .stride = 1,
                              .pad = 1},
            true, 5, 5);
    fm_conv_free(NULL);
    return 0;
}
