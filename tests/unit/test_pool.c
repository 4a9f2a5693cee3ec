/* pool: every index once, on as many threads as were asked for. */
#include "base/pool.h"
#include "check.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { N = 5000 };

struct count {
    atomic_int hits[N];
    atomic_int worker[FM_POOL_MAX];
};

static void
hit(void *ctx, size_t i, size_t worker)
{
    struct count *c = ctx;

    c->hits[i]++;
    c->worker[worker]++;
}

static void
once_each(struct fm_pool *p, size_t n)
{
    static struct count c;
    int all = 0;

    memset(&c, 0, sizeof c);
    fm_pool_run(p, n, hit, &c);
    for (size_t i = 0; i < N; i++)
        CHECK(c.hits[i] == (i < n), "index %zu of %zu: %d", i, n, c.hits[i]);
    for (size_t w = 0; w < FM_POOL_MAX; w++) {
        CHECK(w < fm_pool_size(p) || c.worker[w] == 0, "worker %zu", w);
        all += c.worker[w];
    }
    CHECK(all == (int)n, "%d calls for %zu", all, n);
}

/* An index that is slow must be waited for. */
static void
slow(void *ctx, size_t i, size_t worker)
{
    struct timespec t = {0, 2000000};

    (void)worker;
    nanosleep(&t, NULL);
    ((int *)ctx)[i] = (int)i + 1;
}

int
main(void)
{
    static const size_t sizes[] = {1, 2, 3, 8, 0};
    static const size_t counts[] = {0, 1, 2, 3, 7, N};
    struct fm_pool *p;
    int done[13];

    CHECK(fm_pool_size(NULL) == 1, "NULL");
    once_each(NULL, 100);
    fm_pool_free(NULL);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct fm_err e = {0};

        p = fm_pool_new(sizes[s], &e);
        CHECK(p, "%s", e.msg);
        CHECK(sizes[s] ? fm_pool_size(p) == sizes[s] : fm_pool_size(p) >= 1,
              "%zu threads for %zu", fm_pool_size(p), sizes[s]);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            once_each(p, counts[k]);
        for (int round = 0; round < 200; round++)
            once_each(p, 3);
        memset(done, 0, sizeof done);
        fm_pool_run(p, 13, slow, done);
        for (int i = 0; i < 13; i++)
            CHECK(done[i] == i + 1, "returned before index %d", i);
        fm_pool_free(p);
    }
    p = fm_pool_new(FM_POOL_MAX, NULL);
    CHECK(p, "the most threads");
    once_each(p, N);
    fm_pool_free(p);
    return 0;
}
