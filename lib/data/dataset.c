#include "data/dataset.h"

#include "base/extract.h"
#include "base/mem.h"
#include "data/datafile.h"
#include "data/idx.h"
#include "data/leaf.h"
#include "data/npy.h"
#include "data/numbers.h"
#include "data/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT ((size_t)1 << FM_IDX_LIMIT_LOG2)

/* Map the file at `path` if it is IDX or NPY as it stands.  Anything compressed
 * begins with other bytes. */
static bool
map(struct fm_map *m, const char *path)
{
    if (!fm_file_map(m, path, LIMIT))
        return false;
    if ((m->len >= 2 && m->data[0] == 0 && m->data[1] == 0) ||
        fm_npy_is(m->data, m->len))
        return true;
    fm_file_unmap(m);
    return false;
}

/* What --images and --labels do not read, but --data does. */
static int
check_format(const uint8_t *p, size_t n, struct fm_err *e)
{
    const char *kind;

    if (fm_extract_is_zip(p, n))
        return fm_err_set(e, FM_EINPUT, "a zip archive; --data reads NPZ");
    if ((kind = fm_datafile_kind(p, n)) && strcmp(kind, FM_DATAFILE_IDX) != 0)
        return fm_err_set(e, FM_EINPUT, "%s; --data reads it", kind);
    return fm_datafile_is_text(p, n)
               ? fm_err_set(e, FM_EINPUT,
                            "a text, and not IDX or NPY; --data reads tables")
               : 0;
}

/* The bytes of the file, mapped or in `file`. */
static int
take(struct fm_map *m, struct fm_buf *file, const uint8_t **p, size_t *n,
     const char *path, struct fm_err *e)
{
    int rc;

    if (map(m, path)) {
        *p = m->data;
        *n = m->len;
        return 0;
    }
    if ((rc = fm_extract_file(file, path, LIMIT, e)))
        return rc;
    *p = file->data;
    *n = file->len;
    return 0;
}

void
fm_dataset_shape(struct fm_dataset *d, const size_t *dim, size_t ndim)
{
    assert(ndim >= 2 && ndim <= 4);
    d->n = dim[0];
    d->c = ndim == 3 ? 1 : dim[1];
    d->h = ndim == 2 ? 1 : dim[ndim - 2];
    d->w = ndim == 2 ? 1 : dim[ndim - 1];
}

static int
read_images(struct fm_dataset *d, const struct fm_dataset_from *from,
            struct fm_err *e)
{
    const char *path = from->images;
    struct fm_array a;
    struct fm_idx x;
    const uint8_t *p;
    size_t n;
    int rc = take(&d->xmap, &d->xfile, &p, &n, path, e);

    if (rc)
        return rc;
    if (fm_npy_is(p, n)) {
        if (!(rc = fm_npy_parse(&a, p, n, e)))
            rc = fm_array_samples(d, &a, from->mean, e);
    } else if (!(rc = check_format(p, n, e)) &&
               !(rc = fm_idx_parse(&x, p, n, 2, 4, e))) {
        fm_dataset_shape(d, x.dim, x.ndim);
        d->x = x.data;
    }
    if (rc)
        fm_err_where(e, fm_file_name(path));
    return rc;
}

/* Beside samples, if there are any.  They are copied, since they are checked
 * once and then index what is counted: a mapped file might change between. */
static int
read_labels(struct fm_dataset *d, const struct fm_dataset_from *from,
            struct fm_err *e)
{
    struct fm_map mapped = {0};
    struct fm_buf file = {0};
    struct fm_array a;
    struct fm_idx y;
    const uint8_t *p;
    size_t n;
    int rc = take(&mapped, &file, &p, &n, from->labels, e);

    if (rc) {
        fm_buf_free(&file);
        return rc;
    }
    if (fm_npy_is(p, n)) {
        if (!(rc = fm_npy_parse(&a, p, n, e)))
            rc = fm_array_labels(d, &n, &a, from->kind, e);
    } else if (!(rc = check_format(p, n, e)) &&
               !(rc = fm_idx_parse(&y, p, n, 1, 1, e))) {
        n = y.count;
        rc = fm_buf_add(&d->yfile, y.data, n, e);
        d->y = d->yfile.data;
    }
    fm_file_unmap(&mapped);
    fm_buf_free(&file);
    if (rc) {
        fm_err_where(e, fm_file_name(from->labels));
        return rc;
    }
    if ((from->images || from->data) && n != d->n)
        return fm_err_set(e, FM_EINPUT, "%s: %zu labels for %zu %s in %s",
                          fm_file_name(from->labels), n, d->n,
                          from->images ? "images" : "samples",
                          fm_file_name(fm_dataset_samples_name(from)));
    d->n = n;
    return 0;
}

/* Windows of a text that stands encoded in `file`. */
static int
cut_windows(struct fm_dataset *d, const struct fm_dataset_from *from,
            struct fm_err *e)
{
    size_t length = d->xfile.len, window = from->window, step = from->step;

    if (length <= window)
        return fm_err_set(e, FM_EINPUT,
                          "%zu characters, but a sample takes %zu and the one "
                          "that follows",
                          length, window);
    d->n = (length - window - 1) / step + 1;
    d->c = window;
    d->h = d->w = 1;
    d->step = step;
    d->x = d->xfile.data;
    if (fm_buf_reserve(&d->yfile, d->n, e))
        return FM_ESYS;
    for (size_t i = 0; i < d->n; i++)
        d->yfile.data[i] = d->x[i * step + window];
    d->yfile.len = d->n;
    d->y = d->yfile.data;
    return 0;
}

static int
read_text(struct fm_dataset *d, const struct fm_dataset_from *from,
          struct fm_err *e)
{
    int rc = fm_extract_file(&d->xfile, from->text, LIMIT, e);

    if (rc)
        return rc;
    if (d->xfile.len)
        rc = fm_text_parse((char *)d->xfile.data, &d->xfile.len, e);
    if (!rc)
        rc = cut_windows(d, from, e);
    if (rc)
        fm_err_where(e, fm_file_name(from->text));
    return rc;
}

static int
read_leaf(struct fm_dataset *d, const struct fm_dataset_from *from,
          struct fm_err *e)
{
    struct fm_buf file = {0};
    struct fm_leaf l = {0};
    int rc =
        fm_extract_file(&file, from->leaf, (size_t)1 << FM_LEAF_LIMIT_LOG2, e);

    if (rc)
        goto out;
    if ((rc = fm_leaf_parse(&l, file.data, file.len, from->window, e))) {
        fm_err_where(e, fm_file_name(from->leaf));
        goto out;
    }
    d->n = l.n;
    d->c = l.window;
    d->h = d->w = 1;
    d->users = l.users;
    d->user = l.user;
    d->xfile = l.x;
    d->yfile = l.y;
    d->names = l.names;
    d->x = d->xfile.data;
    d->y = d->yfile.data;
    l = (struct fm_leaf){0};
out:
    fm_leaf_free(&l);
    fm_buf_free(&file);
    return rc;
}

/* Whatever it is, but for what other than tables have for labels. */
static int
open_any(struct fm_dataset *d, const struct fm_dataset_from *from,
         struct fm_err *e)
{
    const char *name = fm_dataset_samples_name(from);
    int rc;

    *d = (struct fm_dataset){.text = from->text || from->leaf};
    if (from->labels && (from->images || from->data) &&
        strcmp(name, "-") == 0 && strcmp(from->labels, "-") == 0)
        return fm_err_set(e, FM_EINPUT,
                          "<stdin>: cannot be both samples and labels");
    assert(!from->text || (from->window && from->step));
    rc = from->text     ? read_text(d, from, e)
         : from->leaf   ? read_leaf(d, from, e)
         : from->data   ? fm_datafile_read(d, from, e)
         : from->images ? read_images(d, from, e)
                        : 0;
    if (!rc && from->labels)
        rc = read_labels(d, from, e);
    if (!rc && !d->y && !d->t && !from->unlabelled)
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: no labels in it; name their file by --labels",
                        fm_file_name(name));
    if (!rc && d->n > UINT32_MAX)
        rc = fm_err_set(e, FM_EINPUT, "%s: more than 2^32 samples",
                        fm_file_name(name));
    return rc;
}

int
fm_dataset_open(struct fm_dataset *d, const struct fm_dataset_from *from,
                struct fm_err *e)
{
    int rc = open_any(d, from, e);

    if (!rc && from->kind == FM_LABELS_NUMBERS)
        rc = fm_numbers_from_labels(d, e);
    return rc;
}

void
fm_dataset_free(struct fm_dataset *d)
{
    free(d->user);
    fm_buf_free(&d->names);
    fm_buf_free(&d->xfile);
    fm_buf_free(&d->yfile);
    fm_file_unmap(&d->xmap);
    *d = (struct fm_dataset){0};
}

/* A shape as people write it: 1x28x28, or 784 for a vector. */
static const char *
shape_text(char *out, size_t size, size_t c, size_t h, size_t w)
{
    if (h == 1 && w == 1)
        snprintf(out, size, "%zu", c);
    else
        snprintf(out, size, "%zux%zux%zu", c, h, w);
    return out;
}

int
fm_dataset_check(const struct fm_dataset *d, const char *images,
                 const char *labels, size_t c, size_t h, size_t w,
                 size_t classes, struct fm_err *e)
{
    char have[64], want[64];
    bool fits = d->c == c && d->h == h && d->w == w;

    /* The dimensions' product is the file's size, so this does not wrap. */
    if (h == 1 && w == 1)
        fits = d->c * d->h * d->w == c;
    if (d->f && d->h == 1 && d->w == 1 && !fits)
        return fm_err_set(
            e, FM_EINPUT, "%s: %zu features do not fit the model's input %s",
            fm_file_name(images), d->c, shape_text(want, sizeof want, c, h, w));
    if ((d->f || d->x) && !fits)
        return fm_err_set(e, FM_EINPUT,
                          "%s: image %s does not fit the model's input %s%s",
                          fm_file_name(images),
                          shape_text(have, sizeof have, d->c, d->h, d->w),
                          shape_text(want, sizeof want, c, h, w),
                          (d->c == h && d->h == w && d->w == c) ||
                                  (d->c == w && d->h == c && d->w == h)
                              ? "; channels come first"
                              : "");
    for (size_t i = 0; d->y && i < d->n; i++)
        if (d->y[i] >= classes)
            return fm_err_set(e, FM_EINPUT,
                              "%s: label %u of sample %zu is not below %zu "
                              "classes%s",
                              fm_file_name(labels), d->y[i], i, classes,
                              classes == 1 ? "; one output learns 0 and 1 by "
                                             "loss bce, numbers by loss mse"
                              : d->y[i] == classes ? "; they count from 0"
                                                   : "");
    return 0;
}

int
fm_dataset_check_tokens(const struct fm_dataset *d, const char *name,
                        size_t vocabulary, struct fm_err *e)
{
    size_t values = d->c * d->h * d->w;

    if (vocabulary == 0 && d->text)
        return fm_err_set(e, FM_EINPUT,
                          "%s: characters are for a network that begins with "
                          "an embedding",
                          fm_file_name(name));
    if (vocabulary && d->f)
        return fm_err_set(e, FM_EINPUT,
                          "%s: the model reads tokens, not features",
                          fm_file_name(name));
    if (vocabulary == 0 || vocabulary > (d->text ? FM_TEXT_OTHER : UINT8_MAX))
        return 0;
    for (size_t i = 0; i < d->n; i++)
        for (size_t j = 0; j < values; j++)
            if (fm_dataset_row(d, i)[j] >= vocabulary)
                return fm_err_set(e, FM_EINPUT,
                                  "%s: value %u of sample %zu is not below the "
                                  "model's %zu tokens",
                                  fm_file_name(name), fm_dataset_row(d, i)[j],
                                  i, vocabulary);
    return 0;
}

/* A batch of tokens. */
static void
batch_as_is(const struct fm_dataset *d, const uint32_t *row, size_t n, float *x,
            uint8_t *y)
{
    size_t values = d->c * d->h * d->w;

    for (size_t i = 0; i < n; i++) {
        const uint8_t *in = fm_dataset_row(d, row[i]);

        assert(row[i] < d->n);
        for (size_t j = 0; j < values; j++)
            *x++ = (float)in[j];
        if (y)
            y[i] = d->y[row[i]];
    }
}

void
fm_dataset_batch(const struct fm_dataset *d, const uint32_t *row, size_t n,
                 const float *mean, size_t nmean, const float *std, size_t nstd,
                 float *x, uint8_t *y)
{
    size_t values = d->c * d->h * d->w;
    /* One plane is what one mean and one std serve. */
    size_t planes = nmean > nstd ? nmean : nstd, plane;

    if (nmean == 0) {
        batch_as_is(d, row, n, x, y);
        return;
    }
    assert(planes && values % planes == 0);
    plane = values / planes;
    assert((nmean == 1 || nmean == planes) && (nstd == 1 || nstd == planes));
    for (size_t i = 0; i < n; i++) {
        const uint8_t *in = NULL;
        const float *f = NULL;

        assert(row[i] < d->n);
        if (d->f)
            f = d->f + row[i] * values;
        else
            in = fm_dataset_row(d, row[i]);
        for (size_t p = 0; p < planes; p++) {
            float m = mean[nmean == 1 ? 0 : p], s = std[nstd == 1 ? 0 : p];

            for (size_t j = 0; f && j < plane; j++)
                *x++ = (*f++ - m) / s;
            for (size_t j = 0; in && j < plane; j++)
                *x++ = ((float)*in++ / 255.0f - m) / s;
        }
        if (y)
            y[i] = d->y[row[i]];
    }
}
