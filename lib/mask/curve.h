/*
 * curve: the chance of a 1 over the bins of a context, in a few bytes.  Exact.
 *
 * The log-odds of a 1 are a broken line over FM_BINS bins: `knots` values y_j
 * in units of 1/8, at the bins 0, w, 2w, ..., 64 with w = 64 / (knots - 1); a
 * curve of one knot is flat.  In bin b = j w + r, 0 <= r < w, and with L an
 * integer in units of 1/512,
 *
 *   L = 64 y_j + (y_(j+1) - y_j) (64 r / w)
 *   p = 32768 / (1 + exp(-L / 512)), rounded, in 1..32767
 *
 * (rand/fmath.h makes that the same everywhere).  Knots are 1 or 2^i + 1 up to
 * 17, and |y| <= 127.  Real masks need about five.
 *
 * In a bit string (least significant bit of a byte first, a number's least
 * significant bit first):
 *
 *   0 for one knot, else i + 1       3 bits
 *   the zoom (mask/threshold.h)      2 bits, when there is more than one knot
 *   y_0 + 128                        8 bits
 *   y_j - y_(j-1), each as d >= 0 ? 2d : -2d - 1, by an exponential Golomb code
 *   of order 3: v + 8 has q + 4 bits; q ones, a zero, and its low q + 3 bits
 */
#ifndef FM_MASK_CURVE_H
#define FM_MASK_CURVE_H

#include "base/bytes.h"
#include "mask/threshold.h"

enum { FM_CURVE_KNOTS = 17 };

struct fm_curve {
    unsigned knots, zoom;
    int y[FM_CURVE_KNOTS];
};

/* How often each fine bin was met, and how often with a 1. */
struct fm_curve_counts {
    uint64_t all[FM_BINS_FINE], ones[FM_BINS_FINE];
};

/*
 * fm_curve_fit - the curve that codes such entries in the fewest bits, its own
 * included.  Returns those bits.  Cannot fail.
 */
double fm_curve_fit(struct fm_curve *c, const struct fm_curve_counts *n);

/* fm_curve_table - p of every bin. */
void fm_curve_table(uint16_t p[FM_BINS], const struct fm_curve *c);

/* Bits one after another into a buffer, and out of bytes from outside. */
struct fm_bitout {
    struct fm_buf *out;
    unsigned used; /* bits of the last byte that are taken; 0: none is open */
};
struct fm_bitin {
    const uint8_t *p;
    size_t n, at; /* bytes; next bit */
};

/* fm_curve_write - 0 or FM_ESYS.  fm_curve_read - false when these bits are no
 * curve, and then `in` may be behind its end. */
int fm_curve_write(struct fm_bitout *o, const struct fm_curve *c,
                   struct fm_err *e);
bool fm_curve_read(struct fm_curve *c, struct fm_bitin *in);

#endif
