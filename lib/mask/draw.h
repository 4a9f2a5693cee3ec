/*
 * draw: a mask from an update, its noise and a dither.  Exact.
 *
 * FedMRN, section on stochastic masking (arXiv 2408.03220): with noise N =
 * n * A / 65536, an update u and U uniform on [0,1),
 *
 *   binary  m = clamp(floor(u/N + U), 0, 1)               m in {0,1}
 *   signed  m = 2 clamp(floor((u/N + 1)/2 + U), 0, 1) - 1   m in {-1,+1}
 *
 * so that E[N m] = u while u/N is in [0,1] (signed: [-1,1]).  Here U comes
 * from a 16-bit lane k as the middle of its interval, U = (2k+1)/131072, and
 * the comparison is made without dividing, with v = sign(n) * u * (65536/A)
 * in double:
 *
 *   binary  m = 1   when  v * 131072 >= |n| * (131071 - 2k)
 *   signed  m = +1  when  v * 65536  >= |n| * (65535 - 2k)
 *
 * The deterministic mask (`dm`, and the end of `pm`) is U = 1/2:
 *
 *   binary  m = 1   when  2 v >= |n|          signed  m = +1  when  v >= 0
 *
 * A mask entry is a byte here: 1 for "take" or "+", 0 for "leave" or "-".
 * A NaN in u gives 0.
 */
#ifndef FM_MASK_DRAW_H
#define FM_MASK_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * fm_draw_stochastic - draw `count` entries.
 *
 *   m      count bytes, overwritten
 *   u      the update (float), n the noise integers, k the dither lanes
 *   a      the magnitude, A = a * 2^-24
 */
void fm_draw_stochastic(uint8_t *m, const float *u, const int32_t *n,
                        const uint16_t *k, size_t count, uint32_t a,
                        bool is_signed);

/* fm_draw_nearest - the deterministic mask of `count` entries. */
void fm_draw_nearest(uint8_t *m, const float *u, const int32_t *n, size_t count,
                     uint32_t a, bool is_signed);

/*
 * fm_noise_value - what one unit of n weighs as a float: the noise of an
 * entry is n * fm_noise_unit(a), and a taken entry adds that to its weight.
 */
static inline float
fm_noise_unit(uint32_t a)
{
    return (float)a * 0x1p-40f;
}

#endif
