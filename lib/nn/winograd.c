#include "nn/winograd.h"

#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/piece.h"
#include "nn/transform.h"

#include <stdlib.h>
#include <string.h>

enum {
    PANEL = 32,      /* columns of a product computed at a time */
    GROUP = 1 << 18, /* floats of planes at a time: the second cache's half */
    FEW = 1 << 17,   /* floats of weight planes that stay there, too */
    LARGE = 1 << 24, /* floats of one image's planes that are too many */
    SKEW = 16,       /* planes a power of two apart would share cache sets */
};

/*
 * Images go through in groups whose planes stay in the cache, weights in
 * panels of a few outputs.  The weights' planes are computed once each way.
 * With few weights, groups run side by side, and pieces of the batch sum up
 * their own weight gradients.  With many, panels run side by side; a group is
 * as large as the weights, so that their planes are read a few times only; and
 * when it is the whole batch, a panel's planes are computed just before their
 * only use and never leave the cache.
 */
struct fm_winograd {
    const struct fm_layer *l;
    struct fm_pool *pool;
    size_t nc, nk, tiles, images; /* tiles of an image, images of a group */
    bool relu, many;              /* many weights */
    size_t scratch, sums, panels; /* how many of v and m, of du, of u */
    size_t in, out, u_plane, du_plane; /* floats from plane to plane */
    float **v, **m;                    /* (36, images*tiles, C) and (..., K) */
    float **u; /* a panel's (36, C, PANEL), in backward (36, K, PANEL) */
    float *db; /* (batch, K) */
    float *du; /* `sums` times K/PANEL times (36, C, PANEL) */
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

static size_t
panels(size_t columns)
{
    return (columns + PANEL - 1) / PANEL;
}

/* Columns of panel i: the last may have fewer. */
static size_t
width(size_t columns, size_t i)
{
    return columns - i * PANEL < PANEL ? columns - i * PANEL : PANEL;
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
fm_winograd_new(const struct fm_layer *l, bool relu, size_t batch, bool train,
                struct fm_pool *pool, struct fm_err *e)
{
    struct fm_winograd *c = fm_alloc(1, sizeof *c, e);
    size_t image, weights, most;

    if (!c)
        return NULL;
    c->l = l;
    c->pool = pool;
    c->relu = relu;
    c->nc = l->in.c;
    c->nk = l->out.c;
    c->tiles = fm_transform_tiles(l);
    image = FM_PLANES * c->tiles * (c->nc + c->nk);
    weights = FM_PLANES * c->nc * c->nk;
    c->many = weights > FEW;
    c->images = (weights > GROUP ? weights : GROUP) / image;
    if (c->images > batch)
        c->images = batch;
    if (c->images == 0)
        c->images = 1;
    c->sums = c->many ? 1 : FM_PIECES_SUM;
    c->scratch = c->many ? 1 : fm_pool_size(pool);
    if (train && c->scratch < c->sums)
        c->scratch = c->sums;
    most = c->nk > c->nc ? c->nk : c->nc;
    c->in = c->images * c->tiles * c->nc + SKEW;
    c->out = c->images * c->tiles * c->nk + SKEW;
    c->panels = panels(most);
    if (c->panels < fm_pool_size(pool))
        c->panels = fm_pool_size(pool);
    c->u_plane = most * PANEL + SKEW;
    c->du_plane = c->nc * PANEL + SKEW;
    if (!(c->v = planes(c->scratch, c->in, e)) ||
        !(c->m = planes(c->scratch, c->out, e)) ||
        !(c->u = planes(c->panels, c->u_plane, e)) ||
        (train && !(c->db = fm_alloc(batch, c->nk * sizeof(float), e))) ||
        (train && !(c->du = fm_alloc(c->sums * panels(c->nk) * c->du_plane,
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
    for (size_t i = 0; c->u && i < c->panels; i++)
        free(c->u[i]);
    free(c->v);
    free(c->m);
    free(c->u);
    free(c->du);
    free(c->db);
    free(c);
}

struct job {
    struct fm_winograd *c;
    const float *w, *b, *x, *dy;
    float *y, *dx, *dw;
    const float *seen; /* y, in backward; NULL without relu */
    size_t n;
    bool once; /* a panel is used once */
};

/* A group of images, and where its planes are. */
struct group {
    const struct job *j;
    struct fm_pool *pool; /* to share out its work */
    size_t first, n;
    float *v, *m, *du;
    bool add, last; /* du holds earlier groups' sums; is complete after this */
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

/* Panel i of the weights, to the place of its planes. */
static const float *
weights(const struct job *j, size_t i, size_t to)
{
    struct fm_winograd *c = j->c;
    bool swap = j->dy != NULL;

    fm_transform_weight(c->l, j->w, i * PANEL, width(swap ? c->nc : c->nk, i),
                        c->u[to], c->u_plane, swap);
    return c->u[to];
}

static void
all_weights(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    weights(ctx, i, i);
}

/* The planes of panel i. */
static const float *
weights_of(const struct job *j, size_t i, size_t worker)
{
    return j->once ? weights(j, i, worker) : j->c->u[i];
}

/* m = v u, of one panel's outputs. */
static void
products(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;
    const float *u = weights_of(g->j, i, worker);
    size_t n = width(c->nk, i);

    for (size_t p = 0; p < FM_PLANES; p++)
        fm_gemm(g->n * c->tiles, n, c->nc,
                matrix(g->v + p * c->in, c->nc, false),
                matrix(u + p * c->u_plane, n, false),
                g->m + p * c->out + i * PANEL, c->nk, false);
}

static void
outputs(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;

    (void)worker;
    fm_transform_output(c->l, g->m + i * c->tiles * c->nk, c->out, g->j->b,
                        c->relu,
                        g->j->y + (g->first + i) * fm_shape_count(c->l->out));
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
    fm_pool_run(g.pool, panels(c->nk), products, &g);
    fm_pool_run(g.pool, g.n, outputs, &g);
}

void
fm_winograd_forward(struct fm_winograd *c, const float *w, const float *b,
                    const float *x, float *y, size_t n)
{
    struct job j = {.c = c, .w = w, .b = b, .x = x, .y = y, .n = n};
    size_t groups = (n + c->images - 1) / c->images;

    j.once = c->many && groups == 1;
    if (!j.once)
        fm_pool_run(c->pool, panels(c->nk), all_weights, &j);
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

    size_t at = (g->first + i) * fm_shape_count(c->l->out);
    float *db = c->db + (g->first + i) * c->nk;

    (void)worker;
    memset(db, 0, c->nk * sizeof *db);
    fm_transform_output_back(c->l, g->j->seen ? g->j->seen + at : NULL,
                             g->j->dy + at, g->m + i * c->tiles * c->nk, c->out,
                             db);
}

/* du = v' dm, of one panel's outputs; then dw, when it is complete. */
static void
weight_gradients(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;
    float *du = g->du + i * FM_PLANES * c->du_plane;
    size_t n = width(c->nk, i);

    (void)worker;
    for (size_t p = 0; p < FM_PLANES; p++)
        fm_gemm(c->nc, n, g->n * c->tiles,
                matrix(g->v + p * c->in, c->nc, true),
                matrix(g->m + p * c->out + i * PANEL, c->nk, false),
                du + p * c->du_plane, n, g->add);
    if (c->many && g->last)
        fm_transform_weight_back(c->l, du, c->du_plane, i * PANEL, n, g->j->dw);
}

/* dv = dm u', of one panel's inputs; it takes v's place. */
static void
product_gradients(void *ctx, size_t i, size_t worker)
{
    const struct group *g = ctx;
    const struct fm_winograd *c = g->j->c;
    const float *u = weights_of(g->j, i, worker);
    size_t n = width(c->nc, i);

    for (size_t p = 0; p < FM_PLANES; p++)
        fm_gemm(g->n * c->tiles, n, c->nk,
                matrix(g->m + p * c->out, c->nk, false),
                matrix(u + p * c->u_plane, n, false),
                g->v + p * c->in + i * PANEL, c->nc, false);
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
    size_t sums = panels(c->nk) * FM_PLANES * c->du_plane;
    struct group g = {.j = j,
                      .pool = c->many ? c->pool : NULL,
                      .first = fm_piece(j->n, c->sums, i),
                      .v = c->v[i],
                      .m = c->m[i],
                      .du = c->du + i * sums};

    (void)worker;
    if (g.first == end)
        memset(g.du, 0, sums * sizeof *g.du);
    for (; g.first < end; g.first += g.n, g.add = true) {
        g.n = end - g.first < c->images ? end - g.first : c->images;
        g.last = g.first + g.n == end;
        fm_pool_run(g.pool, g.n, output_gradients, &g);
        if (j->dw) {
            fm_pool_run(g.pool, g.n, inputs, &g);
            fm_pool_run(g.pool, panels(c->nk), weight_gradients, &g);
        }
        if (j->dx) {
            fm_pool_run(g.pool, panels(c->nc), product_gradients, &g);
            fm_pool_run(g.pool, g.n, input_gradients, &g);
        }
    }
}

/* The pieces' sums of one panel, added up in order. */
static void
sum_weights(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_winograd *c = j->c;
    size_t panel = FM_PLANES * c->du_plane, sums = panels(c->nk) * panel;
    float *du = c->du + i * panel;

    (void)worker;
    for (size_t s = 1; s < c->sums; s++)
        for (size_t k = 0; k < panel; k++)
            du[k] += du[s * sums + k];
    fm_transform_weight_back(c->l, du, c->du_plane, i * PANEL, width(c->nk, i),
                             j->dw);
}

void
fm_winograd_backward(struct fm_winograd *c, const float *w, const float *x,
                     const float *y, const float *dy, size_t n, float *dx,
                     float *dw, float *db)
{
    struct job j = {
        .c = c, .w = w, .x = x, .dy = dy, .dx = dx, .dw = dw, .n = n};

    j.seen = c->relu ? y : NULL;
    j.once = c->many && n <= c->images;
    if (dx && !j.once)
        fm_pool_run(c->pool, panels(c->nc), all_weights, &j);
    if (c->many)
        backward(&j, 0, 0);
    else
        fm_pool_run(c->pool, c->sums, backward, &j);
    if (dw && !c->many)
        fm_pool_run(c->pool, panels(c->nk), sum_weights, &j);
    if (!db)
        return;
    memset(db, 0, c->nk * sizeof *db);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < c->nk; k++)
            db[k] += c->db[i * c->nk + k];
}
