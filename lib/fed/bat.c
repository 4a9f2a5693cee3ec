#include "base/mem.h"
#include "bundle/step.h"
#include "fed/weights_impl.h"
#include "nn/vec.h"
#include "rand/fmath.h"

#include <assert.h>
#include <math.h>

enum { LANES = 8 };

/* The bounds of a step, as in the authors' code. */
static const double least = 5e-4, most = 5e-2;

/* Is the training past its warm-up in step t? */
static bool
binarised(const struct fm_weights *v, uint32_t t)
{
    return t > v->warm;
}

static double
step_of(const struct fm_weights *v, const struct fm_bat *b)
{
    return b->first * fm_exp(v->l->set->rho * b->power);
}

/* The step as the integer that travels. */
static void
round_step(const struct fm_weights *v, struct fm_bat *b)
{
    double step = step_of(v, b);

    step = step > least ? step : least; /* also NaN */
    step = step < most ? step : most;
    b->a = (uint32_t)(step * 0x1p24 + 0.5);
}

/* The first step: the mean size of a tensor's updates. */
static void
first_step(struct fm_weights *v, size_t tensor)
{
    const size_t n = v->l->base->tensor[tensor].spec->count;
    const float *u = v->update + v->at[tensor];
    struct fm_bat *b = &v->bat[tensor];
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += fabs((double)u[i]);
    b->first = sum / (double)n;
    b->power = 0;
    round_step(v, b);
}

int
fm_bat_open(struct fm_weights *v, struct fm_err *e)
{
    const size_t n = v->l->base->arch->ntensors;

    v->bat = fm_alloc(n, sizeof *v->bat, e);
    v->pull = fm_alloc(v->nchunks, sizeof *v->pull, e);
    v->noise = fm_alloc(FM_MASKING_CHUNK, sizeof *v->noise, e);
    if (!v->bat || !v->pull || !v->noise)
        return FM_ESYS;
    for (size_t i = 0; i < FM_MASKING_CHUNK; i++)
        v->noise[i] = 65536; /* a sign times the step is the whole update */
    v->warm = (uint32_t)(v->l->set->warmup * v->steps);
    for (size_t i = 0; i < n; i++)
        if (v->l->base->tensor[i].masked)
            first_step(v, i);
    return 0;
}

void
fm_bat_put(uint8_t *p, const struct fm_weights *v, size_t tensor)
{
    uint64_t bits[2];

    memcpy(&bits[0], &v->bat[tensor].first, 8);
    memcpy(&bits[1], &v->bat[tensor].power, 8);
    fm_put64(p, bits[0]);
    fm_put64(p + 8, bits[1]);
}

void
fm_bat_get(struct fm_weights *v, size_t tensor, const uint8_t *p)
{
    const uint64_t bits[2] = {fm_get64(p), fm_get64(p + 8)};

    memcpy(&v->bat[tensor].first, &bits[0], 8);
    memcpy(&v->bat[tensor].power, &bits[1], 8);
    round_step(v, &v->bat[tensor]);
}

static void
start(struct fm_weights *v, const struct fm_chunk *c, size_t at)
{
    (void)v;
    (void)c;
    (void)at;
}

static struct fm_masking_step
masking(const struct fm_weights *v, size_t tensor, uint32_t t, uint64_t key)
{
    return (struct fm_masking_step){
        .masking = FM_SM,
        .is_signed = true,
        .a = v->bat[tensor].a,
        .ordinal = (uint32_t)tensor,
        .key = key,
        .t = t,
        .steps = v->steps,
    };
}

static void
begin(struct fm_weights *v, const struct fm_chunk *c, size_t at,
      struct fm_masking_lanes *lanes)
{
    const float *w = v->l->base->tensor[c->tensor].value + c->first;
    const struct fm_masking_step s =
        masking(v, c->tensor, v->made, v->l->private_seed);

    if (binarised(v, v->made)) {
        fm_masking_weights(v->own + at, &s, w, v->update + at, v->noise,
                           c->first, c->count, lanes);
        return;
    }
    for (size_t i = 0; i < c->count; i++)
        v->own[at + i] = w[i] + v->update[at + i];
}

/*
 * The gradients through the signs, of n updates and `by`, one over their step:
 * those of the updates in place, which are none beyond the step; and each one's
 * part of the step's.
 */
FM_CLONES static void
gate_run(float *restrict part, float *restrict slope, const float *restrict own,
         const float *restrict w, const float *restrict update, size_t n,
         float by)
{
    for (size_t i = 0; i < n; i++) {
        const float g = slope[i], x = update[i] * by;
        const float drawn = own[i] > w[i] ? 1.0f : -1.0f;
        const float end = x > 0 ? 1.0f : -1.0f;
        const bool beyond = (x > 1) | (x < -1);

        part[i] = (beyond ? end : drawn - x) * g;
        slope[i] = beyond ? 0 : g;
    }
}

/* A chunk's, and its part of the step's gradient, by as many sums as a vector
 * has lanes. */
static double
gate(struct fm_weights *v, const struct fm_chunk *c, size_t at)
{
    const float *w = v->l->base->tensor[c->tensor].value + c->first;
    float part[FM_MASKING_CHUNK];
    double lane[LANES] = {0}, sum = 0;
    size_t i = 0;

    gate_run(part, v->slope + at, v->own + at, w, v->update + at, c->count,
             0x1p24f / (float)v->bat[c->tensor].a);
    for (; i + LANES <= c->count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (double)part[i + k];
    for (; i < c->count; i++)
        sum += (double)part[i];
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

static void
descend(struct fm_weights *v, const struct fm_chunk *c, size_t at)
{
    if (binarised(v, v->t))
        v->pull[c - v->chunk] = gate(v, c, at);
    fm_weights_sgd(v, v->update, NULL, c, at);
}

/* One step of a tensor's step, with the sum of its chunks in their order. */
static void
learn(struct fm_weights *v, struct fm_bat *b, double pull)
{
    const double step = step_of(v, b);

    if (step >= least && step <= most)
        b->power -= v->lr * v->l->set->rho * step * pull;
    round_step(v, b);
}

static void
settle(struct fm_weights *v)
{
    const size_t n = v->l->base->arch->ntensors;
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        double pull = 0;

        for (; k < v->nchunks && v->chunk[k].tensor == i; k++)
            pull += v->pull[k];
        if (!v->l->base->tensor[i].masked)
            continue;
        if (binarised(v, v->t))
            learn(v, &v->bat[i], pull);
        else if (v->t == v->warm)
            first_step(v, i);
    }
}

static void
draw(struct fm_weights *v, const struct fm_chunk *c, size_t at, uint8_t *m)
{
    const struct fm_masking_step s =
        masking(v, c->tensor, v->t, fm_weights_dither(v));

    fm_masking_final(m, &s, v->update + at, v->noise, c->first, c->count,
                     v->lanes);
}

const struct fm_way fm_way_bat = {
    .start = start,
    .begin = begin,
    .descend = descend,
    .settle = settle,
    .draw = draw,
};
