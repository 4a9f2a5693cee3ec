/*
 * transform: the tile transforms of Winograd's convolution F(4x4, 3x3), and
 * their transposes (Lavin and Gray, arXiv 1509.09308, section 4.3).
 *
 * A 4x4 tile Y of the output, from the 6x6 tile D of the input under it:
 *
 *   Y = A' [ (G g G') * (B' D B) ] A           * element by element
 *
 * summed over the input's channels before A.  The 36 elements are 36 planes,
 * each a matrix (tiles, channels), so that the sums over channels are 36
 * matrix products.  An image's tiles are numbered row by row; where its edge
 * cuts a tile, the rest is zero, or dropped.
 *
 * Channels come in multiples of FM_TRANSFORM_CHANNELS.  `plane` is the floats
 * from one plane to the next.
 */
#ifndef FM_NN_TRANSFORM_H
#define FM_NN_TRANSFORM_H

#include "tensor/arch.h"

#include <stdbool.h>

enum { FM_TRANSFORM_CHANNELS = 16, FM_TRANSFORM_TILE = 4, FM_PLANES = 36 };

/* fm_transform_tiles - tiles of one output image. */
size_t fm_transform_tiles(const struct fm_layer *l);

/* One image x (H,W,C) -> v (36, tiles, C): B' D B; and its transpose, which
 * adds to dx. */
void fm_transform_input(const struct fm_layer *l, const float *x, float *v,
                        size_t plane);
void fm_transform_input_back(const struct fm_layer *l, const float *dv,
                             size_t plane, float *dx);

/*
 * m (36, tiles, K) -> one image y (P,Q,K): A' M A + b (NULL: none), and with
 * `relu` no less than 0.  Back: the transpose, of dy where y > 0, or of all of
 * it when y is NULL; and b's gradient, added to db (NULL: not wanted).
 */
void fm_transform_output(const struct fm_layer *l, const float *m, size_t plane,
                         const float *b, bool relu, float *y);
void fm_transform_output_back(const struct fm_layer *l, const float *y,
                              const float *dy, float *dm, size_t plane,
                              float *db);

/*
 * w (K,C,3,3) -> u (36, C, n): G g G', of outputs `first` to first + n - 1;
 * or with `swap` (36, K, n), of inputs first to first + n - 1.  n is a
 * multiple of FM_TRANSFORM_CHANNELS.  And the transpose of the first.
 */
void fm_transform_weight(const struct fm_layer *l, const float *w, size_t first,
                         size_t n, float *u, size_t plane, bool swap);
void fm_transform_weight_back(const struct fm_layer *l, const float *du,
                              size_t plane, size_t first, size_t n, float *dw);

#endif
