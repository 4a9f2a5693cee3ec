#include "fed/eval.h"

#include "check.h"

#include <math.h>

/* A network without a hidden layer and an identity for weights: the logits are
 * the three pixels, as x/255. */
static struct fm_model *
identity(void)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;

    fm_settings_default(&set, FM_FEDAVG);
    m = fm_model_new(fm_arch_parse("input 3\nlinear 3 nobias\n", "test", &e),
                     &set, 1, &e);
    CHECK(m, "%s", e.msg);
    for (size_t i = 0; i < 3; i++)
        m->tensor[0].value[4 * i] = 1;
    return m;
}

/* Worked by hand: guesses 0, 2, 0 (the first of equals), 1. */
static const uint8_t x4[] = {255, 0, 0, 0, 51, 102, 0, 0, 0, 0, 204, 51};
static const uint8_t y4[] = {0, 2, 1, 1};

static double
entropy(double a, double b, double c, double right)
{
    return log(exp(a) + exp(b) + exp(c)) - right;
}

static void
golden(void)
{
    static const size_t matrix[] = {1, 0, 0, 1, 1, 0, 0, 0, 1};
    static const uint32_t guess[] = {0, 2, 0, 1};
    struct fm_dataset d = {.n = 4, .c = 3, .h = 1, .w = 1, .x = x4, .y = y4};
    struct fm_err e = {0};
    struct fm_model *m = identity();
    struct fm_eval v;
    double want = (entropy(1, 0, 0, 1) + entropy(0, 0.2, 0.4, 0.4) +
                   entropy(0, 0, 0, 0) + entropy(0, 0.8, 0.2, 0.8)) /
                  4;
    static const uint32_t row[] = {2, 1};

    CHECK(!fm_eval_run(&v, m, &m->set, &d, NULL, 0, NULL, NULL, NULL, &e), "%s",
          e.msg);
    CHECK(v.samples == 4 && v.correct == 3 && v.classes == 3, "%zu of %zu",
          v.correct, v.samples);
    CHECK(fabs(v.loss - want) < 1e-6, "loss %g, not %g", v.loss, want);
    CHECK(memcmp(v.confusion, matrix, sizeof matrix) == 0, "confusion");
    CHECK(memcmp(v.predicted, guess, sizeof guess) == 0, "predictions");
    fm_eval_free(&v);
    CHECK(!fm_eval_run(&v, m, &m->set, &d, row, 2, NULL, NULL, NULL, &e), "%s",
          e.msg);
    CHECK(v.samples == 2 && v.correct == 1 && v.predicted[1] == 2, "two rows");
    fm_eval_free(&v);
    fm_model_free(m);
}

/* More than one batch, with a short one at the end, and mean and std. */
static size_t seen;

static void
see(void *ctx, size_t done, size_t all)
{
    CHECK(all == 700 && done > seen && !ctx, "%zu of %zu", done, all);
    seen = done;
}

static void
batches(void)
{
    static uint8_t x[700 * 3], y[700];
    struct fm_dataset d = {.n = 700, .c = 3, .h = 1, .w = 1, .x = x, .y = y};
    struct fm_err e = {0};
    struct fm_model *m = identity();
    struct fm_settings set = m->set;
    struct fm_pool *pool = fm_pool_new(3, &e);
    struct fm_eval v;
    double loss = 0;
    size_t correct = 0;

    set.mean[0] = 0.5f;
    set.std[0] = 0.125f;
    for (size_t i = 0; i < 700; i++) {
        double p[3];
        size_t best = 0;

        y[i] = (uint8_t)(i % 3);
        for (size_t j = 0; j < 3; j++) {
            x[3 * i + j] = (uint8_t)((i * 37 + j * 101) % 256);
            p[j] = (x[3 * i + j] / 255.0 - 0.5) / 0.125;
            if (p[j] > p[best])
                best = j;
        }
        correct += best == y[i];
        loss += entropy(p[0], p[1], p[2], p[y[i]]) / 700;
    }
    CHECK(!fm_eval_run(&v, m, &set, &d, NULL, 0, pool, see, NULL, &e), "%s",
          e.msg);
    CHECK(seen == 700 && v.correct == correct, "%zu, not %zu", v.correct,
          correct);
    CHECK(fabs(v.loss - loss) < 1e-5, "loss %g, not %g", v.loss, loss);
    fm_eval_free(&v);
    fm_pool_free(pool);
    fm_model_free(m);
}

int
main(void)
{
    golden();
    batches();
    return 0;
}
