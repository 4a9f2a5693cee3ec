#include "agg/accum.h"
#include "check.h"
#include "fixture.h"

#include <math.h>

/*
 * By hand: bernoulli noise of magnitude 1/2, and 1/4 from round 3 on,
 * weights 0.  Of 400 samples, 100 answer round 4, 200 answer round 3 and weigh
 * half, 100 answer round 2 and weigh an eighth:
 *
 *   1/4 * 1/4 of the current mask, 1/2 * 1/4 * 1/2 of the next, and then
 *   1/4 * 1/2 * 1/8, all of them exact; deltas of 1: 1/4 + 1/4 + 1/32.
 */
static void
late(void)
{
    static const struct {
        const char *client;
        uint64_t samples;
        uint32_t late, s;
        float step;
    } who[] = {{"a", 100, 0, 256, 0x1p-4f},
               {"b", 200, 1, 128, 0x1p-4f},
               {"c", 100, 2, 32, 0x1p-6f}};
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);
    struct fm_accum *sum, *at;
    struct fm_bundle b[3];

    m->set.a = 1u << 23;
    m->set.noise_schedule = (struct fm_noise_schedule){
        .kind = FM_NOISE_LIST, .n = 1, .round = {3}, .a = {1u << 22}};
    m->round = 3;
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++)
            m->tensor[t].value[i] = 0;
    at = sum = fm_accum_new(m, NULL);
    for (size_t k = 0; k < 3; k++) {
        const struct fm_bundle *one = &b[k];

        if (k) {
            at->older = fm_accum_new(m, NULL);
            at = at->older;
        }
        CHECK(at, "memory");
        at->late = who[k].late;
        at->s = who[k].s;
        b[k] = fx_answer(m, who[k].client, who[k].samples, k);
        for (size_t i = 0; i < m->full; i++)
            fm_putf(b[k].bytes.data + fm_bits_size(m->masked) + 4 * i, 1.0f);
        CHECK(fm_accum_add(at, &one, 1, NULL, NULL) == 0, "add");
    }
    CHECK(fm_settings_noise_a(&m->set, 3) == 1u << 22, "schedule");
    CHECK(fm_accum_finish(sum, m, NULL, NULL) == 0, "finish");
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *x = &m->tensor[t];

        for (size_t i = 0; i < x->spec->count; i++) {
            const size_t bit = x->at + i;
            float want = 0.53125f;

            for (size_t k = 0; x->masked && k < 3; k++) {
                int32_t n[64];

                CHECK(i < 64, "fixture");
                want = k ? want : 0;
                fm_noise_fill(
                    n, fm_model_noise_key(m, 4 - who[k].late, who[k].client),
                    FM_BERNOULLI, (uint32_t)t, 0, x->spec->count);
                if (b[k].masks[bit / 8] >> bit % 8 & 1)
                    want += n[i] < 0 ? -who[k].step : who[k].step;
            }
            CHECK(x->value[i] == want, "%s[%zu] is %g, not %g", x->spec->name,
                  i, (double)x->value[i], (double)want);
        }
    }
    for (size_t k = 0; k < 3; k++)
        fm_bundle_free(&b[k]);
    fm_accum_free(sum);
    fm_model_free(m);
}

/*
 * A late answer from a model whose variance was larger takes no more than there
 * is, and what is there is a whole number of 2^-48.
 */
static void
late_variance(void)
{
    static const struct {
        float variance, delta, want; /* one of two answers, and the other's 0 */
    } row[] = {
        {0.25f, -0.875f, 0.125f},
        {0.25f, -0.125f, 0.1875f},
        {0.25f, 0.5f, 0.5f},
        {0x1.8p-47f, -1, 0x1.8p-48f},
        {0x1.cp-47f, -0x1.cp-47f, 0x1p-47f}, /* 3.5: 3 of it */
        {0, -0x1p37f, 0},
        {0x1p100f, -0x1p37f, 0x1p100f},
    };
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);
    struct fm_model *next = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);
    size_t var = 0;

    while (m->tensor[var].spec->role != FM_VAR)
        var++;
    m->round = next->round = 3;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct fm_accum *sum = fm_accum_new(m, NULL);
        struct fm_bundle b = fx_answer(m, "a", 100, k);
        const struct fm_bundle *one = &b;

        CHECK(sum && (sum->older = fm_accum_new(m, NULL)), "memory");
        sum->weight = 100; /* who changes nothing */
        sum->older->late = 1;
        m->tensor[var].value[0] = row[k].variance;
        for (size_t i = 0; i < m->full; i++)
            fm_putf(b.bytes.data + fm_bits_size(m->masked) + 4 * i,
                    i == m->tensor[var].at ? row[k].delta : 0);
        CHECK(fm_accum_add(sum->older, &one, 1, NULL, NULL) == 0, "add");
        CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "row %zu", k);
        CHECK(next->tensor[var].value[0] == row[k].want, "row %zu: %a", k,
              (double)next->tensor[var].value[0]);
        fm_bundle_free(&b);
        fm_accum_free(sum);
    }
    fm_model_free(m);
    fm_model_free(next);
}

/* Only late ones, and none at all. */
static void
nothing_current(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRNS, FM_GAUSSIAN);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_err e = {0};

    CHECK(sum, "memory");
    sum->older = fm_accum_new(m, NULL);
    CHECK(sum->older, "memory");
    sum->older->late = 1;
    m->round = 1;
    CHECK(fm_accum_finish(sum, m, NULL, &e) == FM_EINPUT, "nothing");
    sum->older->weight = 5;
    CHECK(fm_accum_finish(sum, m, NULL, NULL) == 0, "late ones alone");
    CHECK(fm_accum_reset(sum, NULL) == 0 && !sum->older, "reset");
    fm_accum_free(sum);
    fm_model_free(m);
}

int
main(void)
{
    late();
    late_variance();
    nothing_current();
    return 0;
}
