/*
 * gemm: matrix products; the one door to OpenBLAS.  Approximate.
 *
 * OpenBLAS is told to use one thread: parallelism comes from base/pool, over
 * pieces whose number does not depend on the threads, so that results don't.
 */
#ifndef FM_NN_GEMM_H
#define FM_NN_GEMM_H

#include <stdbool.h>
#include <stddef.h>

/* The largest dimension or stride a product may have (BLAS counts in int). */
#define FM_GEMM_MAX ((size_t)0x7fffffff)

/*
 * fm_gemm - C = op(A) op(B) + beta C, matrices in row-major order.
 *
 *   op(A) (m,k), op(B) (k,n), C (m,n)
 *   ta    A is stored as (k,m), op transposes it; tb likewise
 *   lda   floats from one stored row of A to the next; ldb, ldc likewise
 *   beta  0 overwrites C, whatever it held
 *
 * m, n and k are at least 1; dimensions and strides at most FM_GEMM_MAX.
 * Cannot fail.
 */
void fm_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, const float *a,
             size_t lda, const float *b, size_t ldb, float beta, float *c,
             size_t ldc);

#endif
