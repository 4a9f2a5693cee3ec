#include "nn/linear.h"

#include "nn/gemm.h"

#include <string.h>

/* Rows of a product that one call computes: enough that packing the other
 * matrix, which every call does again, does not show. */
enum { ROWS = 64 };

struct job {
    const float *x, *w, *b, *dy;
    float *y, *dx, *dw;
    size_t n, f, k;
};

static size_t
pieces(size_t rows)
{
    return rows / ROWS + (rows % ROWS != 0);
}

static size_t
length(size_t rows, size_t i)
{
    return rows - i * ROWS < ROWS ? rows - i * ROWS : ROWS;
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t at = i * ROWS, rows = length(j->n, i);
    float *y = j->y + at * j->k;

    (void)worker;
    for (size_t r = 0; j->b && r < rows; r++)
        memcpy(y + r * j->k, j->b, j->k * sizeof *y);
    fm_gemm(false, true, rows, j->k, j->f, j->x + at * j->f, j->f, j->w, j->f,
            j->b ? 1.0f : 0.0f, y, j->k);
}

static void
input(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t at = i * ROWS;

    (void)worker;
    fm_gemm(false, false, length(j->n, i), j->f, j->k, j->dy + at * j->k, j->k,
            j->w, j->f, 0.0f, j->dx + at * j->f, j->f);
}

static void
weight(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t at = i * ROWS;

    (void)worker;
    fm_gemm(true, false, length(j->k, i), j->f, j->n, j->dy + at, j->k, j->x,
            j->f, 0.0f, j->dw + at * j->f, j->f);
}

void
fm_linear_forward(const float *x, const float *w, const float *b, float *y,
                  size_t n, size_t f, size_t k, struct fm_pool *pool)
{
    struct job j = {.x = x, .w = w, .b = b, .y = y, .n = n, .f = f, .k = k};

    fm_pool_run(pool, pieces(n), forward, &j);
}

void
fm_linear_backward(const float *x, const float *w, const float *dy, size_t n,
                   size_t f, size_t k, float *dx, float *dw, float *db,
                   struct fm_pool *pool)
{
    struct job j = {
        .x = x, .w = w, .dy = dy, .dx = dx, .dw = dw, .n = n, .f = f, .k = k};

    if (dw)
        fm_pool_run(pool, pieces(k), weight, &j);
    if (dx)
        fm_pool_run(pool, pieces(n), input, &j);
    if (db) {
        memset(db, 0, k * sizeof *db);
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < k; c++)
                db[c] += dy[i * k + c];
    }
}
