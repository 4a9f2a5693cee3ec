/*
 * threshold: what noise and dither say about a mask's entry.  Exact.
 *
 * Given its noise n and the lane k of a shared dither, an entry is a single
 * comparison of its update u (mask/draw.h, in whose units):
 *
 *   binary  m = 1   exactly when  sign(n) u >= t,    t = |n| (131071 - 2k)
 *   signed  e = 1   exactly when  s u >= T,      2 T = |n| |131070 - 4k|
 *
 * with e = 1 where m agrees with sign(65535 - 2k), that is e = m xor (k >=
 * 2^15), and s the product of that sign and sign(n).  n and k do not depend on
 * u, so the chance of a 1 is a function of t alone, and it falls as t grows.
 * A private dither leaves t = |n| * 131071: the chance still depends on |n|.
 *
 * A coder wants few contexts: the square root of t in 64 bins, finer where
 * entries are many.  A zoom of z doubles the resolution z times, for updates
 * that are small beside the noise; the last bin then holds all that is beyond.
 *
 *   bin = min(63, floor(sqrt(t) * c)),   c = 2^(6+z) / R
 *
 * in binary32, every operation rounded to nearest: t is one product (both
 * factors are exact), then sqrt, then the product with c, a quotient of two
 * integers.  R = 92682, under gaussian noise 192746: the root of the largest t,
 * rounded up.
 */
#ifndef FM_MASK_THRESHOLD_H
#define FM_MASK_THRESHOLD_H

#include "rand/noise.h"

#include <stdbool.h>

enum {
    FM_BINS = 64,
    FM_ZOOM_MAX = 2,
    FM_BINS_FINE = FM_BINS << FM_ZOOM_MAX,
};

/* What the entries of one tensor have in common. */
struct fm_threshold {
    enum fm_dist dist;
    float c;
    int32_t last; /* bin that is never passed: 63, or 255 for all zooms */
    bool is_signed;
};

/*
 * fm_threshold_rule - the rule for a zoom in 0..FM_ZOOM_MAX.
 * fm_threshold_fine - that with bins of the highest zoom, FM_BINS_FINE of
 * them, from which those of any other follow: bin >> (FM_ZOOM_MAX - zoom), at
 * most 63.
 */
struct fm_threshold fm_threshold_rule(enum fm_dist d, bool is_signed,
                                      unsigned zoom);
struct fm_threshold fm_threshold_fine(enum fm_dist d, bool is_signed);

/*
 * fm_threshold_bins - the bins of `count` entries.
 *
 *   bin    count bytes, overwritten
 *   noise  its lanes (rand/noise.h); not read under bernoulli, whose |n| is the
 *          same everywhere, and may be NULL then
 *   k      dither lanes, or NULL when the dither is private
 */
void fm_threshold_bins(uint8_t *bin, const struct fm_threshold *rule,
                       const uint16_t *noise, const uint16_t *k, size_t count);

/*
 * fm_threshold_zoom - the bins of a zoom from `count` fine ones.
 */
void fm_threshold_zoom(uint8_t *bin, const uint8_t *fine, unsigned zoom,
                       size_t count);

/*
 * fm_threshold_look - p[i] = table[bin[i]] for `count` entries, the table of
 * FM_BINS probabilities and no bin beyond it.
 */
void fm_threshold_look(uint16_t *p, const uint8_t *bin, const uint16_t *table,
                       size_t count);

/*
 * fm_threshold_flip - m into e, and e into m: entry i of the bit string (of
 * which bit 0 of `bits` is the first) is flipped where k[i] >= 2^15.
 */
void fm_threshold_flip(uint8_t *bits, const uint16_t *k, size_t count);

#endif
