/*
 * bench_agg: aggregation in millions of parameters x clients per second: raw
 * masks in memory added to the sums of one linear layer, the best of three
 * calls (the peer reports its best client too).  FEDMRN_CPU caps the
 * instruction set as everywhere.
 */
#include "agg/accum.h"
#include "answer.h"
#include "base/mem.h"

#include <unistd.h>

enum { CLIENTS_MAX = 64, CALLS = 3 };

struct job {
    size_t params, clients, threads;
    enum fm_method method;
    enum fm_dist dist;
};

static int
measure(double *best, const struct job *j, const struct fm_model *m,
        const struct fm_bundle *const *b, struct fm_err *e)
{
    struct fm_pool *pool = fm_pool_new(j->threads, e);
    struct fm_accum *sum = pool ? fm_accum_new(m, e) : NULL;
    int rc = sum ? 0 : FM_ESYS;

    /* The first call meets cold caches and untouched pages. */
    for (int i = 0; i <= CALLS && rc == 0; i++) {
        double start = bench_now(), rate;

        rc = fm_accum_add(sum, b, j->clients, pool, e);
        rate = (double)(m->masked * j->clients) / (bench_now() - start) / 1e6;
        if (i > 0 && rate > *best)
            *best = rate;
    }
    fm_accum_free(sum);
    fm_pool_free(pool);
    return rc;
}

static int
run(const struct job *j, struct fm_err *e)
{
    struct fm_bundle answer[CLIENTS_MAX] = {{0}};
    const struct fm_bundle *b[CLIENTS_MAX];
    struct fm_model *m = bench_model(j->params, j->method, j->dist, e);
    double best = 0;
    int rc = m ? 0 : (int)e->code;

    for (size_t i = 0; i < j->clients && rc == 0; i++) {
        rc = bench_answer(&answer[i], m, i, e);
        b[i] = &answer[i];
    }
    if (rc == 0)
        rc = measure(&best, j, m, b, e);
    if (rc == 0)
        printf("%.1f\n", best);
    for (size_t i = 0; i < j->clients; i++)
        fm_bundle_free(&answer[i]);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct job j = {10000000, 5, 1, FM_FEDMRN, FM_UNIFORM};
    struct fm_err e = {0};
    int c;

    while ((c = getopt(argc, argv, "p:c:t:d:m:")) != -1)
        switch (c) {
        case 'p':
            j.params = bench_number(optarg, BENCH_INPUTS, (size_t)1 << 32);
            break;
        case 'c':
            j.clients = bench_number(optarg, 1, CLIENTS_MAX);
            break;
        case 't':
            j.threads = bench_number(optarg, 0, FM_POOL_MAX);
            break;
        case 'd':
            if (fm_dist_parse(&j.dist, optarg, strlen(optarg)))
                bench_usage("-d uniform|gaussian|bernoulli");
            break;
        case 'm':
            j.method = bench_method(optarg);
            break;
        default:
            bench_usage("bench_agg [-m method] [-p params] [-c clients] "
                        "[-t threads] [-d distribution]");
        }
    if (run(&j, &e))
        bench_die("bench_agg", &e);
    return 0;
}
