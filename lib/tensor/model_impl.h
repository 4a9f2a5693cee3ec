/*
 * model_impl: what the model*.c share.
 */
#ifndef FM_TENSOR_MODEL_IMPL_H
#define FM_TENSOR_MODEL_IMPL_H

#include "tensor/model.h"

/* fm_model_place - make m->tensor: where each stands in a bundle.  FM_EINPUT
 * when the method has no place for it. */
int fm_model_place(struct fm_model *m, struct fm_err *e);

/* fm_model_values - lay the tensors over `values`, back to back. */
void fm_model_values(struct fm_model *m, void *values);

/*
 * fm_model_state - how many floats the optimizer m->set.server keeps for the
 * architecture.
 * fm_model_state_shapes - append their tensors to st->tensor, which
 * fm_model_shapes made; 0 or FM_ESYS.
 * fm_model_state_start - put them at their start.
 * fm_model_state_check - FM_EINPUT when one cannot be such a state.
 */
size_t fm_model_state(const struct fm_model *m);
int fm_model_state_shapes(struct fm_st *st, const struct fm_model *m,
                          struct fm_err *e);
void fm_model_state_start(struct fm_model *m);
int fm_model_state_check(const struct fm_model *m, struct fm_err *e);

/* fm_model_fits - do mean and std fit the network's input, the loss its
 * outputs, and does crop or flip find images? */
int fm_model_fits(const struct fm_model *m, struct fm_err *e);

/* fm_model_header - fm_model_head with a checksum that is given as text. */
int fm_model_header(struct fm_buf *out, const struct fm_model *m,
                    const char *sum, struct fm_err *e);

/*
 * fm_model_sum_at - where a header (with its 8-byte size) has the digits of
 * the checksum; 0 when they are not at the end of metadata that start as ours.
 */
size_t fm_model_sum_at(const uint8_t *head, size_t n);

/* fm_model_meta - what the metadata say of fedmrn.KEY, or NULL. */
const char *fm_model_meta(const struct fm_st *st, const char *key);

/*
 * fm_model_read_arch - first: the format, the architecture, under fedpm the
 * votes, and the server's optimizer; with these the file's size is known.
 * fm_model_read_contract - then: settings, seed and history, and that nothing
 * else is there.
 * fm_model_write_meta - all of it, with the checksum as text, into st->meta.
 * 0, FM_EINPUT (but for write) or FM_ESYS.
 */
int fm_model_read_arch(struct fm_model *m, const struct fm_st *st,
                       struct fm_err *e);
int fm_model_read_contract(struct fm_model *m, const struct fm_st *st,
                           struct fm_err *e);
int fm_model_write_meta(struct fm_st *st, const struct fm_model *m,
                        const char *sum, struct fm_err *e);

/*
 * fm_model_packed_size - bytes of the packed counts; 0, FM_ESYS, or FM_EINPUT
 * when there are no votes and too many counts: they would come from no bytes.
 */
int fm_model_packed_size(size_t *bytes, const struct fm_model *m,
                         struct fm_err *e);

/* fm_model_unpack - put the packed counts at `p`, as many as they must be, in
 * place of the file that was read, and set the id.  0, FM_EINPUT, FM_ESYS. */
int fm_model_unpack(struct fm_model *m, const uint8_t *p, struct fm_err *e);

/* fm_model_dtype - of a model's tensors, by its votes under fedpm. */
enum fm_dtype fm_model_dtype(enum fm_method method, uint32_t votes);

/* fm_model_past_text - of fedmrn.ancestors, to be freed; NULL and FM_ESYS.
 * fm_model_read_past - the other way round; `text` NULL when the file has none.
 * fm_model_past_free - forget them. */
char *fm_model_past_text(const struct fm_model *m, struct fm_err *e);
int fm_model_read_past(struct fm_model *m, const char *text, struct fm_err *e);
void fm_model_past_free(struct fm_model *m);

/* fm_model_magnitudes - "335544 83886 ...", of the masked tensors; to be freed.
 * NULL and FM_ESYS. */
char *fm_model_magnitudes(const struct fm_model *m, struct fm_err *e);

/* fm_model_read_magnitudes - the other way round, for a model whose settings,
 * round and tensors are known; `text` NULL when the file has none. */
int fm_model_read_magnitudes(struct fm_model *m, const char *text,
                             struct fm_err *e);

#endif
