#include "fed/local.h"

#include "agg/accum.h"
#include "data/rows.h"
#include "fed/eval.h"

#include "check.h"

#include <math.h>

/* 4 classes of 8 pixels each: sample i is of class i mod 4, whose two pixels
 * are bright; the rest is a fixed pattern that says nothing. */
enum { ROWS = 90, PIXELS = 8, CLASSES = 4 };

static uint8_t pixels[ROWS * PIXELS], labels[ROWS];
static const struct fm_dataset data = {
    .n = ROWS, .c = PIXELS, .h = 1, .w = 1, .x = pixels, .y = labels};
static uint32_t *rows;

static void
make_data(void)
{
    struct fm_err e = {0};

    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = i % CLASSES;
        for (size_t j = 0; j < PIXELS; j++)
            pixels[i * PIXELS + j] = (uint8_t)((i * 31 + j * 17) % 90 +
                                               (j / 2 == labels[i] ? 120 : 0));
    }
    rows = fm_rows_all(ROWS, &e);
    CHECK(rows, "%s", e.msg);
}

static struct fm_model *
model(enum fm_method method, void (*adjust)(struct fm_settings *))
{
    static const char text[] = "input 8\n"
                               "linear 16\n"
                               "batchnorm\n"
                               "relu\n"
                               "dropout 0.1\n"
                               "linear 4\n";
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_buf file = {0};

    fm_settings_default(&set, method);
    set.epochs = 20;
    set.batch = 16; /* the last of an epoch has 10 */
    set.mean[0] = 0.3f;
    set.std[0] = 0.25f;
    if (method != FM_FEDAVG)
        set.a = 1u << 20; /* 1/16 */
    set.lr = 0.3;
    if (adjust)
        adjust(&set);
    m = fm_model_new(fm_arch_parse(text, "test", &e), &set, 3, &e);
    CHECK(m && !fm_model_init_values(m, "uniform", &e), "%s", e.msg);
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg); /* for its id */
    fm_buf_free(&file);
    return m;
}

static double
loss_of(const struct fm_model *m)
{
    struct fm_err e = {0};
    struct fm_eval v;
    double loss;

    CHECK(!fm_eval_run(&v, m, &m->set, &data, NULL, 0, NULL, NULL, NULL, &e),
          "%s", e.msg);
    loss = v.loss;
    fm_eval_free(&v);
    return loss;
}

/* Watches the steps: in order, all of them, finite. */
struct watch {
    size_t last, steps;
    double first_loss, last_loss;
};

static void
see(void *ctx, size_t step, size_t steps, double loss)
{
    struct watch *w = ctx;

    CHECK(step == w->last + 1 && isfinite(loss), "step %zu", step);
    w->last = step;
    w->steps = steps;
    if (step == 1)
        w->first_loss = loss;
    w->last_loss = loss;
}

/* Train and return the bundle's bytes, b filled as if it had been read. */
static struct fm_buf
train(struct fm_bundle *b, const struct fm_model *m, size_t threads,
      uint64_t seed)
{
    struct fm_err e = {0};
    struct watch w = {0};
    struct fm_local l = {.base = m,
                         .data = &data,
                         .row = rows,
                         .nrows = ROWS,
                         .client = "c-1",
                         .set = &m->set,
                         .private_seed = seed,
                         .pool = fm_pool_new(threads, &e),
                         .progress = see,
                         .progress_ctx = &w};
    struct fm_buf out = {0}, copy = {0};

    CHECK(!fm_local_train(b, &l, &e), "%s", e.msg);
    fm_pool_free(l.pool);
    CHECK(w.last == w.steps && w.steps == 6 * m->set.epochs, "%zu steps",
          w.last);
    CHECK(w.last_loss < w.first_loss, "loss %g to %g", w.first_loss,
          w.last_loss);
    CHECK(!fm_bundle_write(&out, b, &e), "%s", e.msg);
    CHECK(!fm_buf_add(&copy, out.data, out.len, &e), "%s", e.msg);
    fm_bundle_free(b);
    CHECK(!fm_bundle_parse(b, &copy, m, &e), "%s", e.msg);
    CHECK(strcmp(b->client, "c-1") == 0 && b->round == 1 && b->samples == ROWS,
          "%s %lu %lu", b->client, (unsigned long)b->round,
          (unsigned long)b->samples);
    return out;
}

/* One client's round lowers the loss, by any method and masking. */
static void
learns(enum fm_method method, void (*adjust)(struct fm_settings *), double by)
{
    struct fm_err e = {0};
    struct fm_model *m = model(method, adjust);
    struct fm_bundle b;
    struct fm_buf file = train(&b, m, 1, 11);
    const struct fm_bundle *list[] = {&b};
    struct fm_accum *sum = fm_accum_new(m, &e);
    double before = loss_of(m), after;

    CHECK(sum && !fm_accum_add(sum, list, 1, NULL, &e), "%s", e.msg);
    CHECK(!fm_accum_finish(sum, m, NULL, &e), "%s", e.msg);
    after = loss_of(m);
    CHECK(after < by * before, "method %d, masking %d: loss %g to %g", method,
          m->set.masking, before, after);
    fm_accum_free(sum);
    fm_buf_free(&file);
    fm_bundle_free(&b);
    fm_model_free(m);
}

static void
same(struct fm_buf *a, struct fm_buf *b, bool want, const char *what)
{
    bool is = a->len == b->len && memcmp(a->data, b->data, a->len) == 0;

    CHECK(is == want, "%s", what);
    fm_buf_free(b);
}

/* The bytes are a function of the inputs and the private seed alone. */
static void
deterministic(enum fm_method method)
{
    struct fm_model *m = model(method, NULL);
    struct fm_bundle b;
    struct fm_buf first = train(&b, m, 1, 11), again;

    fm_bundle_free(&b);
    again = train(&b, m, 1, 11);
    same(&first, &again, true, "another run");
    fm_bundle_free(&b);
    again = train(&b, m, 4, 11);
    same(&first, &again, true, "four threads");
    fm_bundle_free(&b);
    again = train(&b, m, 1, 12);
    same(&first, &again, false, "another seed");
    fm_bundle_free(&b);
    fm_buf_free(&first);
    fm_model_free(m);
}

/* Running statistics travel, and base + delta is what training left: after
 * one epoch of one batch, momentum 0.1, r = 0.9 * 0 + 0.1 * batch mean. */
static void
one_batch(struct fm_settings *s)
{
    s->epochs = 1;
    s->batch = ROWS;
    s->lr = 1e-30; /* the statistics alone */
}

static void
statistics(void)
{
    struct fm_err e = {0};
    struct fm_model *m = model(FM_FEDAVG, one_batch);
    struct fm_local l = {.base = m,
                         .data = &data,
                         .row = rows,
                         .nrows = ROWS,
                         .client = "x",
                         .set = &m->set};
    struct fm_bundle b;
    const float *w = m->tensor[0].value, *bias = m->tensor[1].value;

    CHECK(!fm_local_train(&b, &l, &e), "%s", e.msg);
    for (size_t k = 0; k < 16; k++) {
        double mean = 0;
        float got = fm_getf(b.dense + 4 * (m->tensor[4].at + k));

        for (size_t i = 0; i < ROWS * PIXELS; i++)
            mean += (double)w[k * PIXELS + i % PIXELS] *
                    (pixels[i] / 255.0 - 0.3) / 0.25 / ROWS;
        mean += (double)bias[k];
        CHECK(fabs((double)got - 0.1 * mean) < 1e-5, "mean %zu: %g, not %g", k,
              (double)got, 0.1 * mean);
    }
    fm_bundle_free(&b);
    fm_model_free(m);
}

static void
prox(struct fm_settings *s)
{
    s->prox = 3; /* lr * mu is 0.9 */
}

/* How far training went: the deltas' squared length of what has a gradient, or
 * how many masks took their noise. */
static double
way_gone(enum fm_method method, void (*adjust)(struct fm_settings *))
{
    struct fm_model *m = model(method, adjust);
    struct fm_bundle b;
    struct fm_buf file = train(&b, m, 1, 11);
    double sum = 0;

    for (size_t i = 0; i < m->arch->ntensors; i++) {
        enum fm_role role = m->arch->tensor[i].role;

        for (size_t j = 0; !m->tensor[i].masked && role != FM_MEAN &&
                           role != FM_VAR && j < m->arch->tensor[i].count;
             j++) {
            double d = (double)fm_getf(b.dense + 4 * (m->tensor[i].at + j));

            sum += method == FM_FEDAVG ? d * d : 0;
        }
    }
    for (size_t i = 0; i < m->masked; i++)
        sum += b.masks[i / 8] >> i % 8 & 1;
    fm_buf_free(&file);
    fm_bundle_free(&b);
    fm_model_free(m);
    return sum;
}

/* FedProx: a large mu keeps the update small. */
static void
held(enum fm_method method, double by)
{
    double freely = way_gone(method, NULL), near = way_gone(method, prox);

    CHECK(near < by * freely && near > 0, "method %d: %g to %g", method, freely,
          near);
}

static void
refused(double lr, uint32_t epochs, const char *part)
{
    struct fm_err e = {0};
    struct fm_model *m = model(FM_FEDAVG, NULL);
    struct fm_settings set = m->set;
    struct fm_local l = {.base = m,
                         .data = &data,
                         .row = rows,
                         .nrows = ROWS,
                         .client = "x",
                         .set = &set};
    struct fm_bundle b;

    set.lr = lr;
    set.epochs = epochs;
    set.batch = 1;
    CHECK(fm_local_train(&b, &l, &e) == FM_EINPUT, "lr %g accepted", lr);
    CHECK(strstr(e.msg, part), "%s", e.msg);
    CHECK(!b.bytes.data, "an answer from a failure");
    fm_model_free(m);
}

static void
sm(struct fm_settings *s)
{
    s->masking = FM_SM;
}

static void
pm(struct fm_settings *s)
{
    s->masking = FM_PM;
    s->dist = FM_GAUSSIAN;
}

static void
dm(struct fm_settings *s)
{
    s->masking = FM_DM;
    s->dist = FM_BERNOULLI;
}

static void
post(struct fm_settings *s)
{
    s->masking = FM_POST;
    s->noise_key = FM_NOISE_ROUND;
    s->dither = FM_DITHER_PRIVATE;
}

static void
heavy(struct fm_settings *s)
{
    s->momentum = 0.5;
    s->weight_decay = 1e-4;
    s->lr = 0.05;
    s->lr_schedule.kind = FM_LR_STEP;
    s->lr_schedule.every = 1;
    s->lr_schedule.factor = 0.5;
}

static void
few(struct fm_settings *s)
{
    s->lr = 0.1;
    s->full_bits = FM_FULL_EXACT;
}

static void
sparse(struct fm_settings *s)
{
    s->sparsity[0] = s->sparsity[1] = 0.5;
}

/* Half of the weights are left, the larger half; and what the model has pruned
 * stays pruned. */
static void
pruned(void)
{
    struct fm_model *m = model(FM_FEDSPARSIFY, sparse);
    struct fm_bundle b;
    struct fm_buf file;
    float least = INFINITY;
    size_t kept = 0;

    CHECK(m->masked == 16 * PIXELS + 4 * 16, "%zu", m->masked);
    for (size_t i = 0; i < 10; i++)
        m->tensor[0].value[i] = 0;
    file = train(&b, m, 1, 11);
    for (size_t i = 0; i < m->masked; i++) {
        float v = fm_getf(b.dense + 4 * (m->full - m->masked + i));
        bool bit = b.masks[i / 8] >> i % 8 & 1;

        CHECK(bit == (v != 0), "%zu", i);
        CHECK(i >= 10 || !bit, "%zu came back", i);
        kept += bit;
        least = bit ? fminf(least, fabsf(v)) : least;
    }
    CHECK(kept == m->masked / 2, "%zu are left", kept);
    CHECK(least > 0.01f, "the least is %g", (double)least);
    fm_buf_free(&file);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    static const struct {
        void (*adjust)(struct fm_settings *);
        double by;
    } c[] = {{NULL, 0.7}, {sm, 0.7},   {pm, 0.65},
             {dm, 0.55},  {post, 0.9}, {heavy, 0.8}};

    make_data();
    learns(FM_FEDAVG, NULL, 0.5);
    learns(FM_FEDAVG, heavy, 0.5);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        learns(FM_FEDMRN, c[i].adjust, c[i].by);
        learns(FM_FEDMRNS, c[i].adjust, c[i].by);
    }
    learns(FM_FEDBAT, few, 0.8);
    learns(FM_FEDSPARSIFY, sparse, 0.7);
    deterministic(FM_FEDSPARSIFY);
    pruned();
    deterministic(FM_FEDBAT);
    deterministic(FM_FEDAVG);
    deterministic(FM_FEDMRN);
    deterministic(FM_FEDMRNS);
    statistics();
    held(FM_FEDAVG, 0.2);
    held(FM_FEDMRN, 0.8);
    refused(1e30, 3, "training diverged at step");
    refused(1e300, 3, "the loss is not finite");
    refused(1e30, 3, "try a lower --lr than 1e+30");
    refused(0.1, 100000000, "2^32 steps or more");
    free(rows);
    return 0;
}
