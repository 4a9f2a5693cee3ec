#include "mask/curve.h"

#include "mask/rans.h"
#include "rand/fmath.h"

#include <assert.h>

enum {
    KNOT_BITS = 3,
    ZOOM_BITS = 2,
    FIRST_BITS = 8,
    FIRST_ZERO = 128,
    Y_MAX = 127,
    GOLOMB = 3,   /* order of the code for differences */
    GOLOMB_Q = 6, /* as many ones as the largest difference has */
};

#define LN2 0x1.62e42fefa39efp-1

/* The curve of `knots` at bin b: knot *j and the next, by r parts of *w. */
static void
place(unsigned knots, unsigned b, unsigned *j, unsigned *r, unsigned *w)
{
    *w = knots > 1 ? FM_BINS / (knots - 1) : FM_BINS;
    *j = b / *w;
    *r = b % *w;
}

void
fm_curve_table(uint16_t p[FM_BINS], const struct fm_curve *c)
{
    for (unsigned b = 0; b < FM_BINS; b++) {
        unsigned j, r, w;
        double odds;
        int l;

        if (c->knots == 1 && b > 0) {
            p[b] = p[0];
            continue;
        }
        place(c->knots, b, &j, &r, &w);
        l = 64 * c->y[j];
        if (r)
            l += (c->y[j + 1] - c->y[j]) * (int)(64 * r / w);
        odds = FM_RANS_ONE / (1.0 + fm_exp(-l / 512.0)) + 0.5;
        p[b] = (uint16_t)(odds < 1                 ? 1
                          : odds > FM_RANS_ONE - 1 ? FM_RANS_ONE - 1
                                                   : odds);
    }
}

/* --- Bits ---------------------------------------------------------------- */

static unsigned
fold(int d)
{
    return d >= 0 ? 2 * (unsigned)d : 2 * (unsigned)-d - 1;
}

static unsigned
golomb_q(unsigned v)
{
    unsigned q = 0;

    while ((v + (1u << GOLOMB)) >> (q + GOLOMB + 1))
        q++;
    return q;
}

static unsigned
curve_bits(const struct fm_curve *c)
{
    unsigned bits = KNOT_BITS + FIRST_BITS;

    if (c->knots > 1)
        bits += ZOOM_BITS;
    for (unsigned j = 1; j < c->knots; j++)
        bits += 2 * golomb_q(fold(c->y[j] - c->y[j - 1])) + GOLOMB + 1;
    return bits;
}

static int
put(struct fm_bitout *o, unsigned v, unsigned bits, struct fm_err *e)
{
    for (; bits; bits--, v >>= 1) {
        if (o->used == 0) {
            int rc = fm_buf_add(o->out, "", 1, e);

            if (rc)
                return rc;
        }
        o->out->data[o->out->len - 1] |= (uint8_t)((v & 1) << o->used);
        o->used = (o->used + 1) % 8;
    }
    return 0;
}

static int
put_difference(struct fm_bitout *o, int d, struct fm_err *e)
{
    unsigned v = fold(d), q = golomb_q(v);
    int rc;

    if ((rc = put(o, (1u << q) - 1, q + 1, e)))
        return rc;
    return put(o, v + (1u << GOLOMB), q + GOLOMB, e);
}

int
fm_curve_write(struct fm_bitout *o, const struct fm_curve *c, struct fm_err *e)
{
    unsigned i = 0;
    int rc;

    while (c->knots > 1 && (1u << i) + 1 < c->knots)
        i++;
    assert(c->knots == 1 || c->knots == (1u << i) + 1);
    if ((rc = put(o, c->knots == 1 ? 0 : i + 1, KNOT_BITS, e)))
        return rc;
    if (c->knots > 1 && (rc = put(o, c->zoom, ZOOM_BITS, e)))
        return rc;
    if ((rc = put(o, (unsigned)(c->y[0] + FIRST_ZERO), FIRST_BITS, e)))
        return rc;
    for (unsigned j = 1; j < c->knots; j++)
        if ((rc = put_difference(o, c->y[j] - c->y[j - 1], e)))
            return rc;
    return 0;
}

/* Bits behind the end are zeros; whoever read them sees it by in->at. */
static unsigned
get(struct fm_bitin *in, unsigned bits)
{
    unsigned v = 0;

    for (unsigned i = 0; i < bits; i++, in->at++)
        if (in->at / 8 < in->n)
            v |= (unsigned)(in->p[in->at / 8] >> in->at % 8 & 1) << i;
    return v;
}

/* More ones than the largest has are a difference beyond all. */
static int
get_difference(struct fm_bitin *in)
{
    unsigned q = 0, v;

    while (q <= GOLOMB_Q && get(in, 1))
        q++;
    v = get(in, q + GOLOMB) + (1u << (q + GOLOMB)) - (1u << GOLOMB);
    return v % 2 ? -(int)(v / 2) - 1 : (int)(v / 2);
}

bool
fm_curve_read(struct fm_curve *c, struct fm_bitin *in)
{
    unsigned i = get(in, KNOT_BITS), y;

    *c = (struct fm_curve){0};
    if (i > 5)
        return false;
    c->knots = i ? (1u << (i - 1)) + 1 : 1;
    c->zoom = i ? get(in, ZOOM_BITS) : 0;
    if (c->zoom > FM_ZOOM_MAX)
        return false;
    y = get(in, FIRST_BITS);
    if (y == 0)
        return false;
    c->y[0] = (int)y - FIRST_ZERO;
    for (unsigned j = 1; j < c->knots; j++) {
        c->y[j] = c->y[j - 1] + get_difference(in);
        if (c->y[j] > Y_MAX || c->y[j] < -Y_MAX)
            return false;
    }
    if (in->at > 8 * in->n)
        return false;
    return true;
}

/* --- The fit ------------------------------------------------------------- */

struct bins {
    double all[FM_BINS], ones[FM_BINS];
};

static void
zoomed(struct bins *n, const struct fm_curve_counts *fine, unsigned zoom)
{
    *n = (struct bins){0};
    for (unsigned i = 0; i < FM_BINS_FINE; i++) {
        unsigned b = i >> (FM_ZOOM_MAX - zoom);

        if (b >= FM_BINS)
            b = FM_BINS - 1;
        n->all[b] += (double)fine->all[i];
        n->ones[b] += (double)fine->ones[i];
    }
}

static double
log2_of(double x)
{
    return fm_log(x) / LN2;
}

static double
cost(const struct fm_curve *c, const struct bins *n)
{
    uint16_t p[FM_BINS];
    double bits = curve_bits(c);

    fm_curve_table(p, c);
    for (unsigned b = 0; b < FM_BINS; b++) {
        if (n->ones[b] > 0)
            bits -= n->ones[b] * log2_of(p[b] / (double)FM_RANS_ONE);
        if (n->all[b] > n->ones[b])
            bits -= (n->all[b] - n->ones[b]) *
                    log2_of(1.0 - p[b] / (double)FM_RANS_ONE);
    }
    return bits;
}

/*
 * The knots are where the likelihood is largest: a concave function, so
 * Newton's method finds them.  A bin touches two neighbouring knots, which
 * makes the second derivatives tridiagonal.  A slight pull of neighbours
 * towards each other decides what the counts leave open.
 */
enum { STEPS = 30 };
static const double pull = 0.02, enough = 0.01, leap = 2.0, far = 15.0;

/* Solve for x in place: diagonal d, both off-diagonals o[j] between j, j+1. */
static void
solve(double *x, double *d, const double *o, unsigned n)
{
    for (unsigned j = 1; j < n; j++) {
        double f = o[j - 1] / d[j - 1];

        d[j] -= f * o[j - 1];
        x[j] -= f * x[j - 1];
    }
    x[n - 1] /= d[n - 1];
    for (unsigned j = n - 1; j-- > 0;)
        x[j] = (x[j] - o[j] * x[j + 1]) / d[j];
}

/* One step; returns how far the knot that moved most went. */
static double
newton(double *y, unsigned knots, const struct bins *n)
{
    double g[FM_CURVE_KNOTS] = {0}, d[FM_CURVE_KNOTS], most = 0;
    double o[FM_CURVE_KNOTS] = {0};

    for (unsigned j = 0; j < knots; j++)
        d[j] = 1e-6;
    for (unsigned j = 0; j + 1 < knots; j++) {
        double slope = pull * (y[j + 1] - y[j]);

        g[j] += slope;
        g[j + 1] -= slope;
        d[j] += pull;
        d[j + 1] += pull;
        o[j] -= pull;
    }
    for (unsigned b = 0; b < FM_BINS; b++) {
        unsigned j, r, w;
        double at, p, miss, weight;

        if (n->all[b] == 0)
            continue;
        place(knots, b, &j, &r, &w);
        at = r / (double)w;
        p = 1.0 / (1.0 + fm_exp(-(r ? y[j] + at * (y[j + 1] - y[j]) : y[j])));
        miss = n->ones[b] - n->all[b] * p;
        weight = n->all[b] * p * (1.0 - p);
        g[j] += (1.0 - at) * miss;
        d[j] += (1.0 - at) * (1.0 - at) * weight;
        if (r) {
            g[j + 1] += at * miss;
            d[j + 1] += at * at * weight;
            o[j] += at * (1.0 - at) * weight;
        }
    }
    solve(g, d, o, knots);
    for (unsigned j = 0; j < knots; j++) {
        double s = g[j] > leap ? leap : g[j] < -leap ? -leap : g[j];

        y[j] += s;
        y[j] = y[j] > far ? far : y[j] < -far ? -far : y[j];
        most = s > most ? s : -s > most ? -s : most;
    }
    return most;
}

/* Start from the line of fewer knots, or from the overall log-odds. */
static void
refine(double *y, unsigned knots, unsigned from)
{
    double old[FM_CURVE_KNOTS];

    assert(from > 0);
    for (unsigned j = 0; j < from; j++)
        old[j] = y[j];
    for (unsigned j = 0; j < knots; j++) {
        double at = from == 1 ? 0 : j * (from - 1) / (double)(knots - 1);
        unsigned i = (unsigned)at;

        y[j] = i + 1 < from ? old[i] + (at - i) * (old[i + 1] - old[i])
                            : old[from - 1];
    }
}

/* The best curve of so many knots, from `y` of `from` knots, and its cost. */
static double
try(struct fm_curve *c, double *y, unsigned from, const struct bins *n)
{
    refine(y, c->knots, from);
    for (int i = 0; i < STEPS && newton(y, c->knots, n) > enough; i++)
        ;
    for (unsigned j = 0; j < c->knots; j++)
        c->y[j] = (int)(8.0 * y[j] + (y[j] < 0 ? -0.5 : 0.5));
    return cost(c, n);
}

static double
flat(double *y, struct fm_curve *c, const struct bins *n)
{
    double all = 0, ones = 0;

    for (unsigned b = 0; b < FM_BINS; b++) {
        all += n->all[b];
        ones += n->ones[b];
    }
    y[0] = all > 0 ? fm_log((ones + 0.05) / (all - ones + 0.05)) : 0;
    y[0] = y[0] > far ? far : y[0] < -far ? -far : y[0];
    *c = (struct fm_curve){.knots = 1};
    c->y[0] = (int)(8.0 * y[0] + (y[0] < 0 ? -0.5 : 0.5));
    return cost(c, n);
}

/*
 * More knots as long as they pay, twice in vain at most; then the other zooms
 * with as many as were best.
 */
double
fm_curve_fit(struct fm_curve *c, const struct fm_curve_counts *fine)
{
    double y[FM_CURVE_KNOTS], best, bits;
    struct fm_curve next = {0};
    struct bins n;
    unsigned from = 1, vain = 0;

    zoomed(&n, fine, 0);
    best = flat(y, c, &n);
    for (next.knots = 2; next.knots <= FM_CURVE_KNOTS && vain < 2;
         from = next.knots, next.knots = 2 * next.knots - 1) {
        bits = try(&next, y, from, &n);
        vain = bits < best ? 0 : vain + 1;
        if (bits < best) {
            best = bits;
            *c = next;
        }
    }
    if (c->knots == 1)
        return best;
    next.knots = c->knots;
    for (next.zoom = 1; next.zoom <= FM_ZOOM_MAX; next.zoom++) {
        struct fm_curve one;

        zoomed(&n, fine, next.zoom);
        flat(y, &one, &n);
        bits = try(&next, y, 1, &n);
        if (bits >= best)
            break;
        best = bits;
        *c = next;
    }
    return best;
}
