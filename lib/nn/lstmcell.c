#include "nn/lstmcell.h"

#include "nn/exponential.h"

/* A sample's. */
FM_CLONES static void
cell(float *restrict a, const float *restrict before, float *restrict c,
     float *restrict h, size_t k)
{
    float *restrict f = a + k, *restrict g = a + 2 * k, *restrict o = a + 3 * k;

    for (size_t j = 0; j < k; j++) {
        a[j] = fm_exponential_sigmoid(a[j]);
        f[j] = fm_exponential_sigmoid(f[j]);
        g[j] = fm_exponential_tanh(g[j]);
        o[j] = fm_exponential_sigmoid(o[j]);
        c[j] = a[j] * g[j] + (before ? f[j] * before[j] : 0.0f);
        h[j] = o[j] * fm_exponential_tanh(c[j]);
    }
}

void
fm_lstmcell_forward(float *gates, const float *before, float *c, float *h,
                    size_t rows, size_t k)
{
    for (size_t r = 0; r < rows; r++)
        cell(gates + r * 4 * k, before ? before + r * k : NULL, c + r * k,
             h + r * k, k);
}

FM_CLONES static void
cell_back(float *restrict a, const float *restrict before,
          const float *restrict c, const float *restrict dh, float *restrict dc,
          size_t k)
{
    float *restrict f = a + k, *restrict g = a + 2 * k, *restrict o = a + 3 * k;

    for (size_t j = 0; j < k; j++) {
        float tc = fm_exponential_tanh(c[j]);
        float d = dc[j] + dh[j] * o[j] * (1.0f - tc * tc);
        float i = a[j];

        dc[j] = d * f[j];
        o[j] = dh[j] * tc * o[j] * (1.0f - o[j]);
        f[j] = before ? d * before[j] * f[j] * (1.0f - f[j]) : 0.0f;
        a[j] = d * g[j] * i * (1.0f - i);
        g[j] = d * i * (1.0f - g[j] * g[j]);
    }
}

void
fm_lstmcell_backward(float *gates, const float *before, const float *c,
                     const float *dh, float *dc, size_t rows, size_t k)
{
    for (size_t r = 0; r < rows; r++)
        cell_back(gates + r * 4 * k, before ? before + r * k : NULL, c + r * k,
                  dh + r * k, dc + r * k, k);
}
