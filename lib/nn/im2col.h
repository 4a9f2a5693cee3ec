/*
 * im2col: convolution windows as rows of a matrix.  Exact copies.
 *
 * x (N,H,W,C) -> col (rows, R*S*C): one row per output pixel, holding the
 * window under it, zero outside the image.
 *
 * The output's lines are numbered through the batch: line i is line i mod P of
 * image i div P.  A line has Q pixels, so Q rows of the matrix.
 */
#ifndef FM_NN_IM2COL_H
#define FM_NN_IM2COL_H

#include "tensor/arch.h"

/* fm_im2col - the rows of lines `from` to `to`-1. */
void fm_im2col(const struct fm_layer *l, const float *x, size_t from, size_t to,
               float *col);

/*
 * fm_im2col_turned - the same rows as columns, of one channel: col (R*S, rows).
 * Its lines are stretches of the image's, where those of the rows would be
 * copied float by float.
 */
void fm_im2col_turned(const struct fm_layer *l, const float *x, size_t from,
                      size_t to, float *col);

/* fm_col2im - the transpose: every entry is added to where it came from. */
void fm_col2im(const struct fm_layer *l, const float *col, size_t from,
               size_t to, float *x);

#endif
