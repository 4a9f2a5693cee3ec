#include "agg/accum_impl.h"

#include "agg/signsum.h"
#include "agg/tile.h"
#include "base/mem.h"
#include "bundle/sparse.h"
#include "bundle/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fm_accum *
fm_accum_new(const struct fm_model *base, struct fm_err *e)
{
    struct fm_accum *a = fm_alloc(1, sizeof *a, e);

    if (!a)
        return NULL;
    a->base = base;
    a->s = FM_STALE_CURRENT;
    a->weighting = fm_weighting_default(base->set.method);
    if (base->set.method == FM_FEDPM) {
        a->votes = fm_votes_new(base, e);
        if (a->votes)
            return a;
        fm_accum_free(a);
        return NULL;
    }
    a->masked = fm_alloc(base->masked, sizeof *a->masked, e);
    a->full = fm_alloc(base->full, sizeof *a->full, e);
    if (!a->masked || !a->full) {
        fm_accum_free(a);
        return NULL;
    }
    return a;
}

void
fm_accum_free(struct fm_accum *a)
{
    if (!a)
        return;
    fm_accum_free(a->older);
    fm_votes_free(a->votes);
    free(a->masked);
    free(a->full);
    free(a);
}

int
fm_accum_reset(struct fm_accum *a, struct fm_err *e)
{
    a->weight = 0;
    fm_accum_free(a->older);
    a->older = NULL;
    if (a->votes) {
        fm_votes_free(a->votes);
        a->votes = fm_votes_new(a->base, e);
        return a->votes ? 0 : FM_ESYS;
    }
    memset(a->masked, 0, a->base->masked * sizeof *a->masked);
    memset(a->full, 0, a->base->full * sizeof *a->full);
    return 0;
}

/*
 * q = round-half-even(x * 2^48), from the bits of x so that nothing depends on
 * the floating-point environment: |x| = mantissa * 2^(exponent - 150).
 */
__int128
fm_full_quantise(float x)
{
    uint32_t bits, exponent;
    uint64_t mantissa, rest, half;
    __int128 q;
    int shift;

    memcpy(&bits, &x, sizeof bits);
    exponent = bits >> 23 & 0xff;
    mantissa = bits & 0x7fffff;
    assert(exponent < 127 + 38); /* so q fits 86 bits */
    if (exponent)
        mantissa |= 0x800000;
    else
        exponent = 1; /* subnormal, or 0 */
    shift = (int)exponent - 150 + 48;
    if (shift >= 0) {
        q = (__int128)mantissa << shift;
    } else if (shift < -25) {
        q = 0; /* below 1/4: a mantissa has 24 bits */
    } else {
        half = (uint64_t)1 << (-shift - 1);
        rest = mantissa & (2 * half - 1);
        mantissa >>= -shift;
        q = (__int128)(mantissa +
                       (rest > half || (rest == half && (mantissa & 1))));
    }
    return bits >> 31 ? -q : q;
}

__int128
fm_variance_units(float variance)
{
    if (variance >= 0x1p38f) /* more than a delta can take away */
        return (__int128)1 << 86;
    if (variance >= 0x1p-24f)
        return fm_full_quantise(variance);
    return (__int128)(uint32_t)((double)variance * 0x1p48);
}

__int128
fm_full_counted(const struct fm_accum *a, size_t tensor, size_t i, float x)
{
    const struct fm_model_tensor *t = &a->base->tensor[tensor];
    __int128 q, least;

    if (fm_accum_voted(a->base, tensor))
        return (x > 0) - (x < 0);
    q = fm_full_quantise(x);
    if (t->spec->role != FM_VAR || !a->late)
        return q;
    least = -fm_variance_units(t->value[i]);
    return q < least ? least : q;
}

int
fm_accum_plan(struct fm_accum_plan *p, const struct fm_model *base,
              struct fm_err *e)
{
    const size_t n = base->arch->ntensors;

    p->base = base;
    p->first = fm_alloc(n + 1, sizeof *p->first, e);
    if (!p->first)
        return FM_ESYS;
    for (size_t t = 0; t < n; t++) {
        size_t count = base->tensor[t].spec->count;

        p->first[t + 1] =
            p->first[t] + count / FM_TILE + (count % FM_TILE != 0);
    }
    return 0;
}

size_t
fm_accum_tiles(const struct fm_accum_plan *p)
{
    return p->first[p->base->arch->ntensors];
}

struct fm_accum_piece
fm_accum_piece(const struct fm_accum_plan *p, size_t i)
{
    size_t lo = 0, hi = p->base->arch->ntensors, first, left;

    /* The tensor that tile i is in: first[lo] <= i < first[lo + 1]. */
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;

        if (p->first[mid] <= i)
            lo = mid;
        else
            hi = mid;
    }
    first = (i - p->first[lo]) * FM_TILE;
    left = p->base->tensor[lo].spec->count - first;
    return (struct fm_accum_piece){lo, first, left < FM_TILE ? left : FM_TILE};
}

/* The work of one call of fm_accum_add. */
struct job {
    const struct fm_accum *a;
    const struct fm_bundle *const *b;
    const struct fm_tile_client *client; /* what tile.h needs of each bundle */
    size_t n;
    struct fm_accum_plan plan;
};

static void
tile_masked(const struct job *j, const struct fm_model_tensor *t,
            uint32_t ordinal, size_t first, size_t count)
{
    const struct fm_settings *set = &j->a->base->set;
    const struct fm_tile tile = {
        .dist = set->dist,
        .signs = set->method == FM_FEDMRNS,
        .ordinal = ordinal,
        .first = first,
        .at = t->at + first,
        .count = count,
    };

    if (set->method != FM_FEDBAT) {
        fm_tile_add(j->a->masked + tile.at, &tile, j->client, j->n);
        return;
    }
    for (size_t k = 0; k < j->n; k++) {
        uint32_t a = fm_step_of(j->b[k], j->a->base, ordinal);

        fm_signsum_add(j->a->masked + tile.at, j->b[k]->masks, tile.at, count,
                       (int64_t)j->client[k].samples * a);
    }
}

/*
 * A client's value added to a sum.  What is 0, or of an exponent as most are,
 * needs no rounding, and its q has 63 bits: one multiplication of 64 by 64.
 */
static inline void
add_value(__int128 *sum, int64_t weight, const uint8_t *x)
{
    enum { LEAST = 150 - 48, MOST = LEAST + 38 };
    const uint32_t bits = fm_get32(x), size = bits & 0x7fffffff;
    const uint32_t exponent = size >> 23;
    int64_t q = size ? (int64_t)(bits & 0x7fffff) + 0x800000 : 0;

    if (size && (exponent < LEAST || exponent > MOST)) {
        *sum += weight * fm_full_quantise(fm_getf(x));
        return;
    }
    q <<= (exponent - LEAST) & 63;
    *sum += (__int128)weight * (bits >> 31 ? -q : q);
}

/*
 * Running variances in a late answer: it was made from another one, and takes
 * away no more than is there.
 */
static void
tile_late_variance(const struct job *j, size_t tensor, size_t first,
                   size_t count)
{
    const struct fm_model_tensor *t = &j->a->base->tensor[tensor];
    __int128 *sum = j->a->full + t->at + first;

    for (size_t k = 0; k < j->n; k++) {
        const uint8_t *x = j->b[k]->dense + 4 * (t->at + first);
        const int64_t weight = (int64_t)fm_bundle_weight(j->b[k]);

        for (size_t i = 0; i < count; i++)
            sum[i] += weight * fm_full_counted(j->a, tensor, first + i,
                                               fm_getf(x + 4 * i));
    }
}

static void
tile_full(const struct job *j, const struct fm_model_tensor *t, size_t first,
          size_t count)
{
    __int128 *sum = j->a->full + t->at + first;

    for (size_t k = 0; k < j->n; k++) {
        const uint8_t *x = j->b[k]->dense + 4 * (t->at + first);
        const int64_t weight = (int64_t)fm_bundle_weight(j->b[k]);

        for (size_t i = 0; i < count; i++)
            add_value(&sum[i], weight, x + 4 * i);
    }
}

/* FedSparsify's: who keeps an entry, and the sum of its values. */
static void
tile_kept(const struct job *j, const struct fm_model_tensor *t, size_t first,
          size_t count)
{
    const size_t at = t->at + first;
    int64_t *votes = j->a->masked + at;

    for (size_t k = 0; k < j->n; k++) {
        const size_t place = fm_sparse_first(j->b[k]) + at;
        const uint8_t *x = j->b[k]->dense + 4 * place;
        const int64_t weight = (int64_t)fm_bundle_weight(j->b[k]);
        __int128 *sum = j->a->full + place;

        for (size_t i = 0; i < count; i++) {
            votes[i] += fm_getf(x + 4 * i) != 0 ? weight : 0;
            add_value(&sum[i], weight, x + 4 * i);
        }
    }
}

static void
tile_signs(const struct job *j, const struct fm_model_tensor *t, size_t first,
           size_t count)
{
    __int128 *sum = j->a->full + t->at + first;

    for (size_t k = 0; k < j->n; k++) {
        const uint8_t *x = j->b[k]->dense + 4 * (t->at + first);
        const int64_t weight = (int64_t)fm_bundle_weight(j->b[k]);

        for (size_t i = 0; i < count; i++) {
            float v = fm_getf(x + 4 * i);

            sum[i] += weight * ((v > 0) - (v < 0));
        }
    }
}

static void
add_tile(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const struct fm_accum_piece p = fm_accum_piece(&j->plan, i);
    const struct fm_model_tensor *t = &j->a->base->tensor[p.tensor];

    (void)worker;
    if (t->masked && j->a->base->set.method == FM_FEDSPARSIFY)
        tile_kept(j, t, p.first, p.count);
    else if (t->masked)
        tile_masked(j, t, (uint32_t)p.tensor, p.first, p.count);
    else if (fm_accum_voted(j->a->base, p.tensor))
        tile_signs(j, t, p.first, p.count);
    else if (t->spec->role == FM_VAR && j->a->late)
        tile_late_variance(j, p.tensor, p.first, p.count);
    else
        tile_full(j, t, p.first, p.count);
}

/* The bound that keeps every sum from wrapping; see accum.h. */
static int
check_total(uint64_t total, uint64_t more, struct fm_err *e)
{
    if (more > FM_TOTAL_MAX - total)
        return fm_err_set(e, FM_EINPUT,
                          "more than %llu samples in one round: %llu and %llu",
                          (unsigned long long)FM_TOTAL_MAX,
                          (unsigned long long)total, (unsigned long long)more);
    return 0;
}

int
fm_accum_room(const struct fm_accum *a, uint64_t weight, size_t clients,
              struct fm_err *e)
{
    int rc = check_total(a->weight, weight, e);

    return !rc && a->votes ? fm_votes_room(a->votes, clients, e) : rc;
}

int
fm_accum_add(struct fm_accum *a, const struct fm_bundle *const *b, size_t n,
             struct fm_pool *pool, struct fm_err *e)
{
    const struct fm_model *base = a->base;
    struct fm_tile_client *client = NULL;
    uint64_t total = a->weight;
    struct job j = {.a = a, .b = b, .n = n};
    int rc;

    assert(n > 0);
    for (size_t k = 0; k < n; k++) {
        assert(b[k]->method == base->set.method);
        assert(b[k]->masked == base->masked && b[k]->full == base->full);
        assert(b[k]->samples > 0);
        if ((rc = check_total(total, fm_bundle_weight(b[k]), e)))
            return rc;
        total += fm_bundle_weight(b[k]);
    }
    if (a->votes) {
        if (!(rc = fm_votes_add(a->votes, b, n, pool, e)))
            a->weight = total;
        return rc;
    }

    client = fm_alloc(n, sizeof *client, e);
    if (!client || fm_accum_plan(&j.plan, base, e)) {
        rc = FM_ESYS;
        goto out;
    }
    for (size_t k = 0; k < n; k++) {
        client[k].key =
            fm_model_noise_key(base, base->round + 1 - a->late, b[k]->client);
        client[k].samples = fm_bundle_weight(b[k]);
        client[k].masks = b[k]->masks;
    }
    j.client = client;
    fm_pool_run(pool, fm_accum_tiles(&j.plan), add_tile, &j);
    a->weight = total;
    rc = 0;
out:
    free(client);
    free(j.plan.first);
    return rc;
}
