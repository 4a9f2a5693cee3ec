/*
 * expand: the network that a FedPM model stands for (arXiv 2209.15328).
 *
 *   sample     w m, one mask m ~ Bernoulli(theta): lanes of purpose sample,
 *              block high the round (its low 32 bits)     m = [U < theta]
 *   threshold  w where theta > 1/2, else 0
 *   mean       theta w
 *   all        w, every weight kept
 *
 * with w the frozen weights (tensor/model.h), theta the posterior
 * (tensor/posterior.h) and U = (2k + 1) / 131072 of lane k.  Exact.
 */
#ifndef FM_FED_EXPAND_H
#define FM_FED_EXPAND_H

#include "tensor/model.h"

enum fm_expand {
    FM_EXPAND_SAMPLE,
    FM_EXPAND_THRESHOLD,
    FM_EXPAND_MEAN,
    FM_EXPAND_ALL
};

/* fm_expand_parse - by its name above; false otherwise. */
bool fm_expand_parse(enum fm_expand *how, const char *text);

/*
 * fm_expand - a model of the same architecture, settings, round and id, with
 * weights; its method is fedavg, which stores them.  `seed` is the key of
 * sample (the run seed, where nothing else is wanted).  NULL and FM_ESYS.
 */
struct fm_model *fm_expand(const struct fm_model *m, enum fm_expand how,
                           uint64_t seed, struct fm_err *e);

/*
 * fm_expand_write - append the network to `out` as a safetensors file with the
 * names and shapes of the state_dict, F32, and metadata fedmrn.network (how it
 * was expanded), fedmrn.base (the model's id) and fedmrn.round.  0 or FM_ESYS.
 */
int fm_expand_write(struct fm_buf *out, const struct fm_model *m,
                    enum fm_expand how, uint64_t seed, struct fm_err *e);

/*
 * fm_expand_mask - what is left to remember when training is over: a model of
 * the same run with a single vote, which is the mask of any way but mean.
 * Its theta is 0 or 1, so that to sample, to take the likely and the mean of it
 * are one.  Its parent
 * is `m`.  NULL and FM_ESYS.
 */
struct fm_model *fm_expand_mask(const struct fm_model *m, enum fm_expand how,
                                uint64_t seed, struct fm_err *e);

#endif
