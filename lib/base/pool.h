/*
 * pool: threads for loops over independent pieces.
 *
 * fm_pool_run(pool, n, fn, ctx) calls fn(ctx, i, worker) once for each i in
 * 0..n-1, on the pool's workers and the calling thread, and returns when all
 * are done.  Which worker gets which i is not specified, so fn(i) must write
 * only what belongs to i (or to `worker`).  Nested and concurrent runs on one
 * pool are bugs.
 */
#ifndef FM_BASE_POOL_H
#define FM_BASE_POOL_H

#include "base/err.h"

#include <stddef.h>

struct fm_pool;

enum { FM_POOL_MAX = 256 };

/*
 * fm_pool_new - a pool of `threads` in 1..FM_POOL_MAX, the caller's included
 * (1 starts none); 0 means one per processor this process may run on.  NULL and
 * FM_ESYS when a thread cannot start.  fm_pool_free(NULL) is harmless.
 */
struct fm_pool *fm_pool_new(size_t threads, struct fm_err *e);
void fm_pool_free(struct fm_pool *p);

/* fm_pool_size - its number of threads; 1 for NULL. */
size_t fm_pool_size(const struct fm_pool *p);

/* fm_pool_run - as above.  A NULL pool runs in the calling thread. */
void fm_pool_run(struct fm_pool *p, size_t n,
                 void (*fn)(void *ctx, size_t i, size_t worker), void *ctx);

#endif
