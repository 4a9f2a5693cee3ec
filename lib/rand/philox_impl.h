/*
 * philox_impl: what the variants of fm_philox_lanes share.
 *
 * A variant fills the lanes of as many whole groups of its own width as fit
 * into `blocks`, and returns the number of blocks it did; the portable code
 * does the rest.
 */
#ifndef FM_RAND_PHILOX_IMPL_H
#define FM_RAND_PHILOX_IMPL_H

#include "rand/philox.h"

/* Multipliers and key increments of Philox4x32 (SC 2011, section 4.3). */
#define PHILOX_M0     0xD2511F53u
#define PHILOX_M1     0xCD9E8D57u
#define PHILOX_W0     0x9E3779B9u
#define PHILOX_W1     0xBB67AE85u
#define PHILOX_ROUNDS 10

size_t fm_philox_lanes_avx2(uint16_t *out, const struct fm_place *at,
                            uint32_t first, size_t blocks);
size_t fm_philox_lanes_avx512(uint16_t *out, const struct fm_place *at,
                              uint32_t first, size_t blocks);

#endif
