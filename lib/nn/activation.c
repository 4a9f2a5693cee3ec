#include "nn/activation.h"

#include "nn/piece.h"
#include "nn/vec.h"

#include <math.h>

struct job {
    enum fm_op op;
    const float *x, *y, *dy;
    float *out;
    size_t m;
};

FM_CLONES static void
relu(const float *x, float *y, size_t m)
{
    /* A NaN passes, so that a diverged training is noticed. */
    for (size_t i = 0; i < m; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

FM_CLONES static void
relu_back(const float *y, const float *dy, float *dx, size_t m)
{
    for (size_t i = 0; i < m; i++)
        dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t from = fm_piece(j->m, FM_PIECES, i);
    size_t to = fm_piece(j->m, FM_PIECES, i + 1);

    (void)worker;
    if (j->op == FM_RELU)
        relu(j->x + from, j->out + from, to - from);
    else if (j->op == FM_TANH)
        for (size_t k = from; k < to; k++)
            j->out[k] = tanhf(j->x[k]);
    else
        for (size_t k = from; k < to; k++)
            j->out[k] = 1.0f / (1.0f + expf(-j->x[k]));
}

static void
backward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t from = fm_piece(j->m, FM_PIECES, i);
    size_t to = fm_piece(j->m, FM_PIECES, i + 1);
    const float *y = j->y, *dy = j->dy;

    (void)worker;
    if (j->op == FM_RELU)
        relu_back(y + from, dy + from, j->out + from, to - from);
    else if (j->op == FM_TANH)
        for (size_t k = from; k < to; k++)
            j->out[k] = dy[k] * (1.0f - y[k] * y[k]);
    else
        for (size_t k = from; k < to; k++)
            j->out[k] = dy[k] * y[k] * (1.0f - y[k]);
}

void
fm_activation_forward(enum fm_op op, const float *x, float *y, size_t m,
                      struct fm_pool *pool)
{
    struct job j = {.op = op, .x = x, .out = y, .m = m};

    fm_pool_run(pool, FM_PIECES, forward, &j);
}

void
fm_activation_backward(enum fm_op op, const float *y, const float *dy,
                       float *dx, size_t m, struct fm_pool *pool)
{
    struct job j = {.op = op, .y = y, .dy = dy, .out = dx, .m = m};

    fm_pool_run(pool, FM_PIECES, backward, &j);
}
