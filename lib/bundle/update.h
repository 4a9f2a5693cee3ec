/*
 * update: what a bundle would add to its model, written out.  Exact.
 *
 * A safetensors file with the model's tensors in state_dict order as F32: of a
 * masked tensor the masked noise
 *
 *   n * m * a * 2^-40        rounded once from double, where it is exact
 *
 * (0 where a binary mask leaves an entry; under fedbat m times the client's
 * step of the tensor, step.h; under fedsparsify the client's weight less the
 * model's), of the others the deltas as they travelled.  Adding these to the
 * model is the round of this client alone, but for the rounding.
 *
 * Under fedpm it is not what a model adds to: the file has the client's own
 * network, the frozen weights that its mask keeps and 0 elsewhere.
 *
 * Metadata: fedmrn.update "1", fedmrn.bundle (its id), fedmrn.base,
 * fedmrn.client, fedmrn.round, fedmrn.samples.
 */
#ifndef FM_BUNDLE_UPDATE_H
#define FM_BUNDLE_UPDATE_H

#include "bundle/bundle.h"

/* fm_update_write - append the file; `b` was checked against `m`.  0 or
 * FM_ESYS. */
int fm_update_write(struct fm_buf *out, const struct fm_bundle *b,
                    const struct fm_model *m, struct fm_err *e);

#endif
