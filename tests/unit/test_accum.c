#include "agg/accum.h"
#include "base/cpu.h"
#include "bundle/step.h"
#include "check.h"
#include "fixture.h"
#include "rand/noise.h"

#include <math.h>

enum { CLIENTS = 11 };

/* Known answers: |x| * 2^48 by hand, ties to even, subnormals to 0. */
static void
quantise(void)
{
    const __int128 one = 1;

    CHECK(fm_full_quantise(0.0f) == 0 && fm_full_quantise(-0.0f) == 0, "0");
    CHECK(fm_full_quantise(1.0f) == one << 48, "1");
    CHECK(fm_full_quantise(-3.5f) == -7 * (one << 47), "-3.5");
    CHECK(fm_full_quantise(0x1p-48f) == 1, "2^-48");
    CHECK(fm_full_quantise(0x1p-49f) == 0, "a half is even");
    CHECK(fm_full_quantise(0x1.000002p-49f) == 1, "above a half");
    CHECK(fm_full_quantise(0x1.fffffep-50f) == 0, "below a half");
    CHECK(fm_full_quantise(0x1.8p-48f) == 2, "1.5 is 2");
    CHECK(fm_full_quantise(-0x1.4p-47f) == -2, "-2.5 is -2");
    CHECK(fm_full_quantise(0x1.cp-47f) == 4, "3.5 is 4");
    CHECK(fm_full_quantise(0x1.000002p-25f) == (one << 23) + 1, "exact");
    CHECK(fm_full_quantise(0x1.000002p-26f) == one << 22, "tie down");
    CHECK(fm_full_quantise(0x1.000006p-26f) == (one << 22) + 2, "tie up");
    CHECK(fm_full_quantise(0x1p-149f) == 0, "smallest");
    CHECK(fm_full_quantise(0x1.fffffep37f) == (one << 86) - (one << 62), "max");

    /* And against the definition in double, which is exact below 2^52. */
    for (uint64_t x = 5, i = 0; i < 100000; i++) {
        float f = fx_float(&x) * ldexpf(1, (int)(fx_random(&x) % 60) - 58);

        CHECK(fm_full_quantise(f) == (__int128)rint((double)f * 0x1p48), "%a",
              (double)f);
    }
}

/*
 * By hand: bernoulli noise of magnitude 1/2, and weights 0.  A lone client of
 * any number of samples moves each taken weight by exactly 1/2; a second with
 * three times the samples weighs 3/4.
 */
static void
golden(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);
    struct fm_model *next = fx_model(FX_TINY, FM_FEDMRN, FM_BERNOULLI);
    struct fm_bundle a = fx_answer(m, "a", 100, 1);
    struct fm_bundle b = fx_answer(m, "b", 300, 2);
    const struct fm_bundle *both[2] = {&a, &b};
    struct fm_accum *sum = fm_accum_new(m, NULL);
    int32_t na[64], nb[64];

    m->set.a = 1u << 23;
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++)
            m->tensor[t].value[i] = 0;
    for (size_t i = 0; i < m->full; i++) {
        fm_putf(a.bytes.data + fm_bits_size(m->masked) + 4 * i, 1.0f);
        fm_putf(b.bytes.data + fm_bits_size(m->masked) + 4 * i, 2.0f);
    }
    CHECK(sum && fm_accum_add(sum, both, 2, NULL, NULL) == 0, "add");
    CHECK(sum->weight == 400, "samples");
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "finish");
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *x = &m->tensor[t];
        size_t n = x->spec->count;

        CHECK(n <= 64, "fixture");
        fm_noise_fill(na, fm_model_noise_key(m, 1, "a"), FM_BERNOULLI,
                      (uint32_t)t, 0, n);
        fm_noise_fill(nb, fm_model_noise_key(m, 1, "b"), FM_BERNOULLI,
                      (uint32_t)t, 0, n);
        for (size_t i = 0; i < n; i++) {
            size_t at = x->at + i;
            float want = 1.75f;

            if (x->masked)
                want = (a.masks[at / 8] >> at % 8 & 1 ? 0.125f : 0) *
                           (na[i] < 0 ? -1.0f : 1.0f) +
                       (b.masks[at / 8] >> at % 8 & 1 ? 0.375f : 0) *
                           (nb[i] < 0 ? -1.0f : 1.0f);
            CHECK(next->tensor[t].value[i] == want, "%s[%zu] is %g, not %g",
                  x->spec->name, i, (double)next->tensor[t].value[i],
                  (double)want);
        }
    }
    fm_accum_free(sum);
    fm_accum_free(NULL);
    fm_bundle_free(&a);
    fm_bundle_free(&b);
    fm_model_free(m);
    fm_model_free(next);
}

/* The definition, one parameter after the other, in 128 bits. */
static void
naive(struct fm_accum *sum, const struct fm_bundle *b, size_t n)
{
    const struct fm_model *m = sum->base;

    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *x = &m->tensor[t];
        int32_t *noise = fm_alloc(x->spec->count, sizeof *noise, NULL);

        CHECK(noise, "memory");
        for (size_t k = 0; k < n; k++) {
            uint64_t key = fm_model_noise_key(m, m->round + 1, b[k].client);

            fm_noise_fill(noise, key, m->set.dist, (uint32_t)t, 0,
                          x->spec->count);
            for (size_t i = 0; i < x->spec->count; i++) {
                size_t at = x->at + i;
                int bit = b[k].masks ? b[k].masks[at / 8] >> at % 8 & 1 : 0;
                __int128 s = b[k].samples, v;

                if (!x->masked) {
                    float f = fm_getf(b[k].dense + 4 * at);

                    sum->full[at] += s * (__int128)rint((double)f * 0x1p48);
                    continue;
                }
                if (m->set.method == FM_FEDSPARSIFY) {
                    size_t place = m->full - m->masked + at;
                    float f = fm_getf(b[k].dense + 4 * place);

                    sum->full[place] += s * (__int128)rint((double)f * 0x1p48);
                    v = s * bit;
                } else if (m->set.method == FM_FEDBAT)
                    v = s * fm_step_of(&b[k], m, t) * (2 * bit - 1);
                else
                    v = s * noise[i] *
                        (m->set.method == FM_FEDMRNS ? 2 * bit - 1 : bit);
                v += sum->masked[at];
                CHECK(v == (int64_t)v, "wraps");
                sum->masked[at] = (int64_t)v;
            }
        }
        free(noise);
    }
    for (size_t k = 0; k < n; k++)
        sum->weight += b[k].samples;
}

static void
same(const struct fm_accum *a, const struct fm_accum *b, const char *what)
{
    CHECK(a->weight == b->weight, "%s: samples", what);
    CHECK(memcmp(a->masked, b->masked, 8 * a->base->masked) == 0, "%s: masked",
          what);
    CHECK(memcmp(a->full, b->full, 16 * a->base->full) == 0, "%s: full", what);
}

/* Any order, any grouping, any threads, any CPU: the same integers. */
static void
orders(const struct fm_model *m)
{
    struct fm_bundle b[CLIENTS];
    struct fm_accum *want = fm_accum_new(m, NULL);
    uint64_t x = 77;

    for (int k = 0; k < CLIENTS; k++) {
        char name[8];

        snprintf(name, sizeof name, "%d", k);
        b[k] = fx_answer(m, name, 1 + fx_random(&x) % 100000, (uint64_t)k);
    }
    b[3].samples = FM_SAMPLES_MAX;
    CHECK(want, "memory");
    naive(want, b, CLIENTS);
    for (size_t trial = 0; trial < 12; trial++) {
        const struct fm_bundle *order[CLIENTS];
        struct fm_pool *pool = fm_pool_new(1 + trial % 3, NULL);
        struct fm_accum *sum = fm_accum_new(m, NULL);
        size_t done = 0;

        CHECK(pool && sum, "memory");
        fm_cpu_cap((enum fm_cpu_level)(trial % 3));
        for (size_t k = 0; k < CLIENTS; k++) {
            size_t at = fx_random(&x) % (k + 1);

            order[k] = order[at];
            order[at] = &b[k];
        }
        /* In batches of any size. */
        while (done < CLIENTS) {
            size_t n = 1 + fx_random(&x) % (CLIENTS - done);

            CHECK(fm_accum_add(sum, order + done, n, pool, NULL) == 0, "add");
            done += n;
        }
        same(sum, want, "trial");
        fm_accum_free(sum);
        fm_pool_free(pool);
    }
    fm_cpu_cap(FM_CPU_AVX512);
    fm_accum_free(want);
    for (int k = 0; k < CLIENTS; k++)
        fm_bundle_free(&b[k]);
}

/* finish against the formulas of accum.h, with the compiler's conversion. */
static void
finish(struct fm_model *m)
{
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_model *next = fx_model(FX_ARCH, m->set.method, m->set.dist);
    struct fm_pool *pool = fm_pool_new(3, NULL);
    struct fm_err e = {0};
    uint64_t x = 3;
    double den;

    CHECK(sum && pool, "memory");
    sum->weight = FM_TOTAL_MAX - 12345;
    den = (double)sum->weight * 0x1p48;
    for (size_t i = 0; i < m->masked; i++) /* of every size */
        sum->masked[i] =
            (int64_t)((uint64_t)fx_random(&x) << 32 | fx_random(&x)) >>
            fx_random(&x) % 64;
    for (size_t i = 0; i < m->full; i++)
        sum->full[i] = ((__int128)fx_random(&x) << 86 |
                        (__int128)fx_random(&x) << 32 | fx_random(&x)) >>
                       fx_random(&x) % 90;
    CHECK(fm_accum_finish(sum, next, NULL, &e) == 0, "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++) {
            size_t at = m->tensor[t].at + i;
            double w = (double)m->tensor[t].value[i], d;
            float want, got = next->tensor[t].value[i];

            if (m->tensor[t].masked)
                d = (double)((__int128)(m->set.method == FM_FEDBAT ? 65536
                                                                   : m->set.a) *
                             256 * sum->masked[at]) /
                    den;
            else
                d = (double)(256 * sum->full[at]) / (256 * den);
            if (m->tensor[t].masked && m->set.method == FM_FEDSPARSIFY)
                d = (2 * (__int128)sum->masked[at] >= (int64_t)sum->weight
                         ? (double)(256 * sum->full[m->full - m->masked + at]) /
                               (256 * den)
                         : 0) -
                    w;
            want = (float)(w + d);
            CHECK(memcmp(&want, &got, 4) == 0, "tensor %zu[%zu]: %a, not %a", t,
                  i, (double)got, (double)want);
        }

    /* In place, by three threads. */
    CHECK(fm_accum_finish(sum, m, pool, &e) == 0, "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        CHECK(memcmp(m->tensor[t].value, next->tensor[t].value,
                     4 * m->tensor[t].spec->count) == 0,
              "tensor %zu in place", t);

    /* Of two bad values in two tiles the first is named. */
    for (size_t t = 0; t < m->arch->ntensors; t++)
        if (m->tensor[t].spec->count > 5000)
            m->tensor[t].value[17] = m->tensor[t].value[5000] = INFINITY;
    CHECK(fm_accum_finish(sum, next, pool, &e) == FM_EINPUT, "infinite");
    CHECK(strstr(e.msg, "[17] not finite"), "%s", e.msg);
    fm_pool_free(pool);
    fm_accum_free(sum);
    fm_model_free(next);
}

/* What every size of value adds, from a client of the most samples. */
static void
sizes(void)
{
    static const uint32_t mantissa[] = {0, 1, 0x400000, 0x7ffffe, 0x7fffff};
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", (uint64_t)1 << 32, 1);
    const struct fm_bundle *one = &b;
    struct fm_accum *sum = fm_accum_new(m, NULL);

    for (uint32_t i = 0; i < (127 + 38) * 10; i += (uint32_t)m->full) {
        for (uint32_t k = 0; k < m->full; k++) {
            const uint32_t j = (i + k) % ((127 + 38) * 10);

            fm_put32(b.bytes.data + 4 * k,
                     j / 10 << 23 | mantissa[j % 5] | j % 10 / 5 << 31);
        }
        CHECK(sum && fm_accum_reset(sum, NULL) == 0, "clear");
        CHECK(fm_accum_add(sum, &one, 1, NULL, NULL) == 0, "add");
        for (size_t k = 0; k < m->full; k++) {
            const float x = fm_getf(b.dense + 4 * k);

            CHECK(sum->full[k] == ((__int128)1 << 32) * fm_full_quantise(x),
                  "%a", (double)x);
        }
    }
    fm_accum_free(sum);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/*
 * A sum whose lowest bit decides: 1 + 2^-24 lies between two floats, 2^-53
 * more between two doubles, and 2^-90 more, below the 64 bits that reach a
 * conversion, brings both up.  Without it both go to the even side, 1.
 */
static void
lowest_bit(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *next = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    const __int128 one = 1, tie = one << 100 | one << 76 | one << 47;
    float up = 0x1.000002p20f, even = 0x1p20f, *got = next->tensor[0].value;

    CHECK(sum, "memory");
    sum->weight = (uint64_t)1 << 32; /* den = 2^80 */
    for (int i = 0; i < 4; i++)
        m->tensor[0].value[i] = 0;
    sum->full[0] = tie;
    sum->full[1] = tie + (1 << 10);
    sum->full[2] = -sum->full[1];
    sum->full[3] = -tie;
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "finish");
    CHECK(got[0] == even, "a tie: %a", (double)got[0]);
    CHECK(got[1] == up, "above it: %a", (double)got[1]);
    CHECK(got[2] == -up, "below its negative: %a", (double)got[2]);
    CHECK(got[3] == -even, "its negative: %a", (double)got[3]);
    fm_accum_free(sum);
    fm_model_free(m);
    fm_model_free(next);
}

static void
refusals(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_GAUSSIAN);
    struct fm_model *next = fx_model(FX_TINY, FM_FEDMRN, FM_GAUSSIAN);
    struct fm_bundle b[3] = {fx_answer(m, "a", FM_SAMPLES_MAX, 1),
                             fx_answer(m, "b", FM_SAMPLES_MAX - 1, 2),
                             fx_answer(m, "c", 1, 3)};
    const struct fm_bundle *p[3] = {&b[0], &b[1], &b[2]};
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_accum *zero = fm_accum_new(m, NULL);
    struct fm_err e = {0};
    size_t var = 0;

    CHECK(sum && zero, "memory");
    CHECK(fm_accum_finish(sum, next, NULL, &e) == FM_EINPUT, "0 samples");
    CHECK(strstr(e.msg, "0 samples"), "%s", e.msg);
    e = (struct fm_err){0};

    /* The bound itself is allowed; one sample more adds nothing. */
    CHECK(fm_accum_add(sum, p, 3, NULL, &e) == FM_EINPUT, "too many samples");
    CHECK(strstr(e.msg, "8589934591"), "%s", e.msg);
    same(sum, zero, "after a refusal");
    CHECK(fm_accum_add(sum, p, 2, NULL, NULL) == 0, "the bound");
    naive(zero, b, 2);
    same(sum, zero, "at the bound");
    CHECK(fm_accum_add(sum, p + 2, 1, NULL, NULL) == FM_EINPUT, "one more");
    CHECK(fm_accum_room(sum, 0, 1, NULL) == 0, "none more");
    CHECK(fm_accum_room(sum, 1, 1, NULL) == FM_EINPUT, "room for one more");
    same(sum, zero, "after refusals");

    for (size_t t = 0; t < m->arch->ntensors; t++)
        if (m->tensor[t].spec->role == FM_VAR)
            var = t;
    m->tensor[var].value[0] = 1;
    sum->full[m->tensor[var].at] =
        -((__int128)sum->weight << 48) - ((__int128)1 << 70);
    e = (struct fm_err){0};
    CHECK(fm_accum_finish(sum, next, NULL, &e) == FM_EINPUT,
          "negative variance");
    CHECK(strstr(e.msg, "running_var[0] negative"), "%s", e.msg);
    sum->full[m->tensor[var].at] = -((__int128)sum->weight << 48);
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "variance 0");
    CHECK(next->tensor[var].value[0] == 0, "variance 0");

    /* The largest float and one delta more. */
    m->tensor[var - 1].value[0] = 0x1.fffffep127f;
    sum->weight = 1;
    sum->full[m->tensor[var].at] = 0;
    sum->full[m->tensor[var - 1].at] = INT64_MAX;
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "rounds to itself");
    sum->full[m->tensor[var - 1].at] = (__int128)1 << 118;
    m->set.a = UINT32_MAX;
    m->tensor[0].value[0] = 0x1.fffffep127f;
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "rounds to itself");
    m->tensor[0].value[0] = INFINITY; /* no model file holds that */
    e = (struct fm_err){0};
    CHECK(fm_accum_finish(sum, next, NULL, &e) == FM_EINPUT, "not finite");
    CHECK(strstr(e.msg, "features.0.weight[0] not finite"), "%s", e.msg);

    fm_accum_free(sum);
    fm_accum_free(zero);
    for (int k = 0; k < 3; k++)
        fm_bundle_free(&b[k]);
    fm_model_free(m);
    fm_model_free(next);
}

/*
 * By hand: 100 samples vote + - 0, 300 vote - - 0, 200 vote + 0 0 and so on, in
 * turns; a weight moves by the step to where most samples are, or not at all,
 * while batch normalisation takes the mean.
 */
static void
majority(void)
{
    static const int vote[3][4] = {
        {1, -1, 0, 1}, {-1, -1, 0, 1}, {1, 0, 0, -1}};
    static const int want[4] = {0, -1, 0, 1};
    static const uint64_t samples[3] = {100, 300, 200};
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *next = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_accum *sum = fm_accum_new(m, NULL);

    m->set.vote = next->set.vote = 0.25;
    CHECK(sum, "memory");
    for (int k = 0; k < 3; k++) {
        struct fm_bundle b = fx_answer(m, "a", samples[k], 1);
        const struct fm_bundle *one = &b;

        for (size_t i = 0; i < m->full; i++)
            fm_putf(b.bytes.data + 4 * i,
                    (float)(vote[k][i % 4] * (k + 1)) * 0.125f);
        CHECK(fm_accum_add(sum, &one, 1, NULL, NULL) == 0, "add");
        fm_bundle_free(&b);
    }
    CHECK(sum->full[0] == 0 && sum->full[1] == -400 && sum->full[3] == 200,
          "sums of votes");
    CHECK(fm_accum_finish(sum, next, NULL, NULL) == 0, "finish");
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++) {
            /* (100, 2 * 300, 3 * 200) / 600 eighths, by their votes. */
            static const double mean[4] = {1. / 48, -7. / 48, 0, 1. / 48};
            size_t at = (m->tensor[t].at + i) % 4;
            double d = fm_accum_voted(m, t) ? 0.25 * want[at] : mean[at];
            double w = (double)m->tensor[t].value[i] + d;

            CHECK(fabs((double)next->tensor[t].value[i] - w) < 1e-6,
                  "%s[%zu] is %g, not %g", m->tensor[t].spec->name, i,
                  (double)next->tensor[t].value[i], w);
        }
    fm_accum_free(sum);
    fm_model_free(m);
    fm_model_free(next);
}

int
main(void)
{
    static const enum fm_dist dists[] = {FM_UNIFORM, FM_GAUSSIAN, FM_BERNOULLI,
                                         FM_BERNOULLI, FM_UNIFORM};
    static const enum fm_method methods[] = {FM_FEDMRN, FM_FEDMRNS, FM_FEDAVG,
                                             FM_FEDBAT, FM_FEDSPARSIFY};

    quantise();
    golden();
    majority();
    for (int i = 0; i < 5; i++) {
        struct fm_model *m = fx_model(FX_ARCH, methods[i], dists[i]);

        orders(m);
        finish(m);
        fm_model_free(m);
    }
    sizes();
    lowest_bit();
    refusals();
    return 0;
}
