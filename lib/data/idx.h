/*
 * idx: the IDX format of the MNIST files, from bytes.
 *
 *   2 bytes   zero
 *   1 byte    type of the values; 0x08 (unsigned byte) is the only one read
 *   1 byte    number of dimensions
 *   4 bytes   per dimension, big-endian
 *   the rest  the values in row order, one byte each
 */
#ifndef FM_DATA_IDX_H
#define FM_DATA_IDX_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { FM_IDX_NDIM = 4 };

struct fm_idx {
    size_t ndim, dim[FM_IDX_NDIM]; /* each at least 1 */
    size_t count;                  /* product of the dimensions */
    const uint8_t *data;           /* count values, inside the bytes given */
};

/*
 * fm_idx_parse - read the file that fills `bytes`.
 *
 *   min, max  how many dimensions it may have, 1 <= min <= max <= FM_IDX_NDIM
 *
 * Returns 0, or FM_EINPUT when the bytes are not IDX of unsigned bytes, have
 * another number of dimensions, a dimension of 0, or do not end where the
 * dimensions say.  Messages do not name the file.
 */
int fm_idx_parse(struct fm_idx *x, const uint8_t *bytes, size_t size,
                 size_t min, size_t max, struct fm_err *e);

#endif
