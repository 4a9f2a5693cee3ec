/*
 * npy: the format of NumPy's arrays (numpy.lib.format), from bytes.
 *
 *   6 bytes   \x93NUMPY
 *   2 bytes   version 1.0, 2.0 or 3.0
 *   2 bytes   size of the header, little-endian; 4 from version 2.0 on
 *   header    a Python dict of `descr`, `fortran_order` and `shape`, and blanks
 *   the rest  the values
 *
 * Read are booleans (b1), integers (i1 to i8, u1 to u8) and floats (f4, f8), in
 * either order of bytes, in row ("C") order.
 */
#ifndef FM_DATA_NPY_H
#define FM_DATA_NPY_H

#include "data/array.h"

enum { FM_NPY_HEADER_MAX = 65536 };

/* fm_npy_is - do the bytes begin as such a file? */
bool fm_npy_is(const uint8_t *bytes, size_t size);

/*
 * fm_npy_parse - read the file that fills `bytes`; a->data points into it.
 * 0, or FM_EINPUT with the place in the message where that is in the header.
 */
int fm_npy_parse(struct fm_array *a, const uint8_t *bytes, size_t size,
                 struct fm_err *e);

#endif
