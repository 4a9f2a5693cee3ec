#include "data/dataset.h"

#include "base/archive.h"
#include "data/idx.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

#define LIMIT ((size_t)1 << FM_IDX_LIMIT_LOG2)

/* Map the file at `path` if it is IDX as it stands.  Anything compressed begins
 * with other bytes. */
static bool
map(struct fm_map *m, const char *path)
{
    if (!fm_file_map(m, path, LIMIT))
        return false;
    if (m->len >= 2 && m->data[0] == 0 && m->data[1] == 0)
        return true;
    fm_file_unmap(m);
    return false;
}

static int
take(struct fm_map *m, struct fm_buf *file, struct fm_idx *x, const char *path,
     size_t min, size_t max, struct fm_err *e)
{
    int rc;

    if (map(m, path)) {
        rc = fm_idx_parse(x, m->data, m->len, min, max, e);
    } else {
        if ((rc = fm_archive_slurp(file, path, LIMIT, e)))
            return rc;
        rc = fm_idx_parse(x, file->data, file->len, min, max, e);
    }
    if (rc)
        fm_err_where(e, fm_file_name(path));
    return rc;
}

static int
read_images(struct fm_dataset *d, const char *path, struct fm_err *e)
{
    struct fm_idx x = {0};
    int rc = take(&d->xmap, &d->xfile, &x, path, 2, 4, e);

    if (rc)
        return rc;
    d->n = x.dim[0];
    d->c = d->h = d->w = 1;
    if (x.ndim == 2) {
        d->c = x.dim[1];
    } else {
        d->c = x.ndim == 4 ? x.dim[1] : 1;
        d->h = x.dim[x.ndim - 2];
        d->w = x.dim[x.ndim - 1];
    }
    d->x = x.data;
    return 0;
}

static int
read_labels(struct fm_dataset *d, const char *images, const char *path,
            struct fm_err *e)
{
    struct fm_idx y = {0};
    int rc = take(&d->ymap, &d->yfile, &y, path, 1, 1, e);

    if (rc)
        return rc;
    if (images && y.count != d->n)
        return fm_err_set(e, FM_EINPUT, "%s: %zu labels for %zu images in %s",
                          fm_file_name(path), y.count, d->n,
                          fm_file_name(images));
    d->n = y.count;
    d->y = y.data;
    return 0;
}

int
fm_dataset_read(struct fm_dataset *d, const char *images, const char *labels,
                struct fm_err *e)
{
    int rc;

    assert(images || labels);
    *d = (struct fm_dataset){0};
    if (images && labels && strcmp(images, "-") == 0 &&
        strcmp(labels, "-") == 0)
        return fm_err_set(e, FM_EINPUT,
                          "<stdin>: cannot be both images and labels");
    if (images && (rc = read_images(d, images, e)))
        return rc;
    if (labels && (rc = read_labels(d, images, labels, e)))
        return rc;
    return 0;
}

void
fm_dataset_free(struct fm_dataset *d)
{
    fm_buf_free(&d->xfile);
    fm_buf_free(&d->yfile);
    fm_file_unmap(&d->xmap);
    fm_file_unmap(&d->ymap);
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
    if (d->x && !fits)
        return fm_err_set(e, FM_EINPUT,
                          "%s: image %s does not fit the model's input %s",
                          fm_file_name(images),
                          shape_text(have, sizeof have, d->c, d->h, d->w),
                          shape_text(want, sizeof want, c, h, w));
    for (size_t i = 0; d->y && i < d->n; i++)
        if (d->y[i] >= classes)
            return fm_err_set(e, FM_EINPUT,
                              "%s: label %u of sample %zu is not below %zu "
                              "classes",
                              fm_file_name(labels), d->y[i], i, classes);
    return 0;
}

void
fm_dataset_batch(const struct fm_dataset *d, const uint32_t *row, size_t n,
                 const float *mean, size_t nmean, const float *std, size_t nstd,
                 float *x, uint8_t *y)
{
    size_t values = d->c * d->h * d->w;
    /* One plane is what one mean and one std serve. */
    size_t planes = nmean > nstd ? nmean : nstd, plane;

    assert(planes && values % planes == 0);
    plane = values / planes;
    assert((nmean == 1 || nmean == planes) && (nstd == 1 || nstd == planes));
    for (size_t i = 0; i < n; i++) {
        const uint8_t *in = d->x + row[i] * values;

        assert(row[i] < d->n);
        for (size_t p = 0; p < planes; p++) {
            float m = mean[nmean == 1 ? 0 : p], s = std[nstd == 1 ? 0 : p];

            for (size_t j = 0; j < plane; j++)
                *x++ = ((float)*in++ / 255.0f - m) / s;
        }
        if (y)
            y[i] = d->y[row[i]];
    }
}
