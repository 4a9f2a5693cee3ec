#include "fed/weights_impl.h"

#include "base/mem.h"
#include "bundle/step.h"
#include "fixture.h"
#include "mask/draw.h"
#include "rand/key.h"
#include "rand/philox.h"

#include <math.h>

/* A tensor of several chunks, one that travels in full, and one that starts
 * inside a byte of the mask. */
static const char text[] = "input 5\nlinear 3001\nbatchnorm\nrelu\n"
                           "linear 3 nobias\n";

enum { STEPS = 5, WARM = 2, MOST = 15005, TENSORS = 7 };

/*
 * The surrogate whose gradient trains a step: s * (x + (m - x0)), where x =
 * u/s held in [-1,1], and m and x0 stay what they are.  What local.h says of it
 * against differences.
 */
static void
surrogate(void)
{
    static const double u[] = {0.3, -0.7, 0.999, 1.5, -4};
    const double s = 1, h = 1e-6;

    for (size_t i = 0; i < 5; i++)
        for (int m = -1; m <= 1; m += 2) {
            double x0 = fmin(fmax(u[i] / s, -1), 1), f[2], want;

            if (fabs(u[i]) > s)
                m = u[i] > 0 ? 1 : -1; /* surely */
            for (int k = 0; k < 2; k++) {
                double at = s + (k ? h : -h);

                f[k] = at * (fmin(fmax(u[i] / at, -1), 1) + (m - x0));
            }
            want = fabs(u[i]) <= s ? m - u[i] / s : u[i] > 0 ? 1 : -1;
            CHECK(fabs((f[1] - f[0]) / (2 * h) - want) < 1e-5, "%g: %g, not %g",
                  u[i], (f[1] - f[0]) / (2 * h), want);
            if (fabs(u[i]) > s)
                break;
        }
}

static float
slope(size_t tensor, size_t i)
{
    return 0.03f * (float)sin(1.7 * (double)i + (double)tensor);
}

/* One tensor as a whole, by the formulas of local.h. */
struct whole {
    float u[MOST];
    int32_t n[MOST];
    uint16_t k[MOST + FM_LANES];
    uint8_t m[MOST];
    double first, power;
    size_t count;
};

static void
draw(struct whole *o, size_t tensor, uint64_t key, uint32_t high,
     enum fm_purpose purpose, uint32_t a)
{
    struct fm_place at = {key, high, (uint32_t)tensor, (uint32_t)purpose};

    fm_philox_lanes(o->k, &at, 0, o->count / FM_LANES + 1);
    fm_draw_stochastic(o->m, o->u, o->n, o->k, o->count, a, true);
}

static double
size_of(const struct whole *o, double rho)
{
    double s = o->first * exp(rho * o->power);

    return fmin(fmax(s, 5e-4), 5e-2);
}

/* What the network sees in step t, and the step's own integer. */
static void
check_seen(const struct fm_weights *v, struct whole *o, size_t tensor,
           uint32_t t)
{
    const float *w = v->l->base->tensor[tensor].value;
    const uint32_t a = v->bat[tensor].a;

    if (t > WARM) {
        CHECK(fabs((double)a - size_of(o, v->l->set->rho) * 0x1p24) < 1.5,
              "step %u: %u, not %g", t, a, size_of(o, v->l->set->rho) * 0x1p24);
        draw(o, tensor, 42, t, FM_FOR_MASK, a);
    }
    for (size_t i = 0; i < o->count; i++) {
        float s = (float)a * 0x1p-24f;
        float want = w[i] + (t <= WARM ? o->u[i] : o->m[i] ? s : -s);

        CHECK(fm_weights_values(v)[tensor][i] == want,
              "step %u, tensor %zu, %zu: %a, not %a", t, tensor, i,
              (double)fm_weights_values(v)[tensor][i], (double)want);
    }
}

static void
learn(const struct fm_weights *v, struct whole *o, size_t tensor, uint32_t t,
      uint32_t a, double lr)
{
    const double s = a * 0x1p-24, rho = v->l->set->rho;
    const double free = o->first * exp(rho * o->power);
    double sum = 0, mean = 0;

    for (size_t i = 0; i < o->count; i++) {
        double g = (double)slope(tensor, i), x = (double)o->u[i] / s;
        bool inside = t <= WARM || fabs(x) <= 1;

        if (t > WARM)
            sum += g * (inside ? (o->m[i] ? 1 : -1) - x : x > 0 ? 1 : -1);
        if (inside)
            o->u[i] -= (float)lr * (float)g;
        mean += fabs((double)o->u[i]) / (double)o->count;
    }
    if (t > WARM && free >= 5e-4 && free <= 5e-2)
        o->power -= lr * rho * free * sum;
    if (t == WARM)
        o->first = mean;
}

static void
training(enum fm_dither dither, struct fm_pool *pool)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_local l = {.client = "c", .private_seed = 42, .pool = pool};
    uint64_t key;
    struct whole *o[TENSORS] = {NULL};
    struct fm_weights *v;
    struct fm_bundle b = {0};
    uint32_t a[TENSORS] = {0}, moved = 0;

    fm_settings_default(&set, FM_FEDBAT);
    set.full_bits = FM_FULL_EXACT;
    set.dither = dither;
    m = fm_model_new(fm_arch_parse(text, "net", &e), &set, 7, &e);
    CHECK(m && !fm_model_init_values(m, "uniform", &e), "%s", e.msg);
    CHECK(m->arch->ntensors == TENSORS, "%zu", m->arch->ntensors);
    key = dither == FM_DITHER_SHARED ? fm_key_client(7, 1, "c") : 42;
    l.base = m;
    l.set = &m->set;
    for (size_t i = 0; i < TENSORS; i++) {
        o[i] = calloc(1, sizeof **o);
        CHECK(o[i], "memory");
        o[i]->count = m->arch->tensor[i].count;
        for (size_t j = 0; j < o[i]->count; j++)
            o[i]->n[j] = 65536;
    }
    v = fm_weights_new(&l, STEPS, &e);
    CHECK(v, "%s", e.msg);
    for (uint32_t t = 1; t <= STEPS; t++) {
        fm_weights_begin(v, t);
        for (size_t i = 0; i < TENSORS; i++) {
            if (m->tensor[i].masked) {
                check_seen(v, o[i], i, t);
                moved += t > WARM + 1 && v->bat[i].a != a[i];
                a[i] = v->bat[i].a;
            }
            for (size_t j = 0; fm_weights_gradients(v)[i] && j < o[i]->count;
                 j++)
                fm_weights_gradients(v)[i][j] = slope(i, j);
        }
        fm_weights_descend(v, 0.1);
        for (size_t i = 0; i < TENSORS; i++)
            if (m->tensor[i].masked)
                learn(v, o[i], i, t, a[i], 0.1);
    }
    CHECK(moved > 0, "no step was learned");
    CHECK(fm_weights_finite(v), "not finite");
    CHECK(!fm_weights_answer(v, &b, &e), "%s", e.msg);
    b.full = m->full;
    CHECK(!fm_step_check(&b, m, &e), "%s", e.msg);
    for (size_t i = 0; i < TENSORS; i++) {
        uint8_t got[MOST];

        if (!m->tensor[i].masked)
            continue;
        CHECK(fm_step_of(&b, m, i) == v->bat[i].a, "step of %zu", i);
        draw(o[i], i, key, 0, FM_FOR_DITHER, v->bat[i].a);
        fm_bits_get(got, b.masks, m->tensor[i].at, o[i]->count);
        CHECK(memcmp(o[i]->m, got, o[i]->count) == 0, "mask of %zu", i);
    }
    fm_weights_free(v);
    fm_bundle_free(&b);
    for (size_t i = 0; i < TENSORS; i++)
        free(o[i]);
    fm_model_free(m);
}

int
main(void)
{
    struct fm_pool *pool = fm_pool_new(3, NULL);

    CHECK(pool, "memory");
    surrogate();
    training(FM_DITHER_SHARED, NULL);
    training(FM_DITHER_PRIVATE, pool);
    fm_pool_free(pool);
    return 0;
}
