#include "nn/pool2d.h"

#include "nn/piece.h"
#include "nn/vec.h"

#include <stdint.h>
#include <string.h>

enum { CHANNELS = 64 }; /* whose window is searched at a time */

struct job {
    const struct fm_layer *l;
    const float *x, *dy;
    float *out;
    size_t n;
};

/* best[c], at[c]: largest of x over the window whose corner is `x`, and where
 * it is, counted along the window.  c below nc <= CHANNELS. */
FM_CLONES static void
search(const struct fm_layer *l, const float *x, size_t nc, float *best,
       uint32_t *at)
{
    memcpy(best, x, nc * sizeof *best);
    memset(at, 0, nc * sizeof *at);
    for (size_t r = 0; r < l->r; r++)
        for (size_t s = 0; s < l->s; s++) {
            const float *v = x + (r * l->in.w + s) * l->in.c;
            uint32_t here = (uint32_t)(r * l->s + s);

            for (size_t c = 0; c < nc; c++) {
                at[c] = v[c] > best[c] ? here : at[c];
                best[c] = v[c] > best[c] ? v[c] : best[c];
            }
        }
}

static void
max_window(const struct fm_layer *l, const float *x, float *y)
{
    uint32_t at[CHANNELS];

    for (size_t c = 0; c < l->in.c; c += CHANNELS) {
        size_t nc = l->in.c - c < CHANNELS ? l->in.c - c : CHANNELS;

        search(l, x + c, nc, y + c, at);
    }
}

FM_CLONES static void
give(float *dx, const float *dy, const uint32_t *at, uint32_t here, size_t nc)
{
    for (size_t c = 0; c < nc; c++)
        dx[c] += at[c] == here ? dy[c] : 0.0f;
}

static void
max_window_back(const struct fm_layer *l, const float *x, const float *dy,
                float *dx)
{
    float best[CHANNELS];
    uint32_t at[CHANNELS];

    for (size_t c = 0; c < l->in.c; c += CHANNELS) {
        size_t nc = l->in.c - c < CHANNELS ? l->in.c - c : CHANNELS;

        search(l, x + c, nc, best, at);
        for (size_t r = 0; r < l->r; r++)
            for (size_t s = 0; s < l->s; s++)
                give(dx + (r * l->in.w + s) * l->in.c + c, dy + c, at,
                     (uint32_t)(r * l->s + s), nc);
    }
}

FM_CLONES static void
mean_window(const struct fm_layer *l, const float *x, float *y)
{
    float scale = 1.0f / (float)(l->r * l->s);

    memset(y, 0, l->in.c * sizeof *y);
    for (size_t r = 0; r < l->r; r++)
        for (size_t s = 0; s < l->s; s++) {
            const float *v = x + (r * l->in.w + s) * l->in.c;

            for (size_t c = 0; c < l->in.c; c++)
                y[c] += v[c];
        }
    for (size_t c = 0; c < l->in.c; c++)
        y[c] *= scale;
}

FM_CLONES static void
mean_window_back(const struct fm_layer *l, const float *dy, float *dx)
{
    float scale = 1.0f / (float)(l->r * l->s);

    for (size_t r = 0; r < l->r; r++)
        for (size_t s = 0; s < l->s; s++) {
            float *v = dx + (r * l->in.w + s) * l->in.c;

            for (size_t c = 0; c < l->in.c; c++)
                v[c] += dy[c] * scale;
        }
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_layer *l = j->l;
    size_t end = fm_piece(j->n, FM_PIECES, i + 1);

    (void)worker;
    for (size_t k = fm_piece(j->n, FM_PIECES, i); k < end; k++)
        for (size_t p = 0; p < l->out.h; p++)
            for (size_t q = 0; q < l->out.w; q++) {
                size_t in =
                    ((k * l->in.h + p * l->stride) * l->in.w + q * l->stride) *
                    l->in.c;
                size_t out = ((k * l->out.h + p) * l->out.w + q) * l->in.c;

                if (l->op == FM_MAXPOOL)
                    max_window(l, j->x + in, j->out + out);
                else
                    mean_window(l, j->x + in, j->out + out);
            }
}

static void
backward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_layer *l = j->l;
    size_t from = fm_piece(j->n, FM_PIECES, i);
    size_t end = fm_piece(j->n, FM_PIECES, i + 1);
    size_t image = fm_shape_count(l->in);

    (void)worker;
    /* Windows may overlap, or leave pixels out: begin with nothing. */
    memset(j->out + from * image, 0, (end - from) * image * sizeof *j->out);
    for (size_t k = from; k < end; k++)
        for (size_t p = 0; p < l->out.h; p++)
            for (size_t q = 0; q < l->out.w; q++) {
                size_t in =
                    ((k * l->in.h + p * l->stride) * l->in.w + q * l->stride) *
                    l->in.c;
                size_t out = ((k * l->out.h + p) * l->out.w + q) * l->in.c;

                if (l->op == FM_MAXPOOL)
                    max_window_back(l, j->x + in, j->dy + out, j->out + in);
                else
                    mean_window_back(l, j->dy + out, j->out + in);
            }
}

void
fm_pool2d_forward(const struct fm_layer *l, const float *x, float *y, size_t n,
                  struct fm_pool *pool)
{
    struct job j = {.l = l, .x = x, .out = y, .n = n};

    fm_pool_run(pool, FM_PIECES, forward, &j);
}

void
fm_pool2d_backward(const struct fm_layer *l, const float *x, const float *dy,
                   float *dx, size_t n, struct fm_pool *pool)
{
    struct job j = {.l = l, .x = x, .dy = dy, .out = dx, .n = n};

    fm_pool_run(pool, FM_PIECES, backward, &j);
}
