#include "data/fill.h"

bool
fm_fill_means(float *x, size_t n, size_t width, size_t *empty)
{
    for (size_t c = 0; c < width; c++) {
        double sum = 0;
        size_t some = 0;

        for (size_t i = 0; i < n; i++) {
            float v = x[i * width + c];

            if (v == v) {
                sum += (double)v;
                some++;
            }
        }
        if (some == n)
            continue;
        *empty = c;
        if (some == 0)
            return false;
        for (size_t i = 0; i < n; i++)
            if (x[i * width + c] != x[i * width + c])
                x[i * width + c] = (float)(sum / (double)some);
    }
    return true;
}
