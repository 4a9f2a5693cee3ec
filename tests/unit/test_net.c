/*
 * Every layer type at awkward shapes against nn_ref.h: the forward pass, the
 * running moments, and each tensor's gradient against central differences.
 */
#include "check.h"
#include "nn/net.h"
#include "nn_ref.h"

#include <string.h>

enum { DIFFS = 12, BATCH = 3, OUTPUTS = 9 };

struct world {
    const char *text;
    struct fm_arch *a;
    float **w, **g;
    double **r; /* the reference's copy of w */
    float *x;
    double *rx;
    struct fm_target y;
    uint8_t label[BATCH];
    float number[BATCH * OUTPUTS];
};

static const uint64_t key = 0x123456789abcdefu;

static void
world_start(struct world *o, const char *text)
{
    struct fm_err e = {0};
    uint32_t seed = 7;
    size_t m;

    o->text = text;
    o->a = fm_arch_parse(text, "test", &e);
    CHECK(o->a, "%s", e.msg);
    o->w = calloc(o->a->ntensors, sizeof *o->w);
    o->g = calloc(o->a->ntensors, sizeof *o->g);
    o->r = calloc(o->a->ntensors, sizeof *o->r);
    for (size_t t = 0; t < o->a->ntensors; t++) {
        const struct fm_tensor_spec *s = &o->a->tensor[t];
        double scale = sqrt(2.0 / (double)(s->fan_in ? s->fan_in : 1));

        o->w[t] = calloc(s->count, sizeof(float));
        o->g[t] = calloc(s->count, sizeof(float));
        o->r[t] = ref_room(s->count);
        for (size_t i = 0; i < s->count; i++) {
            double v = ref_random(&seed);

            if (s->role == FM_VAR || s->role == FM_SCALE)
                v = 1 + v / 2; /* keeps clear of 0 */
            else if (s->role == FM_WEIGHT)
                v *= scale;
            o->w[t][i] = (float)v;
            o->r[t][i] = (double)o->w[t][i];
        }
    }
    m = BATCH * fm_shape_count(o->a->input);
    o->x = calloc(m, sizeof *o->x);
    o->rx = ref_room(m);
    for (size_t i = 0; i < m; i++) {
        o->x[i] = (float)ref_random(&seed);
        if (fm_arch_vocabulary(o->a))
            o->x[i] = (float)(i * i % fm_arch_vocabulary(o->a));
        o->rx[i] = (double)o->x[i];
    }
    for (size_t i = 0; i < BATCH; i++)
        o->label[i] = (uint8_t)(i * 5 % o->a->classes);
    o->y = (struct fm_target){.label = o->label, .number = o->number};
}

static void
world_end(struct world *o)
{
    for (size_t t = 0; t < o->a->ntensors; t++) {
        free(o->w[t]);
        free(o->g[t]);
        free(o->r[t]);
    }
    free(o->w);
    free(o->g);
    free(o->r);
    free(o->x);
    free(o->rx);
    fm_arch_free(o->a);
}

/*
 * Floats carry 24 bits; sums of a few hundred terms lose about four of them
 * and a dozen layers a few more: 2^-24 * 2^4 * 2^3 is 8e-6.  Values here are
 * near 1 in size.
 */
static void
near(double got, double want, double scale, const struct world *o,
     const char *what, size_t i)
{
    CHECK(fabs(got - want) <= 2e-5 * (fabs(want) + scale),
          "%s[%zu] is %.9g, not %.9g, in\n%s", what, i, got, want, o->text);
}

static void
compare_forward(struct world *o, struct fm_net *net, size_t n, bool train)
{
    size_t classes = o->a->classes;
    double *want = ref_forward(o->a, o->r, o->rx, n, train, key, 9);
    const float *got = fm_net_forward(net, o->w, o->x, n, train, key, 9);

    for (size_t i = 0; i < n * classes; i++)
        near((double)got[i], want[i], 1, o, train ? "train" : "eval", i);
    near(fm_net_loss(net, &o->y, n, NULL), ref_loss(want, &o->y, n, classes), 1,
         o, "loss", 0);
    free(want);
    for (size_t t = 0; t < o->a->ntensors; t++)
        for (size_t i = 0; i < o->a->tensor[t].count; i++)
            near((double)o->w[t][i], o->r[t][i], 0.1, o, o->a->tensor[t].name,
                 i);
}

static double
loss_at(struct world *o, double *v, double to, size_t n)
{
    double keep = *v, loss, *z;

    *v = to;
    z = ref_forward(o->a, o->r, o->rx, n, true, key, 9);
    loss = ref_loss(z, &o->y, n, o->a->classes);
    free(z);
    *v = keep;
    return loss;
}

/*
 * Central differences of the reference: with h = 1e-5 they are good to 1e-9,
 * and no kink of relu or maxpool lies within h of these inputs.  The float
 * gradient is held to 2e-5 of itself plus the tensor's largest entry, or .05
 * when all are smaller (a bias before batchnorm has gradient 0, but for the
 * rounding of the terms that cancel).
 */
static void
compare_gradient(struct world *o, size_t t, size_t n)
{
    size_t count = o->a->tensor[t].count, step = count / DIFFS + 1;
    const double h = 1e-5;
    double most = 0.05;

    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)o->g[t][i]));
    for (size_t i = 0; i < count; i += step) {
        double *v = &o->r[t][i];
        double d = loss_at(o, v, *v + h, n) - loss_at(o, v, *v - h, n);

        near((double)o->g[t][i], d / (2 * h), most, o, o->a->tensor[t].name, i);
    }
}

static bool
has_gradient(const struct world *o, size_t t)
{
    return o->a->tensor[t].role != FM_MEAN && o->a->tensor[t].role != FM_VAR;
}

static void
compare(const char *text, enum fm_loss_kind kind, size_t n)
{
    struct world o;
    struct fm_err e = {0};
    struct fm_net *net;

    world_start(&o, text);
    o.y.kind = kind;
    if (kind == FM_LOSS_BCE)
        o.label[0] = 1; /* the others are 0 */
    for (size_t i = 0; i < BATCH * OUTPUTS; i++)
        o.number[i] = (float)(i % 5) / 4 - 0.3f;
    net = fm_net_new(o.a, BATCH, true, NULL, &e);
    CHECK(net, "%s", e.msg);
    compare_forward(&o, net, n, false);
    compare_forward(&o, net, n, true);
    for (size_t t = 0; t < o.a->ntensors; t++)
        for (size_t i = 0; i < o.a->tensor[t].count; i++)
            o.g[t][i] = 1e9f; /* gradients are overwritten, not added */
    fm_net_backward(net, o.w, &o.y, n, o.g);
    for (size_t t = 0; t < o.a->ntensors; t++)
        if (has_gradient(&o, t))
            compare_gradient(&o, t, n);
        else
            CHECK(o.g[t][0] == 1e9f, "gradient of running moments written");
    fm_net_free(net);
    world_end(&o);
}

/* Kernels 1, 2, 3, 5, not square; strides 1, 2, 3; pads 0, 1, 2 and wider
 * than the image; one channel and several; a kernel as large as the image. */
static const char *const nets[] = {
    "input 5\nlinear 3\n",
    "input 2x3x4\nlinear 4 nobias\ntanh\nlinear 3\n",
    "input 1x5x7\nconv 1 1x1\nlinear 3\n",
    "input 3x5x4\nconv 2 1x1 stride=2 nobias\nflatten\nlinear 3\n",
    "input 2x7x5\nconv 3 2x3 pad=1\nsigmoid\nconv 2 3x2 stride=2\nflatten\n"
    "linear 4\n",
    "input 1x9x9\nconv 4 3x3 pad=1 nobias\ntanh\nconv 5 3x3 pad=2\nlinear 3\n",
    "input 2x5x6\nconv 3 5x5 pad=2 stride=2\nrelu\nconv 2 2x2\nlinear 3\n",
    "input 2x2x3\nconv 3 5x5 pad=2\ntanh\nconv 3 1x1 pad=2\nlinear 2\n",
    "input 2x4x3\nconv 5 4x3\nlinear 2\n",
    "input 3x8x7\nconv 2 3x1 stride=3 pad=1\nlinear 2\n",
    "input 2x6x7\nconv 3 2x2\nmaxpool 2\nflatten\nrelu\nlinear 3\n",
    "input 1x9x8\nconv 2 2x2\nmaxpool 3 stride=2\nlinear 3\n",
    "input 70x5x5\nconv 66 1x1\nmaxpool 2 stride=1\navgpool 2\nlinear 3\n",
    "input 2x7x7\nconv 2 2x2\navgpool 3 stride=2\navgpool 2\nlinear 3\n",
    "input 2x6x5\nconv 3 3x3 pad=1 nobias\nbatchnorm\nrelu\nmaxpool 2\n"
    "linear 3\n",
    "input 6\nlinear 5\nbatchnorm eps=0.1 momentum=0.3\nsigmoid\nlinear 3\n",
    "input 2x4x4\nbatchnorm\nconv 3 2x2\nbatchnorm momentum=1\ntanh\n"
    "linear 3\n",
    "input 2x5x5\nconv 3 2x2\ndropout 0.5\ntanh\nflatten\nlinear 9\n"
    "dropout 0.2\nlinear 3\n",
    "input 2x5x5\nrelu\nmaxpool 2\ndropout 0.1\nflatten\nsigmoid\nlinear 4\n",
    "input 3x9x10\nconv 16 3x3 pad=1 nobias\nbatchnorm\nrelu\nmaxpool 2\n"
    "conv 32 3x3 pad=1 nobias\nbatchnorm\nrelu\nmaxpool 2\n"
    "conv 16 3x3 pad=1 nobias\nbatchnorm\nrelu\nflatten\nlinear 5 nobias\n",
    "input 48x5x4\nbatchnorm\nconv 96 3x3 pad=1 "
    "nobias\nbatchnorm\nrelu\nlinear 3\n",
    "input 1x9x10\nconv 16 3x3 pad=1\nrelu\nconv 16 3x3 pad=1\nrelu\n"
    "maxpool 2\nconv 32 3x3 pad=1\nrelu\nconv 32 2x2\nrelu\nmaxpool 2\n"
    "linear 5\nrelu\nlinear 3\n",
    "input 16x6x7\nconv 16 3x3\nrelu\nconv 32 3x3 pad=2\ntanh\nlinear 5\n",
    "input 1\nembedding 4 3\nlstm 2\nlinear 3\n",
    "input 11\nembedding 7 3\nlstm 5 nobias\ndropout 0.5\nlinear 7 nobias\n",
    "input 9\nembedding 5 6\ntanh\nlstm 6 layers=3\nlinear 4\n",
    "input 17\nembedding 9 2\ndropout 0.3\nlstm 9 layers=2\nlinear 3\n",
};

/* One tensor's gradient asked for alone is the same; the others are left. */
static void
only_some(void)
{
    struct world o;
    struct fm_net *net;
    float *all, *none[16] = {NULL};

    world_start(&o, nets[4]);
    all = calloc(o.a->params, sizeof *all);
    net = fm_net_new(o.a, BATCH, true, NULL, NULL);
    for (size_t t = 0; t < o.a->ntensors; t++) {
        fm_net_forward(net, o.w, o.x, 2, true, key, 9);
        fm_net_backward(net, o.w, &o.y, 2, o.g);
        memcpy(all, o.g[t], o.a->tensor[t].count * sizeof *all);
        none[t] = o.g[t];
        fm_net_forward(net, o.w, o.x, 2, true, key, 9);
        fm_net_backward(net, o.w, &o.y, 2, none);
        CHECK(memcmp(all, o.g[t], o.a->tensor[t].count * sizeof *all) == 0,
              "tensor %zu", t);
        none[t] = NULL;
    }
    fm_net_free(net);
    free(all);
    world_end(&o);
}

/* A net without room for gradients gives the same logits. */
static void
eval_only(void)
{
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct world o;
        struct fm_net *a, *b;

        world_start(&o, nets[i]);
        a = fm_net_new(o.a, BATCH, true, NULL, NULL);
        b = fm_net_new(o.a, BATCH, false, NULL, NULL);
        CHECK(memcmp(fm_net_forward(a, o.w, o.x, BATCH, false, 0, 0),
                     fm_net_forward(b, o.w, o.x, BATCH, false, 0, 0),
                     BATCH * o.a->classes * sizeof(float)) == 0,
              "%s", nets[i]);
        fm_net_free(a);
        fm_net_free(b);
        world_end(&o);
    }
}

/* The same bits for every number of threads. */
static void
threads(void)
{
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct world one, many;
        struct fm_pool *pool = fm_pool_new(3, NULL);
        struct fm_net *a, *b;

        CHECK(pool, "no threads");
        world_start(&one, nets[i]);
        world_start(&many, nets[i]);
        a = fm_net_new(one.a, BATCH, true, NULL, NULL);
        b = fm_net_new(many.a, BATCH, true, pool, NULL);
        CHECK(memcmp(fm_net_forward(a, one.w, one.x, BATCH, true, key, 1),
                     fm_net_forward(b, many.w, many.x, BATCH, true, key, 1),
                     BATCH * one.a->classes * sizeof(float)) == 0,
              "logits of\n%s", nets[i]);
        fm_net_backward(a, one.w, &one.y, BATCH, one.g);
        fm_net_backward(b, many.w, &many.y, BATCH, many.g);
        for (size_t t = 0; t < one.a->ntensors; t++) {
            size_t bytes = one.a->tensor[t].count * sizeof(float);

            CHECK(memcmp(one.g[t], many.g[t], bytes) == 0 &&
                      memcmp(one.w[t], many.w[t], bytes) == 0,
                  "tensor %zu of\n%s", t, nets[i]);
        }
        fm_net_free(a);
        fm_net_free(b);
        fm_pool_free(pool);
        world_end(&one);
        world_end(&many);
    }
}

/* A batch of one value per channel: its variance is 0, and counts 0. */
static void
one_value(void)
{
    struct world o;
    struct fm_net *net;
    double mean, var;
    size_t t;

    world_start(&o, "input 3\nlinear 1\nbatchnorm\nlinear 2\n");
    t = o.a->layer[1].tensor;
    var = (double)o.w[t + 3][0];
    mean = (double)o.w[t + 2][0];
    net = fm_net_new(o.a, BATCH, true, NULL, NULL);
    compare_forward(&o, net, 1, true);
    near((double)o.w[t + 3][0], 0.9 * var, 0, &o, "var", 0);
    CHECK((double)o.w[t + 2][0] != mean, "running mean did not move");
    fm_net_free(net);
    world_end(&o);
}

static void
too_large(void)
{
    struct fm_err e = {0};
    struct fm_arch *a =
        fm_arch_parse("input 9\ndropout 0.5\nlinear 2\n", "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(!fm_net_new(a, (size_t)1 << 33, true, NULL, &e), "not refused");
    CHECK(e.code == FM_ESYS && strstr(e.msg, "layer 1 is too large"), "%s",
          e.msg);
    fm_arch_free(a);
}

int
main(void)
{
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        compare(nets[i], FM_LOSS_SOFTMAX, 1);
        compare(nets[i], FM_LOSS_SOFTMAX, BATCH);
    }
    compare(nets[1], FM_LOSS_MSE, 1);
    compare(nets[4], FM_LOSS_MSE, BATCH);
    compare("input 4\nlinear 1\n", FM_LOSS_MSE, BATCH);
    compare("input 4\nlinear 1\n", FM_LOSS_BCE, 1);
    compare("input 1x5x4\nconv 2 3x3\nbatchnorm\nrelu\nlinear 1\n", FM_LOSS_BCE,
            BATCH);
    only_some();
    eval_only();
    threads();
    one_value();
    too_large();
    return 0;
}
