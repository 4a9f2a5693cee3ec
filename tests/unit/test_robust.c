#include "agg/robust.h"
#include "check.h"
#include "fixture.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 12 };

static bool
bit(const struct fm_bundle *b, size_t i)
{
    return b->masks[i / 8] >> i % 8 & 1;
}

static int
by_float(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

/* The mean of the sorted values without `cut` at each end. */
static double
trimmed(float *v, size_t n, size_t cut)
{
    double sum = 0;

    qsort(v, n, sizeof *v, by_float);
    for (size_t k = cut; k < n - cut; k++)
        sum += (double)v[k];
    return sum / (double)(n - 2 * cut);
}

/* A model whose clients share their noise. */
static struct fm_model *
shared(const char *arch)
{
    struct fm_model *m = fx_model(arch, FM_FEDMRNS, FM_GAUSSIAN);

    m->set.noise_key = FM_NOISE_ROUND;
    return m;
}

static struct fm_accum *
sum_of(const struct fm_model *m, struct fm_robust *r, struct fm_bundle *b,
       size_t n, bool backwards)
{
    struct fm_accum *sum = fm_accum_new(m, NULL);

    CHECK(sum, "memory");
    for (size_t k = 0; k < n; k++) {
        struct fm_bundle *one = &b[backwards ? n - 1 - k : k];
        const struct fm_bundle *list = one;

        one->weight = 1;
        CHECK(fm_accum_add(sum, &list, 1, NULL, NULL) == 0, "add");
        CHECK(fm_robust_add(r, one, NULL) == 0, "keep");
    }
    return sum;
}

/* A rule against the same entry by entry, in floats. */
static void
against(const char *text, size_t n, size_t cut)
{
    struct fm_pool *pool = fm_pool_new(2, NULL);
    struct fm_model *m = shared(FX_ARCH), *next[2];
    struct fm_bundle b[MOST];
    struct fm_err e = {0};
    struct fm_rule rule;
    int32_t noise[8192];

    CHECK(fm_rule_parse(&rule, text), "%s", text);
    for (size_t k = 0; k < n; k++) {
        char name[8];

        snprintf(name, sizeof name, "%zu", k);
        b[k] = fx_answer(m, name, 5 + k, k);
    }
    for (int turn = 0; turn < 2; turn++) {
        struct fm_robust *r = fm_robust_new(&rule, m, NULL);
        struct fm_accum *sum;

        next[turn] = shared(FX_ARCH);
        CHECK(r && fm_robust_rows(r), "memory");
        sum = sum_of(m, r, b, n, turn);
        CHECK(!fm_robust_apply(r, sum, n, turn ? pool : NULL, &e), "%s", e.msg);
        CHECK(!fm_accum_finish(sum, next[turn], pool, &e), "%s", e.msg);
        fm_accum_free(sum);
        fm_robust_free(r);
    }
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *x = &m->tensor[t];

        CHECK(x->spec->count <= 8192, "fixture");
        if (x->masked)
            fm_noise_fill(noise, fm_model_noise_key(m, 1, "0"), FM_GAUSSIAN,
                          (uint32_t)t, 0, x->spec->count);
        for (size_t i = 0; i < x->spec->count; i++) {
            float v[MOST];
            double want;

            for (size_t k = 0; k < n; k++)
                v[k] = x->masked ? (bit(&b[k], x->at + i) ? 1 : -1)
                                 : fm_getf(b[k].dense + 4 * (x->at + i));
            want = trimmed(v, n, cut);
            if (x->masked)
                want *= noise[i] * (double)fm_model_noise_a(m, 1, t) * 0x1p-40;
            want += (double)x->value[i];
            CHECK(fabs(want - (double)next[0]->tensor[t].value[i]) < 1e-6,
                  "%s of %zu: %s[%zu]", text, n, x->spec->name, i);
            CHECK(memcmp(&next[0]->tensor[t].value[i],
                         &next[1]->tensor[t].value[i], 4) == 0,
                  "order or threads");
        }
    }
    for (size_t k = 0; k < n; k++)
        fm_bundle_free(&b[k]);
    fm_model_free(next[0]);
    fm_model_free(next[1]);
    fm_model_free(m);
    fm_pool_free(pool);
}

/*
 * Votes by hand: 3, 2, 1 and 0 of three clients; then a fourth, which makes a
 * tie of the second.
 */
static void
votes(void)
{
    static const struct {
        const char *rule;
        size_t clients;
        uint32_t ones[4], of;
    } known[] = {
        {"majority", 3, {3, 3, 0, 0}, 3},  {"trimmed:1", 3, {1, 1, 0, 0}, 1},
        {"majority", 4, {4, 2, 0, 0}, 4},  {"trimmed:1", 4, {2, 1, 0, 0}, 2},
        {"trimmed:0", 3, {3, 2, 1, 0}, 3}, {"krum:0:3", 3, {3, 2, 1, 0}, 3},
        {"krum:0", 3, {1, 1, 0, 0}, 1},
    };
    static const uint8_t masks[4] = {3, 3, 5, 1}; /* entries 0, 1, 2, 3 */

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct fm_model *m = fx_fedpm("input 4\nlinear 2\n", 0, 1);
        struct fm_bundle b[4];
        struct fm_err e = {0};
        struct fm_rule rule;
        struct fm_robust *r;
        struct fm_accum *sum;

        CHECK(fm_rule_parse(&rule, known[i].rule), "%s", known[i].rule);
        r = fm_robust_new(&rule, m, NULL);
        CHECK(r, "memory");
        for (size_t k = 0; k < 4; k++) {
            char name[2] = {(char)('d' - k), 0};

            b[k] = fx_answer(m, name, 1, k);
            memset(b[k].bytes.data, 0, b[k].bytes.len);
            b[k].bytes.data[0] = masks[k];
        }
        sum = sum_of(m, r, b, known[i].clients, i % 2);
        CHECK(!fm_robust_apply(r, sum, known[i].clients, NULL, &e), "%s",
              e.msg);
        CHECK(sum->votes->n == known[i].of, "%s: of %u", known[i].rule,
              sum->votes->n);
        for (size_t k = 0; k < 4; k++)
            CHECK(sum->votes->ones[k] == known[i].ones[k], "%s: %u at %zu",
                  known[i].rule, sum->votes->ones[k], k);
        for (size_t k = 0; k < 4; k++)
            fm_bundle_free(&b[k]);
        fm_accum_free(sum);
        fm_robust_free(r);
        fm_model_free(m);
    }
}

/*
 * 20 clients whose bits are right in 7 of 10 entries, of which some send the
 * opposite.  How many entries come out right, by each rule?
 */
static double
attacked(const char *text, size_t liars)
{
    enum { CLIENTS = 20 };
    struct fm_model *m = fx_fedpm("input 50\nlinear 40\n", 0, 1);
    struct fm_bundle b[CLIENTS];
    struct fm_err e = {0};
    struct fm_rule rule;
    struct fm_robust *r;
    struct fm_accum *sum;
    double right = 0;
    uint64_t x = 77;

    CHECK(fm_rule_parse(&rule, text), "%s", text);
    r = fm_robust_new(&rule, m, NULL);
    CHECK(r, "memory");
    for (size_t k = 0; k < CLIENTS; k++) {
        char name[8];

        snprintf(name, sizeof name, "%zu", k);
        b[k] = fx_answer(m, name, 1, k);
        /* The truth is all ones. */
        memset(b[k].bytes.data, 0, b[k].bytes.len);
        for (size_t i = 0; i < m->masked; i++)
            if ((fx_random(&x) % 10 < 7) != (k < liars))
                b[k].bytes.data[i / 8] |= (uint8_t)(1u << i % 8);
    }
    sum = sum_of(m, r, b, CLIENTS, false);
    CHECK(!fm_robust_apply(r, sum, CLIENTS, NULL, &e), "%s", e.msg);
    for (size_t i = 0; i < m->masked; i++)
        right += (double)sum->votes->ones[i] / sum->votes->n;
    for (size_t k = 0; k < CLIENTS; k++)
        fm_bundle_free(&b[k]);
    right /= (double)m->masked;
    fm_accum_free(sum);
    fm_robust_free(r);
    fm_model_free(m);
    return right;
}

/* What the manual's table says of flipped signs at 5 to 50 %. */
static void
flips(void)
{
    static const struct {
        size_t liars;
        double mean, majority, trimmed, krum;
    } known[] = {
        {1, .68, .95, .79, .71}, {4, .62, .87, .70, .71},
        {6, .58, .78, .63, .71}, {8, .54, .65, .57, .71},
        {10, .50, .51, .50, -1},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t l = known[i].liars;
        const double mean = attacked("trimmed:0", l);
        const double majority = attacked("majority", l);
        const double cut = attacked("trimmed:4", l);
        const double krum = attacked("krum:8:4", l);

        CHECK(fabs(mean - known[i].mean) < .02, "mean %.3f", mean);
        CHECK(fabs(majority - known[i].majority) < .02, "majority %.3f",
              majority);
        CHECK(fabs(cut - known[i].trimmed) < .02, "trimmed %.3f", cut);
        CHECK(known[i].krum < 0 || fabs(krum - known[i].krum) < .02,
              "krum %.3f", krum);
    }
}

static void
refusals(void)
{
    const struct fm_rule two = {FM_RULE_TRIMMED, 2, 0};
    const struct fm_rule rule = {FM_RULE_MAJORITY, 0, 0};
    const struct fm_rule krum = {FM_RULE_KRUM, 1, 1};
    struct fm_model *m = shared("input 4\nlinear 2\n");
    struct fm_bundle b[3];
    struct fm_err e = {0};
    struct fm_robust *r = fm_robust_new(&two, m, NULL);
    struct fm_accum *sum;

    for (size_t k = 0; k < 3; k++)
        b[k] = fx_answer(m, k ? k == 1 ? "a" : "b" : "c", 1, k);
    CHECK(r && !fm_robust_rows(r), "the sum tells all");
    sum = sum_of(m, r, b, 3, false);
    CHECK(fm_robust_apply(r, sum, 3, NULL, &e) == FM_EINPUT, "too few");
    CHECK(strstr(e.msg, "rule trimmed:2 takes 5 clients at least, and 3 count"),
          "%s", e.msg);
    fm_robust_free(r);
    r = fm_robust_new(&rule, m, NULL);
    CHECK(r, "memory");
    sum->masked[3]++;
    e.code = FM_OK;
    CHECK(fm_robust_apply(r, sum, 3, NULL, &e) == FM_EINPUT, "no signs");
    CHECK(strstr(e.msg, "no signs of 3 clients"), "%s", e.msg);
    fm_accum_free(sum);
    fm_robust_free(r);
    /* What one client cannot have sent: 0, 3 or -3 times the noise, or 1 more
     * or less. */
    for (int k = 0; k < 4; k++) {
        r = fm_robust_new(&rule, m, NULL);
        sum = sum_of(m, r, b, 1, false);
        if (k < 3)
            sum->masked[3] *= 3 * (k - 1) * (sum->masked[3] < 0 ? -1 : 1);
        else
            sum->masked[3] += sum->masked[3] < 0 ? -1 : 1;
        e.code = FM_OK;
        CHECK(fm_robust_apply(r, sum, 1, NULL, &e) == FM_EINPUT, "%d", k);
        CHECK(strstr(e.msg, "no signs of 1 clients"), "%s", e.msg);
        fm_accum_free(sum);
        fm_robust_free(r);
    }
    r = fm_robust_new(&krum, m, NULL);
    CHECK(r, "memory");
    for (int k = 0; k <= FM_ROBUST_KRUM; k++) {
        e.code = FM_OK;
        CHECK(fm_robust_add(r, &b[0], &e) ==
                  (k < FM_ROBUST_KRUM ? 0 : FM_EINPUT),
              "client %d", k);
    }
    CHECK(strstr(e.msg, "krum takes at most 4096 clients"), "%s", e.msg);
    for (size_t k = 0; k < 3; k++)
        fm_bundle_free(&b[k]);
    fm_robust_free(r);
    fm_robust_free(NULL);
    fm_model_free(m);
}

int
main(void)
{
    against("majority", 5, 2);
    against("majority", 6, 2);
    against("majority", 1, 0);
    against("trimmed:1", 6, 1);
    against("trimmed:0", 4, 0);
    votes();
    flips();
    refusals();
    return 0;
}
