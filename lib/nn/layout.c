#include "nn/layout.h"

#include "nn/piece.h"

#include <string.h>

enum { TILE = 16 }; /* a tile's lines all stay in the first cache */

static void
transpose(const float *x, float *y, size_t rows, size_t cols)
{
    for (size_t r0 = 0; r0 < rows; r0 += TILE) {
        size_t r1 = rows - r0 < TILE ? rows : r0 + TILE;

        for (size_t c = 0; c < cols; c++)
            for (size_t r = r0; r < r1; r++)
                y[c * rows + r] = x[r * cols + c];
    }
}

void
fm_layout_transpose(const float *x, float *y, size_t n, size_t rows,
                    size_t cols)
{
    if (rows == 1 || cols == 1)
        memcpy(y, x, n * rows * cols * sizeof *y);
    else
        for (size_t i = 0; i < n; i++)
            transpose(x + i * rows * cols, y + i * rows * cols, rows, cols);
}

struct job {
    const float *x;
    float *y;
    size_t n, rows, cols;
};

static void
run(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t from = fm_piece(j->n, FM_PIECES, i);
    size_t to = fm_piece(j->n, FM_PIECES, i + 1);
    size_t at = from * j->rows * j->cols;

    (void)worker;
    fm_layout_transpose(j->x + at, j->y + at, to - from, j->rows, j->cols);
}

void
fm_layout_nhwc(const float *x, float *y, size_t n, struct fm_shape s,
               struct fm_pool *pool)
{
    struct job j = {x, y, n, s.c, s.h * s.w};

    fm_pool_run(pool, FM_PIECES, run, &j);
}

void
fm_layout_nchw(const float *x, float *y, size_t n, struct fm_shape s,
               struct fm_pool *pool)
{
    struct job j = {x, y, n, s.h * s.w, s.c};

    fm_pool_run(pool, FM_PIECES, run, &j);
}
