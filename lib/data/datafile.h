/*
 * datafile: samples and their labels from one file, of whichever format its
 * bytes say; its name says nothing.
 *
 *   NPY          (npy.h) samples alone
 *   NPZ          a zip archive of arrays, x.npy and y.npy
 *   safetensors  the tensors x and y
 *   CIFAR        (cifar.h) the records, or a tar archive of them as it is
 *                distributed
 *   a table      (table.h) anything else
 *
 * Arrays are as array.h says.  Where the file holds several data sets `part`
 * says which: of the arrays x_PART and y_PART, of CIFAR's archive `train` or
 * `test`.  Any of them may be compressed (base/extract.h).
 */
#ifndef FM_DATA_DATAFILE_H
#define FM_DATA_DATAFILE_H

#include "data/dataset.h"
#include "data/onehot.h"

/*
 * fm_datafile_read - the file from->data, into *d, which is {0}; to be released
 * by fm_dataset_free, also after a failure.  0, FM_ESYS, or FM_EINPUT, as for
 * an option that means nothing to its format.
 *
 * fm_datafile_take - the same of the bytes that are in d->xmap, or in d->xfile.
 * A table must be in d->xfile; `onehot` is its list of categories, or NULL.
 */
int fm_datafile_read(struct fm_dataset *d, const struct fm_dataset_from *from,
                     struct fm_err *e);
int fm_datafile_take(struct fm_dataset *d, const struct fm_dataset_from *from,
                     const struct fm_onehot *onehot, struct fm_err *e);

/*
 * fm_datafile_kind - what a file of these bytes is, in words such as "an NPY
 * file"; NULL: a table, or nothing that is known.
 * fm_datafile_is_text - does it begin as a text does?
 */
#define FM_DATAFILE_IDX "an IDX file"
const char *fm_datafile_kind(const uint8_t *p, size_t n);
bool fm_datafile_is_text(const uint8_t *p, size_t n);

#endif
