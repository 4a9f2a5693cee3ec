/*
 * checkpointhead: what a checkpoint says of its training, checkpoint.json, in
 * the keys and the order of checkpoint.h.
 */
#ifndef FM_FED_CHECKPOINTHEAD_H
#define FM_FED_CHECKPOINTHEAD_H

#include "base/json.h"
#include "fed/local.h"

struct fm_weights;

#define FM_CHECKPOINT_HEAD "checkpoint.json"

/* All but the settings. */
struct fm_checkpoint_head {
    char client[FM_CLIENT_MAX + 1];
    struct fm_id base, data;
    uint64_t round, samples, seed, adam, step, steps;
    bool state;
};

/* fm_checkpoint_head_of - of a training where it stands, on rows with the
 * digest `data` (fm_checkpoint_data). */
struct fm_checkpoint_head fm_checkpoint_head_of(const struct fm_weights *v,
                                                const struct fm_id *data);

/* fm_checkpoint_head_write - append the text, with the settings; 0, FM_ESYS. */
int fm_checkpoint_head_write(struct fm_buf *out,
                             const struct fm_checkpoint_head *h,
                             const struct fm_settings *s, struct fm_err *e);

/* fm_checkpoint_head_read - what a text says, each value in its range; 0 or
 * FM_EINPUT.  That it was written by the function above says only the next. */
int fm_checkpoint_head_read(struct fm_checkpoint_head *h,
                            const struct fm_json *j, struct fm_err *e);

/*
 * fm_checkpoint_head_check - is `h`, of the JSON `j` that was read from `text`,
 * of the training `v`, somewhere between its ends?  0, FM_ESYS, or FM_EINPUT
 * and a message that says what is another.
 */
int fm_checkpoint_head_check(const struct fm_checkpoint_head *h,
                             const struct fm_json *j, const struct fm_buf *text,
                             const struct fm_weights *v,
                             const struct fm_id *data, struct fm_err *e);

#endif
