/*
 * foreign: an answer from what another trainer made.
 *
 * That is a safetensors file with every tensor of the model (tensor/named.h);
 * fedmrn.base in its metadata, where it is there, must be the model's id
 * (bundle/update.h writes it).  Of an update its values are F32, u = w' - w for
 * trained weights w' and the model's w, or w' itself, from which u is taken in
 * float:
 *
 *   fedavg           all of u travels, as deltas
 *   fedmrn, fedmrns  stochastic masking after the training: one draw of u
 *                    (mask/draw.h) with the lanes of purpose dither, as
 *                    fed/local.h ends; the other tensors travel as deltas,
 *                    rounded to full-bits (coarse.h)
 *
 * Other methods train what no update is: scores, steps.
 *
 * Of masks, made by a trainer that had the noise (rand/noise.h), or the weights
 * of a fedpm model, the masked tensors are BOOL or U8 with 1 where the mask has
 * a 1, under fedmrns a plus, and 0 elsewhere; the other tensors are u as above.
 * They answer fedmrn, fedmrns and fedpm.
 *
 * Refused: values that are not finite, deltas of 2^38 or more, and those that
 * take a running variance below 0.
 */
#ifndef FM_FED_FOREIGN_H
#define FM_FED_FOREIGN_H

#include "bundle/bundle.h"

enum fm_foreign_kind {
    FM_FOREIGN_UPDATE,  /* u */
    FM_FOREIGN_WEIGHTS, /* w' */
    FM_FOREIGN_MASKS,
};

struct fm_foreign {
    enum fm_foreign_kind kind;
    const struct fm_model *base;
    const char *client;    /* fm_client_ok */
    uint64_t samples;      /* 1..FM_SAMPLES_MAX */
    enum fm_dither dither; /* of masks: how they were drawn; else how they are
                              to be drawn */
    uint64_t private_seed;
};

/*
 * fm_foreign_parse - take over `file` (left {0}), and fill `b` with the answer
 * (coder raw, with its id), to be released by fm_bundle_free, also after a
 * failure.  0, FM_EINPUT or FM_ESYS.
 * fm_foreign_answer - the same for a path or "-"; messages name the file.
 */
int fm_foreign_parse(struct fm_bundle *b, const struct fm_foreign *f,
                     struct fm_buf *file, struct fm_err *e);
int fm_foreign_answer(struct fm_bundle *b, const struct fm_foreign *f,
                      const char *path, struct fm_err *e);

#endif
