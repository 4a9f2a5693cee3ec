/*
 * judge: what the library makes of a file that may be damaged, by its kind.
 */
#ifndef FM_CAMPAIGN_JUDGE_H
#define FM_CAMPAIGN_JUDGE_H

#include "base/bytes.h"
#include "tensor/model.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands beside the file, as far as its kind wants it. */
struct beside {
    struct fm_model *model; /* or NULL */
    const char *client;     /* whose state or checkpoint */
    const char *roster;     /* for signatures */
    const char *head;       /* for a ledger: its last hash */
    char **bundle;          /* bundles, in order */
    size_t bundles;
    const char *images, *labels; /* of a training */
};

/*
 * A kind of file.  `judge` returns 0 and appends to `meaning` what the file
 * says to whoever uses it; or a code and a message.
 *
 * In most kinds every byte counts, and a damaged file must be refused.  A kind
 * with `same` has bytes that say nothing, such as comments: what is damaged
 * there may be taken, when `same` finds that it means nothing more.
 */
struct kind {
    const char *name;
    int (*judge)(struct fm_buf *meaning, const char *path,
                 const struct beside *by, struct fm_err *e);
    bool (*same)(const struct fm_buf *now, const struct fm_buf *before);
};

/* kind_of - the kind of this name, or NULL. */
const struct kind *kind_of(const char *name);

#endif
