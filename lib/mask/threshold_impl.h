/*
 * threshold_impl: variants of the loops over entries.  A variant does as many
 * whole groups of its own width as fit into `count`, and returns how many
 * entries that was; the portable code does the rest.
 */
#ifndef FM_MASK_THRESHOLD_IMPL_H
#define FM_MASK_THRESHOLD_IMPL_H

#include "mask/threshold.h"

/* The factor beside |n|: top - step * k, its sign dropped. */
struct fm_threshold_line {
    int32_t top, step;
};

static inline struct fm_threshold_line
fm_threshold_line(bool is_signed)
{
    return is_signed ? (struct fm_threshold_line){131070, 4}
                     : (struct fm_threshold_line){131071, 2};
}

size_t fm_threshold_bins_avx2(uint8_t *bin, const struct fm_threshold *rule,
                              const int32_t *n, const uint16_t *k,
                              size_t count);
size_t fm_threshold_bins_avx512(uint8_t *bin, const struct fm_threshold *rule,
                                const int32_t *n, const uint16_t *k,
                                size_t count);
size_t fm_threshold_look_avx512(uint16_t *p, const uint8_t *bin,
                                const uint16_t *table, size_t count);

#endif
