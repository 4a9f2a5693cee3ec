/*
 * residual: what a client's answers under a codec left out so far, for error
 * feedback (codec/codec.h), as a file.
 *
 * A safetensors file with the model's weights and biases, in order, under their
 * names as F32, and this metadata:
 *
 *   fedmrn.residual  "1"
 *   fedmrn.arch      the model's architecture text
 *   fedmrn.seed      the run's seed, 16 hex digits
 *   fedmrn.client    whose it is
 *   fedmrn.round     the last round it answered, decimal
 *   fedmrn.checksum  XXH3-128 of the round as a 64-bit word and the tensors'
 *                    bytes; all else must be as the model and the client say
 *
 * It never leaves the client.
 */
#ifndef FM_BUNDLE_RESIDUAL_H
#define FM_BUNDLE_RESIDUAL_H

#include "bundle/bundle.h"

struct fm_residual {
    char client[FM_CLIENT_MAX + 1];
    uint64_t round; /* 0: none was answered */
    float *left;    /* fm_lossy_count of the model; NULL: not known yet */
};

/*
 * fm_residual_take - that of the client which answers with `b`: read from
 * `path`, or zeros where there is no such file.  It must be of the same
 * architecture, run and client, and of an earlier round.  Start from {0}.
 * 0, FM_EINPUT or FM_ESYS; messages name the file.
 */
int fm_residual_take(struct fm_residual *r, const char *path,
                     const struct fm_model *base, const struct fm_bundle *b,
                     struct fm_err *e);
void fm_residual_free(struct fm_residual *r); /* harmless on {0} */

/* fm_residual_write - append the file to `out`; 0 or FM_ESYS. */
int fm_residual_write(struct fm_buf *out, const struct fm_residual *r,
                      const struct fm_model *base, struct fm_err *e);

#endif
