/*
 * An LSTM against PyTorch's numbers (golden/make_lstm.py), and a batch of
 * several pieces against its samples one by one.  test_net.c compares more
 * shapes with the formulas and with finite differences.
 */
#include "nn/lstm.h"

#include "base/cpu.h"
#include "check.h"
#include "golden/lstm.h"
#include "nn/net.h"
#include "nn_ref.h"

static struct fm_arch *
parse(const char *text)
{
    struct fm_err e = {0};
    struct fm_arch *a = fm_arch_parse(text, "t", &e);

    CHECK(a, "%s", e.msg);
    return a;
}

/* Floats carry 24 bits, and the longest sum has a few dozen terms near 1. */
static void
near(float got, double want, const char *what, size_t i)
{
    CHECK(fabs((double)got - want) <= 1e-6, "%s[%zu] is %.9g, not %.9g", what,
          i, (double)got, want);
}

static void
pytorch(const char *text, double loss, const double *logits,
        const char *const *names, size_t n, const double *gradient)
{
    struct fm_arch *a = parse(text);
    struct fm_net *net = fm_net_new(a, 3, true, NULL, NULL);
    float *w[11], *g[11], x[18];
    const uint8_t y[3] = {0, 2, 4};
    uint32_t seed = 3;
    const float *z;

    CHECK(net && a->ntensors == n && n <= 11, "%zu tensors", a->ntensors);
    for (size_t t = 0; t < n; t++) {
        CHECK(strcmp(a->tensor[t].name, names[t]) == 0, "%s, not %s",
              a->tensor[t].name, names[t]);
        w[t] = calloc(a->tensor[t].count, sizeof(float));
        g[t] = calloc(a->tensor[t].count, sizeof(float));
        for (size_t i = 0; i < a->tensor[t].count; i++)
            w[t][i] = (float)ref_random(&seed);
    }
    for (size_t i = 0; i < 18; i++)
        x[i] = (float)((i * i + 3 * (i / 7)) % 5);
    z = fm_net_forward(net, w, x, 3, true, 0, 1);
    for (size_t i = 0; i < 15; i++)
        near(z[i], logits[i], "logit", i);
    near((float)fm_net_loss(net, LABELS(y), 3, NULL), loss, "loss", 0);
    fm_net_backward(net, w, LABELS(y), 3, g);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < a->tensor[t].count; i++)
            near(g[t][i], *gradient++, names[t], i);
    for (size_t t = 0; t < n; t++) {
        free(w[t]);
        free(g[t]);
    }
    fm_net_free(net);
    fm_arch_free(a);
}

static float *
random_floats(size_t n, uint32_t seed, double scale)
{
    float *p = calloc(n, sizeof *p);

    CHECK(p, "memory");
    for (size_t i = 0; i < n; i++)
        p[i] = (float)(ref_random(&seed) * scale);
    return p;
}

enum { N = 75, T = 10, D = 3, K = 20, LAYERS = 2, TENSORS = 4 * LAYERS };

/* What one run gives: y, dx and the gradients. */
struct run {
    float *y, *dx, *g[TENSORS];
};

static struct run
run(const struct fm_layer *l, float *const *w, const size_t *count,
    const float *x, const float *dy, size_t n, struct fm_pool *pool)
{
    struct run r = {.y = calloc(n * K, sizeof(float)),
                    .dx = calloc(n * T * D, sizeof(float))};
    struct fm_lstm *s = fm_lstm_new(l, n, true, pool, NULL);

    CHECK(s, "memory");
    for (size_t t = 0; t < TENSORS; t++)
        r.g[t] = calloc(count[t], sizeof(float));
    fm_lstm_forward(s, w, x, r.y, n);
    fm_lstm_backward(s, w, dy, n, r.dx, r.g);
    fm_lstm_free(s);
    return r;
}

static void
run_free(struct run *r)
{
    free(r->y);
    free(r->dx);
    for (size_t t = 0; t < TENSORS; t++)
        free(r->g[t]);
}

/* A batch of three pieces on several threads, and a sample at a time. */
static void
pieces(void)
{
    struct fm_arch *a =
        parse("input 10\nembedding 4 3\nlstm 20 layers=2\nlinear 2\n");
    const struct fm_layer *l = &a->layer[1];
    struct fm_pool *pool = fm_pool_new(3, NULL);
    float *w[TENSORS], *x = random_floats(N * T * D, 1, 1);
    float *dy = random_floats(N * K, 2, 1);
    size_t count[TENSORS];
    double *sum[TENSORS];
    struct run all, many;

    for (size_t t = 0; t < TENSORS; t++) {
        count[t] = a->tensor[l->tensor + t].count;
        w[t] = random_floats(count[t], (uint32_t)t, 0.5);
        sum[t] = ref_room(count[t]);
    }
    all = run(l, w, count, x, dy, N, NULL);
    many = run(l, w, count, x, dy, N, pool);
    CHECK(memcmp(all.y, many.y, N * K * sizeof *all.y) == 0 &&
              memcmp(all.dx, many.dx, N * T * D * sizeof *all.y) == 0,
          "threads change the outcome");
    for (size_t i = 0; i < N; i++) {
        struct run one = run(l, w, count, x + i * T * D, dy + i * K, 1, NULL);

        for (size_t k = 0; k < K; k++)
            near(all.y[i * K + k], (double)one.y[k], "y", i);
        for (size_t k = 0; k < T * D; k++)
            near(all.dx[i * T * D + k], (double)one.dx[k], "dx", i);
        for (size_t t = 0; t < TENSORS; t++)
            for (size_t k = 0; k < count[t]; k++)
                sum[t][k] += (double)one.g[t][k];
        run_free(&one);
    }
    for (size_t t = 0; t < TENSORS; t++) {
        CHECK(memcmp(all.g[t], many.g[t], count[t] * sizeof *x) == 0,
              "threads change gradient %zu", t);
        /* Sums of 75 samples, some above 10. */
        for (size_t k = 0; k < count[t]; k++)
            near(all.g[t][k] / 16, sum[t][k] / 16, "gradient", t);
    }
    for (size_t t = 0; t < TENSORS; t++) {
        free(w[t]);
        free(sum[t]);
    }
    run_free(&all);
    run_free(&many);
    free(x);
    free(dy);
    fm_pool_free(pool);
    fm_arch_free(a);
}

/* Gates far from 0 saturate, and do not become NaN. */
static void
saturated(void)
{
    struct fm_arch *a = parse("input 3\nembedding 4 1\nlstm 1\nlinear 2\n");
    const float w0[4] = {1e30f, 1e30f, 1e30f, 1e30f}, zero[4] = {0};
    float *w[4] = {(float *)(uintptr_t)w0, (float *)(uintptr_t)zero,
                   (float *)(uintptr_t)zero, (float *)(uintptr_t)zero};
    const float x[3] = {1, 1, 1};
    float y[1];
    struct fm_lstm *s = fm_lstm_new(&a->layer[1], 1, false, NULL, NULL);

    CHECK(s, "memory");
    fm_lstm_forward(s, w, x, y, 1); /* c = 1, 2, 3 */
    near(y[0], tanh(3), "y", 0);
    fm_lstm_free(s);
    fm_arch_free(a);
}

static void
too_large(void)
{
    struct fm_layer l = {.op = FM_LSTM, .in = {8, 80, 1}, .out = {256, 1, 1}};

    CHECK(fm_lstm_fits(&l, 128), "LEAF's own");
    CHECK(!fm_lstm_fits(&l, SIZE_MAX / 4096), "batch");
    l.out.c = (size_t)1 << 30;
    CHECK(!fm_lstm_fits(&l, 1), "width");
    l.out.c = 1;
    l.in.h = (size_t)1 << 31;
    CHECK(!fm_lstm_fits(&l, 1), "steps");
}

int
main(void)
{
    for (int level = FM_CPU_AVX512; level >= 0; level--) {
        fm_cpu_cap((enum fm_cpu_level)level);
        if ((int)fm_cpu() != level) {
            SKIP("%s", fm_cpu_name((enum fm_cpu_level)level));
            continue;
        }
        pytorch("input 6\nembedding 5 2\nlstm 3 nobias\nlinear 5 nobias\n",
                lstm_one_loss, lstm_one_logits, lstm_one_names,
                sizeof lstm_one_names / sizeof *lstm_one_names,
                lstm_one_gradients);
        pytorch("input 6\nembedding 5 2\nlstm 3 layers=2\nlinear 5\n",
                lstm_two_loss, lstm_two_logits, lstm_two_names,
                sizeof lstm_two_names / sizeof *lstm_two_names,
                lstm_two_gradients);
        pieces();
    }
    saturated();
    too_large();
    return 0;
}
