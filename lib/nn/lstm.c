#include "nn/lstm.h"

#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/lstmcell.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 32,  /* samples of a piece */
    STEPS = 8,  /* that one product of the inputs serves */
    GATES = 64, /* rows of a gradient that one piece computes */
};

/* One layer's weights, cut for the products, and what backward needs.  Within
 * a piece of the batch sequences are (T,rows,*): a step is one matrix. */
struct layer {
    size_t d;         /* width of its input */
    float *ih, *hh;   /* panels of W' (D,4K), (K,4K) */
    float *back[2];   /* panels of W (4K,D), (4K,K) */
    float *bias;      /* (4K): b_ih + b_hh; NULL without */
    const float *in;  /* (T,rows,D) of all pieces */
    float *a, *c, *h; /* (T,rows,4K): gates; cells and outputs (T,rows,K) */
};

/* What a thread computes with. */
struct room {
    float *down; /* (T,rows,K): what the layer above hands down */
    float *dc;   /* (rows,K) */
};

struct fm_lstm {
    const struct fm_layer *l;
    struct fm_pool *pool;
    bool train;
    size_t t, k;
    float *x; /* (T,rows,D) */
    struct layer layer[FM_LSTM_LAYERS];
    struct room *room; /* one per thread; NULL without training */
    size_t rooms;
};

struct job {
    struct fm_lstm *s;
    float *const *w;
    const float *x, *dy;
    float *y, *dx;
    float *const *g;
    size_t n;
};

/* A piece: its samples, and where it lies in the buffers, in steps. */
struct piece {
    size_t first, rows, at;
};

static struct piece
piece_of(const struct job *j, size_t i, size_t worker)
{
    struct piece p = {.first = i * ROWS, .rows = j->n - i * ROWS};

    if (p.rows > ROWS)
        p.rows = ROWS;
    /* Without gradients a piece leaves nothing behind. */
    p.at = (j->s->train ? i : worker) * ROWS * j->s->t;
    return p;
}

static size_t
pieces(size_t n, size_t each)
{
    return n / each + (n % each != 0);
}

bool
fm_lstm_fits(const struct fm_layer *l, size_t batch)
{
    size_t steps, all, k = l->out.c, d = l->in.c;

    return k <= FM_GEMM_MAX / 4 - 32 && d <= FM_GEMM_MAX - 32 &&
           fm_mul_ok(l->in.h, ROWS, &steps) && steps <= FM_GEMM_MAX &&
           fm_mul_ok(l->in.h, batch + ROWS, &all) &&
           fm_mul_ok(all, 4 * (k > d ? k : d) * sizeof(float), &all) &&
           fm_mul_ok(k > d ? k + 32 : d + 32, 4 * (k + 32) * sizeof(float),
                     &all);
}

static bool
layer_start(struct fm_lstm *s, struct layer *y, size_t samples,
            struct fm_err *e)
{
    size_t k = s->k, f = sizeof(float), steps = samples * s->t;

    if (!(y->ih = fm_alloc(fm_gemm_panels_size(y->d, 4 * k), f, e)) ||
        !(y->hh = fm_alloc(fm_gemm_panels_size(k, 4 * k), f, e)) ||
        !(y->a = fm_alloc(steps * 4 * k, f, e)) ||
        !(y->c = fm_alloc(steps * k, f, e)) ||
        !(y->h = fm_alloc(steps * k, f, e)))
        return false;
    if (s->l->bias && !(y->bias = fm_alloc(4 * k, f, e)))
        return false;
    return !s->train ||
           ((y->back[0] = fm_alloc(fm_gemm_panels_size(4 * k, y->d), f, e)) &&
            (y->back[1] = fm_alloc(fm_gemm_panels_size(4 * k, k), f, e)));
}

static bool
rooms_start(struct fm_lstm *s, struct fm_err *e)
{
    size_t most = s->layer[0].d > s->k ? s->layer[0].d : s->k;

    s->rooms = fm_pool_size(s->pool);
    if (!(s->room = fm_alloc(s->rooms, sizeof *s->room, e)))
        return false;
    for (size_t i = 0; i < s->rooms; i++)
        if (!(s->room[i].down =
                  fm_alloc(ROWS * s->t * most, sizeof(float), e)) ||
            !(s->room[i].dc = fm_alloc(ROWS * s->k, sizeof(float), e)))
            return false;
    return true;
}

struct fm_lstm *
fm_lstm_new(const struct fm_layer *l, size_t batch, bool train,
            struct fm_pool *pool, struct fm_err *e)
{
    struct fm_lstm *s = fm_alloc(1, sizeof *s, e);
    size_t samples = pieces(batch, ROWS) * ROWS;

    if (!s)
        return NULL;
    s->l = l;
    s->pool = pool;
    s->train = train;
    s->t = l->in.h;
    s->k = l->out.c;
    if (!train)
        samples = fm_pool_size(pool) * ROWS;
    if (!(s->x = fm_alloc(samples * s->t, l->in.c * sizeof(float), e)))
        goto fail;
    for (size_t i = 0; i < l->layers; i++) {
        s->layer[i].d = i ? s->k : l->in.c;
        if (!layer_start(s, &s->layer[i], samples, e))
            goto fail;
        s->layer[i].in = i ? s->layer[i - 1].h : s->x;
    }
    if (train && !rooms_start(s, e))
        goto fail;
    return s;
fail:
    fm_lstm_free(s);
    return NULL;
}

void
fm_lstm_free(struct fm_lstm *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < FM_LSTM_LAYERS; i++) {
        struct layer *y = &s->layer[i];

        free(y->ih);
        free(y->hh);
        free(y->back[0]);
        free(y->back[1]);
        free(y->bias);
        free(y->a);
        free(y->c);
        free(y->h);
    }
    for (size_t i = 0; s->room && i < s->rooms; i++) {
        free(s->room[i].down);
        free(s->room[i].dc);
    }
    free(s->room);
    free(s->x);
    free(s);
}

/* A layer's tensors of w, or of the gradients. */
static float *const *
tensors(const struct fm_lstm *s, float *const *w, size_t layer)
{
    return w + layer * (s->l->bias ? 4 : 2);
}

/* --- Forward ------------------------------------------------------------- */

/* The input's part of the gates of steps t to t + steps - 1. */
static void
gates_of_input(const struct fm_lstm *s, const struct layer *y,
               const struct piece *p, size_t t, size_t steps)
{
    size_t at = p->at + t * p->rows, m = steps * p->rows, k4 = 4 * s->k;

    for (size_t r = 0; y->bias && r < m; r++)
        memcpy(y->a + (at + r) * k4, y->bias, k4 * sizeof *y->a);
    fm_gemm_with(m, k4, y->d,
                 (struct fm_matrix){y->in + at * y->d, y->d, false}, y->ih,
                 y->a + at * k4, k4, y->bias != NULL);
}

static void
forward_layer(const struct fm_lstm *s, const struct layer *y,
              const struct piece *p)
{
    size_t k = s->k, rows = p->rows;

    for (size_t t = 0; t < s->t; t++) {
        size_t at = p->at + t * rows, left = s->t - t;
        float *h = y->h + at * k, *c = y->c + at * k, *a = y->a + at * 4 * k;

        if (t % STEPS == 0)
            gates_of_input(s, y, p, t, left < STEPS ? left : STEPS);
        if (t > 0)
            fm_gemm_with(rows, 4 * k, k,
                         (struct fm_matrix){h - rows * k, k, false}, y->hh, a,
                         4 * k, true);
        fm_lstmcell_forward(a, t > 0 ? c - rows * k : NULL, c, h, rows, k);
    }
}

/* x (N,T,D) of a piece's samples -> (T,rows,D), and back. */
static void
turn(const struct fm_lstm *s, const struct piece *p, const float *x, float *in,
     float *dx, const float *down)
{
    size_t d = s->layer[0].d;

    for (size_t r = 0; r < p->rows; r++)
        for (size_t t = 0; t < s->t; t++) {
            size_t outside = ((p->first + r) * s->t + t) * d;
            size_t inside = (t * p->rows + r) * d;

            if (x)
                memcpy(in + inside, x + outside, d * sizeof *in);
            else
                memcpy(dx + outside, down + inside, d * sizeof *dx);
        }
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_lstm *s = j->s;
    const struct piece p = piece_of(j, i, worker);
    const float *last;

    turn(s, &p, j->x, s->x + p.at * s->layer[0].d, NULL, NULL);
    for (size_t q = 0; q < s->l->layers; q++)
        forward_layer(s, &s->layer[q], &p);
    last = s->layer[s->l->layers - 1].h + (p.at + (s->t - 1) * p.rows) * s->k;
    memcpy(j->y + p.first * s->k, last, p.rows * s->k * sizeof *last);
}

/* Both matrices of each layer, forwards and backwards. */
static void
cut_weights(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_lstm *s = j->s;
    const struct layer *y = &s->layer[i / 2];
    float *const *w = tensors(s, j->w, i / 2);
    size_t k = s->k, d = i % 2 ? k : y->d;

    (void)worker;
    fm_gemm_panels(i % 2 ? y->hh : y->ih, d, 4 * k,
                   (struct fm_matrix){w[i % 2], d, true});
    if (s->train)
        fm_gemm_panels(y->back[i % 2], 4 * k, d,
                       (struct fm_matrix){w[i % 2], d, false});
    for (size_t g = 0; y->bias && i % 2 == 0 && g < 4 * k; g++)
        y->bias[g] = w[2][g] + w[3][g];
}

void
fm_lstm_forward(struct fm_lstm *s, float *const *w, const float *x, float *y,
                size_t n)
{
    struct job j = {.s = s, .w = w, .x = x, .y = y, .n = n};

    fm_pool_run(s->pool, 2 * s->l->layers, cut_weights, &j);
    fm_pool_run(s->pool, pieces(n, ROWS), forward, &j);
}

/* --- Backward ------------------------------------------------------------ */

/* dh of step t stands in `down` as far as it comes from above. */
static void
backward_layer(const struct fm_lstm *s, const struct layer *y,
               const struct piece *p, struct room *room)
{
    size_t k = s->k, rows = p->rows;

    memset(room->dc, 0, rows * k * sizeof *room->dc);
    for (size_t t = s->t; t-- > 0;) {
        size_t at = p->at + t * rows, left = s->t - t;
        float *c = y->c + at * k, *a = y->a + at * 4 * k;
        float *dh = room->down + t * rows * k;

        if (t + 1 < s->t)
            fm_gemm_with(rows, k, 4 * k,
                         (struct fm_matrix){a + rows * 4 * k, 4 * k, false},
                         y->back[1], dh, k, true);
        fm_lstmcell_backward(a, t > 0 ? c - rows * k : NULL, c, dh, room->dc,
                             rows, k);
        /* These steps' dh are used up, and give their place. */
        if (t % STEPS == 0 && y->d == k)
            fm_gemm_with((left < STEPS ? left : STEPS) * rows, k, 4 * k,
                         (struct fm_matrix){a, 4 * k, false}, y->back[0], dh, k,
                         false);
    }
    if (y->d != k)
        fm_gemm_with(s->t * rows, y->d, 4 * k,
                     (struct fm_matrix){y->a + p->at * 4 * k, 4 * k, false},
                     y->back[0], room->down, y->d, false);
}

static void
backward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_lstm *s = j->s;
    const struct piece p = piece_of(j, i, worker);
    struct room *room = &s->room[worker];
    size_t step = p.rows * s->k;

    memset(room->down, 0, (s->t - 1) * step * sizeof *room->down);
    memcpy(room->down + (s->t - 1) * step, j->dy + p.first * s->k,
           step * sizeof *room->down);
    for (size_t q = s->l->layers; q-- > 0;)
        backward_layer(s, &s->layer[q], &p, room);
    if (j->dx)
        turn(s, &p, NULL, NULL, j->dx, room->down);
}

/* A piece's part of GATES rows from `first`, m of them; `add` but for the
 * first piece. */
static void
weights_of(const struct fm_lstm *s, const struct layer *y,
           const struct piece *p, float *const *g, size_t first, size_t m,
           bool add)
{
    size_t k = s->k, steps = s->t * p->rows, skip = p->rows;
    const float *a = y->a + p->at * 4 * k + first;
    float *bias = s->l->bias ? g[2] ? g[2] : g[3] : NULL;

    if (g[0])
        fm_gemm(m, y->d, steps, (struct fm_matrix){a, 4 * k, true},
                (struct fm_matrix){y->in + p->at * y->d, y->d, false},
                g[0] + first * y->d, y->d, add);
    if (g[1] && s->t > 1)
        fm_gemm(m, k, steps - skip,
                (struct fm_matrix){a + skip * 4 * k, 4 * k, true},
                (struct fm_matrix){y->h + p->at * k, k, false},
                g[1] + first * k, k, add);
    if (g[1] && s->t == 1)
        memset(g[1] + first * k, 0, m * k * sizeof **g);
    if (bias && !add)
        memset(bias + first, 0, m * sizeof *bias);
    for (size_t r = 0; bias && r < steps; r++)
        for (size_t c = 0; c < m; c++)
            bias[first + c] += a[r * 4 * k + c];
}

/* GATES rows of a layer's gradients: sums over pieces and steps. */
static void
weights(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_lstm *s = j->s;
    size_t blocks = pieces(4 * s->k, GATES), first = i % blocks * GATES;
    size_t m = 4 * s->k - first < GATES ? 4 * s->k - first : GATES;
    float *const *g = tensors(s, j->g, i / blocks);

    (void)worker;
    for (size_t q = 0; q < pieces(j->n, ROWS); q++) {
        const struct piece p = piece_of(j, q, 0);

        weights_of(s, &s->layer[i / blocks], &p, g, first, m, q > 0);
    }
    if (s->l->bias && g[2] && g[3])
        memcpy(g[3] + first, g[2] + first, m * sizeof **g);
}

void
fm_lstm_backward(struct fm_lstm *s, float *const *w, const float *dy, size_t n,
                 float *dx, float *const *g)
{
    struct job j = {.s = s, .w = w, .dy = dy, .dx = dx, .g = g, .n = n};

    fm_pool_run(s->pool, pieces(n, ROWS), backward, &j);
    fm_pool_run(s->pool, s->l->layers * pieces(4 * s->k, GATES), weights, &j);
}
