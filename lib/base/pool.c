#include "base/pool.h"

#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker {
    struct fm_pool *pool;
    size_t index; /* from 1; the caller of a run is 0 */
    pthread_t thread;
};

struct fm_pool {
    size_t size;    /* threads, the caller's included */
    size_t started; /* of worker[] */
    struct worker *worker;
    pthread_mutex_t lock;
    pthread_cond_t work, done;

    /* Under the lock. */
    size_t seats;  /* workers that may still join the run */
    size_t active; /* workers that are in it */
    bool running, stop;

    /* The run: written before the seats are offered. */
    void (*fn)(void *ctx, size_t i, size_t worker);
    void *ctx;
    size_t n;
    atomic_size_t next;
};

static void
take(struct fm_pool *p, size_t worker)
{
    size_t i;

    while ((i = atomic_fetch_add(&p->next, 1)) < p->n)
        p->fn(p->ctx, i, worker);
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    struct fm_pool *p = w->pool;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->seats == 0 && !p->stop)
            pthread_cond_wait(&p->work, &p->lock);
        if (p->stop)
            break;
        p->seats--;
        p->active++;
        pthread_mutex_unlock(&p->lock);
        take(p, w->index);
        pthread_mutex_lock(&p->lock);
        if (--p->active == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The processors this process may use: taskset and containers count. */
static size_t
processors(void)
{
    cpu_set_t set;
    long n = -1;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
    if (n < 1)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 1)
        n = 1;
    return n < FM_POOL_MAX ? (size_t)n : FM_POOL_MAX;
}

struct fm_pool *
fm_pool_new(size_t threads, struct fm_err *e)
{
    struct fm_pool *p = fm_alloc(1, sizeof *p, e);

    assert(threads <= FM_POOL_MAX);
    if (!p)
        return NULL;
    p->size = threads ? threads : processors();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    p->worker = fm_alloc(p->size, sizeof *p->worker, e);
    if (!p->worker)
        goto fail;
    for (size_t i = 1; i < p->size; i++, p->started++) {
        struct worker *w = &p->worker[p->started];
        int err;

        *w = (struct worker){.pool = p, .index = i};
        err = pthread_create(&w->thread, NULL, work, w);
        if (err) {
            fm_err_set(e, FM_ESYS, "cannot start thread %zu of %zu: %s", i + 1,
                       p->size, strerror(err));
            goto fail;
        }
    }
    return p;
fail:
    fm_pool_free(p);
    return NULL;
}

void
fm_pool_free(struct fm_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    assert(!p->running);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->started; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p->worker);
    free(p);
}

size_t
fm_pool_size(const struct fm_pool *p)
{
    return p ? p->size : 1;
}

void
fm_pool_run(struct fm_pool *p, size_t n,
            void (*fn)(void *ctx, size_t i, size_t worker), void *ctx)
{
    size_t helpers;

    if (!p || p->size == 1 || n <= 1) {
        for (size_t i = 0; i < n; i++)
            fn(ctx, i, 0);
        return;
    }
    helpers = (n < p->size ? n : p->size) - 1;
    pthread_mutex_lock(&p->lock);
    assert(!p->running);
    p->running = true;
    p->fn = fn;
    p->ctx = ctx;
    p->n = n;
    atomic_store(&p->next, 0);
    p->seats = helpers;
    for (size_t i = 0; i < helpers; i++)
        pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);

    take(p, 0);

    /* Who has not woken by now has nothing to do, and is not waited for. */
    pthread_mutex_lock(&p->lock);
    p->seats = 0;
    while (p->active > 0)
        pthread_cond_wait(&p->done, &p->lock);
    p->running = false;
    pthread_mutex_unlock(&p->lock);
}
