#include "nn/loss.h"

#include <assert.h>
#include <math.h>

/* The first of the largest; the sum of exp(z - largest), which cannot
 * overflow, in *sum. */
static size_t
largest(const float *z, size_t k, double *sum)
{
    size_t best = 0;

    for (size_t c = 1; c < k; c++)
        if (z[c] > z[best])
            best = c;
    *sum = 0;
    for (size_t c = 0; c < k; c++)
        *sum += exp((double)z[c] - (double)z[best]);
    return best;
}

double
fm_loss(const float *z, const uint8_t *y, size_t n, size_t classes,
        size_t *correct)
{
    double all = 0, sum;
    size_t hits = 0;

    for (size_t i = 0; i < n; i++, z += classes) {
        size_t best = largest(z, classes, &sum);

        assert(y[i] < classes);
        hits += best == y[i];
        all += log(sum) + ((double)z[best] - (double)z[y[i]]);
    }
    if (correct)
        *correct = hits;
    return all / (double)n;
}

void
fm_loss_backward(const float *z, const uint8_t *y, size_t n, size_t classes,
                 float *dz)
{
    double sum;

    for (size_t i = 0; i < n; i++, z += classes, dz += classes) {
        double top = z[largest(z, classes, &sum)];

        assert(y[i] < classes);
        for (size_t c = 0; c < classes; c++) {
            double p = exp((double)z[c] - top) / sum;

            dz[c] = (float)((p - (c == y[i])) / (double)n);
        }
    }
}
