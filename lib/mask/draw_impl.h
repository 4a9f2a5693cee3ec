/*
 * draw_impl: the one comparison behind both ways to draw, and its variants.
 *
 *   m_i = 1  when  sign(n_i) * (u_i * scale) >= |n_i| * (top - 2 k_i)
 *
 * in double; with k NULL the last factor is `top`.  A variant does as many
 * whole groups of its own width as fit into `count`, and returns how many
 * entries that was; the portable code does the rest.
 */
#ifndef FM_MASK_DRAW_IMPL_H
#define FM_MASK_DRAW_IMPL_H

#include <stddef.h>
#include <stdint.h>

struct fm_draw_rule {
    double scale;
    int32_t top;
};

size_t fm_draw_avx2(uint8_t *m, const float *u, const int32_t *n,
                    const uint16_t *k, size_t count, struct fm_draw_rule r);
size_t fm_draw_avx512(uint8_t *m, const float *u, const int32_t *n,
                      const uint16_t *k, size_t count, struct fm_draw_rule r);

#endif
