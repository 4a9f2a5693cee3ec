#include "fed/weights.h"

#include "base/mem.h"
#include "fed/coarse.h"
#include "fed/masking.h"
#include "mask/bits.h"
#include "mask/draw.h"
#include "nn/sgd.h"
#include "rand/philox.h"

#include "newmodel.h"

#include <math.h>

/* A masked tensor of several chunks, one that starts inside a byte of the
 * mask, and one that travels in full between them. */
static const char text[] = "input 5\n"
                           "linear 3001\n"
                           "batchnorm\n"
                           "relu\n"
                           "linear 3 nobias\n";

static struct fm_model *
model(enum fm_method method, enum fm_masking masking)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;

    fm_settings_default(&set, method);
    set.masking = masking;
    m = nm_with(&set, text, 7);
    CHECK(!fm_model_init_values(m, "uniform", &e), "%s", e.msg);
    return m;
}

/* Gradients that differ everywhere, a few times the noise with lr 1. */
static float
slope(size_t tensor, size_t i)
{
    return 0.02f * (float)sin(1.7 * (double)i + (double)tensor);
}

static void
set_gradients(struct fm_weights *v, const struct fm_model *m)
{
    for (size_t i = 0; i < m->arch->ntensors; i++)
        for (size_t j = 0;
             fm_weights_gradients(v)[i] && j < m->arch->tensor[i].count; j++)
            fm_weights_gradients(v)[i][j] = slope(i, j);
}

/* Updates, noise and lanes of one whole tensor, without chunks. */
struct whole {
    float *u;
    int32_t *n;
    uint16_t *k;
    size_t count;
};

static struct whole
whole(const struct fm_model *m, size_t i, const char *client, uint64_t key,
      uint32_t high, enum fm_purpose purpose)
{
    struct whole t = {.count = m->arch->tensor[i].count};
    struct fm_place at = {key, high, (uint32_t)i, (uint32_t)purpose};
    struct fm_err e = {0};

    t.u = fm_alloc(t.count, sizeof *t.u, &e);
    t.n = fm_alloc(t.count, sizeof *t.n, &e);
    t.k = fm_alloc(t.count + FM_LANES, sizeof *t.k, &e);
    CHECK(t.u && t.n && t.k, "%s", e.msg);
    for (size_t j = 0; j < t.count; j++)
        t.u[j] = -slope(i, j);
    fm_noise_fill(t.n, fm_model_noise_key(m, 1, client), m->set.dist,
                  (uint32_t)i, 0, t.count);
    fm_philox_lanes(t.k, &at, 0, t.count / FM_LANES + 1);
    return t;
}

static void
whole_free(struct whole *t)
{
    free(t->u);
    free(t->n);
    free(t->k);
}

/* Masking sm: w + N m with the lanes of step t, whatever the chunks. */
static void
effective(const struct fm_weights *v, const struct fm_model *m, uint32_t t)
{
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        const struct fm_model_tensor *mt = &m->tensor[i];
        uint32_t a = mt->masked ? fm_model_noise_a(m, 1, i) : 1;
        struct whole o = whole(m, i, "c", 42, t, FM_FOR_MASK);
        uint8_t *mask = malloc(o.count);

        CHECK(mask, "memory");
        fm_draw_stochastic(mask, o.u, o.n, o.k, o.count, a, false);
        for (size_t j = 0; j < o.count; j++) {
            float noise = (float)o.n[j] * fm_noise_unit(a);
            float want = mt->value[j] + (mask[j] ? noise : 0);

            if (!mt->masked)
                want = mt->value[j] + o.u[j];
            if (mt->spec->role == FM_MEAN || mt->spec->role == FM_VAR)
                want = mt->value[j];
            CHECK(fm_weights_values(v)[i][j] == want, "%s[%zu]: %.9g, not %.9g",
                  mt->spec->name, j, (double)fm_weights_values(v)[i][j],
                  (double)want);
        }
        free(mask);
        whole_free(&o);
    }
}

/* The bundle's masks and deltas against whole tensors. */
static void
sent(const struct fm_bundle *b, const struct fm_model *m,
     const struct fm_local *l, bool nearest)
{
    bool shared = l->set->dither == FM_DITHER_SHARED;
    uint64_t key = shared ? fm_key_client(m->seed, 1, l->client) : 42;

    CHECK(b->bytes.len == fm_bits_size(m->masked) + 4 * m->full, "size");
    CHECK(!fm_bits_check(b->masks, fm_bits_size(m->masked), m->masked, NULL),
          "pad bits");
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        const struct fm_model_tensor *t = &m->tensor[i];
        struct whole o = whole(m, i, l->client, key, 0, FM_FOR_DITHER);
        uint8_t *want = malloc(o.count), *got = malloc(o.count);
        uint32_t a = t->masked ? fm_model_noise_a(m, 1, i) : 1;
        bool is_signed = m->set.method == FM_FEDMRNS;

        CHECK(want && got, "memory");
        /* `post` sees the update only as a difference of two weights. */
        for (size_t j = 0; l->set->masking == FM_POST && j < o.count; j++)
            o.u[j] = t->value[j] + o.u[j] - t->value[j];
        if (t->masked && nearest)
            fm_draw_nearest(want, o.u, o.n, o.count, a, is_signed);
        else if (t->masked)
            fm_draw_stochastic(want, o.u, o.n, o.k, o.count, a, is_signed);
        if (t->masked) {
            fm_bits_get(got, b->masks, t->at, o.count);
            CHECK(memcmp(got, want, o.count) == 0, "%s", t->spec->name);
        }
        for (size_t j = 0; !t->masked && j < o.count; j++) {
            bool fixed = t->spec->role == FM_MEAN || t->spec->role == FM_VAR;

            o.u[j] = fixed ? 0 : t->value[j] + o.u[j] - t->value[j];
        }
        if (!t->masked && l->set->full_bits != FM_FULL_EXACT)
            fm_coarse(o.u, o.count, l->set->full_bits,
                      t->spec->role == FM_VAR ? t->value : NULL, 42,
                      (uint32_t)i);
        for (size_t j = 0; !t->masked && j < o.count; j++)
            CHECK(fm_getf(b->dense + 4 * (t->at + j)) == o.u[j], "%s[%zu]",
                  t->spec->name, j);
        free(want);
        free(got);
        whole_free(&o);
    }
}

static struct fm_local
local(const struct fm_model *m, const struct fm_settings *set,
      struct fm_pool *pool)
{
    return (struct fm_local){
        .base = m, .client = "c", .set = set, .private_seed = 42, .pool = pool};
}

static void
one_case(enum fm_method method, enum fm_masking masking, enum fm_dither dither,
         struct fm_pool *pool)
{
    struct fm_err e = {0};
    struct fm_model *m = model(method, masking);
    struct fm_settings set = m->set;
    struct fm_local l = local(m, &set, pool);
    struct fm_bundle b = {0};
    struct fm_weights *v;

    set.dither = dither;
    v = fm_weights_new(&l, 9, &e);
    CHECK(v, "%s", e.msg);
    fm_weights_begin(v, 1);
    set_gradients(v, m);
    fm_weights_descend(v, 1);
    CHECK(fm_weights_finite(v), "not finite");
    if (method == FM_FEDMRN && masking == FM_SM) {
        fm_weights_begin(v, 2);
        effective(v, m, 2);
    }
    CHECK(!fm_weights_answer(v, &b, &e), "%s", e.msg);
    sent(&b, m, &l, masking == FM_PM || masking == FM_DM);
    fm_bundle_free(&b);
    fm_weights_free(v);
    fm_model_free(m);
}

/* Momentum 0.5 and decay 0.1 over two steps of a constant gradient g, from
 * p = w: v1 = g + .1 w, p1 = w - v1, v2 = .5 v1 + g + .1 p1. */
static void
momentum(void)
{
    struct fm_err e = {0};
    struct fm_model *m = model(FM_FEDAVG, FM_PSM);
    struct fm_settings set = m->set;
    struct fm_local l = local(m, &set, NULL);
    struct fm_weights *v;

    set.momentum = 0.5;
    set.weight_decay = 0.1;
    v = fm_weights_new(&l, 2, &e);
    CHECK(v, "%s", e.msg);
    set_gradients(v, m);
    fm_weights_descend(v, 1);
    fm_weights_descend(v, 1);
    for (size_t j = 0; j < m->arch->tensor[0].count; j++) {
        double w = (double)m->tensor[0].value[j], g = (double)slope(0, j);
        double v1 = g + 0.1 * w, p1 = w - v1;
        double p2 = p1 - (0.5 * v1 + g + 0.1 * p1);

        CHECK(fabs((double)fm_weights_values(v)[0][j] - p2) < 1e-6, "%zu", j);
    }
    fm_weights_free(v);
    fm_model_free(m);
}

/* A NaN, an infinity behind a mask, and a delta that may not travel. */
static void
wild(void)
{
    static const enum fm_method method[] = {FM_FEDMRN, FM_FEDMRN, FM_FEDAVG};
    static const float g[] = {NAN, INFINITY, 0x1p39f};

    for (int i = 0; i < 3; i++) {
        struct fm_err e = {0};
        struct fm_model *m = model(method[i], FM_PSM);
        struct fm_local l = local(m, &m->set, NULL);
        struct fm_weights *v = fm_weights_new(&l, 2, &e);

        CHECK(v, "%s", e.msg);
        fm_weights_gradients(v)[6][17] = g[i];
        fm_weights_descend(v, 1);
        CHECK(!fm_weights_finite(v), "case %d", i);
        fm_weights_free(v);
        fm_model_free(m);
    }
}

int
main(void)
{
    struct fm_err e = {0};
    struct fm_pool *pool = fm_pool_new(3, &e);

    CHECK(pool, "%s", e.msg);
    for (int masking = FM_PSM; masking <= FM_POST; masking++)
        for (int method = FM_FEDMRN; method <= FM_FEDMRNS; method++)
            one_case((enum fm_method)method, (enum fm_masking)masking,
                     masking % 2 ? FM_DITHER_SHARED : FM_DITHER_PRIVATE,
                     method == FM_FEDMRN ? pool : NULL);
    one_case(FM_FEDAVG, FM_PSM, FM_DITHER_SHARED, pool);
    momentum();
    wild();
    fm_pool_free(pool);
    return 0;
}
