#include "fed/expand.h"

#include "base/mem.h"
#include "rand/philox.h"
#include "tensor/posterior.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUN = 4096 }; /* entries at a time, at most FM_POSTERIOR_RUN */

static const char *const names[] = {"sample", "threshold", "mean", "all"};

bool
fm_expand_parse(enum fm_expand *how, const char *text)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) {
            *how = (enum fm_expand)i;
            return true;
        }
    return false;
}

/* What multiplies the weights of `count` elements: 0, 1 or theta. */
static void
factors(double *f, const struct fm_model *m, enum fm_expand how, uint64_t seed,
        size_t tensor, size_t first, size_t count)
{
    const struct fm_place at = {seed, (uint32_t)m->round, (uint32_t)tensor,
                                FM_FOR_SAMPLE};
    uint16_t k[RUN];

    fm_posterior_theta(f, m, tensor, first, count);
    switch (how) {
    case FM_EXPAND_SAMPLE:
        fm_philox_lanes(k, &at, (uint32_t)(first / FM_LANES),
                        (count + FM_LANES - 1) / FM_LANES);
        for (size_t i = 0; i < count; i++)
            f[i] = (2.0 * k[i] + 1) / 131072 < f[i];
        break;
    case FM_EXPAND_THRESHOLD:
        for (size_t i = 0; i < count; i++)
            f[i] = f[i] > 0.5;
        break;
    case FM_EXPAND_MEAN:
        break;
    case FM_EXPAND_ALL:
        for (size_t i = 0; i < count; i++)
            f[i] = 1;
        break;
    }
}

/* A model of the same architecture, all of it 0. */
static struct fm_model *
like(const struct fm_model *m, enum fm_method method, struct fm_err *e)
{
    struct fm_arch *arch = fm_arch_parse(m->arch->text, "fedmrn.arch", e);
    struct fm_settings set = m->set;

    set.method = method;
    return arch ? fm_model_new(arch, &set, m->seed, e) : NULL;
}

struct fm_model *
fm_expand(const struct fm_model *m, enum fm_expand how, uint64_t seed,
          struct fm_err *e)
{
    struct fm_model *to = like(m, FM_FEDAVG, e);
    double f[RUN];

    assert(m->set.method == FM_FEDPM);
    if (!to)
        return NULL;
    to->round = m->round;
    to->id = m->id;
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        size_t count = m->tensor[t].spec->count;

        for (size_t first = 0; first < count; first += RUN) {
            size_t n = count - first < RUN ? count - first : RUN;
            float *w = to->tensor[t].value + first;

            fm_model_frozen(w, m, t, first, n);
            factors(f, m, how, seed, t, first, n);
            for (size_t i = 0; i < n; i++)
                w[i] = f[i] > 0 ? (float)(f[i] * (double)w[i]) : 0.0f;
        }
    }
    return to;
}

int
fm_expand_write(struct fm_buf *out, const struct fm_model *m,
                enum fm_expand how, uint64_t seed, struct fm_err *e)
{
    struct fm_model *net = fm_expand(m, how, seed, e);
    char keys[3][16] = {"fedmrn.network", "fedmrn.base", "fedmrn.round"};
    char way[16], base[FM_ID_HEX], round[24];
    struct fm_st_meta meta[3] = {
        {keys[0], way}, {keys[1], base}, {keys[2], round}};
    struct fm_st st = {.nmeta = 3, .meta = meta};
    const size_t start = out->len;
    int rc;

    if (!net)
        return FM_ESYS;
    snprintf(way, sizeof way, "%s", names[how]);
    fm_id_hex(base, &m->id);
    snprintf(round, sizeof round, "%llu", (unsigned long long)m->round);
    if (!(rc = fm_model_shapes(&st, net, FM_F32, e)) &&
        !(rc = fm_st_header(out, &st, e))) {
        fm_model_swap(net, net->values);
        rc = fm_buf_add(out, net->values, fm_model_bytes(net), e);
    }
    if (rc)
        out->len = start;
    free(st.tensor);
    fm_model_free(net);
    return rc;
}

struct fm_model *
fm_expand_mask(const struct fm_model *m, enum fm_expand how, uint64_t seed,
               struct fm_err *e)
{
    struct fm_model *to = like(m, FM_FEDPM, e);
    uint32_t *ones = fm_alloc(m->masked, sizeof *ones, e), *out = ones;
    double f[RUN];
    int rc = to && ones ? 0 : FM_ESYS;

    assert(m->set.method == FM_FEDPM && how != FM_EXPAND_MEAN);
    for (size_t t = 0; !rc && t < m->arch->ntensors; t++) {
        size_t count = m->tensor[t].spec->count;

        for (size_t first = 0; first < count; first += RUN) {
            size_t n = count - first < RUN ? count - first : RUN;

            factors(f, m, how, seed, t, first, n);
            for (size_t i = 0; i < n; i++)
                *out++ = f[i] > 0;
        }
    }
    if (!rc && m->nbundles) {
        to->bundle = fm_alloc(m->nbundles, sizeof *to->bundle, e);
        if (to->bundle)
            memcpy(to->bundle, m->bundle, m->nbundles * sizeof *to->bundle);
        else
            rc = FM_ESYS;
    }
    if (!rc)
        rc = fm_model_recount(to, ones, 1, e);
    free(ones);
    if (rc) {
        fm_model_free(to);
        return NULL;
    }
    to->set.prior = 1; /* theta is the vote itself */
    to->nbundles = m->nbundles;
    to->round = m->round;
    to->parent = m->id;
    return to;
}
