/*
 * numbers: what a regression learns in place of labels, floats of a data set.
 *
 * A data set has labels, `y`, or numbers, `t` with `numbers` of them a sample,
 * never both.  A table's are one column; a reader of arrays may have more.
 */
#ifndef FM_DATA_NUMBERS_H
#define FM_DATA_NUMBERS_H

#include "data/dataset.h"

/*
 * fm_numbers_from_labels - labels as numbers: 7 becomes 7.0.  The labels are
 * gone then, also from memory.  A data set without labels is left alone.
 * 0 or FM_ESYS.
 */
int fm_numbers_from_labels(struct fm_dataset *d, struct fm_err *e);

/*
 * fm_numbers_check - do they fit a network of so many outputs, and is each a
 * number?  0, or FM_EINPUT with a message such as "t.csv: 1 number a sample to
 * learn, but the model has 10 outputs".
 */
int fm_numbers_check(const struct fm_dataset *d, const char *name,
                     size_t outputs, struct fm_err *e);

/* fm_numbers_batch - those of `n` rows, each below d->n, into t (n, numbers).
 */
void fm_numbers_batch(const struct fm_dataset *d, const uint32_t *row, size_t n,
                      float *t);

#endif
