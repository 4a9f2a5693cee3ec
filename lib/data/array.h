/*
 * array: the samples and labels of a data set from arrays that other programs
 * saved (npy.h, safetensors).
 *
 * Samples have 2 to 4 dimensions, as IDX has them (dataset.h): N x F (vectors),
 * N x H x W (one channel) or N x C x H x W.  Unsigned bytes are pixels; floats
 * of 4 or 8 bytes are features, used as they are, of which NaN is missing.
 * Labels have one dimension, or others of size 1 beside it, and are integers
 * from 0 to 255 of any width.  Numbers to learn are floats, or integers of any
 * size, of N or N x K.
 */
#ifndef FM_DATA_ARRAY_H
#define FM_DATA_ARRAY_H

#include "data/dataset.h"

enum { FM_ARRAY_NDIM = 8, FM_ARRAY_TYPE = 16 };

enum fm_array_kind {
    FM_ARRAY_UNSIGNED,
    FM_ARRAY_SIGNED,
    FM_ARRAY_FLOAT,
    FM_ARRAY_BOOL,
    FM_ARRAY_OTHER, /* that nothing is made of */
};

struct fm_array {
    enum fm_array_kind kind;
    size_t size;              /* of a value, 1 to 8 bytes */
    bool big;                 /* the first byte is the highest */
    char type[FM_ARRAY_TYPE]; /* as the file calls it, for messages */
    size_t ndim, dim[FM_ARRAY_NDIM];
    size_t count;        /* product of the dimensions */
    const uint8_t *data; /* count values in row order */
};

/*
 * fm_array_count - find a's count from its dimensions: 0, or FM_EINPUT when one
 * of these is 0, or the values do not take `bytes` bytes.
 */
int fm_array_count(struct fm_array *a, size_t bytes, struct fm_err *e);

/*
 * fm_array_samples - d's samples: pixels where a's bytes are, which must stay,
 * and so features where they are floats as they should be.  Otherwise the
 * features are made in d->xfile; what it had, which may be a's bytes, is gone.
 *
 *   mean  put the mean of a feature's other values where one is missing; else
 *         that is refused
 *
 * 0, FM_ESYS, or FM_EINPUT with the sample and the value, from 0, in the
 * message.
 */
int fm_array_samples(struct fm_dataset *d, const struct fm_array *a, bool mean,
                     struct fm_err *e);

/*
 * fm_array_labels - d's labels, or numbers by `kind`, made in d->yfile; what it
 * had, which may be a's bytes, is gone.  *n is how many: whether the samples
 * are as many is left to the caller.  0, FM_ESYS, or FM_EINPUT with the sample
 * in the message.
 */
int fm_array_labels(struct fm_dataset *d, size_t *n, const struct fm_array *a,
                    enum fm_labels kind, struct fm_err *e);

#endif
