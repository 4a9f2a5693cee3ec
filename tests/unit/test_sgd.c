#include "check.h"
#include "golden/cnn4.h"
#include "nn/net.h"
#include "nn/sgd.h"
#include "nn_ref.h"

#include <math.h>

/* Powers of two, so that the formula's steps are exact. */
static void
by_hand(void)
{
    float p[2] = {1.0f, -2.0f}, v[2] = {0, 0};
    const float g[2] = {0.5f, 4.0f};

    fm_sgd_step(p, g, NULL, 2, 0.25, 0, 0);
    CHECK(p[0] == 0.875f && p[1] == -3.0f, "plain: %g %g", (double)p[0],
          (double)p[1]);
    p[0] = 1.0f, p[1] = -2.0f;
    fm_sgd_step(p, g, NULL, 2, 0.25, 0, 0.5); /* g: 1, 3 */
    CHECK(p[0] == 0.75f && p[1] == -2.75f, "decay: %g %g", (double)p[0],
          (double)p[1]);
    p[0] = 1.0f, p[1] = -2.0f;
    fm_sgd_step(p, g, v, 2, 0.25, 0.5, 0); /* v: .5, 4 */
    fm_sgd_step(p, g, v, 2, 0.25, 0.5, 0); /* v: .75, 6 */
    CHECK(v[0] == 0.75f && v[1] == 6.0f, "v: %g %g", (double)v[0],
          (double)v[1]);
    CHECK(p[0] == 0.6875f && p[1] == -4.5f, "momentum: %g %g", (double)p[0],
          (double)p[1]);
}

/* The pull against differences of mu/2 * ||p - from||^2. */
static void
pulled(void)
{
    const float p[3] = {0.5f, -1.25f, 2.0f}, from[3] = {0.25f, 1.0f, 2.0f};
    const float *const home[2] = {NULL, from};
    const double mu = 0.5, h = 0x1p-10;

    for (int k = 0; k < 2; k++) {
        float g[3] = {1, 2, 3};

        fm_sgd_pull(g, p, home[k], 3, mu);
        for (size_t i = 0; i < 3; i++) {
            double d = (double)p[i] - (home[k] ? (double)from[i] : 0);
            double up = mu / 2 * (d + h) * (d + h);
            double down = mu / 2 * (d - h) * (d - h);
            double want = (double)(i + 1) + (up - down) / (2 * h);

            CHECK(fabs((double)g[i] - want) < 1e-6, "%d, %zu: %.9g, not %.9g",
                  k, i, (double)g[i], want);
        }
    }
}

/* Zeros of either sign hold, whatever their gradient; nothing else does. */
static void
held(void)
{
    float g[41], p[41];

    for (size_t i = 0; i < 41; i++) {
        p[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? 0x1p-149f : -1.0f;
        g[i] = i % 6 == 3 ? INFINITY : (float)i + 1;
    }
    p[9] = -0.0f;
    fm_sgd_hold(g, p, 41);
    for (size_t i = 0; i < 41; i++)
        CHECK(g[i] == (i % 3 == 0 ? 0 : (float)i + 1), "%zu: %g", i,
              (double)g[i]);
}

/*
 * torch 1.13: optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.01), p = 1
 * with gradients .3, -.2, .5, gives these.
 */
static void
torch(void)
{
    const float g[3] = {0.3f, -0.2f, 0.5f};
    const double want[3] = {0.9690000, 0.9601310, 0.9011887};
    float p = 1, v = 0;

    for (size_t i = 0; i < 3; i++) {
        fm_sgd_step(&p, &g[i], &v, 1, 0.1, 0.9, 0.01);
        CHECK(fabs((double)p - want[i]) < 1e-6, "step %zu: %.7g", i, (double)p);
    }
}

/*
 * cnn4 as golden/make_cnn4.py sets it up, and its numbers in double.
 *
 * A float sum of a thousand terms is good to about 1e-6, and four layers of
 * batchnorm over as few as 45 values each divide by deviations below 1/2:
 * 2e-5 of the size of a value for the first step.  A wrong formula is off by
 * a percent.  Steps feed rounding back, and after the first the loss is near
 * its kinks (relu, maxpool) again: ten times as much for what comes later.
 */
static const double first = 2e-5, later = 2e-4;

static void
near(double got, double want, double scale, double tolerance, const char *what,
     size_t i)
{
    CHECK(fabs(got - want) <= tolerance * (fabs(want) + scale),
          "%s[%zu]: %.9g, not %.9g", what, i, got, want);
}

struct world {
    struct fm_arch *a;
    struct fm_net *net;
    float *w[32], *g[32];
    float x[CNN4_BATCH * 28 * 28];
    uint8_t y[CNN4_BATCH];
};

static void
world_start(struct world *o)
{
    struct fm_shape in = {1, 28, 28};
    char *text = fm_arch_preset("cnn4", in, 10, NULL);
    uint32_t seed = 1;

    o->a = fm_arch_parse(text, "cnn4", NULL);
    CHECK(o->a && o->a->ntensors == 21, "cnn4 has other tensors");
    free(text);
    for (size_t t = 0; t < o->a->ntensors; t++) {
        const struct fm_tensor_spec *s = &o->a->tensor[t];
        double scale = 0.5;

        while (scale * scale * (double)(s->count / s->dim[0]) > 2)
            scale /= 2;
        o->w[t] = calloc(s->count, sizeof(float));
        o->g[t] = calloc(s->count, sizeof(float));
        for (size_t i = 0; i < s->count; i++) {
            double v = ref_random(&seed);

            if (s->role == FM_WEIGHT)
                v *= scale;
            else if (s->role == FM_MEAN)
                v /= 8;
            else if (s->role == FM_SHIFT)
                v /= 4;
            else
                v = 1 + v / 2;
            o->w[t][i] = (float)v;
        }
    }
    for (size_t i = 0; i < sizeof o->x / sizeof *o->x; i++)
        o->x[i] = (float)ref_random(&seed);
    for (size_t i = 0; i < CNN4_BATCH; i++)
        o->y[i] = (uint8_t)(i * 7 % 10);
    o->net = fm_net_new(o->a, 2 * CNN4_BATCH, true, NULL, NULL);
}

static void
world_end(struct world *o)
{
    for (size_t t = 0; t < o->a->ntensors; t++) {
        free(o->w[t]);
        free(o->g[t]);
    }
    fm_net_free(o->net);
    fm_arch_free(o->a);
}

static bool
trained(const struct world *o, size_t t)
{
    return o->a->tensor[t].role != FM_MEAN && o->a->tensor[t].role != FM_VAR;
}

/* Entries 0, n/3, 2n/3, n-1 of one tensor; `scale` is its typical size. */
static const double *
samples(const double *want, const float *v, size_t n, double scale,
        double tolerance, const char *what)
{
    const size_t at[4] = {0, n / 3, 2 * n / 3, n - 1};

    for (size_t i = 0; i < 4; i++)
        near((double)v[at[i]], want[i], scale, tolerance, what, at[i]);
    return want + 4;
}

static void
first_gradients(const struct world *o)
{
    const double *norm = cnn4_norm, *grad = cnn4_grad, *moment = cnn4_moments;

    for (size_t t = 0; t < o->a->ntensors; t++) {
        const struct fm_tensor_spec *s = &o->a->tensor[t];
        double square = 0;

        if (!trained(o, t)) {
            moment = samples(moment, o->w[t], s->count, 1, first, s->name);
            continue;
        }
        for (size_t i = 0; i < s->count; i++)
            square += (double)o->g[t][i] * (double)o->g[t][i];
        near(sqrt(square), *norm, 0, first, s->name, 0);
        grad = samples(grad, o->g[t], s->count,
                       *norm++ / sqrt((double)s->count), first, s->name);
    }
}

static void
logits(const float *got, const double *want, const char *what)
{
    for (size_t i = 0; i < CNN4_BATCH * 10; i++)
        near((double)got[i], want[i], 1, first, what, i);
}

static void
cnn4(void)
{
    struct world o;
    const double *after = cnn4_after;

    world_start(&o);
    logits(fm_net_forward(o.net, o.w, o.x, CNN4_BATCH, false, 0, 0), cnn4_eval,
           "eval");
    for (size_t step = 0; step < CNN4_STEPS; step++) {
        const float *z =
            fm_net_forward(o.net, o.w, o.x, CNN4_BATCH, true, 0, 0);

        if (step == 0)
            logits(z, cnn4_train, "train");
        near(fm_net_loss(o.net, LABELS(o.y), CNN4_BATCH, NULL), cnn4_loss[step],
             0, step ? later : first, "loss", step);
        fm_net_backward(o.net, o.w, LABELS(o.y), CNN4_BATCH, o.g);
        if (step == 0)
            first_gradients(&o);
        for (size_t t = 0; t < o.a->ntensors; t++)
            if (trained(&o, t))
                fm_sgd_step(o.w[t], o.g[t], NULL, o.a->tensor[t].count, cnn4_lr,
                            0, 0);
    }
    for (size_t t = 0; t < o.a->ntensors; t++)
        after = samples(after, o.w[t], o.a->tensor[t].count, 0.1, later,
                        o.a->tensor[t].name);
    world_end(&o);
}

int
main(void)
{
    by_hand();
    pulled();
    held();
    torch();
    cnn4();
    return 0;
}
