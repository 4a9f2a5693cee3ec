#include "check.h"
#include "nn/pool2d.h"

#include <string.h>

/* One channel, 3x5 pixels, windows of 2 with stride 1 and 2; ties too. */
static void
by_hand(void)
{
    const float x[15] = {1, 5, 5, 2, 0, 3, 4, 1, 2, 9, 7, 0, 0, 0, 8};
    struct fm_layer l = {.op = FM_MAXPOOL,
                         .in = {1, 3, 5},
                         .out = {1, 1, 2},
                         .r = 2,
                         .s = 2,
                         .stride = 2};
    const float dy[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float y[8], dx[15];

    /* The last row and column belong to no window. */
    fm_pool2d_forward(&l, x, y, 1, NULL);
    CHECK(y[0] == 5 && y[1] == 5, "%g %g", (double)y[0], (double)y[1]);
    fm_pool2d_backward(&l, x, dy, dx, 1, NULL);
    for (size_t i = 0; i < 15; i++)
        CHECK(dx[i] == (i == 1 ? 1 : i == 2 ? 2 : 0), "dx[%zu]", i);

    l.stride = 1;
    l.out = (struct fm_shape){1, 2, 4};
    {
        const float want[8] = {5, 5, 5, 9, 7, 4, 2, 9};
        /* of equal fives the first in each window */
        const float grad[15] = {0, 3, 3, 0, 0, 0, 6, 0, 7, 12, 5, 0, 0, 0, 0};

        fm_pool2d_forward(&l, x, y, 1, NULL);
        CHECK(memcmp(y, want, sizeof want) == 0, "overlapping windows");
        fm_pool2d_backward(&l, x, dy, dx, 1, NULL);
        CHECK(memcmp(dx, grad, sizeof grad) == 0, "overlapping gradients");
    }

    l.op = FM_AVGPOOL;
    l.stride = 2;
    l.out = (struct fm_shape){1, 1, 2};
    fm_pool2d_forward(&l, x, y, 1, NULL);
    CHECK(y[0] == 13 / 4.0f && y[1] == 10 / 4.0f, "mean");
    fm_pool2d_backward(&l, NULL, dy, dx, 1, NULL);
    CHECK(dx[0] == 0.25f && dx[6] == 0.25f && dx[7] == 0.5f && dx[4] == 0 &&
              dx[10] == 0,
          "mean's gradient");
}

/* Each channel of several is pooled as if it were alone: more channels than
 * are searched at a time, and several images. */
static void
channels(enum fm_op op, size_t c, size_t k, size_t stride)
{
    enum { N = 2, H = 7, W = 6 };
    size_t p = (H - k) / stride + 1, q = (W - k) / stride + 1;
    struct fm_layer all = {.op = op,
                           .in = {c, H, W},
                           .out = {c, p, q},
                           .r = k,
                           .s = k,
                           .stride = stride};
    struct fm_layer one = all;
    float *x = calloc(N * H * W * c, sizeof *x);
    float *y = calloc(N * p * q * c, sizeof *y);
    float *dx = calloc(N * H * W * c, sizeof *dx);
    float x1[N * H * W], y1[N * H * W], dx1[N * H * W];

    one.in.c = one.out.c = 1;
    for (size_t i = 0; i < N * H * W * c; i++)
        x[i] = (float)(i * 2654435761u % 1009);
    fm_pool2d_forward(&all, x, y, N, NULL);
    fm_pool2d_backward(&all, x, y, dx, N, NULL);
    for (size_t j = 0; j < c; j++) {
        for (size_t i = 0; i < N * H * W; i++)
            x1[i] = x[i * c + j];
        fm_pool2d_forward(&one, x1, y1, N, NULL);
        fm_pool2d_backward(&one, x1, y1, dx1, N, NULL);
        for (size_t i = 0; i < N * p * q; i++)
            CHECK(y[i * c + j] == y1[i], "channel %zu of %zu: y", j, c);
        for (size_t i = 0; i < N * H * W; i++)
            CHECK(dx[i * c + j] == dx1[i], "channel %zu of %zu: dx", j, c);
    }
    free(x);
    free(y);
    free(dx);
}

int
main(void)
{
    by_hand();
    channels(FM_MAXPOOL, 3, 2, 2);
    channels(FM_MAXPOOL, 16, 2, 2);
    channels(FM_MAXPOOL, 130, 3, 2);
    channels(FM_AVGPOOL, 67, 2, 1);
    channels(FM_AVGPOOL, 5, 6, 6);
    return 0;
}
