/*
 * cifar: the binary version of CIFAR-10 and CIFAR-100, from bytes.
 *
 * Records back to back, and nothing else: of CIFAR-10 3073 bytes, a label from
 * 0 to 9 and the 3 x 32 x 32 pixels; of CIFAR-100 3074, a coarse label from 0
 * to 19, a fine one from 0 to 99, the pixels.  So files of records behind one
 * another are one file.
 */
#ifndef FM_DATA_CIFAR_H
#define FM_DATA_CIFAR_H

#include "data/dataset.h"

/*
 * fm_cifar_is - do the bytes hold such records, and no others?  (Of a single
 * record without a byte of 0 that says no: it may be a text.)
 */
bool fm_cifar_is(const uint8_t *bytes, size_t size);

/*
 * fm_cifar_take - their samples, where the bytes are, which must stay; and
 * their labels, in d->yfile.
 *
 *   label  `coarse` or `fine` of CIFAR-100; NULL: the fine ones, or the only
 *          ones
 *
 * 0, FM_ESYS, or FM_EINPUT.
 */
int fm_cifar_take(struct fm_dataset *d, const uint8_t *bytes, size_t size,
                  const char *label, struct fm_err *e);

#endif
