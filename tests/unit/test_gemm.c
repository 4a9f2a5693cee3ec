/* Products against sums in double, for every transposition and odd sizes. */
#include "check.h"
#include "nn/gemm.h"
#include "nn_ref.h"

#include <stdbool.h>

enum { MAX = 80, PAD = 3 }; /* strides are wider than the rows by up to PAD */

static float a[MAX * (MAX + PAD)], b[MAX * (MAX + PAD)], c[MAX * (MAX + PAD)];

/* (2x3)(3x2) by hand: 1*7+2*9+3*11 = 58, ... */
static void
by_hand(void)
{
    const float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {7, 8, 9, 10, 11, 12};
    const float want[4] = {58, 64, 139, 154};
    float z[4] = {1, 1, 1, 1};

    fm_gemm(false, false, 2, 2, 3, x, 3, y, 2, 0.0f, z, 2);
    for (size_t i = 0; i < 4; i++)
        CHECK(z[i] == want[i], "z[%zu] = %g", i, (double)z[i]);
    fm_gemm(false, false, 2, 2, 3, x, 3, y, 2, 1.0f, z, 2);
    for (size_t i = 0; i < 4; i++)
        CHECK(z[i] == 2 * want[i], "z[%zu] = %g", i, (double)z[i]);
}

static void
compare(bool ta, bool tb, size_t m, size_t n, size_t k, float beta)
{
    size_t lda = (ta ? m : k) + PAD, ldb = (tb ? k : n) + 1, ldc = n + 2;
    uint32_t seed = (uint32_t)(m * 7 + n * 5 + k);

    for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
        a[i] = (float)ref_random(&seed);
        b[i] = (float)ref_random(&seed);
        c[i] = beta == 0.0f ? NAN : 0.5f; /* beta 0 reads nothing */
    }
    fm_gemm(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < ldc; j++) {
            double sum = beta == 0.0f ? 0 : 0.5 * (double)beta;

            if (j >= n) { /* between the rows nothing is written */
                CHECK(beta == 0.0f ? isnan(c[i * ldc + j])
                                   : c[i * ldc + j] == 0.5f,
                      "row %zu column %zu of %zu", i, j, n);
                continue;
            }
            for (size_t l = 0; l < k; l++)
                sum += (double)(ta ? a[l * lda + i] : a[i * lda + l]) *
                       (double)(tb ? b[j * ldb + l] : b[l * ldb + j]);
            /* At most 80 roundings of sums below 80: 80 * 2^-24 * a few. */
            CHECK(fabs(sum - (double)c[i * ldc + j]) < 2e-5,
                  "%d %d %zux%zux%zu [%zu][%zu]: %g, not %g", ta, tb, m, n, k,
                  i, j, (double)c[i * ldc + j], sum);
        }
}

int
main(void)
{
    const size_t size[] = {1, 2, 5, 12, 13, 31, 33, 64, 79};
    const size_t sizes = sizeof size / sizeof *size;

    by_hand();
    for (size_t i = 0; i < sizes * sizes * sizes; i++)
        for (int t = 0; t < 4; t++)
            compare(t & 1, t & 2, size[i % sizes], size[i / sizes % sizes],
                    size[i / sizes / sizes], i % 2 ? 1.0f : 0.0f);
    return 0;
}
