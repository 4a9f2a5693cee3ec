/*
 * stream: draws one after another, for permutations and partitions.  Exact.
 *
 * A stream reads the words of blocks 0, 1, 2, ... of one place (philox.h):
 * word 0 of block 0 first.  Two streams of one place give the same draws.
 */
#ifndef FM_RAND_STREAM_H
#define FM_RAND_STREAM_H

#include "rand/philox.h"

struct fm_stream {
    struct fm_place at;
    uint32_t block, word[4];
    unsigned used; /* words of `word` already given; 4 when none is left */
};

void fm_stream_start(struct fm_stream *s, uint64_t key, uint32_t high,
                     uint32_t ordinal, enum fm_purpose purpose);

uint32_t fm_stream_u32(struct fm_stream *s);

/*
 * fm_stream_below - uniform in 0..n-1, n in 1..2^32-1.  Unbiased: a 32-bit
 * draw x is refused while the low half of x * n is below 2^32 mod n, and the
 * high half of the product is the answer (Lemire, arXiv 1805.10941).
 */
uint32_t fm_stream_below(struct fm_stream *s, uint32_t n);

/*
 * fm_stream_unit - (2x+1) / 2^53 with x of 52 bits, in (0,1), never rounded:
 * two words, the first gives the high 32 bits of x, the second's top 20 the
 * low ones.
 */
double fm_stream_unit(struct fm_stream *s);

/*
 * fm_stream_normal - a standard normal by the polar method (Marsaglia and
 * Bray 1964; the second value of a pair is dropped), with portable log.
 *
 * fm_stream_gamma - Gamma(shape, 1), shape > 0 (Marsaglia and Tsang 2000,
 * without the squeeze), with portable log and exp.  A shape below 1 is
 * Gamma(shape + 1), drawn first, times U^(1/shape) = exp(log(U) / shape).
 * Tiny shapes can underflow to 0.
 */
double fm_stream_normal(struct fm_stream *s);
double fm_stream_gamma(struct fm_stream *s, double shape);

/* fm_stream_shuffle - Fisher and Yates, from the last place down. */
void fm_stream_shuffle(struct fm_stream *s, uint32_t *v, size_t n);

#endif
