/*
 * dataset: samples and labels, as bytes; a batch becomes floats when it is
 * wanted.  A plain file of samples is mapped (base/file.h), so that a client
 * touches its own rows only, and clients on one machine share them; a
 * compressed one or a stream is unpacked into memory.  Labels are copied.
 *
 * IDX (the MNIST format): two zero bytes, a type byte, the number of
 * dimensions, each dimension as a big-endian 32-bit number, the data in row
 * order.  Images: type 0x08 (unsigned byte), 2 to 4 dimensions: N x W (a
 * vector), N x H x W (one channel) or N x C x H x W.  Labels: type 0x08, one
 * dimension.  Files may be compressed (base/extract.h).  The file must end
 * where its dimensions say.  Either may be NPY (array.h) instead.
 *
 * Characters (text.h): a sample is `window` of them, its label the one that
 * follows.  From a text they are a window that slides over it, `step`
 * characters at a time; LEAF's JSON (leaf.h) has them cut, and whose they are.
 *
 * Any other format is known by its bytes (datafile.h).  Samples are pixels or
 * floats; floats are used as they are.
 *
 * What goes with a sample is a label, or for a regression a number or more
 * (numbers.h): of a table's label column or an array as they stand, and labels
 * of other files as whole numbers.
 */
#ifndef FM_DATA_DATASET_H
#define FM_DATA_DATASET_H

#include "base/file.h"
#include "data/labels.h"

#include <stdbool.h>

struct fm_dataset {
    size_t n, c, h, w;          /* samples; per sample c*h*w values */
    const uint8_t *x;           /* their pixels, or characters; or: */
    const float *f;             /* features, n*c*h*w */
    size_t step;                /* from a sample to the next; 0: c*h*w */
    const uint8_t *y;           /* n labels; or: */
    const float *t;             /* n*numbers to learn (numbers.h); or neither */
    size_t numbers;             /* of a sample; 0 without t */
    struct fm_buf xfile, yfile; /* where they are, if not here: */
    struct fm_map xmap;
    bool text;           /* characters */
    size_t users, *user; /* LEAF: users + 1, where each one's rows begin */
    struct fm_buf names; /* theirs, or a table's features', each with its NUL */
};

/* What to read: one of images, text, leaf, data; or labels alone; each a path,
 * or NULL.  Of images or data without labels of their own, labels, too. */
struct fm_dataset_from {
    const char *images, *labels, *text, *leaf, *data;
    const char *label;      /* which of a file's: a column, fine or coarse */
    const char *part;       /* which of a file's data sets, or NULL */
    const char *categories; /* of a table: their list, or NULL */
    bool mean;              /* for features that are missing */
    bool unlabelled;        /* labels are not needed */
    size_t window; /* of characters; for LEAF 0 stands for the first one's */
    size_t step;   /* of a text; at least 1 */
    enum fm_labels kind; /* labels or numbers to learn? */
};

/* The files of the samples, or of the labels when there are no others; and of
 * the labels. */
static inline const char *
fm_dataset_samples_name(const struct fm_dataset_from *from)
{
    return from->text     ? from->text
           : from->leaf   ? from->leaf
           : from->data   ? from->data
           : from->images ? from->images
                          : from->labels;
}

static inline const char *
fm_dataset_labels_name(const struct fm_dataset_from *from)
{
    return from->labels ? from->labels : fm_dataset_samples_name(from);
}

enum { FM_IDX_LIMIT_LOG2 = 36 }; /* bytes of the largest data set: 64 GiB */

/*
 * fm_dataset_open - read it.  Counts of samples and labels must agree; one file
 * may be "-".  Fills *d, to be released by fm_dataset_free, also after a
 * failure.  0, FM_ESYS or FM_EINPUT.
 */
int fm_dataset_open(struct fm_dataset *d, const struct fm_dataset_from *from,
                    struct fm_err *e);
void fm_dataset_free(struct fm_dataset *d); /* harmless on {0} */

/* fm_dataset_shape - set n, c, h and w by the 2 to 4 dimensions of a file. */
void fm_dataset_shape(struct fm_dataset *d, const size_t *dim, size_t ndim);

/* fm_dataset_row - the values of one sample that is not floats. */
static inline const uint8_t *
fm_dataset_row(const struct fm_dataset *d, size_t row)
{
    return d->x + row * (d->step ? d->step : d->c * d->h * d->w);
}

/*
 * fm_dataset_check - does it fit a network?  0, or FM_EINPUT with a message
 * such as "train-images: image 1x32x32 does not fit the model's input 1x28x28"
 * or "train-labels: label 11 of sample 7 is not below 10 classes".
 * A network's vector input of c features takes any image of c values.
 */
int fm_dataset_check(const struct fm_dataset *d, const char *images,
                     const char *labels, size_t c, size_t h, size_t w,
                     size_t classes, struct fm_err *e);

/*
 * fm_dataset_check_tokens - the same for what a network of tokens adds: every
 * value is below `vocabulary`; and characters want such a network, so that with
 * a vocabulary of 0 they are refused.  `name` is of the file.
 */
int fm_dataset_check_tokens(const struct fm_dataset *d, const char *name,
                            size_t vocabulary, struct fm_err *e);

/*
 * fm_dataset_batch - pixels of `n` rows as x (n, c*h*w) = (x/255 - mean)/std;
 *                    of floats (x - mean)/std.
 *
 *   row   row numbers, each below d->n
 *   mean, std  nmean, nstd values; 1 serves all channels.  A vector data set
 *         (h = w = 1) counts its features as channels.  nmean 0: tokens, the
 *         bytes as they are
 *   y     receives n labels; may be NULL
 */
void fm_dataset_batch(const struct fm_dataset *d, const uint32_t *row, size_t n,
                      const float *mean, size_t nmean, const float *std,
                      size_t nstd, float *x, uint8_t *y);

#endif
