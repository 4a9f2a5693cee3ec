/*
 * eval: a model on a data set.
 */
#ifndef FM_FED_EVAL_H
#define FM_FED_EVAL_H

#include "base/pool.h"
#include "data/dataset.h"
#include "tensor/model.h"

struct fm_eval {
    enum fm_loss_kind kind;
    size_t samples, correct; /* correct 0 under mse */
    double loss;             /* the mean */
    double error;            /* mse: the mean of |output - number| */
    size_t classes;          /* 2 under bce; mse: outputs */
    /* Owned; NULL under mse: */
    size_t *confusion;   /* (classes, classes): [label][prediction] */
    uint32_t *predicted; /* per sample */
    float *output;       /* (samples, classes) under mse, owned; else NULL */
};

/*
 * fm_eval_run - evaluate on the given rows (NULL: all), by the model's loss.
 * `set` gives mean and std (m->set or an override); `data` has labels, or
 * numbers under mse, and was checked against the model.  Of equal logits the
 * first counts.  `progress` may be NULL.  Fills *v, to be released by
 * fm_eval_free, also after a failure.  0 or FM_ESYS.
 */
int fm_eval_run(struct fm_eval *v, const struct fm_model *m,
                const struct fm_settings *set, const struct fm_dataset *data,
                const uint32_t *row, size_t nrows, struct fm_pool *pool,
                void (*progress)(void *ctx, size_t done, size_t all), void *ctx,
                struct fm_err *e);
void fm_eval_free(struct fm_eval *v);

#endif
