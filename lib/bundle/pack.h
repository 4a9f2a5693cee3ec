/*
 * pack: bundles gathered into one file.
 *
 * One bundle stays a bundle; several become a round file (item.h), whose index
 * comes first and lists them all.  So the bundles wait: in memory up to
 * FM_PACK_HOLD bytes, then in a temporary file without a name.
 */
#ifndef FM_BUNDLE_PACK_H
#define FM_BUNDLE_PACK_H

#include "bundle/item.h"

#include <stdio.h>

enum { FM_PACK_HOLD = 32 << 20 };

/* How bundles are written. */
enum fm_pack_form {
    FM_PACK_RAW,
    FM_PACK_RANS, /* coded (coded.h) */
    FM_PACK_AUTO, /* whichever makes the smaller file */
};

/* Start from {0}; `model` and `pool` may be set. */
struct fm_pack {
    const struct fm_model *model; /* that all answer, or NULL */
    struct fm_pool *pool;
    size_t blind; /* how many masks were coded without the model */
    struct fm_id *id;
    size_t n, room;
    struct fm_id base; /* what all of them answer */
    struct fm_buf hold;
    FILE *spool;
};

/*
 * fm_pack_add - append the bundle in the form b->coder.  Returns 0, FM_EINPUT
 * when it answers another model than the first (a round file holds one round),
 * or FM_ESYS.
 */
int fm_pack_add(struct fm_pack *p, struct fm_bundle *b, struct fm_err *e);

/*
 * fm_pack_take - append every bundle of `path` (or "-") in the form `form`.  A
 * coded one stays as it is unless the model makes its code smaller.  Returns as
 * fm_pack_add does, also FM_EINPUT for what is not a bundle, or must be decoded
 * and wants the model for that; messages name the file.
 */
int fm_pack_take(struct fm_pack *p, const char *path, enum fm_pack_form form,
                 struct fm_err *e);

/*
 * fm_pack_write - write the file, once.  At least one bundle was added.
 * Returns 0 or FM_ESYS; failures of `out` are left for its owner to find.
 */
int fm_pack_write(struct fm_pack *p, FILE *out, struct fm_err *e);

/* fm_pack_put - the same for fm_out_stream of cli/out.h. */
static inline int
fm_pack_put(void *pack, FILE *out, struct fm_err *e)
{
    return fm_pack_write(pack, out, e);
}

void fm_pack_free(struct fm_pack *p); /* harmless on {0} */

#endif
