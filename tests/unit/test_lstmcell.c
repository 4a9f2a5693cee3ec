/*
 * An LSTM's step against the formulas in double, with libm's functions, and its
 * gradients against differences of these.  test_lstm.c has PyTorch's numbers.
 */
#include "nn/lstmcell.h"

#include "check.h"
#include "nn_ref.h"

#include <string.h>

enum { ROWS = 3, K = 37 }; /* more than a vector, and a rest */

struct step {
    double sum[4 * K], before[K], c[K], h[K];
};

static double
sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void
reference(struct step *s)
{
    for (size_t j = 0; j < K; j++) {
        s->c[j] = sigmoid(s->sum[K + j]) * s->before[j] +
                  sigmoid(s->sum[j]) * tanh(s->sum[2 * K + j]);
        s->h[j] = sigmoid(s->sum[3 * K + j]) * tanh(s->c[j]);
    }
}

static void
near(float got, double want, double by, const char *what, size_t i)
{
    CHECK(fabs((double)got - want) <= by, "%s[%zu] is %.9g, not %.9g", what, i,
          (double)got, want);
}

/* The gradient by a central difference of sum(dh h) + sum(dc c). */
static double
difference(struct step *s, double *of, const double *dh, const double *dc)
{
    const double was = *of, by = 1e-5;
    double loss[2] = {0};

    for (size_t side = 0; side < 2; side++) {
        *of = side ? was + by : was - by;
        reference(s);
        for (size_t j = 0; j < K; j++)
            loss[side] += dh[j] * s->h[j] + dc[j] * s->c[j];
    }
    *of = was;
    return (loss[1] - loss[0]) / (2 * by);
}

/* The forward's rounding is in the gradients too: terms near 1 of 24 bits. */
static void
rows(bool first)
{
    static struct step s[ROWS];
    float gates[ROWS * 4 * K], before[ROWS * K], c[ROWS * K], h[ROWS * K];
    float dh[ROWS * K], dc[ROWS * K];
    uint32_t seed = 5;

    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < 4 * K; i++)
            gates[r * 4 * K + i] = (float)(4 * ref_random(&seed));
        for (size_t j = r * K; j < (r + 1) * K; j++) {
            before[j] = first ? 0 : (float)ref_random(&seed);
            dh[j] = (float)ref_random(&seed);
            dc[j] = (float)ref_random(&seed);
        }
        for (size_t i = 0; i < 4 * K; i++)
            s[r].sum[i] = (double)gates[r * 4 * K + i];
        for (size_t j = 0; j < K; j++)
            s[r].before[j] = (double)before[r * K + j];
        reference(&s[r]);
    }
    fm_lstmcell_forward(gates, first ? NULL : before, c, h, ROWS, K);
    for (size_t i = 0; i < ROWS * K; i++) {
        near(c[i], s[i / K].c[i % K], 1e-6, "c", i);
        near(h[i], s[i / K].h[i % K], 1e-6, "h", i);
    }
    for (size_t r = 0; r < ROWS; r++) {
        double wh[K], wc[K];

        for (size_t j = 0; j < K; j++) {
            wh[j] = (double)dh[r * K + j];
            wc[j] = (double)dc[r * K + j];
        }
        fm_lstmcell_backward(gates + r * 4 * K, first ? NULL : before + r * K,
                             c + r * K, dh + r * K, dc + r * K, 1, K);
        for (size_t i = 0; i < 4 * K; i++)
            near(gates[r * 4 * K + i], difference(&s[r], &s[r].sum[i], wh, wc),
                 3e-6, "gate", i);
        for (size_t j = 0; j < K; j++)
            near(dc[r * K + j], difference(&s[r], &s[r].before[j], wh, wc),
                 3e-6, "dc", j);
    }
}

int
main(void)
{
    rows(true);
    rows(false);
    return 0;
}
