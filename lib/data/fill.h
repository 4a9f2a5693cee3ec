/*
 * fill: what stands where a value is missing.
 */
#ifndef FM_DATA_FILL_H
#define FM_DATA_FILL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * fm_fill_means - in place of each NaN of x (n, width) the mean of its column's
 * other values.  False, and *empty, when this column has none.
 */
bool fm_fill_means(float *x, size_t n, size_t width, size_t *empty);

#endif
