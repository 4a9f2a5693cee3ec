/*
 * threshold_impl: variants of the loops over entries.  A variant does as many
 * whole groups of its own width as fit into `count`, and returns how many
 * entries that was; the portable code does the rest.
 */
#ifndef FM_MASK_THRESHOLD_IMPL_H
#define FM_MASK_THRESHOLD_IMPL_H

#include "mask/threshold.h"

/* The factor beside |n|: top - (k << shift), its sign dropped. */
struct fm_threshold_line {
    int32_t top, shift;
};

static inline struct fm_threshold_line
fm_threshold_line(bool is_signed)
{
    return is_signed ? (struct fm_threshold_line){131070, 2}
                     : (struct fm_threshold_line){131071, 1};
}

size_t fm_threshold_bins_avx2(uint8_t *bin, const struct fm_threshold *rule,
                              const uint16_t *noise, const uint16_t *k,
                              size_t count);
size_t fm_threshold_bins_avx512(uint8_t *bin, const struct fm_threshold *rule,
                                const uint16_t *noise, const uint16_t *k,
                                size_t count);
size_t fm_threshold_look_avx2(uint16_t *p, const uint8_t *bin,
                              const uint16_t *table, size_t count);
size_t fm_threshold_look_avx512(uint16_t *p, const uint8_t *bin,
                                const uint16_t *table, size_t count);

#endif
