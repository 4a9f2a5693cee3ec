#include "fed/depot.h"

#include "agg/partial.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16, PEEK = 9 };

static int
add_path(struct fm_depot *d, char *path, struct fm_err *e)
{
    char **more = realloc(d->path, (d->npaths + 1) * sizeof *more);

    if (!more) {
        free(path);
        return fm_err_nomem(e);
    }
    d->path = more;
    d->path[d->npaths++] = path;
    return 0;
}

/* --- One file ------------------------------------------------------------
 */

static int
add_bundle(struct fm_depot *d, const struct fm_id *id, struct fm_err *e)
{
    if (d->nbundles == d->bundle_room) {
        void *more = fm_grow(d->bundle, d->nbundles, &d->bundle_room,
                             sizeof *d->bundle, e);

        if (!more)
            return FM_ESYS;
        d->bundle = more;
    }
    d->bundle[d->nbundles++] =
        (struct fm_depot_bundle){.id = *id, .file = d->npaths - 1};
    return 0;
}

static int
add_items(struct fm_depot *d, struct fm_items *it, struct fm_err *e)
{
    const size_t before = d->nbundles;
    struct fm_item item;
    int rc;

    for (;;) {
        struct fm_err why = {0};

        rc = fm_items_next(it, &item, &why);
        /* Alone, as under a quorum. */
        if (rc == FM_EINPUT && d->guard && it->passable) {
            fm_err_pass(&d->bad, &why);
            continue;
        }
        if (rc)
            fm_err_pass(e, &why);
        if (rc || item.kind == FM_ITEM_NONE)
            break;
        if (item.kind == FM_ITEM_BUNDLE)
            rc = add_bundle(d, &item.bundle.id, e);
        else {
            struct fm_partial_info info;

            rc = fm_partial_read(&info, it, &item, NULL, e);
            fm_err_where(e, it->src.name);
            free(info.part);
        }
        fm_item_free(&item);
        if (rc)
            break;
    }
    /* A file that is bad in one place cannot be taken at all. */
    if (rc)
        d->nbundles = before;
    return rc;
}

static int
add_model(struct fm_depot *d, struct fm_source *src, struct fm_err *e)
{
    struct fm_model *m = fm_model_read_from(src, e);
    struct fm_model_file f = {.model = m};
    struct fm_depot_model *more;
    int rc;

    if (!m)
        return (int)e->code;
    if ((rc = fm_model_head(&f.head, m, e)))
        goto out;
    if (d->nmodels == d->model_room) {
        more =
            fm_grow(d->model, d->nmodels, &d->model_room, sizeof *d->model, e);
        if (!more) {
            rc = FM_ESYS;
            goto out;
        }
        d->model = more;
    }
    more = &d->model[d->nmodels];
    *more = (struct fm_depot_model){.parent = m->parent, .file = d->npaths - 1};
    rc = fm_ledger_describe(&more->is, &f, e);
    if (rc == 0)
        d->nmodels++;
out:
    fm_buf_free(&f.head);
    fm_model_free(m);
    return rc;
}

/* Does it begin as a model, whatever became of the rest?  Other tools write
 * safetensors, too. */
static bool
begins_as_model(const char *path)
{
    static const char want[] = "{\"__metadata__\":{\"fedmrn.format\"";
    char is[8 + sizeof want - 1];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(is, 1, sizeof is, f) : 0;

    if (f)
        fclose(f);
    return n == sizeof is && memcmp(is + 8, want, sizeof is - 8) == 0;
}

/* A file of another kind is none of ours to judge. */
static int
look(struct fm_depot *d, const char *path, struct fm_err *e)
{
    uint8_t first[PEEK];
    struct fm_items it;
    size_t n;
    int rc;

    if ((rc = fm_items_open(&it, path, NULL, SIZE_MAX / 4, e)))
        return rc;
    if ((rc = fm_source_peek(&it.src, first, PEEK, &n, e)))
        goto out;
    if (n >= FM_ARCHIVE_MAGIC && memcmp(first, "070707", 6) == 0) {
        if ((rc = fm_items_guard(&it, d->guard, path, e)) == 0)
            rc = add_items(d, &it, e);
    } else if (n == PEEK && first[8] == '{') {
        rc = add_model(d, &it.src, e);
        if (rc == FM_EINPUT && !d->bad_model.code && begins_as_model(path))
            d->bad_model = *e;
    }
out:
    fm_items_close(&it);
    return rc;
}

static int
take(struct fm_depot *d, char *path, struct fm_err *e)
{
    struct fm_err why = {0};
    int rc = add_path(d, path, e);

    if (rc == 0)
        rc = look(d, path, &why);
    if (rc == FM_EINPUT) {
        if (!d->bad.code)
            d->bad = why;
        return 0;
    }
    if (rc && e && !e->code)
        *e = why;
    return rc;
}

/* --- The directory -------------------------------------------------------
 */

static int
visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/*
 * What `path` is, or where a link to a file leads; 0: nothing, such as a link
 * that leads nowhere.  A link to a directory is none: it might lead round.
 */
static int
what_is(mode_t *mode, const char *path, struct fm_err *e)
{
    struct stat st;
    bool link;

    *mode = 0;
    if (lstat(path, &st) == 0) {
        link = S_ISLNK(st.st_mode);
        if (!link || stat(path, &st) == 0) {
            *mode = link && S_ISDIR(st.st_mode) ? 0 : st.st_mode;
            return 0;
        }
    }
    return errno == ENOENT || errno == ELOOP ? 0 : fm_err_errno(e, errno, path);
}

static int
walk(struct fm_depot *d, const char *dir, int depth, struct fm_err *e)
{
    struct dirent **list;
    int n = scandir(dir, &list, visible, alphasort), rc = 0;

    if (n < 0)
        return fm_err_errno(e, errno, dir);
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        mode_t mode = 0;

        if (rc == 0 && asprintf(&path, "%s/%s", dir, list[i]->d_name) < 0) {
            path = NULL;
            rc = fm_err_nomem(e);
        }
        free(list[i]);
        if (rc)
            continue;
        rc = what_is(&mode, path, e);
        if (rc == 0 && S_ISDIR(mode)) {
            if (depth < DEPTH_MAX)
                rc = walk(d, path, depth + 1, e);
            free(path);
        } else if (S_ISREG(mode)) {
            rc = take(d, path, e);
        } else {
            free(path);
        }
    }
    free(list);
    return rc;
}

static int
by_id(const void *a, const void *b)
{
    const struct fm_depot_bundle *x = a, *y = b;
    int c = fm_id_cmp(&x->id, &y->id);

    return c ? c : x->file < y->file ? -1 : x->file > y->file;
}

int
fm_depot_open(struct fm_depot *d, const char *dir, const struct fm_guard *guard,
              struct fm_err *e)
{
    int rc;

    *d = (struct fm_depot){.guard = guard};
    rc = walk(d, dir, 0, e);
    if (rc == 0 && d->nbundles)
        qsort(d->bundle, d->nbundles, sizeof *d->bundle, by_id);
    return rc;
}

void
fm_depot_close(struct fm_depot *d)
{
    for (size_t i = 0; i < d->npaths; i++)
        free(d->path[i]);
    free(d->path);
    free(d->bundle);
    free(d->model);
    *d = (struct fm_depot){0};
}

const struct fm_depot_bundle *
fm_depot_bundle(const struct fm_depot *d, const struct fm_id *id)
{
    size_t low = 0, high = d->nbundles;

    /* The first of equals, so that one file serves. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (fm_id_cmp(&d->bundle[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < d->nbundles && fm_id_cmp(&d->bundle[low].id, id) == 0
               ? &d->bundle[low]
               : NULL;
}

const struct fm_depot_model *
fm_depot_model(const struct fm_depot *d, const struct fm_id *id)
{
    for (size_t i = 0; i < d->nmodels; i++)
        if (fm_id_cmp(&d->model[i].is.id, id) == 0)
            return &d->model[i];
    return NULL;
}
