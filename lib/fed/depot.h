/*
 * depot: what bundles and models there are in a directory and below it.
 *
 * Every regular file is looked at, but those whose names begin with a point;
 * links to directories are not followed.  Bundles may stand alone, or in round
 * files.  What is damaged is not in the depot, and the first such file is
 * remembered: it may be why something is missing; and so is the first that
 * begins as a model does.
 */
#ifndef FM_FED_DEPOT_H
#define FM_FED_DEPOT_H

#include "bundle/item.h"
#include "trust/ledger.h"

struct fm_depot_bundle {
    struct fm_id id;
    size_t file; /* into path */
};

struct fm_depot_model {
    struct fm_ledger_model is;
    struct fm_id parent; /* when it is not of round 0 */
    size_t file;
};

struct fm_depot {
    char **path; /* in the order of their names */
    size_t npaths;
    struct fm_depot_bundle *bundle; /* sorted by id */
    size_t nbundles, bundle_room;
    struct fm_depot_model *model; /* in the order of path */
    size_t nmodels, model_room;
    const struct fm_guard *guard; /* of what holds bundles; or NULL */
    /* Why the first bad file is not there, if there is one; and the first that
     * begins as a model. */
    struct fm_err bad, bad_model;
};

/*
 * fm_depot_open - look at all that is in `dir`; release with fm_depot_close,
 * also after a failure.  A file is bad, too, that `guard` (or NULL: nobody)
 * refuses.  Returns 0, FM_EINPUT (no such directory) or FM_ESYS.
 */
int fm_depot_open(struct fm_depot *d, const char *dir,
                  const struct fm_guard *guard, struct fm_err *e);
void fm_depot_close(struct fm_depot *d);

/* fm_depot_bundle, fm_depot_model - one with this id, or NULL. */
const struct fm_depot_bundle *fm_depot_bundle(const struct fm_depot *d,
                                              const struct fm_id *id);
const struct fm_depot_model *fm_depot_model(const struct fm_depot *d,
                                            const struct fm_id *id);

#endif
