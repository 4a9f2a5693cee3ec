/*
 * rows: an index list, one row number a line, as fedmrn-split writes them.
 *
 * Decimal numbers from 0, one a line, LF (or CR LF) at the end of each, the
 * last may lack it; empty lines and lines that start with `#` are passed over;
 * a number twice, or not below `limit`, is refused with its line.
 */
#ifndef FM_DATA_ROWS_H
#define FM_DATA_ROWS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* fm_rows_read - from `path` or "-".  *row is to be freed.  At least one. */
int fm_rows_read(uint32_t **row, size_t *n, const char *path, size_t limit,
                 struct fm_err *e);

/* fm_rows_all - 0..n-1.  NULL and FM_ESYS. */
uint32_t *fm_rows_all(size_t n, struct fm_err *e);

#endif
