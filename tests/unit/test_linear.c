#include "check.h"
#include "nn/linear.h"

/* Two rows, three features, two outputs, in small integers: exact. */
static void
by_hand(void)
{
    const float x[6] = {1, 2, 3, -1, 0, 2}, w[6] = {1, 0, -1, 2, 1, 1};
    const float b[2] = {10, 20}, dy[4] = {1, 2, -1, 3};
    const float y[4] = {8, 27, 7, 20}, dx[6] = {5, 2, 1, 5, 3, 4};
    const float dw[6] = {2, 2, 1, -1, 4, 12}, db[2] = {0, 5};
    float got[6], gw[6], gb[2];

    fm_linear_forward(x, w, b, got, 2, 3, 2, NULL);
    for (size_t i = 0; i < 4; i++)
        CHECK(got[i] == y[i], "y[%zu] = %g", i, (double)got[i]);
    fm_linear_forward(x, w, NULL, got, 2, 3, 2, NULL);
    for (size_t i = 0; i < 4; i++)
        CHECK(got[i] == y[i] - b[i % 2], "no bias: y[%zu]", i);
    fm_linear_backward(x, w, dy, 2, 3, 2, got, gw, gb, NULL);
    for (size_t i = 0; i < 6; i++)
        CHECK(got[i] == dx[i] && gw[i] == dw[i], "dx, dw [%zu] = %g, %g", i,
              (double)got[i], (double)gw[i]);
    CHECK(gb[0] == db[0] && gb[1] == db[1], "db");
    fm_linear_backward(x, w, dy, 2, 3, 2, NULL, NULL, NULL, NULL);
}

/* More rows and outputs than one piece; small integers again. */
static void
pieces(size_t n, size_t f, size_t k)
{
    float *x = calloc(n * f, sizeof *x), *w = calloc(k * f, sizeof *w);
    float *y = calloc(n * k, sizeof *y), *dy = calloc(n * k, sizeof *dy);
    float *dx = calloc(n * f, sizeof *dx), *dw = calloc(k * f, sizeof *dw);

    for (size_t i = 0; i < n * f; i++)
        x[i] = (float)(i * 7 % 5) - 2;
    for (size_t i = 0; i < k * f; i++)
        w[i] = (float)(i * 3 % 7) - 3;
    for (size_t i = 0; i < n * k; i++)
        dy[i] = (float)(i * 5 % 9) - 4;
    fm_linear_forward(x, w, NULL, y, n, f, k, NULL);
    fm_linear_backward(x, w, dy, n, f, k, dx, dw, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t o = 0; o < k; o++) {
            float sum = 0;

            for (size_t j = 0; j < f; j++)
                sum += x[i * f + j] * w[o * f + j];
            CHECK(y[i * k + o] == sum, "y[%zu][%zu]", i, o);
        }
    for (size_t j = 0; j < f; j++) {
        for (size_t i = 0; i < n; i++) {
            float sum = 0;

            for (size_t o = 0; o < k; o++)
                sum += dy[i * k + o] * w[o * f + j];
            CHECK(dx[i * f + j] == sum, "dx[%zu][%zu]", i, j);
        }
        for (size_t o = 0; o < k; o++) {
            float sum = 0;

            for (size_t i = 0; i < n; i++)
                sum += dy[i * k + o] * x[i * f + j];
            CHECK(dw[o * f + j] == sum, "dw[%zu][%zu]", o, j);
        }
    }
    free(x);
    free(w);
    free(y);
    free(dy);
    free(dx);
    free(dw);
}

int
main(void)
{
    by_hand();
    pieces(130, 9, 70);
    pieces(1, 1, 1);
    pieces(64, 3, 65);
    return 0;
}
