#include "fed/eval.h"

#include "base/mem.h"
#include "data/numbers.h"
#include "data/rows.h"
#include "nn/net.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256 };

/* What a batch is evaluated with. */
struct batch {
    float *x;
    uint8_t y[BATCH];
    float *t; /* mse: (batch, outputs) */
};

/* Evaluate one batch; `at` counts the samples before. */
static void
count_classes(struct fm_eval *v, const float *z, size_t outputs,
              const uint8_t *y, size_t n, size_t at)
{
    for (size_t i = 0; i < n; i++) {
        size_t guess = fm_loss_guess(z + i * outputs, outputs, v->kind);

        v->predicted[at + i] = (uint32_t)guess;
        v->confusion[y[i] * v->classes + guess]++;
        v->correct += guess == y[i];
    }
}

/* Adds up what the mean of the errors is made of. */
static void
count_numbers(struct fm_eval *v, const float *z, const float *t, size_t n,
              size_t at)
{
    memcpy(v->output + at * v->classes, z, n * v->classes * sizeof *z);
    for (size_t i = 0; i < n * v->classes; i++)
        v->error += fabs((double)z[i] - (double)t[i]);
}

static bool
allocate(struct fm_eval *v, struct batch *b, size_t nrows, size_t batch,
         size_t values, struct fm_err *e)
{
    size_t cells = 0;

    b->x = fm_alloc(batch, values * sizeof *b->x, e);
    if (v->kind == FM_LOSS_MSE) {
        v->output = fm_alloc(nrows, v->classes * sizeof *v->output, e);
        b->t = fm_alloc(batch, v->classes * sizeof *b->t, e);
        return b->x && v->output && b->t;
    }
    if (!fm_mul_ok(v->classes, v->classes, &cells)) {
        fm_err_nomem(e);
        return false;
    }
    v->confusion = fm_alloc(cells, sizeof *v->confusion, e);
    v->predicted = fm_alloc(nrows, sizeof *v->predicted, e);
    return b->x && v->confusion && v->predicted;
}

int
fm_eval_run(struct fm_eval *v, const struct fm_model *m,
            const struct fm_settings *set, const struct fm_dataset *data,
            const uint32_t *row, size_t nrows, struct fm_pool *pool,
            void (*progress)(void *ctx, size_t done, size_t all), void *ctx,
            struct fm_err *e)
{
    size_t count = row ? nrows : data->n, ntensors = m->arch->ntensors;
    size_t batch = count < BATCH ? count : BATCH, outputs = m->arch->classes;
    uint32_t *all = NULL;
    struct batch b = {0};
    struct fm_target y = {.kind = m->set.loss};
    float **w = NULL;
    struct fm_net *net = NULL;
    double loss = 0;
    int rc = FM_ESYS;

    assert(count && (y.kind == FM_LOSS_MSE ? !!data->t : !!data->y));
    *v = (struct fm_eval){.kind = y.kind,
                          .samples = count,
                          .classes = y.kind == FM_LOSS_BCE ? 2 : outputs};
    w = fm_alloc(ntensors, sizeof *w, e);
    if (!w || !allocate(v, &b, count, batch, data->c * data->h * data->w, e))
        goto out;
    y.label = data->y ? b.y : NULL;
    y.number = b.t;
    if (!row && !(row = all = fm_rows_all(count, e)))
        goto out;
    net = fm_net_new(m->arch, batch, false, pool, e);
    if (!net)
        goto out;
    for (size_t i = 0; i < ntensors; i++)
        w[i] = m->tensor[i].value;
    for (size_t at = 0; at < count; at += batch) {
        size_t n = count - at < batch ? count - at : batch;
        const float *z;

        fm_dataset_batch(data, row + at, n, set->mean,
                         fm_arch_vocabulary(m->arch) ? 0 : set->nmean, set->std,
                         set->nstd, b.x, data->y ? b.y : NULL);
        if (data->t)
            fm_numbers_batch(data, row + at, n, b.t);
        z = fm_net_forward(net, w, b.x, n, false, 0, 0);
        if (data->t)
            count_numbers(v, z, b.t, n, at);
        else
            count_classes(v, z, outputs, b.y, n, at);
        loss += fm_net_loss(net, &y, n, NULL) * (double)n;
        if (progress)
            progress(ctx, at + n, count);
    }
    v->loss = loss / (double)count;
    v->error /= (double)count * (double)outputs;
    rc = 0;
out:
    fm_net_free(net);
    free(all);
    free(b.x);
    free(b.t);
    free(w);
    return rc;
}

void
fm_eval_free(struct fm_eval *v)
{
    free(v->confusion);
    free(v->predicted);
    free(v->output);
    *v = (struct fm_eval){0};
}
