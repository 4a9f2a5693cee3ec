#include "data/array.h"

#include "base/mem.h"
#include "data/fill.h"

int
fm_array_count(struct fm_array *a, size_t bytes, struct fm_err *e)
{
    size_t need;

    a->count = 1;
    for (size_t i = 0; i < a->ndim; i++) {
        if (a->dim[i] == 0)
            return fm_err_set(e, FM_EINPUT, "dimension %zu is 0", i + 1);
        if (!fm_mul_ok(a->count, a->dim[i], &a->count))
            return fm_err_set(e, FM_EINPUT, "its dimensions are too large");
    }
    if (!fm_mul_ok(a->count, a->size, &need) || need != bytes)
        return fm_err_set(e, FM_EINPUT,
                          "its shape takes %zu values of %zu bytes, but there "
                          "are %zu bytes",
                          a->count, a->size, bytes);
    return 0;
}

/* The bits of a value, the lowest first. */
static uint64_t
bits(const struct fm_array *a, size_t i)
{
    const uint8_t *p = a->data + i * a->size;
    uint64_t v = 0;

    for (size_t k = 0; k < a->size; k++)
        v = v << 8 | p[a->big ? k : a->size - 1 - k];
    return v;
}

static double
real(const struct fm_array *a, size_t i)
{
    uint64_t v = bits(a, i);
    uint32_t half = (uint32_t)v;
    double d;
    float f;

    if (a->size == 4) {
        memcpy(&f, &half, sizeof f);
        return (double)f;
    }
    memcpy(&d, &v, sizeof d);
    return d;
}

/* --- Samples ------------------------------------------------------------ */

/* Can the floats stay where they are? */
static bool
as_they_are(const struct fm_array *a)
{
    const bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

    if (a->size != sizeof(float) || a->big != big ||
        (uintptr_t)a->data % sizeof(float) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        uint32_t v;

        memcpy(&v, a->data + i * sizeof v, sizeof v);
        if ((v & 0x7f800000) == 0x7f800000)
            return false;
    }
    return true;
}

static int
copy(float *x, const struct fm_array *a, size_t width, bool mean,
     struct fm_err *e)
{
    for (size_t i = 0; i < a->count; i++) {
        double v = real(a, i);

        x[i] = (float)v;
        if (v != v && !mean)
            return fm_err_set(e, FM_EINPUT,
                              "value %zu of sample %zu is missing (NaN); "
                              "`--missing mean` fills in",
                              i % width, i / width);
        if (v == v && x[i] - x[i] != 0)
            return fm_err_set(e, FM_EINPUT,
                              "value %zu of sample %zu is %g, which a float "
                              "cannot hold",
                              i % width, i / width, v);
    }
    return 0;
}

static int
features(struct fm_dataset *d, const struct fm_array *a, bool mean,
         struct fm_err *e)
{
    const size_t width = a->count / d->n;
    struct fm_buf file = {0};
    size_t bytes, empty;
    int rc;

    /* Arrays do not name their features. */
    d->names.len = 0;
    if (fm_buf_reserve(&d->names, d->c, e))
        return FM_ESYS;
    memset(d->names.data, 0, d->c);
    d->names.len = d->c;
    d->f = (const float *)(const void *)a->data;
    if (as_they_are(a))
        return 0;
    if (!fm_mul_ok(a->count, sizeof(float), &bytes))
        return fm_err_nomem(e);
    if (fm_buf_reserve(&file, bytes, e))
        return FM_ESYS;
    file.len = bytes;
    rc = copy((float *)(void *)file.data, a, width, mean, e);
    if (!rc && mean &&
        !fm_fill_means((float *)(void *)file.data, d->n, width, &empty))
        rc = fm_err_set(e, FM_EINPUT,
                        "value %zu is missing in all samples: there is nothing "
                        "to take the mean of",
                        empty);
    if (rc) {
        fm_buf_free(&file);
        return rc;
    }
    fm_buf_free(&d->xfile);
    d->xfile = file;
    d->f = (const float *)(const void *)d->xfile.data;
    return 0;
}

int
fm_array_samples(struct fm_dataset *d, const struct fm_array *a, bool mean,
                 struct fm_err *e)
{
    if (a->ndim < 2 || a->ndim > 4)
        return fm_err_set(e, FM_EINPUT,
                          "%zu dimensions, not 2 to 4 (are samples and labels "
                          "mixed up?)",
                          a->ndim);
    fm_dataset_shape(d, a->dim, a->ndim);
    if (a->kind == FM_ARRAY_FLOAT)
        return features(d, a, mean, e);
    if (a->kind != FM_ARRAY_UNSIGNED || a->size != 1)
        return fm_err_set(e, FM_EINPUT,
                          "samples of type %s; save pixels as uint8, features "
                          "as float32",
                          a->type);
    d->x = a->data;
    return 0;
}

/* --- Labels -------------------------------------------------------------- */

/* Of sizes below 8 bytes the sign stands where a value's own bits end. */
static int64_t
integer(const struct fm_array *a, size_t i)
{
    const unsigned above = 64 - 8 * (unsigned)a->size;

    return (int64_t)(bits(a, i) << above) >> above;
}

/* What a regression learns: all that is behind the first dimension. */
static int
numbers(struct fm_dataset *d, size_t *n, const struct fm_array *a,
        struct fm_err *e)
{
    struct fm_buf file = {0};
    size_t bytes;
    float *t;

    if (!fm_mul_ok(a->count, sizeof *t, &bytes))
        return fm_err_nomem(e);
    if (fm_buf_reserve(&file, bytes, e))
        return FM_ESYS;
    t = (float *)(void *)file.data;
    for (size_t i = 0; i < a->count; i++)
        t[i] = a->kind == FM_ARRAY_FLOAT    ? (float)real(a, i)
               : a->kind == FM_ARRAY_SIGNED ? (float)integer(a, i)
                                            : (float)bits(a, i);
    file.len = bytes;
    *n = a->dim[0];
    fm_buf_free(&d->yfile);
    d->yfile = file;
    d->t = t;
    d->numbers = a->count / a->dim[0];
    return 0;
}

static int
not_label(const struct fm_array *a, size_t i, struct fm_err *e)
{
    if (a->kind == FM_ARRAY_SIGNED)
        return fm_err_set(e, FM_EINPUT,
                          "label %lld of sample %zu is not 0 to 255",
                          (long long)integer(a, i), i);
    return fm_err_set(e, FM_EINPUT, "label %llu of sample %zu is not 0 to 255",
                      (unsigned long long)bits(a, i), i);
}

/* Which is the first value that is no label?  a->count: all are. */
static size_t
first_other(const struct fm_array *a)
{
    size_t i = 0;

    while (i < a->count && bits(a, i) <= UINT8_MAX &&
           (a->kind != FM_ARRAY_SIGNED || integer(a, i) >= 0))
        i++;
    return i;
}

int
fm_array_labels(struct fm_dataset *d, size_t *n, const struct fm_array *a,
                enum fm_labels kind, struct fm_err *e)
{
    struct fm_buf file = {0};
    size_t other = 0;

    if (a->kind == FM_ARRAY_OTHER)
        return fm_err_set(e, FM_EINPUT,
                          "labels of type %s; save classes as uint8, numbers "
                          "as float32",
                          a->type);
    if (a->kind == FM_ARRAY_FLOAT && kind == FM_LABELS_CLASSES)
        return fm_err_set(e, FM_EINPUT,
                          "labels of type %s; save classes as uint8, or learn "
                          "numbers by a model of loss mse",
                          a->type);
    if (kind == FM_LABELS_EITHER)
        kind = a->kind == FM_ARRAY_FLOAT || first_other(a) < a->count
                   ? FM_LABELS_NUMBERS
                   : FM_LABELS_CLASSES;
    if (kind == FM_LABELS_NUMBERS && a->ndim >= 1)
        return numbers(d, n, a, e);
    if (a->ndim < 1 || a->dim[0] != a->count)
        return fm_err_set(e, FM_EINPUT,
                          "%zu values in %zu dimensions, not one label a "
                          "sample (are samples and labels mixed up?)",
                          a->count, a->ndim);
    if ((other = first_other(a)) < a->count)
        return not_label(a, other, e);
    if (fm_buf_reserve(&file, a->count, e))
        return FM_ESYS;
    for (size_t i = 0; i < a->count; i++)
        file.data[i] = (uint8_t)bits(a, i);
    file.len = a->count;
    fm_buf_free(&d->yfile);
    d->yfile = file;
    d->y = d->yfile.data;
    *n = a->count;
    return 0;
}
