#include "nn/gemm.h"

#include <assert.h>
#include <cblas.h>
#include <pthread.h>

static void
single(void)
{
    openblas_set_num_threads(1);
}

void
fm_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, const float *a,
        size_t lda, const float *b, size_t ldb, float beta, float *c,
        size_t ldc)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    assert(m && n && k && lda && ldb && ldc);
    assert((m | n | k | lda | ldb | ldc) <= FM_GEMM_MAX);
    pthread_once(&once, single);
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
                tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a,
                (int)lda, b, (int)ldb, beta, c, (int)ldc);
}
