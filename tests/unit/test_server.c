#include "agg/server.h"

#include "agg/accum.h"
#include "base/cpu.h"
#include "fixture.h"

#include <math.h>

/*
 * Two steps from w = .5, -1.25, .03125, 0, by NumPy with the formulas of
 * server.h in float64, each result rounded by astype(float32).
 */
static void
golden(void)
{
    static const struct {
        enum fm_server server;
        double lr;
        float w[4], m[4], v[4];
    } row[] = {
        {FM_SERVER_SGD,
         0.5,
         {0x1.0147aep-1f, -0x1.47ae14p+0f, 0x1.055326p-5f, 0x1.12e0bep-31f},
         {0x0p+0f, 0x0p+0f, 0x0p+0f, 0x0p+0f},
         {0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f}},
        {FM_SERVER_MOMENTUM,
         0.5,
         {0x1.03958p-1f, -0x1.49fbe8p+0f, 0x1.066e44p-5f, 0x1.12e0bep-31f},
         {0x1.0624dcp-8f, -0x1.db22dp-5f, 0x1.4cec42p-10f, 0x1.12e0bep-30f},
         {0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f, 0x1.0c6f7ap-20f}},
        {FM_SERVER_ADAM,
         0.01,
         {0x1.02f246p-1f, -0x1.443efep+0f, 0x1.0671fep-5f, 0x1.14425cp-31f},
         {0x1.a36e32p-12f, -0x1.7c1bdap-8f, 0x1.0a569ap-13f, 0x1.b7cdfep-34f},
         {0x1.29fa0ep-19f, 0x1.5f510cp-16f, 0x1.0a0462p-20f, 0x1.0717f6p-20f}},
        {FM_SERVER_YOGI,
         0.01,
         {0x1.02f0a4p-1f, -0x1.443deap+0f, 0x1.066b5p-5f, 0x1.12e0bep-31f},
         {0x1.a36e32p-12f, -0x1.7c1bdap-8f, 0x1.0a569ap-13f, 0x1.b7cdfep-34f},
         {0x1.2dfd6ap-19f, 0x1.60525p-16f, 0x1.0ee0d4p-20f, 0x1.0c6f7ap-20f}},
    };
    static const double d[2][4] = {{0.01, -0.02, 3e-4, 0},
                                   {-0.005, -0.04, 1e-3, 1e-9}};

    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        float w[4] = {0.5f, -1.25f, 0.03125f, 0}, m[4] = {0}, v[4];
        struct fm_server_run r = {w, m, v, w, m, v, 4};
        struct fm_settings set;

        fm_settings_default(&set, FM_FEDAVG);
        set.server = row[k].server;
        set.server_lr = row[k].lr;
        for (size_t i = 0; i < 4; i++)
            v[i] = (float)(set.server_eps * set.server_eps);
        for (size_t t = 0; t < 2; t++)
            fm_server_step(&r, &set, d[t]);
        for (size_t i = 0; i < 4; i++)
            CHECK(w[i] == row[k].w[i] && m[i] == row[k].m[i] &&
                      v[i] == row[k].v[i],
                  "optimizer %zu, %zu: %a %a %a", k, i, (double)w[i],
                  (double)m[i], (double)v[i]);
    }
}

static struct fm_model *
model(enum fm_server server, double lr)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m, *values = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_buf file = {0};

    fm_settings_default(&set, FM_FEDMRN);
    set.server = server;
    set.server_lr = lr;
    m = fm_model_new(fm_arch_parse(FX_ARCH, "arch", &e), &set, 42, &e);
    CHECK(m, "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        memcpy(m->tensor[t].value, values->tensor[t].value,
               4 * m->tensor[t].spec->count);
    CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
    fm_buf_free(&file);
    fm_model_free(values);
    return m;
}

/* One round of three clients, by so many threads; the next model's file. */
static struct fm_buf
round_of(enum fm_server server, double lr, size_t threads)
{
    struct fm_model *m = model(server, lr);
    struct fm_bundle b[3] = {fx_answer(m, "a", 100, 1),
                             fx_answer(m, "b", 300, 2),
                             fx_answer(m, "c", 7, 3)};
    const struct fm_bundle *p[3] = {&b[0], &b[1], &b[2]};
    struct fm_pool *pool = fm_pool_new(threads, NULL);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_err e = {0};
    struct fm_buf file = {0};

    CHECK(pool && sum && !fm_accum_add(sum, p, 3, pool, &e), "%s", e.msg);
    CHECK(!fm_accum_finish(sum, m, pool, &e), "%s", e.msg);
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        CHECK(!m->tensor[t].moment[0] ==
                  (server == FM_SERVER_SGD ||
                   !fm_role_trained(m->tensor[t].spec->role)),
              "tensor %zu", t);
    fm_accum_free(sum);
    fm_pool_free(pool);
    for (size_t i = 0; i < 3; i++)
        fm_bundle_free(&b[i]);
    fm_model_free(m);
    return file;
}

static struct fm_model *
parsed(const struct fm_buf *file)
{
    struct fm_buf copy = {0};
    struct fm_err e = {0};
    struct fm_model *m;

    CHECK(!fm_buf_add(&copy, file->data, file->len, &e), "%s", e.msg);
    m = fm_model_parse(&copy, &e);
    CHECK(m, "%s", e.msg);
    return m;
}

/* The largest difference of a tensor's values between two models. */
static float
apart(const struct fm_model *a, const struct fm_model *b, size_t t)
{
    float most = 0;

    for (size_t i = 0; i < a->tensor[t].spec->count; i++)
        most =
            fmaxf(most, fabsf(a->tensor[t].value[i] - b->tensor[t].value[i]));
    return most;
}

/* Threads and instruction sets change nothing; running statistics take the
 * mean whatever the optimizer. */
static void
exact(void)
{
    struct fm_buf plain = round_of(FM_SERVER_SGD, 1, 1);
    struct fm_model *mean = parsed(&plain);

    for (int o = FM_SERVER_SGD; o <= FM_SERVER_YOGI; o++) {
        struct fm_buf one = round_of((enum fm_server)o, 0.5, 1), other;
        struct fm_model *m = parsed(&one);

        for (int cpu = FM_CPU_PORTABLE; cpu <= FM_CPU_AVX512; cpu++) {
            fm_cpu_cap((enum fm_cpu_level)cpu);
            other = round_of((enum fm_server)o, 0.5, 3);
            CHECK(one.len == other.len &&
                      memcmp(one.data, other.data, one.len) == 0,
                  "optimizer %d", o);
            fm_buf_free(&other);
        }
        for (size_t t = 0; t < m->arch->ntensors; t++)
            CHECK((apart(m, mean, t) > 0) ==
                      fm_role_trained(m->tensor[t].spec->role),
                  "tensor %zu of optimizer %d", t, o);
        fm_model_free(m);
        fm_buf_free(&one);
    }
    fm_model_free(mean);
    fm_buf_free(&plain);
}

/* Momentum's first step is the mean, rounded once more. */
static void
first_step(void)
{
    struct fm_buf plain = round_of(FM_SERVER_SGD, 1, 1);
    struct fm_buf heavy = round_of(FM_SERVER_MOMENTUM, 1, 1);
    struct fm_model *a = parsed(&plain), *b = parsed(&heavy);

    for (size_t t = 0; t < a->arch->ntensors; t++)
        CHECK(apart(a, b, t) < 1e-6f, "tensor %zu", t);
    fm_model_free(a);
    fm_model_free(b);
    fm_buf_free(&plain);
    fm_buf_free(&heavy);
}

/* A moment that grows beyond a float is found, though the step is then 0. */
static void
refused(void)
{
    struct fm_model *m = model(FM_SERVER_ADAM, 1);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_err e = {0};
    size_t t = 0;

    CHECK(sum, "memory");
    sum->weight = 1;
    while (m->tensor[t].spec->role != FM_SHIFT)
        t++;
    sum->full[m->tensor[t].at + 1] = (__int128)1 << 118; /* d = 2^70 */
    CHECK(fm_accum_finish(sum, m, NULL, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, "the optimizer's moment of") && strstr(e.msg, "[1]"),
          "%s", e.msg);
    fm_accum_free(sum);
    fm_model_free(m);
}

int
main(void)
{
    golden();
    exact();
    first_step();
    refused();
    return 0;
}
