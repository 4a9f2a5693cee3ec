/* The fast convolution against the definition in double. */
#include "check.h"
#include "nn/winograd.h"
#include "nn_ref.h"

struct sums {
    double *y, *dx, *dw, *db;
};

/* `seen`: the output whose relu dy comes through, or NULL. */
static void
naive(const struct fm_layer *l, const float *w, const float *b, const float *x,
      const float *seen, const float *dy, size_t n, struct sums *o)
{
    for (size_t i = 0; i < n * fm_shape_count(l->out); i++) {
        size_t k = i % l->out.c, q = i / l->out.c % l->out.w;
        size_t p = i / l->out.c / l->out.w % l->out.h;
        size_t image = i / fm_shape_count(l->out);
        double g = seen && seen[i] <= 0 ? 0 : (double)dy[i];

        o->y[i] = b ? (double)b[k] : 0;
        o->db[k] += g;
        for (size_t rs = 0; rs < 9; rs++) {
            /* Outside they wrap: too large. */
            size_t h = p + rs / 3 - l->pad, v = q + rs % 3 - l->pad;
            size_t at = ((image * l->in.h + h) * l->in.w + v) * l->in.c;
            size_t wt = k * 9 * l->in.c + rs;

            if (h >= l->in.h || v >= l->in.w)
                continue;
            for (size_t c = 0; c < l->in.c; c++, at++, wt += 9) {
                o->y[i] += (double)x[at] * (double)w[wt];
                o->dx[at] += g * (double)w[wt];
                o->dw[wt] += g * (double)x[at];
            }
        }
        if (seen)
            o->y[i] = fmax(o->y[i], 0);
    }
}

/*
 * Held to the size of the sums: entries are random in [-1,1), so a sum of m
 * terms is about s = sqrt(m)/3 in size.  Rounding leaves an error of about
 * 6e-7 s, a plain sum 3e-7 s (both measured); the largest of some ten thousand
 * is six times as much.
 */
static void
near(const float *got, const double *want, size_t n, size_t terms,
     const char *what)
{
    for (size_t i = 0; i < n; i++)
        CHECK(fabs((double)got[i] - want[i]) < 3e-6 * sqrt((double)terms),
              "%s[%zu] of %zu: %.9g, not %.9g", what, i, n, (double)got[i],
              want[i]);
}

static float *
random_room(size_t n, uint32_t seed)
{
    float *p = calloc(n, sizeof *p);

    for (size_t i = 0; i < n; i++)
        p[i] = (float)ref_random(&seed);
    return p;
}

static void
compare(struct fm_shape in, size_t nk, size_t pad, bool relu, size_t batch,
        size_t n)
{
    struct fm_layer l = {.op = FM_CONV, .in = in, .r = 3, .s = 3, .stride = 1};
    size_t nw = nk * in.c * 9, nx = n * fm_shape_count(in), ny;
    struct fm_winograd *c;
    struct sums want;
    float *x, *w, *b, *dy, *y, *dx, *dw, *db;

    l.pad = pad;
    l.out = (struct fm_shape){nk, in.h + 2 * pad - 2, in.w + 2 * pad - 2};
    CHECK(fm_winograd_suits(&l), "%zux%zu does not suit", in.h, in.w);
    ny = n * fm_shape_count(l.out);
    c = fm_winograd_new(&l, relu, batch, true, NULL, NULL);
    x = random_room(nx, 1), w = random_room(nw, 2), b = random_room(nk, 3);
    dy = random_room(ny, 4), y = random_room(ny, 5), dx = random_room(nx, 6);
    dw = random_room(nw, 7), db = random_room(nk, 8);
    want =
        (struct sums){ref_room(ny), ref_room(nx), ref_room(nw), ref_room(nk)};
    fm_winograd_forward(c, w, b, x, y, n);
    naive(&l, w, b, x, relu ? y : NULL, dy, n, &want);
    near(y, want.y, ny, 9 * in.c, "y");
    fm_winograd_backward(c, w, x, y, dy, n, dx, dw, db);
    near(dx, want.dx, nx, 9 * nk, "dx");
    near(dw, want.dw, nw, ny / nk, "dw");
    near(db, want.db, nk, ny / nk, "db");
    /* One without the others, and no bias. */
    memset(dx, 0, nx * sizeof *dx);
    memset(dw, 0, nw * sizeof *dw);
    memset(db, 0, nk * sizeof *db);
    fm_winograd_backward(c, w, x, y, dy, n, dx, NULL, NULL);
    near(dx, want.dx, nx, 9 * nk, "dx alone");
    fm_winograd_backward(c, w, x, y, dy, n, NULL, dw, NULL);
    near(dw, want.dw, nw, ny / nk, "dw alone");
    fm_winograd_backward(c, w, x, y, dy, n, NULL, NULL, db);
    near(db, want.db, nk, ny / nk, "db alone");
    fm_winograd_forward(c, w, NULL, x, y, n);
    naive(&l, w, NULL, x, relu ? y : NULL, dy, n, &want);
    near(y, want.y, ny, 9 * in.c, "y without bias");
    fm_winograd_free(c);
    free(x), free(w), free(b), free(dy), free(y), free(dx), free(dw), free(db);
    free(want.y), free(want.dx), free(want.dw), free(want.db);
}

static void
suits(void)
{
    const struct fm_layer good = {.in = {16, 8, 8},
                                  .out = {32, 8, 8},
                                  .r = 3,
                                  .s = 3,
                                  .stride = 1,
                                  .pad = 1};
    struct fm_layer l = good;

    CHECK(fm_winograd_suits(&l), "the good one");
    l.in.c = 17;
    CHECK(!fm_winograd_suits(&l), "17 channels");
    l = good, l.out.c = 8;
    CHECK(!fm_winograd_suits(&l), "8 outputs");
    l = good, l.r = 5;
    CHECK(!fm_winograd_suits(&l), "5x3");
    l = good, l.stride = 2;
    CHECK(!fm_winograd_suits(&l), "stride 2");
    l = good, l.in.h = l.in.w = l.out.h = l.out.w = 2;
    CHECK(!fm_winograd_suits(&l), "2x2 pixels are more work this way");
    l = good, l.in.h = l.in.w = l.out.h = l.out.w = 100000;
    CHECK(!fm_winograd_suits(&l), "planes too large");
}

int
main(void)
{
    suits();
    compare((struct fm_shape){16, 14, 14}, 32, 1, false, 7, 7);
    compare((struct fm_shape){32, 7, 9}, 16, 1, true, 5, 1);
    compare((struct fm_shape){16, 6, 7}, 16, 0, false, 4, 3);
    compare((struct fm_shape){16, 3, 3}, 16, 1, true, 9, 8);
    compare((struct fm_shape){48, 5, 5}, 16, 2, false, 3, 3);
    /* More groups than one for each piece; and many weights. */
    compare((struct fm_shape){32, 24, 24}, 32, 1, true, 9, 9);
    compare((struct fm_shape){64, 7, 7}, 80, 1, false, 33, 31);
    compare((struct fm_shape){64, 7, 7}, 80, 1, true, 5, 5);
    fm_winograd_free(NULL);
    return 0;
}
