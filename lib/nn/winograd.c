#include "nn/winograd.h"

#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/piece.h"
#include "nn/transform.h"

#include <stdlib.h>
#include <string.h>

enum {
    GROUP = 1 << 18,  /* floats of planes at a time: the second cache's half */
    COPIED = 1 << 17, /* floats of weight planes worth a copy per piece */
    LARGE = 1 << 24,  /* floats of one image's planes that are too many */
    SKEW = 16,        /* planes a power of two apart would share cache sets */
};

/*
 * Images go through in groups whose planes stay in the cache.  With few
 * weights, groups run side by side, and pieces of the batch sum up their own
 * weight gradients.  With many, a group is as large as the weights, so that
 * they are not read too often, and the work inside a group is shared out.
 */
struct fm_winograd {
    const struct fm_layer *l;
    struct fm_pool *pool;
    size_t nc, nk, tiles, images; /* tiles of an image, images of a group */
    bool many;                    /* weights */
    size_t scratch, sums;
    size_t in, out, weight; /* floats from plane to plane */
    float **v, **m;         /* (36, images*tiles, C) and (..., K) */
    float *u;               /* (36, C, K), in backward (36, K, C) */
    float *du;              /* `sums` times (36, C, K) */
};

bool
fm_winograd_suits(const struct fm_layer *l)
{
    size_t tiles = fm_transform_tiles(l), pixels = l->out.h * l->out.w;

    return l->r == 3 && l->s == 3 && l->stride == 1 &&
           l->in.c % FM_TRANSFORM_CHANNELS == 0 &&
           l->out.c % FM_TRANSFORM_CHANNELS == 0 &&
           /* 36 products instead of 9 a pixel, and the transforms' work */
           tiles * FM_PLANES * 3 / 2 <= pixels * 9 &&
           tiles <= LARGE / FM_PLANES / (l->in.c + l->out.c);
}

static float **
planes(size_t count, size_t plane, struct fm_err *e)
{
    float **p = fm_alloc(count, sizeof *p, e);

    for (size_t i = 0; p && i < count; i++)
        if (!(p[i] = fm_alloc(plane, FM_PLANES * sizeof(float), e))) {
            while (i-- > 0)
                free(p[i]);
            free(p);
            return NULL;
        }
    return p;
}

struct fm_winograd *
fm_winograd_new(const struct fm_layer *l, size_t batch, bool train,
                struct fm_pool *pool, struct fm_err *e)
{
    struct fm_winograd *c = fm_alloc(1, sizeof *c, e);
    size_t image, weights;

    if (!c)
        return NULL;
    c->l = l;
    c->pool = pool;
    c->nc = l->in.c;
    c->nk = l->out.c;
    c->tiles = fm_transform_tiles(l);
    image = FM_PLANES * c->tiles * (c->nc + c->nk);
    weights = FM_PLANES * c->nc * c->nk;
    c->many = weights > COPIED;
    c->images = (weights > GROUP ? weights : GROUP) / image;
    if (c->images > batch)
        c->images = batch;
    if (c->images == 0)
        c->images = 1;
    c->sums = c->many ? 1 : FM_PIECES_SUM;
    c->scratch = c->many ? 1 : fm_pool_size(pool);
    if (train && c->scratch < c->sums)
        c->scratch = c->sums;
    c->in = c->images * c->tiles * c->nc + SKEW;
    c->out = c->images * c->tiles * c->nk + SKEW;
    c->weight = c->nc * c->nk + SKEW;
    if (!(c->v = planes(c->scratch, c->in, e)) ||
        !(c->m = planes(c->scratch, c->out, e)) ||
        !(c->u = fm_alloc(c->weight, FM_PLANES * sizeof(float), e)) ||
        (train && !(c->du = fm_alloc(c->sums * c->weight,
                                     FM_PLANES * sizeof(float), e)))) {
        fm_winograd_free(c);
        return NULL;
    }
    return c;
}

void
fm_winograd_free(struct fm_winograd *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->scratch; i++) {
        if (c->v)
            free(c->v[i]);
        if (c->m)
            free(c->m[i]);
    }
    free(c->v);
    free(c->m);
    free(c->u);
    free(c->du);
    free(c);
}

struct job {
    struct fm_winograd *c;
    const float *w, *b, *x, *dy;
    float *y, *dx, *dw;
    size_t n;
};

/* A group of images, and where its planes are. */
struct group {
    const struct job *j;
    struct fm_pool *pool; /* to share out its work */
    size_t first, n;
    float *v, *m, *du;
    bool add; /* du holds earlier groups' sums */
};

static struct fm_matrix
matrix(const float *at, size_t stride, bool transposed)
{
    struct fm_matrix m = {at, stride, transposed};

    return m;
}

static void
inputs(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;

    (void)worker;
    fm_transform_input(c->l,
                       g->j->x + (g->first + i) * fm_shape_count(c->l->in),
                       g->v + i * c->tiles * c->nc, c->in);
}

static void
products(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;

    (void)worker;
    fm_gemm(g->n * c->tiles, c->nk, c->nc, matrix(g->v + i * c->in, c->nc, 0),
            matrix(c->u + i * c->weight, c->nk, 0), g->m + i * c->out, c->nk,
            false);
}

static void
outputs(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;

    (void)worker;
    fm_transform_output(c->l, g->m + i * c->tiles * c->nk, c->out, g->j->b,
                        g->j->y + (g->first + i) * fm_shape_count(c->l->out));
}

static void
weights(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;

    (void)worker;
    fm_transform_weight(j->c->l, j->w, i * FM_TRANSFORM_CHANNELS, j->c->u,
                        j->c->weight, j->dy != NULL);
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_winograd *c = j->c;
    struct group g = {.j = j,
                      .pool = c->many ? c->pool : NULL,
                      .first = i * c->images,
                      .v = c->v[worker],
                      .m = c->m[worker]};

    g.n = j->n - g.first < c->images ? j->n - g.first : c->images;
    fm_pool_run(g.pool, g.n, inputs, &g);
    fm_pool_run(g.pool, FM_PLANES, products, &g);
    fm_pool_run(g.pool, g.n, outputs, &g);
}

void
fm_winograd_forward(struct fm_winograd *c, const float *w, const float *b,
                    const float *x, float *y, size_t n)
{
    struct job j = {.c = c, .w = w, .b = b, .x = x, .y = y, .n = n};
    size_t groups = (n + c->images - 1) / c->images;

    fm_pool_run(c->pool, c->nk / FM_TRANSFORM_CHANNELS, weights, &j);
    if (c->many)
        for (size_t i = 0; i < groups; i++)
            forward(&j, i, 0);
    else
        fm_pool_run(c->pool, groups, forward, &j);
}

static void
output_gradients(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;

    (void)worker;
    fm_transform_output_back(
        c->l, g->j->dy + (g->first + i) * fm_shape_count(c->l->out),
        g->m + i * c->tiles * c->nk, c->out);
}

/* Of one plane: du = v' dm, then dv = dm u', which takes v's place. */
static void
product_gradients(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;
    size_t rows = g->n * c->tiles;
    float *v = g->v + i * c->in;
    const float *dm = g->m + i * c->out;

    (void)worker;
    if (g->j->dw)
        fm_gemm(c->nc, c->nk, rows, matrix(v, c->nc, true),
                matrix(dm, c->nk, false), g->du + i * c->weight, c->nk, g->add);
    if (g->j->dx)
        fm_gemm(rows, c->nc, c->nk, matrix(dm, c->nk, false),
                matrix(c->u + i * c->weight, c->nc, false), v, c->nc, false);
}

static void
input_gradients(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;
    size_t image = fm_shape_count(c->l->in);
    float *dx = g->j->dx + (g->first + i) * image;

    (void)worker;
    memset(dx, 0, image * sizeof *dx);
    fm_transform_input_back(c->l, g->v + i * c->tiles * c->nc, c->in, dx);
}

/* Piece i of the batch, a group after the other. */
static void
backward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_winograd *c = j->c;
    size_t end = fm_piece(j->n, c->sums, i + 1);
    struct group g = {.j = j,
                      .pool = c->many ? c->pool : NULL,
                      .first = fm_piece(j->n, c->sums, i),
                      .v = c->v[i],
                      .m = c->m[i],
                      .du = c->du + i * FM_PLANES * c->weight};

    (void)worker;
    if (g.first == end)
        memset(g.du, 0, FM_PLANES * c->weight * sizeof *g.du);
    for (; g.first < end; g.first += g.n, g.add = true) {
        g.n = end - g.first < c->images ? end - g.first : c->images;
        if (j->dw)
            fm_pool_run(g.pool, g.n, inputs, &g);
        fm_pool_run(g.pool, g.n, output_gradients, &g);
        fm_pool_run(g.pool, FM_PLANES, product_gradients, &g);
        if (j->dx)
            fm_pool_run(g.pool, g.n, input_gradients, &g);
    }
}

static void
weight_gradients(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;

    (void)worker;
    fm_transform_weight_back(j->c->l, j->c->du, j->c->weight,
                             i * FM_TRANSFORM_CHANNELS, j->dw);
}

void
fm_winograd_backward(struct fm_winograd *c, const float *w, const float *x,
                     const float *dy, size_t n, float *dx, float *dw)
{
    struct job j = {
        .c = c, .w = w, .x = x, .dy = dy, .dx = dx, .dw = dw, .n = n};
    size_t blocks = c->nk / FM_TRANSFORM_CHANNELS;
    size_t all = FM_PLANES * c->weight;

    if (dx)
        fm_pool_run(c->pool, blocks, weights, &j);
    if (c->many)
        backward(&j, 0, 0);
    else
        fm_pool_run(c->pool, c->sums, backward, &j);
    if (!dw)
        return;
    for (size_t i = 1; i < c->sums; i++)
        for (size_t k = 0; k < all; k++)
            c->du[k] += c->du[i * all + k];
    fm_pool_run(c->pool, blocks, weight_gradients, &j);
}
