#include "agg/magnitude.h"

#include "fixture.h"

static struct fm_model *
model(double scale)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);

    m->set.a = 1000;
    m->set.noise_scale = scale;
    return m;
}

/*
 * By hand.  FX_TINY masks conv (4 entries), linear weight (8) and bias (2).
 * With 3 samples and a = 1000: the 4 sums 65536 * {3, -3, 0, 0} are noise once
 * up and once down by all samples, mean |change| = A/2, so C = 10 makes 5000.
 * The bias: 65536 * {1, 0}, mean A/6: M = floor(2^32/6), 1666.67, 1667.
 */
static void
known(void)
{
    struct fm_model *m = model(10);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    size_t weight = 0, bias = 0, conv = 0;

    CHECK(sum, "memory");
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        if (!m->tensor[t].masked)
            continue;
        if (m->tensor[t].spec->count == 4)
            conv = t;
        else if (m->tensor[t].spec->count == 8)
            weight = t;
        else
            bias = t;
    }
    CHECK(m->masked == 14 && m->tensor[bias].spec->count == 2, "shapes");
    sum->weight = 3;
    sum->masked[m->tensor[conv].at] = 3 * 65536;
    sum->masked[m->tensor[conv].at + 1] = -3 * 65536;
    sum->masked[m->tensor[bias].at] = 65536;
    fm_magnitude_next(sum, m);
    CHECK(m->tensor[conv].a == 5000, "%u", m->tensor[conv].a);
    CHECK(m->tensor[bias].a == 1667, "%u", m->tensor[bias].a);
    /* Nothing moved: an eighth of the schedule's. */
    CHECK(m->tensor[weight].a == 125, "%u", m->tensor[weight].a);

    /* The bounds are those of the next round's schedule. */
    CHECK(fm_schedule_noise_parse(&m->set.noise_schedule, "list:2=80*2^-24"),
          "list");
    fm_magnitude_next(sum, m);
    CHECK(m->tensor[conv].a == 640 && m->tensor[weight].a == 10, "bounds");
    fm_accum_free(sum);
    fm_model_free(m);
}

/* The largest sums there can be, and magnitudes at both ends of 32 bits. */
static void
extremes(void)
{
    static const uint32_t a[] = {1, UINT32_MAX};

    for (int i = 0; i < 2; i++) {
        struct fm_model *m = model(65536);
        struct fm_accum *sum = fm_accum_new(m, NULL);
        int64_t most = (int64_t)FM_TOTAL_MAX * 283438;

        CHECK(sum, "memory");
        m->set.a = a[i];
        sum->weight = FM_TOTAL_MAX;
        for (size_t k = 0; k < m->masked; k++)
            sum->masked[k] = k % 2 ? most : -most;
        fm_magnitude_next(sum, m);
        CHECK(m->tensor[0].a == (i ? UINT32_MAX : 8), "%u", m->tensor[0].a);
        memset(sum->masked, 0, m->masked * sizeof *sum->masked);
        fm_magnitude_next(sum, m);
        CHECK(m->tensor[0].a == (i ? UINT32_MAX / 8 : 1), "%u", m->tensor[0].a);
        fm_accum_free(sum);
        fm_model_free(m);
    }
}

/* The next round uses what was found: the model's noise, and its file. */
static void
carried(void)
{
    struct fm_model *m = model(10), *got;
    struct fm_err e = {0};
    struct fm_buf file = {0};

    CHECK(fm_model_noise_a(m, 1, 0) == 1000, "round 1 takes the schedule's");
    CHECK(!fm_model_noise_known(m, 2), "what comes after is not known");
    m->round = 1;
    m->nbundles = 1;
    m->bundle = calloc(1, sizeof *m->bundle);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        m->tensor[t].a = 1000 + (uint32_t)t;
    CHECK(fm_model_noise_a(m, 2, 0) == 1000, "magnitude");
    CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
    got = fm_model_parse(&file, &e);
    CHECK(got, "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        if (m->tensor[t].masked)
            CHECK(fm_model_noise_a(got, 2, t) == 1000 + t, "tensor %zu", t);
    fm_model_free(got);
    fm_model_free(m);
}

int
main(void)
{
    known();
    extremes();
    carried();
    return 0;
}
