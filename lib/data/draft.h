/*
 * draft: a first list of a table's categories (onehot.h), for people to read
 * and change.
 *
 * First comes the label's line: its classes, up to 256 of them, whole numbers
 * by size, or words in the order of their bytes; or none, when it is a measure.
 * Then, in the order of the columns, a line for each that is no plain feature:
 *
 *   words        their categories in that order, 2 to 64 of them; a column is
 *                of words when less than half of its fields are numbers
 *   left out     a column with more categories, or with more than half as many
 *                as rows, which names persons; with one; without any; and a
 *                column of whole numbers that counts the rows or, with as many
 *                different numbers as rows, has a name such as id, patient_id,
 *                where there are 20 rows or more
 *
 * What is left out is a guess: of few rows an age can look like a number that
 * counts them.
 */
#ifndef FM_DATA_DRAFT_H
#define FM_DATA_DRAFT_H

#include "base/bytes.h"

/*
 * fm_draft - of the `size` bytes of a table, and one more, which are written
 * over; `label` as fm_fields_open takes it.
 *
 * Appends the list to *out.  0, FM_ESYS, or FM_EINPUT: not a table, a table
 * without a header, numbers with a decimal comma.
 */
int fm_draft(struct fm_buf *out, char *bytes, size_t size, const char *label,
             struct fm_err *e);

#endif
