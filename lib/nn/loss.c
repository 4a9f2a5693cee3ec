#include "nn/loss.h"

#include <assert.h>
#include <math.h>

/* The sum of exp(z - largest), which cannot overflow. */
static double
exponentials(const float *z, size_t k, double top)
{
    double sum = 0;

    for (size_t c = 0; c < k; c++)
        sum += exp((double)z[c] - top);
    return sum;
}

size_t
fm_loss_guess(const float *z, size_t k, enum fm_loss_kind kind)
{
    size_t best = 0;

    if (kind == FM_LOSS_BCE)
        return z[0] > 0;
    for (size_t c = 1; c < k; c++)
        if (z[c] > z[best])
            best = c;
    return best;
}

/* -log softmax(z)[y] */
static double
cross_entropy(const float *z, size_t k, size_t y)
{
    double top = (double)z[fm_loss_guess(z, k, FM_LOSS_SOFTMAX)];

    assert(y < k);
    return log(exponentials(z, k, top)) + (top - (double)z[y]);
}

static double
squares(const float *z, const float *y, size_t k)
{
    double sum = 0;

    for (size_t c = 0; c < k; c++) {
        double d = (double)z[c] - (double)y[c];

        sum += d * d;
    }
    return sum / (double)k;
}

/* log(1 + exp(-z)) for a 1, log(1 + exp(z)) for a 0, neither of which may
 * overflow on the way. */
static double
binary(double z, size_t y)
{
    double wrong = y ? -z : z;

    assert(y <= 1);
    return (wrong > 0 ? wrong : 0) + log1p(exp(-fabs(z)));
}

double
fm_loss(const float *z, const struct fm_target *y, size_t n, size_t k,
        size_t *correct)
{
    double all = 0;
    size_t hits = 0;

    assert(y->kind != FM_LOSS_BCE || k == 1);
    for (size_t i = 0; i < n; i++, z += k) {
        if (y->kind == FM_LOSS_MSE) {
            all += squares(z, y->number + i * k, k);
            continue;
        }
        hits += fm_loss_guess(z, k, y->kind) == y->label[i];
        if (y->kind == FM_LOSS_BCE)
            all += binary((double)z[0], y->label[i]);
        else
            all += cross_entropy(z, k, y->label[i]);
    }
    if (correct)
        *correct = hits;
    return all / (double)n;
}

void
fm_loss_backward(const float *z, const struct fm_target *y, size_t n, size_t k,
                 float *dz)
{
    assert(y->kind != FM_LOSS_BCE || k == 1);
    if (y->kind == FM_LOSS_MSE) {
        for (size_t i = 0; i < n * k; i++)
            dz[i] = (float)(2 * ((double)z[i] - (double)y->number[i]) /
                            (double)(n * k));
        return;
    }
    for (size_t i = 0; i < n; i++, z += k, dz += k) {
        double top, sum;

        if (y->kind == FM_LOSS_BCE) {
            dz[0] = (float)((1 / (1 + exp(-(double)z[0])) - y->label[i]) /
                            (double)n);
            continue;
        }
        top = (double)z[fm_loss_guess(z, k, y->kind)];
        sum = exponentials(z, k, top);
        for (size_t c = 0; c < k; c++) {
            double p = exp((double)z[c] - top) / sum;

            dz[c] = (float)((p - (c == y->label[i])) / (double)n);
        }
    }
}
