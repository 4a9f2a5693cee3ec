/*
 * model: a model file, the whole contract of a run.
 *
 * A safetensors file (safetensors.h) with the architecture's tensors as F32 in
 * state_dict order and this metadata, in this order:
 *
 *   fedmrn.format    "1"
 *   fedmrn.arch      the canonical architecture text (arch.h)
 *   fedmrn.<setting> each setting that applies to the method (settings.h); one
 *                    with fm_setting_absent is left out when it has that value
 *   fedmrn.seed      the run seed, 16 lower-case hex digits
 *   fedmrn.round     decimal, at most 2^32; 0 for fedmrn-init's
 *   fedmrn.votes     how many votes the counts are of; under fedpm only
 *   fedmrn.parent    id of the model it came from; absent in round 0
 *   fedmrn.bundles   sorted ids of the bundles that made it, separated by
 *                    blanks; absent in round 0
 *   fedmrn.ancestors  under a lineage of L from 2, absent before round 2: the
 *                    same of the models before, back to round 1, but at most
 *                    L - 1 of them and the newest first, separated by `;`: the
 *                    parent's id, a blank, the bundles' ids
 *   fedmrn.magnitudes  under noise-scale update, absent in round 0: the
 *                    magnitude of each masked tensor in the round to come,
 *                    in order, separated by blanks
 *   fedmrn.checksum  XXH3-128 of the file's bytes with these 32 lower-case hex
 *                    digits replaced by `0`
 *
 * With a server-optimizer other than sgd the file also has that optimizer's
 * state, behind the weights, as F32 in the shapes of theirs: for each tensor
 * but running mean and variance, in order, `fedmrn.server.m.NAME`, the first
 * moment; and under adam and yogi for each of them `fedmrn.server.v.NAME`, the
 * second, which is not negative.  fedmrn-init starts m with 0 and v with eps^2
 * (agg/server.h).
 *
 * Under fedpm (arXiv 2209.15328) the weights never change and are not stored:
 * they follow from the seed.  In their place stands, for each of them, by how
 * many of the votes it was kept: the same names and shapes, as U8 while there
 * are at most 255 votes, U16 up to 65535, then I32; no count is above the
 * votes.  Batch normalisation has no place in such a network.
 *
 * A packed file of such a model is smaller: after fedmrn.votes its metadata
 * have fedmrn.counts "packed", and it has a single tensor, `counts`, U8, which
 * holds the counts of all parameters in state_dict order with as many bits each
 * as the number of votes has, least significant first, the last byte filled
 * with zero bits.  It is read like the other; the model's id is the other's.
 * Without votes that is no byte at all, for at most 2^28 parameters.
 *
 * The header is exactly what fm_model_head writes, so that equal models are
 * equal files; with the checksum, no flipped bit and no cut passes.  A model's
 * id is the XXH3-128 of the file's bytes, the checksum as it stands.  The
 * tensor set must be the architecture's, in names, shapes and order; every
 * value is finite; a running variance is not negative.  Unknown fedmrn.* keys
 * and another format are refused; other metadata ("format":"pt") is refused
 * too, since a file that another tool rewrote belongs to no run.
 *
 * Read in this order: the header's JSON, the format, the architecture and that
 * the tensors are its own, from which the file's size follows; then the values
 * and the checksum; then what the rest of the metadata says, and every value.
 */
#ifndef FM_TENSOR_MODEL_H
#define FM_TENSOR_MODEL_H

#include "base/digest.h"
#include "base/file.h"
#include "tensor/arch.h"
#include "tensor/safetensors.h"
#include "tensor/settings.h"

#include <stdio.h>

/* Where a tensor stands in a bundle, and its values. */
struct fm_model_tensor {
    const struct fm_tensor_spec *spec; /* into arch */
    bool masked; /* by this model's method; else it travels in full */
    size_t at;   /* first entry among the masked (in bits) or full (floats) */
    size_t
        step;   /* under fedbat, of a masked one: its step's place among full */
    uint32_t a; /* of the round to come, where fedmrn.magnitudes has it */
    float *value;     /* spec->count floats; NULL under fedpm, which has ... */
    float *moment[2]; /* of the server's optimizer, spec->count each, or NULL */
    const uint8_t *ones; /* counts, as the file has them; else NULL */
};

/* How a model came about: its parent, and the ids of the bundles, sorted. */
struct fm_past {
    struct fm_id parent;
    struct fm_id *bundle;
    size_t nbundles;
};

struct fm_model {
    struct fm_arch *arch;
    struct fm_settings set;
    uint64_t seed, round;
    struct fm_id id;      /* of the file's bytes; set by read and write */
    struct fm_id parent;  /* meaningless in round 0 */
    struct fm_id *bundle; /* nbundles, sorted */
    size_t nbundles;
    struct fm_past *past; /* fedmrn.ancestors: the parent's, and so on */
    size_t npast;
    size_t masked, full;            /* entries of masked and of full tensors;
                                     * fedbat's steps follow the full ones, or
                                     * fedsparsify's values of all masked */
    size_t state;                   /* floats of the server's optimizer */
    struct fm_model_tensor *tensor; /* arch->ntensors */
    uint32_t votes;                 /* fedpm */
    enum fm_dtype dtype;            /* of the values, or of the counts */
    uint8_t *values;                /* all of them, back to back */
    bool packed;        /* only while such a file is read or written */
    struct fm_buf file; /* backs the values; do not touch */
};

enum { FM_MODEL_HEADER_MAX = 16 << 20, FM_MODEL_UNVOTED_MAX = 1 << 28 };
#define FM_VOTES_MAX ((uint32_t)INT32_MAX)
#define FM_ROUND_MAX ((uint64_t)1 << 32)

/* fm_method_masked - does a method send masks?  (fedavg does not.) */
static inline bool
fm_method_masked(enum fm_method m)
{
    return m != FM_FEDAVG;
}

/* fm_method_masks - is a tensor of this role masked?  (Of fedsparsify's, whose
 * masks say what is left, only weights.) */
static inline bool
fm_method_masks(enum fm_method m, enum fm_role r)
{
    return fm_method_masked(m) && fm_role_maskable(r) &&
           (m != FM_FEDSPARSIFY || r == FM_WEIGHT);
}

/* fm_method_dithered - are its masks drawn? */
static inline bool
fm_method_dithered(enum fm_method m)
{
    return fm_method_masked(m) && m != FM_FEDSPARSIFY;
}

/* fm_model_sends_full - is there a tensor that travels in full? */
bool fm_model_sends_full(const struct fm_model *m);

/* fm_role_trained - has it a gradient?  (Running mean and variance do not.) */
static inline bool
fm_role_trained(enum fm_role r)
{
    return r != FM_MEAN && r != FM_VAR;
}

/* fm_server_moments - how many moments an optimizer of the server keeps. */
static inline size_t
fm_server_moments(enum fm_server o)
{
    return o == FM_SERVER_SGD ? 0 : o == FM_SERVER_MOMENTUM ? 1 : 2;
}

/* fm_model_bytes - (when not packed) of all values, or of all counts; and of
 * the optimizer's state behind them. */
static inline size_t
fm_model_bytes(const struct fm_model *m)
{
    return m->arch->params * fm_dtype_size(m->dtype) + m->state * sizeof(float);
}

/*
 * fm_model_new - a model of round 0 with all values 0 and the server's
 * optimizer at its start; takes over `arch`, also on failure.  NULL with
 * FM_ESYS, or FM_EINPUT when mean or std name a number of channels that is
 * neither 1 nor the input's, the loss wants other outputs, tokens should be
 * moved like images, or the method cannot train the network.
 */
struct fm_model *fm_model_new(struct fm_arch *arch,
                              const struct fm_settings *set, uint64_t seed,
                              struct fm_err *e);
void fm_model_free(struct fm_model *m); /* NULL is harmless */

/*
 * How fedmrn-init fills the first weights: element i of a WEIGHT tensor from
 * the run seed, purpose init, with g = n/65536 of the gaussian table and f =
 * n/65536 of the uniform one (noise.h), in double, rounded to float:
 *
 *   normal:S     S * g                  the authors' (S = 0.01), the default
 *   kaiming      sqrt(2/fan_in) * g     He et al. 2015
 *   xavier       sqrt(6/(fan_in + fan_out)) * f      Glorot and Bengio 2010;
 *                fan_out = outputs * R * S
 *   uniform      f / sqrt(fan_in)       PyTorch's default for conv and linear
 *
 * Biases start 0 (under `uniform` as the weights do), batchnorm 1, 0, 0, 1.
 * fm_model_init_values returns 0, or FM_EINPUT for an unknown scheme.
 */
int fm_model_init_values(struct fm_model *m, const char *scheme,
                         struct fm_err *e);

/*
 * Under fedpm: the frozen weights of elements first .. first+count-1 of a
 * tensor, `first` a multiple of 8, from the run seed with purpose init; with
 * c = e / sqrt(fan_in), e = 2.718281828459045:
 *
 *   constant  c where the lane is 32768 or more, else -c     the authors'
 *   uniform   c * sqrt(3) * f
 *   normal    c * g
 *
 * and the scores that every client starts from before any vote: g of purpose
 * scores, or 0.
 */
void fm_model_frozen(float *w, const struct fm_model *m, size_t tensor,
                     size_t first, size_t count);
void fm_model_scores(float *s, const struct fm_model *m, size_t tensor,
                     size_t first, size_t count);

/* Under fedpm: how many of the votes kept element i of a tensor. */
static inline uint32_t
fm_model_ones(const struct fm_model *m, size_t tensor, size_t i)
{
    const uint8_t *p = m->tensor[tensor].ones;

    return m->dtype == FM_U8    ? p[i]
           : m->dtype == FM_U16 ? fm_get16(p + 2 * i)
                                : fm_get32(p + 4 * i);
}

/*
 * fm_model_recount - under fedpm: replace the counts by ones[i], one for each
 * parameter in state_dict order, of `votes`.  0 or FM_ESYS (then the model is
 * as it was).
 */
int fm_model_recount(struct fm_model *m, const uint32_t *ones, uint32_t votes,
                     struct fm_err *e);

/* fm_model_parse - take over `file` (left {0}) and read it; NULL on failure.*/
struct fm_model *fm_model_parse(struct fm_buf *file, struct fm_err *e);

/*
 * fm_model_read_from - read a model to the end of `src`; NULL on failure, and
 * messages name the source.  No room is made for values before the header has
 * said how many, and a regular file has them.
 * fm_model_read - the same for a path or "-".
 */
struct fm_model *fm_model_read_from(struct fm_source *src, struct fm_err *e);
struct fm_model *fm_model_read(const char *path, struct fm_err *e);

/*
 * fm_model_head - append the file's header to `out`; the values or counts,
 * which must have been set, follow it in order, little-endian.  fm_model_dump
 * appends the whole file, and sets m->id.  0, FM_ESYS, or FM_EINPUT when more
 * bundles made the model than a header of 16 MiB can name (half a million).
 */
int fm_model_head(struct fm_buf *out, const struct fm_model *m,
                  struct fm_err *e);
int fm_model_dump(struct fm_buf *out, struct fm_model *m, struct fm_err *e);

/* fm_model_identify - set m->id to what its file would have; 0, or as
 * fm_model_head fails. */
int fm_model_identify(struct fm_model *m, struct fm_err *e);

/* fm_model_pack - under fedpm: append the packed file to `out`; 0, or as
 * fm_model_head, or FM_EINPUT for too many parameters without a vote. */
int fm_model_pack(struct fm_buf *out, const struct fm_model *m,
                  struct fm_err *e);

/* fm_model_swap - the model's values at `p`, host floats, to little-endian or
 * back, in place; counts stay as they are. */
void fm_model_swap(const struct fm_model *m, uint8_t *p);

/*
 * fm_model_shapes - make st->tensor: the model's tensors as `dtype`, without
 * the optimizer's state, their data not said.  0 or FM_ESYS; fm_st_free
 * releases it, or free(st->tensor).
 */
int fm_model_shapes(struct fm_st *st, const struct fm_model *m,
                    enum fm_dtype dtype, struct fm_err *e);

/*
 * fm_model_succeed - make a model its own successor, but for the values: the
 * next round, its id as the parent's, and the bundles' ids, which it takes
 * over.  0 or FM_ESYS (then they are freed).
 * fm_model_past - the id of the model that is `late` rounds older, 0 the model
 * itself; NULL when it does not know it (any more).
 * fm_model_counted - in which round a bundle counted, as far as the model knows
 * back: 0 for none.
 */
int fm_model_succeed(struct fm_model *m, struct fm_id *bundle, size_t n,
                     struct fm_err *e);
const struct fm_id *fm_model_past(const struct fm_model *m, uint32_t late);
uint64_t fm_model_counted(const struct fm_model *m, const struct fm_id *bundle);

/*
 * fm_model_put - write what follows the header.  Failures of `out` are left
 * for its owner to find.
 * fm_model_file_put - the same after the header, a struct fm_model_file as
 * `file`, for fm_out_stream of cli/out.h.  Returns 0.
 */
struct fm_model_file {
    struct fm_buf head; /* of fm_model_head */
    const struct fm_model *model;
};
void fm_model_put(FILE *out, const struct fm_model *m);
int fm_model_file_put(void *file, FILE *out, struct fm_err *e);

/*
 * fm_model_noise_a - (not under fedpm) the noise magnitude of a round and
 * masked tensor, in units of 2^-24.  Under noise-scale update, `round` must be
 * known: the one to come.
 */
uint32_t fm_model_noise_a(const struct fm_model *m, uint64_t round,
                          size_t tensor);

/* fm_model_noise_known - has fm_model_noise_a an answer for a round? */
bool fm_model_noise_known(const struct fm_model *m, uint64_t round);

/* fm_model_scaled - does this model tell the magnitudes of the round to come
 * itself? */
bool fm_model_scaled(const struct fm_model *m);

/* fm_model_range - between which bounds they must be in a round: an eighth of
 * what the schedule has for it, and eight times that. */
void fm_model_range(const struct fm_model *m, uint64_t round, uint32_t *low,
                    uint32_t *high);

/* fm_model_noise_key - the key of a client's noise in a round (key.h). */
uint64_t fm_model_noise_key(const struct fm_model *m, uint64_t round,
                            const char *client);

/* fm_model_max_bundle - an upper bound for a bundle's bytes on this model. */
size_t fm_model_max_bundle(const struct fm_model *m);

#endif
