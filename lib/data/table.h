/*
 * table: comma-, tab- or semicolon-separated values with a header (fields.h),
 * as numbers and labels.
 *
 * Every line has as many fields as the header.  One column is the label: a
 * whole number from 0 to 255 (1.0 counts as 1), or where onehot.h lists the
 * column's categories one of these, which count from 0; or, for a regression,
 * any decimal number in float's range.  All others are features, in order:
 * decimal numbers within float's range, or where categories are listed as many
 * features as these are, 1 for the one that the field says and 0 for the
 * others; a column that is listed with none is left out, whatever it holds.  A
 * field that is empty or one of NA, NaN, nan, ? is missing, unless it is a
 * category.
 */
#ifndef FM_DATA_TABLE_H
#define FM_DATA_TABLE_H

#include "base/bytes.h"
#include "data/labels.h"
#include "data/onehot.h"

#include <stdbool.h>

struct fm_table {
    size_t n, features;
    struct fm_buf x;     /* n*features floats */
    struct fm_buf y;     /* n labels; or n floats: */
    size_t numbers;      /* 1 when they are floats to learn, else 0 */
    struct fm_buf names; /* of the features, each with its NUL */
};

/*
 * fm_table_parse - from the `size` bytes of a file, which are written over.
 *
 *   label  a column's name; or, where no column has it, its number from 1
 *   kind   what it holds
 *   onehot what is not numbers or left out, or NULL
 *   mean   put the mean of the file's other values where one is missing (for a
 *          category, each one's share); else that is refused
 *
 * Fills *t, to be released by fm_table_free, also after a failure.  0, FM_ESYS,
 * or FM_EINPUT with the line and the column in the message.
 */
int fm_table_parse(struct fm_table *t, char *bytes, size_t size,
                   const char *label, enum fm_labels kind,
                   const struct fm_onehot *onehot, bool mean, struct fm_err *e);
void fm_table_free(struct fm_table *t); /* harmless on {0} */

#endif
