/*
 * range: an adaptive binary range coder.  Exact.
 *
 * For small members that are worth every byte.  Each bit is coded with the
 * probability that a model gives it; a model learns from the bits it has seen.
 * With z zeros and o ones seen (Krichevsky and Trofimov 1981):
 *
 *   P(0) = (2z + 1) / (2z + 2o + 2)
 *
 * and both counts are halved, rounding down, when they add up to 1024.
 *
 * The coder (Martin 1979) holds an interval of 32 bits, low and range, at the
 * start 0 and 2^32 - 1.  A bit splits it at bound = range * P(0), rounded down:
 * a 0 takes the lower part, a 1 the upper.  n bits without a model split it
 * into 2^n parts of range div 2^n.  While range < 2^24 the top byte of low is
 * written and both are shifted by 8; a carry out of low goes into the bytes
 * written.  At the end low becomes the number in [low, low + range) that ends
 * in the most zero bytes; zero bytes at the end are left out, and a reader puts
 * them back.
 */
#ifndef FM_BASE_RANGE_H
#define FM_BASE_RANGE_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>

/* What one kind of bit has been so far.  Start from {0}. */
struct fm_range_model {
    uint16_t zeros, ones;
};

struct fm_range_out {
    struct fm_buf *out; /* borrowed */
    size_t start;       /* bytes that were there before */
    uint32_t low, range;
    bool failed; /* out of memory: fm_range_finish reports it */
};

/* fm_range_begin - start writing at the end of `out`. */
void fm_range_begin(struct fm_range_out *r, struct fm_buf *out);
void fm_range_put(struct fm_range_out *r, struct fm_range_model *m, bool bit);
/* fm_range_put_bits - the low n bits of v, 1..16, without a model; the others
 * are 0. */
void fm_range_put_bits(struct fm_range_out *r, uint32_t v, unsigned n);
/* fm_range_finish - 0, or FM_ESYS when memory ran out; `out` has its old length
 * then. */
int fm_range_finish(struct fm_range_out *r, struct fm_err *e);

struct fm_range_in {
    const uint8_t *p;
    size_t size, pos; /* pos counts the zero bytes beyond the end, too */
    uint32_t code, range;
};

/*
 * fm_range_open - start reading the `size` bytes at `p`, which may be anything:
 * beyond the end zeros are read, without end, so that the caller must know how
 * much it wants.
 */
void fm_range_open(struct fm_range_in *r, const uint8_t *p, size_t size);
bool fm_range_get(struct fm_range_in *r, struct fm_range_model *m);
uint32_t fm_range_get_bits(struct fm_range_in *r, unsigned n);
/* fm_range_close - were these all of the bytes, without zeros at the end?  0 or
 * FM_EINPUT. */
int fm_range_close(const struct fm_range_in *r, struct fm_err *e);

#endif
