#include "fed/weights.h"

#include "base/mem.h"
#include "fed/state.h"
#include "fixture.h"
#include "nn/adam.h"
#include "nn/bernoulli.h"
#include "rand/philox.h"
#include "tensor/posterior.h"

#include <math.h>

/* A tensor of several chunks, and one that starts inside a byte of the mask. */
static const char text[] = "input 5\nlinear 3001\nrelu\nlinear 3 nobias\n";

enum { STEPS = 3, MOST = 15005 };

static struct fm_model *
model(enum fm_gradient gradient)
{
    struct fm_settings set;

    fm_settings_default(&set, FM_FEDPM);
    set.gradient = gradient;
    return nm_with(&set, text, 7);
}

static float
slope(size_t tensor, size_t i)
{
    return 0.02f * (float)sin(1.7 * (double)i + (double)tensor);
}

/* One tensor as a whole, by the formulas of local.h. */
struct whole {
    float w[MOST], s[MOST], theta[MOST], first[MOST], second[MOST];
    uint16_t k[MOST + FM_LANES];
    size_t count;
};

static void
lanes(struct whole *o, size_t tensor, uint64_t key, uint32_t high,
      enum fm_purpose purpose)
{
    struct fm_place at = {key, high, (uint32_t)tensor, (uint32_t)purpose};

    fm_philox_lanes(o->k, &at, 0, o->count / FM_LANES + 1);
}

static struct whole *
whole(const struct fm_model *m, size_t tensor)
{
    struct whole *o = fm_alloc(1, sizeof *o, NULL);

    CHECK(o, "memory");
    o->count = m->arch->tensor[tensor].count;
    fm_model_frozen(o->w, m, tensor, 0, o->count);
    fm_model_scores(o->s, m, tensor, 0, o->count);
    return o;
}

static void
check_step(const struct fm_weights *v, struct whole *o, size_t tensor,
           uint32_t t)
{
    lanes(o, tensor, 42, t, FM_FOR_MASK);
    fm_bernoulli_theta(o->theta, o->s, o->count);
    for (size_t i = 0; i < o->count; i++) {
        float want =
            (2 * o->k[i] + 1) / 131072.0 < (double)o->theta[i] ? o->w[i] : 0;

        CHECK(fm_weights_values(v)[tensor][i] == want,
              "step %u, tensor %zu, %zu: %g, not %g", t, tensor, i,
              (double)fm_weights_values(v)[tensor][i], (double)want);
    }
}

static void
learn(const struct fm_model *m, struct whole *o, size_t tensor, uint64_t t)
{
    float g[MOST];

    for (size_t i = 0; i < o->count; i++)
        g[i] = slope(tensor, i);
    fm_bernoulli_back(g, o->w, o->theta, o->count,
                      m->set.gradient == FM_GRADIENT_AUTHORS);
    fm_adam_step(o->s, g, o->first, o->second, o->count, t, 0.1, 0);
}

/* Two trainings with a state between them, in steps 1..3 and 4..6 of Adam. */
static void
training(enum fm_gradient gradient, enum fm_dither dither, struct fm_pool *pool)
{
    struct fm_err e = {0};
    struct fm_model *m = model(gradient);
    struct fm_settings set = m->set;
    struct fm_state *state = fm_state_new(m, "c", &e);
    struct fm_local l = {.base = m,
                         .client = "c",
                         .set = &set,
                         .private_seed = 42,
                         .state = state,
                         .pool = pool};
    uint64_t key = dither == FM_DITHER_SHARED ? fm_key_client(7, 1, "c") : 42;
    struct whole *o[3];

    set.dither = dither;
    for (size_t i = 0; i < 3; i++)
        o[i] = whole(m, i);
    for (uint32_t again = 0; again < 2; again++) {
        struct fm_weights *v = fm_weights_new(&l, STEPS, &e);
        struct fm_bundle b = {0};

        CHECK(v, "%s", e.msg);
        for (size_t i = 0; i < 3; i++)
            fm_model_scores(o[i]->s, m, i, 0, o[i]->count);
        for (uint32_t t = 1; t <= STEPS; t++) {
            fm_weights_begin(v, t);
            for (size_t i = 0; i < 3; i++) {
                check_step(v, o[i], i, t);
                for (size_t j = 0; j < o[i]->count; j++)
                    fm_weights_gradients(v)[i][j] = slope(i, j);
            }
            fm_weights_descend(v, 0.1);
            for (size_t i = 0; i < 3; i++)
                learn(m, o[i], i, again * STEPS + t);
        }
        CHECK(fm_weights_finite(v), "not finite");
        CHECK(!fm_weights_answer(v, &b, &e), "%s", e.msg);
        CHECK(state->steps == (again + 1) * STEPS, "%d steps",
              (int)state->steps);
        for (size_t i = 0; i < 3; i++) {
            uint8_t want[MOST], got[MOST];

            lanes(o[i], i, key, 0, FM_FOR_DITHER);
            fm_bernoulli_theta(o[i]->theta, o[i]->s, o[i]->count);
            fm_bernoulli_mask(want, o[i]->theta, o[i]->k, o[i]->count);
            fm_bits_get(got, b.masks, m->tensor[i].at, o[i]->count);
            CHECK(memcmp(want, got, o[i]->count) == 0, "mask of tensor %zu", i);
        }
        fm_bundle_free(&b);
        fm_weights_free(v);
    }
    for (size_t i = 0; i < 3; i++)
        free(o[i]);
    fm_state_free(state);
    fm_model_free(m);
}

/* One gradient among many: NaN, or with a square that is too large, of which
 * the scores alone would show nothing. */
static void
diverged(float wild)
{
    struct fm_err e = {0};
    struct fm_model *m = model(FM_GRADIENT_PAPER);
    struct fm_local l = {
        .base = m, .client = "c", .set = &m->set, .private_seed = 42};
    struct fm_weights *v = fm_weights_new(&l, 1, &e);

    CHECK(v, "%s", e.msg);
    fm_weights_begin(v, 1);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < m->arch->tensor[i].count; j++)
            fm_weights_gradients(v)[i][j] = i == 2 && j == 5 ? wild : 0;
    fm_weights_descend(v, 0.1);
    CHECK(!fm_weights_finite(v), "a gradient of %g is finite", (double)wild);
    fm_weights_free(v);
    fm_model_free(m);
}

int
main(void)
{
    struct fm_pool *pool = fm_pool_new(3, NULL);

    training(FM_GRADIENT_PAPER, FM_DITHER_SHARED, NULL);
    training(FM_GRADIENT_AUTHORS, FM_DITHER_PRIVATE, pool);
    diverged(NAN);
    diverged(1e25f);
    fm_pool_free(pool);
    return 0;
}
