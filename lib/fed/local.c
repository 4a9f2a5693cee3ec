#include "fed/local.h"

#include "base/mem.h"
#include "data/augment.h"
#include "data/numbers.h"
#include "fed/checkpoint.h"
#include "fed/weights.h"
#include "nn/net.h"
#include "rand/stream.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* What a training run holds besides its weights. */
struct run {
    const struct fm_local *l;
    struct fm_weights *v;
    struct fm_net *net;
    size_t batch;                  /* samples of a full batch */
    uint32_t step, steps, batches; /* done, and of all; in an epoch */
    double lr;
    struct fm_id data; /* of the rows, for checkpoints */
    uint32_t *order;   /* the rows of this epoch */
    float *x;          /* (batch, input) */
    uint8_t *y;        /* labels; or: */
    float *t;          /* (batch, outputs), what a regression learns */
};

static int
diverged(const struct run *r, const char *what, struct fm_err *e)
{
    return fm_err_set(e, FM_EINPUT,
                      "training diverged at step %lu of %lu: %s; try a lower "
                      "--lr than %g",
                      (unsigned long)r->step, (unsigned long)r->steps, what,
                      r->l->set->lr);
}

/* A batch's samples, and what is learned of them. */
static struct fm_target
load(struct run *r, const uint32_t *row, size_t n)
{
    const struct fm_local *l = r->l;
    const struct fm_settings *set = l->set;
    const struct fm_augment a = fm_local_augment(set);
    struct fm_stream s;

    fm_dataset_batch(l->data, row, n, set->mean,
                     fm_arch_vocabulary(l->base->arch) ? 0 : set->nmean,
                     set->std, set->nstd, r->x, r->y);
    if (r->t)
        fm_numbers_batch(l->data, row, n, r->t);
    if (fm_augment_on(&a)) {
        fm_stream_start(&s, l->private_seed, r->step, 0, FM_FOR_AUGMENT);
        fm_augment_batch(&a, l->data, n, set->mean, set->nmean, set->std,
                         set->nstd, r->x, &s);
    }
    return (struct fm_target){set->loss, r->y, r->t};
}

static int
train_batch(struct run *r, const uint32_t *row, size_t n, struct fm_err *e)
{
    const struct fm_local *l = r->l;
    float *const *w = fm_weights_values(r->v);
    struct fm_target y;
    double loss;

    r->step++;
    y = load(r, row, n);
    fm_weights_begin(r->v, r->step);
    fm_net_forward(r->net, w, r->x, n, true, l->private_seed, r->step);
    loss = fm_net_loss(r->net, &y, n, NULL);
    if (!isfinite(loss))
        return diverged(r, "the loss is not finite", e);
    fm_net_backward(r->net, w, &y, n, fm_weights_gradients(r->v));
    fm_weights_descend(r->v, r->lr);
    if (l->progress)
        l->progress(l->progress_ctx, r->step, r->steps, loss);
    return 0;
}

static int
fill(void *arg, FILE *out, struct fm_err *e)
{
    const struct run *r = arg;

    return fm_checkpoint_write(out, r->v, &r->data, e);
}

static int
save(struct run *r, struct fm_err *e)
{
    const struct fm_keep *k = r->l->keep;

    return k->save(k->ctx, fill, r, e);
}

/* After a step: is it time, or will nothing come after it? */
static bool
is_due(const struct run *r)
{
    const struct fm_keep *k = r->l->keep;

    return k &&
           (r->step == r->steps || k->due(k->ctx, r->step % r->batches == 0));
}

/* The steps of an epoch that are not made yet. */
static int
train_epoch(struct run *r, uint32_t epoch, struct fm_err *e)
{
    const struct fm_local *l = r->l;
    struct fm_stream s;
    int rc;

    /* From the list as given, so that an epoch's order is its own. */
    memcpy(r->order, l->row, l->nrows * sizeof *r->order);
    fm_stream_start(&s, l->private_seed, epoch, 0, FM_FOR_SHUFFLE);
    fm_stream_shuffle(&s, r->order, l->nrows);
    for (size_t i = r->step % r->batches * r->batch; i < l->nrows;
         i += r->batch) {
        size_t left = l->nrows - i, n = left < r->batch ? left : r->batch;

        if ((rc = train_batch(r, r->order + i, n, e)) ||
            (is_due(r) && (rc = save(r, e))))
            return rc;
    }
    return 0;
}

static int
prepare(struct run *r, struct fm_err *e)
{
    const struct fm_local *l = r->l;
    const struct fm_dataset *d = l->data;
    uint64_t batches, steps;

    r->batch = l->set->batch < l->nrows ? l->set->batch : l->nrows;
    batches = (l->nrows - 1) / r->batch + 1;
    /* A step's number is a 32-bit word of the random counter; batches and
     * epochs are 32-bit numbers, too. */
    steps = batches * l->set->epochs;
    if (steps > UINT32_MAX)
        return fm_err_set(e, FM_EINPUT,
                          "%lu epochs of %llu batches are 2^32 steps or more; "
                          "fewer epochs or a larger batch would do",
                          (unsigned long)l->set->epochs,
                          (unsigned long long)batches);
    r->steps = (uint32_t)steps;
    r->batches = (uint32_t)batches;
    r->lr = fm_settings_lr(l->set, l->base->round + 1);
    r->order = fm_alloc(l->nrows, sizeof *r->order, e);
    r->x = fm_alloc(r->batch, d->c * d->h * d->w * sizeof *r->x, e);
    if (d->t)
        r->t = fm_alloc(r->batch, d->numbers * sizeof *r->t, e);
    else
        r->y = fm_alloc(r->batch, sizeof *r->y, e);
    if (!r->order || !r->x || !(d->t ? (void *)r->t : (void *)r->y))
        return FM_ESYS;
    r->net = fm_net_new(l->base->arch, r->batch, true, l->pool, e);
    if (!r->net)
        return FM_ESYS;
    r->v = fm_weights_new(l, r->steps, e);
    return r->v ? 0 : FM_ESYS;
}

/* Go on where a checkpoint was left, or leave the first. */
static int
go_on(struct run *r, struct fm_err *e)
{
    const struct fm_keep *k = r->l->keep;
    int rc;

    if (!k)
        return 0;
    if ((rc = fm_checkpoint_data(&r->data, r->l, e)))
        return rc;
    if (!k->from)
        return save(r, e);
    rc = fm_checkpoint_load(k->from, r->v, &r->data, e);
    r->step = fm_weights_step(r->v);
    return rc;
}

static int
answer(struct fm_bundle *b, const struct run *r, struct fm_err *e)
{
    const struct fm_local *l = r->l;
    const struct fm_model *base = l->base;

    if (!fm_weights_finite(r->v))
        return diverged(r, "a weight is not finite or far too large", e);
    b->method = base->set.method;
    b->coder = FM_CODER_RAW;
    b->dither = l->set->dither;
    strcpy(b->client, l->client); /* fm_client_ok has its length */
    b->round = base->round + 1;
    b->samples = l->nrows;
    b->base = base->id;
    b->masked = base->masked;
    b->full = base->full;
    return fm_weights_answer(r->v, b, e);
}

int
fm_local_train(struct fm_bundle *b, const struct fm_local *l, struct fm_err *e)
{
    struct run r = {.l = l};
    int rc;

    assert(l->nrows >= 1 && l->nrows <= FM_SAMPLES_MAX);
    assert(l->set->loss == FM_LOSS_MSE ? !!l->data->t : !!l->data->y);
    assert(fm_client_ok(l->client));
    *b = (struct fm_bundle){0};
    if ((rc = prepare(&r, e)) || (rc = go_on(&r, e)))
        goto out;
    for (uint32_t epoch = r.step / r.batches; epoch < l->set->epochs; epoch++)
        if ((rc = train_epoch(&r, epoch, e)))
            goto out;
    rc = answer(b, &r, e);
out:
    fm_weights_free(r.v);
    fm_net_free(r.net);
    free(r.order);
    free(r.x);
    free(r.y);
    free(r.t);
    return rc;
}
