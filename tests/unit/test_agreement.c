#include "agg/agreement.h"
#include "check.h"
#include "fixture.h"

#include <math.h>

enum { CLIENTS = 20 };

/* A client that takes (or does not flip) noise that goes up, seven times out of
 * ten; a liar sends the opposite. */
static void
pull(struct fm_bundle *b, const struct fm_model *m, bool lies, uint64_t *x)
{
    uint8_t *masks = b->bytes.data;

    memset(masks, 0, fm_bits_size(m->masked));
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *at = &m->tensor[t];
        int32_t n[8192];

        if (!at->masked)
            continue;
        CHECK(at->spec->count <= 8192, "fixture");
        fm_noise_fill(n, fm_model_noise_key(m, b->round, b->client),
                      m->set.dist, (uint32_t)t, 0, at->spec->count);
        for (size_t i = 0; i < at->spec->count; i++)
            if ((fx_random(x) % 10 < 7) == ((n[i] > 0) != lies))
                masks[(at->at + i) / 8] |= (uint8_t)(1u << (at->at + i) % 8);
    }
}

static size_t
scores(double z[CLIENTS], enum fm_method method, size_t liars)
{
    struct fm_model *m = fx_model(FX_ARCH, method, FM_UNIFORM);
    struct fm_accum *sum = fm_accum_new(m, NULL);
    struct fm_bundle b[CLIENTS];
    bool out[CLIENTS];
    size_t wrong = 0;
    uint64_t x = 3;

    CHECK(sum, "memory");
    for (size_t k = 0; k < CLIENTS; k++) {
        const struct fm_bundle *one = &b[k];
        char name[8];

        snprintf(name, sizeof name, "%zu", k);
        b[k] = fx_answer(m, name, 10 + k, k);
        pull(&b[k], m, k < liars, &x);
        CHECK(fm_accum_add(sum, &one, 1, NULL, NULL) == 0, "add");
    }
    for (size_t k = 0; k < CLIENTS; k++)
        CHECK(fm_agreement(&z[k], sum, &b[k]), "no score");
    CHECK(fm_agreement_outliers(out, z, CLIENTS, NULL) == 0, "outliers");
    for (size_t k = 0; k < CLIENTS; k++)
        wrong += out[k] != (k < liars);
    for (size_t k = 0; k < CLIENTS; k++)
        fm_bundle_free(&b[k]);
    fm_accum_free(sum);
    fm_model_free(m);
    return wrong;
}

/* Flipped signs at 5 to 40 % of clients are all found, and nobody else. */
static void
flips(enum fm_method method)
{
    static const size_t liars[] = {0, 1, 2, 4, 6, 8};
    double z[CLIENTS];

    for (size_t i = 0; i < sizeof liars / sizeof *liars; i++) {
        size_t wrong = scores(z, method, liars[i]);

        CHECK(wrong == 0, "%zu liars: %zu wrong; z %.1f and %.1f", liars[i],
              wrong, z[0], z[CLIENTS - 1]);
        CHECK(z[CLIENTS - 1] > 3, "honest ones agree: %.1f", z[CLIENTS - 1]);
    }
    /* With half of all nobody can tell which half. */
    scores(z, method, CLIENTS / 2);
    CHECK(fabs(z[0]) < 60 && fabs(z[CLIENTS - 1]) < 60, "half");
}

/* By hand: two clients, deltas 1 and 2, 3 and -1 with weights 1 and 2. */
static void
by_hand(void)
{
    struct fm_model *m = fx_model("input 1\nlinear 1\n", FM_FEDAVG, FM_UNIFORM);
    struct fm_bundle a = fx_answer(m, "a", 1, 1), b = fx_answer(m, "b", 2, 2);
    const struct fm_bundle *both[] = {&a, &b};
    struct fm_accum *sum = fm_accum_new(m, NULL);
    double z;

    CHECK(m->full == 2 && sum, "fixture");
    fm_putf(a.bytes.data, 1);
    fm_putf(a.bytes.data + 4, 2);
    fm_putf(b.bytes.data, 3);
    fm_putf(b.bytes.data + 4, -1);
    CHECK(fm_accum_add(sum, both, 1, NULL, NULL) == 0, "add");
    CHECK(!fm_agreement(&z, sum, &a), "alone");
    CHECK(fm_accum_add(sum, both + 1, 1, NULL, NULL) == 0, "add");
    /* a: 1 * 6 + 2 * -2 = 2 over sqrt(36 + 16); b: 3 - 2 over sqrt(9 + 4) */
    CHECK(fm_agreement(&z, sum, &a) && fabs(z - 2 / sqrt(52)) < 1e-12, "%g", z);
    CHECK(fm_agreement(&z, sum, &b) && fabs(z - 1 / sqrt(13)) < 1e-12, "%g", z);
    m->set.method = FM_FEDSPARSIFY;
    CHECK(!fm_agreement(&z, sum, &a), "weights are no steps");
    fm_bundle_free(&a);
    fm_bundle_free(&b);
    fm_accum_free(sum);
    fm_model_free(m);
}

/* Who is alone agrees with nobody, also when it was late and took more of a
 * running variance than there is. */
static void
late(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDAVG, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 3, 1);
    const struct fm_bundle *one = &b;
    struct fm_accum *sum = fm_accum_new(m, NULL);
    double z;

    CHECK(sum, "memory");
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++)
            if (m->tensor[t].spec->role == FM_VAR)
                fm_putf(b.bytes.data + 4 * (m->tensor[t].at + i),
                        -2 * m->tensor[t].value[i]);
    sum->late = 1;
    sum->s = 256;
    b.round--;
    CHECK(fm_accum_add(sum, &one, 1, NULL, NULL) == 0, "add");
    CHECK(!fm_agreement(&z, sum, &b), "alone: %g", z);
    fm_bundle_free(&b);
    fm_accum_free(sum);
    fm_model_free(m);
}

static void
outliers(void)
{
    static const double few[] = {5, -3, 400}, many[] = {50, 52, 48, 51, 49, 20};
    static const double flat[] = {9, 9, 9, 9, 9, 13};
    bool out[6];

    CHECK(fm_agreement_outliers(out, few, 3, NULL) == 0, "few");
    CHECK(!out[0] && out[1] && !out[2], "few: only what is against");
    CHECK(fm_agreement_outliers(out, many, 6, NULL) == 0, "many");
    for (int i = 0; i < 6; i++)
        CHECK(out[i] == (i == 5), "many: %d", i);
    CHECK(fm_agreement_outliers(out, flat, 6, NULL) == 0, "flat");
    CHECK(!out[5], "4 from the median is not far");
    CHECK(fm_agreement_outliers(out, flat, 0, NULL) == 0, "none");
}

int
main(void)
{
    by_hand();
    late();
    outliers();
    flips(FM_FEDMRN);
    flips(FM_FEDMRNS);
    return 0;
}
