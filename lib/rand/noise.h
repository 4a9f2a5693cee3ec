/*
 * noise: the predefined noise of FedMRN (arXiv 2408.03220), as integers.
 * Exact.
 *
 * The noise of element i of a tensor is n_i * A / 65536, with n_i an integer
 * that only the key decides, and one magnitude A = a * 2^-24 per tensor and
 * round (a in 1..2^32-1, stored in the model file).  With k the 16-bit lane
 * i mod 8 of block i div 8 (see philox.h; block high 0, purpose noise):
 *
 *   uniform    n = 2k - 65535            odd, in [-65535, 65535], never 0
 *   gaussian   n = round(65536 z((2k+1)/131072)), z the inverse of the normal
 *              CDF; |n| in 1..283438, variance .99998
 *   bernoulli  n = +65536 when bit i mod 128 of block i div 128 is 1, else
 *              -65536; bit j of a block is bit j mod 32 of word j div 32
 *
 * fedmrn-noise(7) has test vectors.
 */
#ifndef FM_RAND_NOISE_H
#define FM_RAND_NOISE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum fm_dist { FM_UNIFORM, FM_GAUSSIAN, FM_BERNOULLI };

/* fm_noise_max - the largest |n| of a distribution. */
int32_t fm_noise_max(enum fm_dist d);

/*
 * fm_noise_fill - n of elements first .. first+count-1 of one tensor.
 *
 *   n        count integers, overwritten
 *   key      client key or round key (key.h)
 *   ordinal  of the tensor, in state_dict order over all tensors
 *   first    any multiple of 128
 *
 * Cannot fail.  Thread-safe.
 */
void fm_noise_fill(int32_t *n, uint64_t key, enum fm_dist d, uint32_t ordinal,
                   size_t first, size_t count);

/*
 * The gaussian table: fm_noise_table()[k] is n for lane k in 0..65535.  Built
 * on first use by arithmetic that is the same on every machine.
 */
const int32_t *fm_noise_table(void);

/* fm_dist_name, fm_dist_parse - "uniform", "gaussian", "bernoulli". */
const char *fm_dist_name(enum fm_dist d);
int fm_dist_parse(enum fm_dist *d, const char *s, size_t len);

/*
 * fm_magnitude_parse - A from decimal text ("0.01", "1e-2", ".5"), as
 * a = floor(A * 2^24 + 1/2), or 1 when that is 0.  Exact for any number of
 * digits: the text is scaled as an integer.  No sign, no blanks, no hex.
 * Returns 0, or -1 when it is not a number in (0, 256) whose a fits 32 bits.
 */
int fm_magnitude_parse(uint32_t *a, const char *s);

#endif
