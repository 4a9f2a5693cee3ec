#include "nn/net.h"

#include "base/mem.h"
#include "nn/activation.h"
#include "nn/batchnorm.h"
#include "nn/block.h"
#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/gemm.h"
#include "nn/layout.h"
#include "nn/linear.h"
#include "nn/lstm.h"
#include "nn/pool2d.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A layer, or several that are computed together: what it computes with, and
 * its output. */
struct node {
    const struct fm_layer *l; /* the first */
    size_t span;
    struct fm_conv *conv;
    struct fm_batchnorm *norm;
    struct fm_lstm *lstm;
    const float *x; /* its input in the last forward */
    float *y;       /* its output; NULL for a layer that only renames */
    float *flat;    /* linear, flatten: the input image as NCHW, or NULL */
};

struct fm_net {
    const struct fm_arch *arch;
    struct fm_pool *pool;
    size_t batch, n; /* n: rows of the last forward */
    bool train, trained;
    uint64_t key; /* of the last training forward's dropout */
    uint32_t pass;
    size_t nnodes, first; /* the first with tensors: below it no gradient */
    struct node *node;
    float *input;   /* the batch as NHWC */
    float *swap[2]; /* outputs in turn, or gradients when training */
    const float *logits;
};

/* A layer that flattens an image must put it into NCHW order first. */
static bool
reorders(const struct fm_layer *l)
{
    return (l->op == FM_LINEAR || l->op == FM_FLATTEN) &&
           !fm_layout_same(l->in);
}

/* The matrix products count in int, and dropout has 2^35 lanes. */
static int
check_size(const struct fm_net *net, size_t i, struct fm_err *e)
{
    const struct fm_layer *l = &net->arch->layer[i];
    size_t in = fm_shape_count(l->in), out = fm_shape_count(l->out), row;
    bool ok = true;

    if (l->op == FM_LINEAR)
        ok = in <= FM_GEMM_MAX && out <= FM_GEMM_MAX;
    else if (l->op == FM_CONV)
        ok = fm_mul_ok(l->r * l->in.c, l->s, &row) && row <= FM_GEMM_MAX &&
             l->out.c <= FM_GEMM_MAX && l->out.w <= FM_GEMM_MAX;
    else if (l->op == FM_DROPOUT)
        ok = fm_mul_ok(in, net->batch, &row) && row <= FM_DROPOUT_MAX;
    else if (l->op == FM_LSTM)
        ok = fm_lstm_fits(l, net->batch);
    if (ok && fm_mul_ok(in > out ? in : out, net->batch, &row))
        return 0;
    return fm_err_set(e, FM_ESYS, "layer %zu is too large for this machine",
                      i + 1);
}

static struct fm_shape
node_out(const struct node *d)
{
    return d->l[d->span - 1].out;
}

/* How many layers from the i-th on are computed together. */
static size_t
span_of(const struct fm_net *net, size_t i)
{
    const struct fm_layer *l = &net->arch->layer[i];
    size_t left = net->arch->nlayers - i, span = fm_block_span(l, left);

    if (l->op == FM_CONV && l[1].op == FM_RELU &&
        fm_block_span(l + 1, left - 1) == 0)
        span = 2; /* the last layer is linear, so there is an l[1] */
    return span ? span : 1;
}

/* The node of layer i and perhaps of some that follow. */
static int
node_start(struct fm_net *net, struct node *d, size_t i, struct fm_err *e)
{
    const struct fm_layer *l = &net->arch->layer[i];

    d->l = l;
    d->span = span_of(net, i);
    for (size_t k = 0; k < d->span; k++)
        if (check_size(net, i + k, e))
            return FM_ESYS;
    if (l->op == FM_CONV && !(d->conv = fm_conv_new(l, d->span == 2, net->batch,
                                                    net->train, net->pool, e)))
        return FM_ESYS;
    if (l->op == FM_BATCHNORM && !(d->norm = fm_batchnorm_new(l, net->pool, e)))
        return FM_ESYS;
    if (l->op == FM_LSTM &&
        !(d->lstm = fm_lstm_new(l, net->batch, net->train, net->pool, e)))
        return FM_ESYS;
    if (reorders(l) && !(d->flat = fm_alloc(net->batch * fm_shape_count(l->in),
                                            sizeof(float), e)))
        return FM_ESYS;
    if (net->train && l->op != FM_FLATTEN &&
        !(d->y = fm_alloc(net->batch * fm_shape_count(node_out(d)),
                          sizeof(float), e)))
        return FM_ESYS;
    return 0;
}

struct fm_net *
fm_net_new(const struct fm_arch *arch, size_t batch, bool train,
           struct fm_pool *pool, struct fm_err *e)
{
    struct fm_net *net = fm_alloc(1, sizeof *net, e);
    size_t most = fm_shape_count(arch->input);

    assert(batch > 0 && arch->nlayers > 0);
    if (!net)
        return NULL;
    net->arch = arch;
    net->pool = pool;
    net->batch = batch;
    net->train = train;
    if (!(net->node = fm_alloc(arch->nlayers, sizeof *net->node, e)))
        goto fail;
    for (size_t i = 0; i < arch->nlayers;) {
        struct node *d = &net->node[net->nnodes++];
        size_t out;

        if (node_start(net, d, i, e))
            goto fail;
        out = fm_shape_count(node_out(d));
        most = out > most ? out : most;
        i += d->span;
    }
    while (net->node[net->first].l->ntensors == 0)
        net->first++; /* the last layer is linear and has some */
    if (!(net->input = fm_alloc(batch * fm_shape_count(arch->input),
                                sizeof(float), e)) ||
        !(net->swap[0] = fm_alloc(batch * most, sizeof(float), e)) ||
        !(net->swap[1] = fm_alloc(batch * most, sizeof(float), e)))
        goto fail;
    return net;
fail:
    fm_net_free(net);
    return NULL;
}

void
fm_net_free(struct fm_net *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < net->nnodes; i++) {
        fm_conv_free(net->node[i].conv);
        fm_batchnorm_free(net->node[i].norm);
        fm_lstm_free(net->node[i].lstm);
        free(net->node[i].y);
        free(net->node[i].flat);
    }
    free(net->node);
    free(net->input);
    free(net->swap[0]);
    free(net->swap[1]);
    free(net);
}

static struct fm_place
place(const struct fm_net *net, const struct node *d)
{
    struct fm_place at = {.key = net->key,
                          .high = net->pass,
                          .ordinal = (uint32_t)(d->l - net->arch->layer),
                          .purpose = FM_FOR_DROPOUT};

    return at;
}

static void
norm_forward(struct fm_net *net, struct node *d, float *const *w, float *y,
             bool train)
{
    const struct fm_batchnorm_w t = {w[0], w[1], w[2], w[3]};

    if (d->span > 1)
        fm_block_forward(d->l, d->span, d->norm, &t, d->x, y, net->n, train,
                         net->pool);
    else
        fm_batchnorm_forward(d->norm, &t, d->x, y,
                             net->n * d->l->in.h * d->l->in.w, train);
}

/* y = layer(d->x); returns y, or the input of a layer that does nothing. */
static const float *
node_forward(struct fm_net *net, struct node *d, float *const *w, float *y,
             bool train)
{
    const struct fm_layer *l = d->l;
    const float *x = d->x;
    size_t n = net->n, m = n * fm_shape_count(l->in);
    struct fm_place at;

    if (d->flat) {
        fm_layout_nchw(x, d->flat, n, l->in, net->pool);
        x = d->flat;
    }
    w += l->tensor;
    switch (l->op) {
    case FM_CONV:
        fm_conv_forward(d->conv, w[0], l->bias ? w[1] : NULL, x, y, n);
        return y;
    case FM_LINEAR:
        fm_linear_forward(x, w[0], l->bias ? w[1] : NULL, y, n,
                          fm_shape_count(l->in), l->out.c, net->pool);
        return y;
    case FM_BATCHNORM:
        norm_forward(net, d, w, y, train);
        return y;
    case FM_RELU:
        if (d->span > 1) {
            fm_block_forward(l, d->span, NULL, NULL, x, y, n, train, net->pool);
            return y;
        }
        /* fall through */
    case FM_TANH:
    case FM_SIGMOID:
        fm_activation_forward(l->op, x, y, m, net->pool);
        return y;
    case FM_MAXPOOL:
    case FM_AVGPOOL:
        fm_pool2d_forward(l, x, y, n, net->pool);
        return y;
    case FM_DROPOUT:
        if (!train)
            return x;
        at = place(net, d);
        fm_dropout(x, y, m, l->p, &at, net->pool);
        return y;
    case FM_EMBEDDING:
        fm_embedding_forward(x, w[0], y, m, l->vocabulary, l->out.c);
        return y;
    case FM_LSTM:
        fm_lstm_forward(d->lstm, w, x, y, n);
        return y;
    case FM_FLATTEN:
        break;
    }
    return x;
}

const float *
fm_net_forward(struct fm_net *net, float *const *w, const float *x, size_t n,
               bool train, uint64_t key, uint32_t pass)
{
    const float *h = net->input;
    unsigned turn = 0;

    assert(n > 0 && n <= net->batch && (net->train || !train));
    net->n = n;
    net->trained = train;
    net->key = key;
    net->pass = pass;
    fm_layout_nhwc(x, net->input, n, net->arch->input, net->pool);
    for (size_t i = 0; i < net->nnodes; i++) {
        struct node *d = &net->node[i];
        float *y = d->y;

        /* Without gradients nothing is kept: two buffers take turns. */
        if (!net->train)
            y = net->swap[turn];
        d->x = h;
        h = node_forward(net, d, w, y, train);
        turn ^= h == y;
    }
    return net->logits = h;
}

double
fm_net_loss(struct fm_net *net, const struct fm_target *y, size_t n,
            size_t *correct)
{
    assert(net->logits && n == net->n);
    return fm_loss(net->logits, y, n, net->arch->classes, correct);
}

static void
linear_backward(struct fm_net *net, struct node *d, float *const *w,
                const float *dy, float *dx, float *const *g)
{
    const struct fm_layer *l = d->l;
    /* An image's gradient comes out as NCHW; flat is free to take it. */
    float *to = dx && d->flat ? d->flat : dx;

    fm_linear_backward(d->flat ? d->flat : d->x, w[0], dy, net->n,
                       fm_shape_count(l->in), l->out.c, NULL, g[0],
                       l->bias ? g[1] : NULL, net->pool);
    if (!dx)
        return;
    fm_linear_backward(NULL, w[0], dy, net->n, fm_shape_count(l->in), l->out.c,
                       to, NULL, NULL, net->pool);
    if (d->flat)
        fm_layout_nhwc(to, dx, net->n, l->in, net->pool);
}

/* dx = gradient of the layer's input, given dy; NULL when not wanted. */
static void
node_backward(struct fm_net *net, struct node *d, float *const *w, float *dy,
              float *dx, float *const *g)
{
    const struct fm_layer *l = d->l;
    size_t n = net->n, m = n * fm_shape_count(l->in);
    struct fm_place at;

    w += l->tensor;
    g += l->tensor;
    switch (l->op) {
    case FM_CONV:
        fm_conv_backward(d->conv, w[0], d->x, d->y, dy, n, dx, g[0],
                         l->bias ? g[1] : NULL);
        break;
    case FM_LINEAR:
        linear_backward(net, d, w, dy, dx, g);
        break;
    case FM_BATCHNORM:
        if (d->span > 1)
            fm_block_backward(l, d->span, d->norm, d->x, dy, n, dx, g[0], g[1],
                              net->pool);
        else
            fm_batchnorm_backward(d->norm, d->x, dy, n * l->in.h * l->in.w, dx,
                                  g[0], g[1]);
        break;
    case FM_RELU:
        if (d->span > 1) {
            fm_block_backward(l, d->span, NULL, d->x, dy, n, dx, NULL, NULL,
                              net->pool);
            break;
        }
        /* fall through */
    case FM_TANH:
    case FM_SIGMOID:
        fm_activation_backward(l->op, d->y, dy, dx, m, net->pool);
        break;
    case FM_MAXPOOL:
    case FM_AVGPOOL:
        fm_pool2d_backward(l, d->x, dy, dx, n, net->pool);
        break;
    case FM_DROPOUT:
        at = place(net, d);
        fm_dropout(dy, dx, m, l->p, &at, net->pool);
        break;
    case FM_EMBEDDING:
        if (g[0])
            fm_embedding_backward(d->x, dy, g[0], m, l->vocabulary, l->out.c);
        break;
    case FM_LSTM:
        fm_lstm_backward(d->lstm, w, dy, n, dx, g);
        break;
    case FM_FLATTEN:
        fm_layout_nhwc(dy, dx, n, l->in, net->pool);
        break;
    }
}

void
fm_net_backward(struct fm_net *net, float *const *w, const struct fm_target *y,
                size_t n, float *const *g)
{
    float *dy = net->swap[0], *dx = net->swap[1];

    assert(net->trained && n == net->n);
    net->trained = false; /* what forward kept is now written over */
    fm_loss_backward(net->logits, y, n, net->arch->classes, dy);
    for (size_t i = net->nnodes; i-- > net->first;) {
        struct node *d = &net->node[i];
        float *t = dy;

        if (d->l->op == FM_FLATTEN && !d->flat)
            continue;
        node_backward(net, d, w, dy, i > net->first ? dx : NULL, g);
        dy = dx;
        dx = t;
    }
}
