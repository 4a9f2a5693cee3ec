#include "agg/agreement.h"

#include "agg/tile.h"
#include "base/mem.h"
#include "bundle/step.h"
#include "mask/bits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The two sums of the quotient. */
struct score {
    double xt, xxtt;
};

static void
add(struct score *s, double x, double t)
{
    const double xt = x * t;

    s->xt += xt;
    s->xxtt += xt * xt;
}

/* What the masks take of a piece of a tensor, as integers. */
static void
taken(int32_t *x, const struct fm_model *base, const struct fm_bundle *b,
      uint32_t tensor, size_t first, size_t count)
{
    const bool signs = base->set.method != FM_FEDMRN;
    const size_t at = base->tensor[tensor].at + first;
    uint8_t m[FM_TILE];

    if (base->set.method == FM_FEDPM || base->set.method == FM_FEDBAT)
        for (size_t i = 0; i < count; i++)
            x[i] = 1;
    else
        fm_noise_fill(x, fm_model_noise_key(base, b->round, b->client),
                      base->set.dist, tensor, first, count);
    fm_bits_get(m, b->masks, at, count);
    for (size_t i = 0; i < count; i++)
        if (!m[i])
            x[i] = signs ? -x[i] : 0;
}

/* One unit of a sum of a tensor, in the units of all. */
static double
unit(const struct fm_accum *a, size_t tensor)
{
    const struct fm_model *base = a->base;
    double u = a->s;

    if (base->set.method != FM_FEDBAT)
        u *= fm_model_noise_a(base, base->round + 1 - a->late, tensor);
    return u;
}

static void
masked_piece(struct score *s, const struct fm_accum *sum,
             const struct fm_bundle *b, uint32_t tensor, size_t first,
             size_t count)
{
    const struct fm_model *base = sum->base;
    const size_t at = base->tensor[tensor].at + first;
    int64_t step = 1;
    double others[FM_TILE] = {0};
    int32_t x[FM_TILE];

    taken(x, base, b, tensor, first, count);
    if (base->set.method == FM_FEDBAT)
        step = fm_step_of(b, base, tensor);
    for (const struct fm_accum *a = sum; a; a = a->older) {
        const bool mine = base->round + 1 - a->late == b->round;
        const int64_t w = mine ? (int64_t)fm_bundle_weight(b) * step : 0;
        const double u = unit(a, tensor);

        for (size_t i = 0; i < count; i++)
            others[i] += u * (double)(a->masked[at + i] - w * x[i]);
    }
    for (size_t i = 0; i < count; i++)
        add(s, x[i], others[i]);
}

static void
votes_piece(struct score *s, const struct fm_accum *sum,
            const struct fm_bundle *b, uint32_t tensor, size_t first,
            size_t count)
{
    const struct fm_votes *v = sum->votes;
    const size_t at = sum->base->tensor[tensor].at + first;
    int32_t x[FM_TILE];

    taken(x, sum->base, b, tensor, first, count);
    for (size_t i = 0; i < count; i++)
        add(s, x[i], 2 * (double)v->ones[at + i] - (double)v->n - x[i]);
}

static void
full_piece(struct score *s, const struct fm_accum *sum,
           const struct fm_bundle *b, uint32_t tensor, size_t first,
           size_t count)
{
    const size_t at = sum->base->tensor[tensor].at + first;
    const bool voted = fm_accum_voted(sum->base, tensor);
    const __int128 weight = (__int128)fm_bundle_weight(b);

    for (size_t i = 0; i < count; i++) {
        const float x = fm_getf(b->dense + 4 * (at + i));
        double own = 0, t = 0;

        for (const struct fm_accum *a = sum; a; a = a->older) {
            const bool mine = a->base->round + 1 - a->late == b->round;
            const __int128 q =
                mine ? fm_full_counted(a, tensor, first + i, x) : 0;
            const __int128 rest = a->full[at + i] - weight * q;

            own += (double)q * (voted ? 1 : 0x1p-48);
            t += a->s * ((double)(int64_t)(rest >> 64) * 0x1p64 +
                         (double)(uint64_t)rest);
        }
        add(s, own, t);
    }
}

bool
fm_agreement(double *z, const struct fm_accum *sum, const struct fm_bundle *b)
{
    const struct fm_model *base = sum->base;
    struct score s = {0, 0};

    /* Its clients send weights, which are no steps from the model's. */
    if (base->set.method == FM_FEDSPARSIFY)
        return false;
    /* Pieces and their entries in order: no other order of the additions. */
    for (uint32_t t = 0; t < base->arch->ntensors; t++) {
        const size_t n = base->tensor[t].spec->count;

        for (size_t first = 0; first < n; first += FM_TILE) {
            const size_t count = n - first < FM_TILE ? n - first : FM_TILE;

            if (base->masked && !base->tensor[t].masked)
                continue;
            if (sum->votes)
                votes_piece(&s, sum, b, t, first, count);
            else if (base->masked)
                masked_piece(&s, sum, b, t, first, count);
            else
                full_piece(&s, sum, b, t, first, count);
        }
    }
    /* Deltas are below 2^38 and weights below 2^33: it is finite. */
    if (!(s.xxtt > 0))
        return false;
    *z = s.xt / sqrt(s.xxtt);
    return true;
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double
median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

int
fm_agreement_outliers(bool *out, const double *z, size_t n, struct fm_err *e)
{
    double *v = fm_alloc(n, sizeof *v, e), middle, spread;

    if (!v)
        return FM_ESYS;
    if (n) {
        memcpy(v, z, n * sizeof *v);
        middle = median(v, n);
        for (size_t i = 0; i < n; i++)
            v[i] = fabs(z[i] - middle);
        spread = 8.9 * median(v, n);
        for (size_t i = 0; i < n; i++)
            out[i] = z[i] <= -3 || (n >= 5 && fabs(z[i] - middle) > 6 &&
                                    fabs(z[i] - middle) > spread);
    }
    free(v);
    return 0;
}
