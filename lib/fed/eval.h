/*
 * eval: a model on a data set.
 */
#ifndef FM_FED_EVAL_H
#define FM_FED_EVAL_H

#include "base/pool.h"
#include "data/dataset.h"
#include "tensor/model.h"

struct fm_eval {
    size_t samples, correct;
    double loss; /* mean cross-entropy */
    size_t classes;
    size_t *confusion;   /* (classes, classes): [label][prediction]; owned */
    uint32_t *predicted; /* per sample; owned */
};

/*
 * fm_eval_run - evaluate on the given rows (NULL: all).  `set` gives mean and
 * std (m->set or an override); `data` has labels and was checked against the
 * model.  Of equal logits the first counts.  `progress` may be NULL.  Fills *v,
 * to be released by fm_eval_free, also after a failure.  0 or FM_ESYS.
 */
int fm_eval_run(struct fm_eval *v, const struct fm_model *m,
                const struct fm_settings *set, const struct fm_dataset *data,
                const uint32_t *row, size_t nrows, struct fm_pool *pool,
                void (*progress)(void *ctx, size_t done, size_t all), void *ctx,
                struct fm_err *e);
void fm_eval_free(struct fm_eval *v);

#endif
