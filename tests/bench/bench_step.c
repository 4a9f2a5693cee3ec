/*
 * bench_step: milliseconds of one local training step on a model, as
 * fedmrn-train takes it: fm_local_train on random images, timed by its
 * progress hook, the median over the steps after the first few.
 *
 * With a second model: how many times longer a step on the first takes, both
 * trained by turns so that a disturbed machine disturbs both.
 */
#include "base/mem.h"
#include "bench.h"
#include "data/rows.h"
#include "fed/local.h"

#include <unistd.h>

enum { WARM = 2, TURNS = 4 };

/* The time of each step, from one call of the hook to the next. */
struct watch {
    double last, *time;
    size_t n;
};

static void
tick(void *ctx, size_t step, size_t steps, double loss)
{
    struct watch *w = ctx;
    double now = bench_now();

    (void)steps;
    (void)loss;
    if (step > WARM)
        w->time[w->n++] = now - w->last;
    w->last = now;
}

/* Random pixels and labels for `n` samples of a model's input. */
static int
make_data(struct fm_dataset *d, const struct fm_model *m, size_t n,
          struct fm_err *e)
{
    struct fm_shape in = m->arch->input;
    size_t bytes = n * fm_shape_count(in);
    size_t tokens = fm_arch_vocabulary(m->arch);
    uint64_t x = 1;

    *d = (struct fm_dataset){.n = n, .c = in.c, .h = in.h, .w = in.w};
    if (fm_buf_reserve(&d->xfile, bytes, e) || fm_buf_reserve(&d->yfile, n, e))
        return FM_ESYS;
    for (size_t i = 0; i < bytes; i++)
        d->xfile.data[i] =
            (uint8_t)(bench_random(&x) % (tokens ? tokens : UINT8_MAX + 1));
    for (size_t i = 0; i < n; i++)
        d->yfile.data[i] = (uint8_t)(bench_random(&x) % m->arch->classes);
    d->x = d->xfile.data;
    d->y = d->yfile.data;
    return 0;
}

/* Train for WARM + steps batches and note how long the last `steps` took. */
static int
train(struct watch *w, const struct fm_model *m, size_t steps,
      struct fm_pool *pool, struct fm_err *e)
{
    struct fm_settings set = m->set;
    struct fm_dataset d = {0};
    struct fm_bundle b = {0};
    struct fm_local l = {.base = m,
                         .data = &d,
                         .nrows = (WARM + steps) * set.batch,
                         .client = "bench",
                         .set = &set,
                         .private_seed = 1,
                         .pool = pool,
                         .progress = tick,
                         .progress_ctx = w};
    uint32_t *row = NULL;
    int rc;

    set.epochs = 1;
    if ((rc = make_data(&d, m, l.nrows, e)))
        goto out;
    row = fm_rows_all(d.n, e);
    rc = row ? 0 : FM_ESYS;
    l.row = row;
    if (rc == 0)
        rc = fm_local_train(&b, &l, e);
out:
    fm_bundle_free(&b);
    fm_dataset_free(&d);
    free(row);
    return rc;
}

static int
measure(double *figure, struct fm_model *const *m, size_t models, size_t steps,
        struct fm_pool *pool, struct fm_err *e)
{
    size_t turns = models == 1 ? 1 : steps < TURNS ? steps : TURNS;
    size_t each = (steps - 1) / turns + 1;
    struct watch w[2] = {{.n = 0}, {.n = 0}};
    int rc = 0;

    for (size_t i = 0; i < models && rc == 0; i++) {
        w[i].time = fm_alloc(turns * each, sizeof *w[i].time, e);
        rc = w[i].time ? 0 : FM_ESYS;
    }
    for (size_t i = 0; i < turns * models && rc == 0; i++)
        rc = train(&w[i % models], m[i % models], each, pool, e);
    if (rc == 0) {
        *figure = bench_median(w[0].time, w[0].n) * 1e3;
        if (models > 1)
            *figure /= bench_median(w[1].time, w[1].n) * 1e3;
    }
    free(w[0].time);
    free(w[1].time);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_model *m[2] = {NULL, NULL};
    struct fm_pool *pool = NULL;
    struct fm_err e = {0};
    size_t threads = 1, steps = 40, models = 0;
    double figure = 0;
    int c;

    while ((c = getopt(argc, argv, "t:n:")) != -1)
        if (c == 't')
            threads = bench_number(optarg, 0, FM_POOL_MAX);
        else if (c == 'n')
            steps = bench_number(optarg, 1, 1000000);
        else
            break;
    if (c != -1 || argc - optind < 1 || argc - optind > 2)
        bench_usage("bench_step [-t threads] [-n steps] MODEL [OVER]");
    while (optind < argc && !e.code) {
        m[models] = fm_model_read(argv[optind++], &e);
        models++;
    }
    if (!e.code)
        pool = fm_pool_new(threads, &e);
    if (e.code || measure(&figure, m, models, steps, pool, &e))
        bench_die("bench_step", &e);
    printf("%.4f\n", figure);
    fm_pool_free(pool);
    fm_model_free(m[0]);
    fm_model_free(m[1]);
    return 0;
}
