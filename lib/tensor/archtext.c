#include "tensor/archtext.h"

#include "base/mem.h"
#include "tensor/number.h"
#include "tensor/words.h"

#include <stdlib.h>

static const double default_eps = 1e-5, default_momentum = 0.1;

struct parser {
    struct fm_words w;
    struct fm_arch *a;
    size_t cap; /* room for layers */
    struct fm_shape now;
    enum { VECTOR, IMAGE, SEQUENCE } kind; /* of `now` */
};

static bool
shape_ok(struct fm_shape s)
{
    size_t n;

    return fm_mul_ok(s.c, s.h, &n) && fm_mul_ok(n, s.w, &n) &&
           n <= FM_ACTIVATION_MAX;
}

int
fm_shape_parse(struct fm_shape *s, const char *text)
{
    size_t dim[3], n = fm_words_split(text, dim, 3);

    if (n == 1)
        *s = (struct fm_shape){dim[0], 1, 1};
    else if (n == 3)
        *s = (struct fm_shape){dim[0], dim[1], dim[2]};
    else
        return -1;
    return shape_ok(*s) ? 0 : -1;
}

static int
need_image(struct parser *p)
{
    if (p->kind == VECTOR)
        return fm_words_fail(&p->w, "needs an image, not a vector of %zu",
                             p->now.c);
    if (p->kind == SEQUENCE)
        return fm_words_fail(&p->w, "needs an image, not a sequence");
    return 0;
}

static int
refuse_sequence(struct parser *p)
{
    if (p->kind == SEQUENCE)
        return fm_words_fail(&p->w, "cannot take a sequence; an lstm in front "
                                    "of it makes a vector");
    return 0;
}

/* The sliding window of conv and pools: floor((in + 2 pad - k)/stride) + 1. */
static int
slide(struct parser *p, struct fm_layer *l, size_t channels)
{
    size_t h = l->in.h + 2 * l->pad, w = l->in.w + 2 * l->pad;

    if (l->r > h || l->s > w)
        return fm_words_fail(&p->w, "%zux%zu is larger than its input %zux%zu",
                             l->r, l->s, h, w);
    l->out = (struct fm_shape){channels, (h - l->r) / l->stride + 1,
                               (w - l->s) / l->stride + 1};
    return 0;
}

static int
parse_conv(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    size_t k, rs[2];
    int rc;

    if ((rc = fm_words_dims(w, 1, "a number of channels", &k, 1)) ||
        (rc = fm_words_dims(w, 2, "a kernel such as 3x3", rs, 2)) ||
        (rc = fm_words_count(w, "stride", 1, &l->stride)) ||
        (rc = fm_words_count(w, "pad", 0, &l->pad)) || (rc = need_image(p)))
        return rc;
    l->r = rs[0];
    l->s = rs[1];
    l->bias = !fm_words_flag(w, "nobias");
    if ((rc = slide(p, l, k)) ||
        (rc = fm_words_put(w, "conv %zu %zux%zu", k, l->r, l->s)) ||
        (rc = fm_words_put_count(w, "stride", l->stride, 1)) ||
        (rc = fm_words_put_count(w, "pad", l->pad, 0)))
        return rc;
    return fm_words_put(w, "%s", l->bias ? "" : " nobias");
}

static int
parse_linear(struct parser *p, struct fm_layer *l)
{
    size_t k;
    int rc;

    if ((rc = fm_words_dims(&p->w, 1, "a number of outputs", &k, 1)) ||
        (rc = refuse_sequence(p)))
        return rc;
    l->bias = !fm_words_flag(&p->w, "nobias");
    l->out = (struct fm_shape){k, 1, 1};
    return fm_words_put(&p->w, "linear %zu%s", k, l->bias ? "" : " nobias");
}

static int
parse_batchnorm(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    int rc;

    l->eps = default_eps;
    l->momentum = default_momentum;
    if ((rc = refuse_sequence(p)) || (rc = fm_words_share(w, "eps", &l->eps)) ||
        (rc = fm_words_share(w, "momentum", &l->momentum)))
        return rc;
    /* As the float that the network computes with. */
    if ((float)l->eps <= 0)
        return fm_words_fail(w, "eps must be above 0");
    if ((rc = fm_words_put(w, "batchnorm")) ||
        (rc = fm_words_put_real(w, "eps", l->eps, default_eps)))
        return rc;
    return fm_words_put_real(w, "momentum", l->momentum, default_momentum);
}

static int
parse_pool(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    size_t k;
    int rc;

    if ((rc = fm_words_dims(w, 1, "a size", &k, 1)))
        return rc;
    l->r = l->s = l->stride = k;
    if ((rc = fm_words_count(w, "stride", 1, &l->stride)) ||
        (rc = need_image(p)) || (rc = slide(p, l, l->in.c)) ||
        (rc = fm_words_put(w, "%s %zu", w->word[0], k)))
        return rc;
    return fm_words_put_count(w, "stride", l->stride, k);
}

static int
parse_dropout(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    char number[FM_DOUBLE_TEXT];

    if (w->n < 2)
        return fm_words_fail(w, "a probability is missing");
    if (!fm_double_parse(&l->p, w->word[1]) || !(l->p >= 0 && (float)l->p < 1))
        return fm_words_fail(w, "%.40s is not a probability in [0,1)",
                             w->word[1]);
    w->used |= 2;
    fm_double_text(number, l->p);
    return fm_words_put(w, "dropout %s", number);
}

/* Tokens travel as floats, which are exact up to here. */
static const size_t vocabulary_max = (size_t)1 << 24;

static int
parse_embedding(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    size_t k;
    int rc;

    if ((rc = fm_words_dims(w, 1, "a number of tokens", &l->vocabulary, 1)) ||
        (rc = fm_words_dims(w, 2, "a width", &k, 1)))
        return rc;
    if (l->vocabulary > vocabulary_max)
        return fm_words_fail(w, "more than 2^24 tokens");
    if (p->a->nlayers > 0)
        return fm_words_fail(w, "must be the first layer");
    if (p->kind != VECTOR)
        return fm_words_fail(w, "needs an input of N tokens, not an image");
    l->out = (struct fm_shape){k, l->in.c, 1};
    return fm_words_put(w, "embedding %zu %zu", l->vocabulary, k);
}

static int
parse_lstm(struct parser *p, struct fm_layer *l)
{
    struct fm_words *w = &p->w;
    size_t k;
    int rc;

    l->layers = 1;
    if ((rc = fm_words_dims(w, 1, "a width", &k, 1)) ||
        (rc = fm_words_count(w, "layers", 1, &l->layers)))
        return rc;
    if (l->layers > FM_LSTM_LAYERS)
        return fm_words_fail(w, "more than %d layers", FM_LSTM_LAYERS);
    if (p->kind != SEQUENCE)
        return fm_words_fail(w, "needs a sequence, which an embedding makes");
    l->bias = !fm_words_flag(w, "nobias");
    l->out = (struct fm_shape){k, 1, 1};
    if ((rc = fm_words_put(w, "lstm %zu", k)) ||
        (rc = fm_words_put_count(w, "layers", l->layers, 1)))
        return rc;
    return fm_words_put(w, "%s", l->bias ? "" : " nobias");
}

static int
parse_plain(struct parser *p, struct fm_layer *l)
{
    int rc = l->op == FM_FLATTEN ? refuse_sequence(p) : 0;

    if (rc)
        return rc;
    if (l->op == FM_FLATTEN)
        l->out = (struct fm_shape){fm_shape_count(l->in), 1, 1};
    return fm_words_put(&p->w, "%s", p->w.word[0]);
}

static const struct {
    const char *name;
    enum fm_op op;
    int (*parse)(struct parser *, struct fm_layer *);
} layers[] = {
    {"conv", FM_CONV, parse_conv},
    {"linear", FM_LINEAR, parse_linear},
    {"batchnorm", FM_BATCHNORM, parse_batchnorm},
    {"relu", FM_RELU, parse_plain},
    {"tanh", FM_TANH, parse_plain},
    {"sigmoid", FM_SIGMOID, parse_plain},
    {"flatten", FM_FLATTEN, parse_plain},
    {"maxpool", FM_MAXPOOL, parse_pool},
    {"avgpool", FM_AVGPOOL, parse_pool},
    {"dropout", FM_DROPOUT, parse_dropout},
    {"embedding", FM_EMBEDDING, parse_embedding},
    {"lstm", FM_LSTM, parse_lstm},
};

static int
add_layer(struct parser *p, const struct fm_layer *l)
{
    struct fm_arch *a = p->a;

    if (a->nlayers == FM_LAYERS_MAX)
        return fm_words_fail(&p->w, "more than %d layers", FM_LAYERS_MAX);
    if (a->nlayers == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 16;
        struct fm_layer *more = fm_alloc(cap, sizeof *more, p->w.e);

        if (!more)
            return FM_ESYS;
        if (a->nlayers)
            memcpy(more, a->layer, a->nlayers * sizeof *more);
        free(a->layer);
        a->layer = more;
        p->cap = cap;
    }
    a->layer[a->nlayers++] = *l;
    return 0;
}

static int
parse_input(struct parser *p)
{
    static const char shape[] = "a shape such as 1x28x28 or 64";
    struct fm_words *w = &p->w;
    struct fm_shape *now = &p->now;

    if (strcmp(w->word[0], "input") != 0)
        return fm_words_fail(w, "the first line must be `input`");
    if (w->n < 2)
        return fm_words_fail(w, "%s is missing", shape);
    if (fm_shape_parse(now, w->word[1]))
        return fm_words_fail(w, "%.40s is not %s", w->word[1], shape);
    w->used |= 2;
    p->a->input = *now;
    p->kind = strchr(w->word[1], 'x') ? IMAGE : VECTOR;
    if (p->kind == VECTOR)
        return fm_words_put(w, "input %zu", now->c);
    return fm_words_put(w, "input %zux%zux%zu", now->c, now->h, now->w);
}

static int
parse_layer(struct parser *p)
{
    struct fm_layer l = {.in = p->now, .out = p->now};
    size_t i = 0, kinds = sizeof layers / sizeof *layers;
    int rc;

    l.r = l.s = l.stride = 1;
    while (i < kinds && strcmp(p->w.word[0], layers[i].name) != 0)
        i++;
    if (i == kinds)
        return fm_words_fail(&p->w,
                             strcmp(p->w.word[0], "input") == 0
                                 ? "only the first line may say this"
                                 : "no such layer; fedmrn-model(5) lists them");
    l.op = layers[i].op;
    if ((rc = layers[i].parse(p, &l)))
        return rc;
    if (!shape_ok(l.out))
        return fm_words_fail(&p->w, "its output has more than 2^31 values");
    p->now = l.out;
    if (l.op == FM_FLATTEN || l.op == FM_LINEAR || l.op == FM_LSTM)
        p->kind = VECTOR;
    else if (l.op == FM_EMBEDDING)
        p->kind = SEQUENCE;
    return add_layer(p, &l);
}

int
fm_archtext_parse(struct fm_arch *a, struct fm_buf *canonical, const char *text,
                  const char *what, struct fm_err *e)
{
    struct parser p = {.w = {.what = what, .canonical = canonical, .e = e},
                       .a = a};
    int rc;

    while (*text) {
        size_t len = strcspn(text, "\n");

        if ((rc = fm_words_cut(&p.w, text, len)))
            return rc;
        text += len + (text[len] == '\n');
        if (p.w.n == 0)
            continue;
        rc = a->input.c == 0 ? parse_input(&p) : parse_layer(&p);
        if (rc || (rc = fm_words_end(&p.w)))
            return rc;
    }
    if (a->input.c == 0)
        return fm_err_set(e, FM_EINPUT, "%.100s: no architecture in it", what);
    if (a->nlayers == 0 || a->layer[a->nlayers - 1].op != FM_LINEAR)
        return fm_words_fail(&p.w, "the last layer must be `linear`");
    a->classes = p.now.c;
    return 0;
}
