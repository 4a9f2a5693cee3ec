/*
 * augment: images moved and mirrored at random, so that training does not see
 * the same ones in every epoch.  PyTorch's RandomCrop(size, padding=crop) and
 * then RandomHorizontalFlip(), on pixels before they are normalised: what comes
 * in at an edge is black, the value of a pixel 0.
 *
 * Sample after sample draws from one stream: with `crop`, first below(2 crop +
 * 1) rows and then as many columns, from which `crop` is taken: pixel (i, j) is
 * then what pixel (i + rows, j + columns) was.  With `flip`, below(2) next; 1
 * mirrors.
 */
#ifndef FM_DATA_AUGMENT_H
#define FM_DATA_AUGMENT_H

#include "data/dataset.h"
#include "rand/stream.h"

struct fm_augment {
    uint32_t crop; /* pixels either way; 0: none */
    bool flip;
};

/* fm_augment_on - does it do anything? */
static inline bool
fm_augment_on(const struct fm_augment *a)
{
    return a->crop || a->flip;
}

/*
 * fm_augment_check - are they images, larger than `crop`, whose channels have
 * one mean and std each (or all together)?  0, or FM_EINPUT with `name` of the
 * file.  Nothing is refused when it is off.
 */
int fm_augment_check(const struct fm_augment *a, const struct fm_dataset *d,
                     const char *name, size_t nmean, size_t nstd,
                     struct fm_err *e);

/*
 * fm_augment_batch - the `n` samples that fm_dataset_batch made with the same
 * mean and std, in place; the data set was checked.
 */
void fm_augment_batch(const struct fm_augment *a, const struct fm_dataset *d,
                      size_t n, const float *mean, size_t nmean,
                      const float *std, size_t nstd, float *x,
                      struct fm_stream *s);

#endif
