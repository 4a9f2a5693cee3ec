/*
 * input: a data set read for a model: how long its samples of characters are
 * follows from the model, and whether all of it fits is checked.
 */
#ifndef FM_FED_INPUT_H
#define FM_FED_INPUT_H

#include "data/dataset.h"
#include "tensor/arch.h"
#include "tensor/settings.h"

/*
 * fm_input_read - what `from` says, but for its window and kind; with labels,
 * or with numbers for a model that learns them (loss mse).  Fills *d, to be
 * released by fm_dataset_free, also after a failure.  0, FM_ESYS, or FM_EINPUT.
 */
int fm_input_read(struct fm_dataset *d, const struct fm_dataset_from *from,
                  const struct fm_arch *a, enum fm_loss_kind loss,
                  struct fm_err *e);

#endif
