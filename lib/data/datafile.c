#include "data/datafile.h"

#include "base/extract.h"
#include "data/cifar.h"
#include "data/fields.h"
#include "data/npy.h"
#include "data/table.h"
#include "tensor/safetensors.h"

#include <assert.h>
#include <stdio.h>

#define LIMIT ((size_t)1 << FM_IDX_LIMIT_LOG2)

enum { ONEHOT_MAX = 16 << 20, NAME = 80, SHOWN = 40 };

/* Something else takes the place of the file's bytes. */
static void
replace(struct fm_dataset *d, struct fm_buf *by)
{
    fm_file_unmap(&d->xmap);
    fm_buf_free(&d->xfile);
    d->xfile = *by;
    *by = (struct fm_buf){0};
}

/* --- Arrays ------------------------------------------------------------- */

/* Labels first: samples may be made where their bytes are. */
static int
take_arrays(struct fm_dataset *d, const struct fm_array *x,
            const struct fm_array *y, const struct fm_dataset_from *from,
            struct fm_err *e)
{
    size_t labels = 0;
    int rc;

    if (y && (rc = fm_array_labels(d, &labels, y, from->kind, e))) {
        fm_err_where(e, "y");
        return rc;
    }
    if ((rc = fm_array_samples(d, x, from->mean, e))) {
        fm_err_where(e, "x");
        return rc;
    }
    if (y && labels != d->n)
        return fm_err_set(e, FM_EINPUT, "%zu labels for %zu samples", labels,
                          d->n);
    return 0;
}

static int
read_npy(struct fm_dataset *d, const uint8_t *p, size_t n,
         const struct fm_dataset_from *from, struct fm_err *e)
{
    struct fm_array x;
    int rc = fm_npy_parse(&x, p, n, e);

    return rc ? rc : fm_array_samples(d, &x, from->mean, e);
}

/* The name of an array: x, or x_PART, and what follows it. */
static const char *
array_name(char out[NAME], char name, const struct fm_dataset_from *from,
           const char *after)
{
    snprintf(out, NAME, "%c%s%.*s%s", name, from->part ? "_" : "", SHOWN,
             from->part ? from->part : "", after);
    return out;
}

/* Is there what must be there?  Labels need not, where none are wanted. */
static int
check_found(bool x, bool y, const struct fm_dataset_from *from,
            struct fm_err *e)
{
    char name[NAME];

    if (x && (y || from->unlabelled))
        return 0;
    array_name(name, x ? 'y' : 'x', from, "");
    return fm_err_set(e, FM_EINPUT, "no array %s in it%s", name,
                      from->part ? ""
                                 : "; of x_train and y_train, say --part "
                                   "train");
}

/* One member of an NPZ file; its bytes are kept in `is`. */
static int
npz_array(struct fm_array *a, bool *found, struct fm_buf *is, const uint8_t *p,
          size_t n, const char *name, struct fm_err *e)
{
    int rc = fm_extract_member(is, p, n, name, LIMIT, found, e);

    if (!rc && *found && (rc = fm_npy_parse(a, is->data, is->len, e)))
        fm_err_where(e, name);
    return rc;
}

static int
read_npz(struct fm_dataset *d, const uint8_t *p, size_t n,
         const struct fm_dataset_from *from, struct fm_err *e)
{
    struct fm_buf xbytes = {0}, ybytes = {0};
    struct fm_array x, y;
    bool is_x, is_y;
    char name[NAME];
    int rc;

    array_name(name, 'x', from, ".npy");
    if ((rc = npz_array(&x, &is_x, &xbytes, p, n, name, e)))
        goto out;
    array_name(name, 'y', from, ".npy");
    if ((rc = npz_array(&y, &is_y, &ybytes, p, n, name, e)) ||
        (rc = check_found(is_x, is_y, from, e)))
        goto out;
    replace(d, &xbytes);
    rc = take_arrays(d, &x, is_y ? &y : NULL, from, e);
out:
    fm_buf_free(&xbytes);
    fm_buf_free(&ybytes);
    return rc;
}

static bool
is_safetensors(const uint8_t *p, size_t n)
{
    return n >= 10 && fm_get64(p) >> 24 == 0 && p[8] == '{' &&
           memchr("\"} ", p[9], 3);
}

static int
tensor_array(struct fm_array *a, bool *found, const struct fm_st *st,
             const char *name, struct fm_err *e)
{
    static const enum fm_array_kind kind[FM_DTYPES] = {
        [FM_F32] = FM_ARRAY_FLOAT,    [FM_I32] = FM_ARRAY_SIGNED,
        [FM_U16] = FM_ARRAY_UNSIGNED, [FM_U8] = FM_ARRAY_UNSIGNED,
        [FM_F16] = FM_ARRAY_OTHER,    [FM_BF16] = FM_ARRAY_OTHER,
        [FM_I64] = FM_ARRAY_SIGNED,   [FM_BOOL] = FM_ARRAY_BOOL,
        [FM_F64] = FM_ARRAY_FLOAT,    [FM_I16] = FM_ARRAY_SIGNED,
        [FM_I8] = FM_ARRAY_SIGNED,    [FM_U64] = FM_ARRAY_UNSIGNED,
        [FM_U32] = FM_ARRAY_UNSIGNED};
    const struct fm_st_tensor *t = st->tensor, *end = t + st->ntensors;
    int rc;

    _Static_assert(sizeof a->dim == sizeof t->dim, "dimensions");
    while (t < end && strcmp(t->name, name) != 0)
        t++;
    *found = t < end;
    if (!*found)
        return 0;
    *a = (struct fm_array){.kind = kind[t->dtype],
                           .size = fm_dtype_size(t->dtype),
                           .ndim = t->ndim,
                           .data = t->data};
    snprintf(a->type, sizeof a->type, "%s", fm_dtype_name(t->dtype));
    memcpy(a->dim, t->dim, sizeof a->dim);
    if ((rc = fm_array_count(a, a->size * t->count, e)))
        fm_err_where(e, name);
    return rc;
}

static int
read_safetensors(struct fm_dataset *d, const uint8_t *p, size_t n,
                 const struct fm_dataset_from *from, struct fm_err *e)
{
    struct fm_array x, y;
    struct fm_st st;
    bool is_x, is_y;
    char name[NAME];
    int rc = fm_st_parse(&st, p, n, e);

    if (rc)
        goto out;
    array_name(name, 'x', from, "");
    if ((rc = tensor_array(&x, &is_x, &st, name, e)))
        goto out;
    array_name(name, 'y', from, "");
    if ((rc = tensor_array(&y, &is_y, &st, name, e)) ||
        (rc = check_found(is_x, is_y, from, e)))
        goto out;
    rc = take_arrays(d, &x, is_y ? &y : NULL, from, e);
out:
    fm_st_free(&st);
    return rc;
}

/* --- CIFAR -------------------------------------------------------------- */

static int
read_cifar(struct fm_dataset *d, const uint8_t *p, size_t n,
           const struct fm_dataset_from *from, struct fm_err *e)
{
    return fm_cifar_take(d, p, n, from->label, e);
}

/* The files of one part, which an archive has in any order. */
static int
read_cifar_tar(struct fm_dataset *d, const uint8_t *p, size_t n,
               const struct fm_dataset_from *from, struct fm_err *e)
{
    static const char *const train[] = {"data_batch_1.bin",
                                        "data_batch_2.bin",
                                        "data_batch_3.bin",
                                        "data_batch_4.bin",
                                        "data_batch_5.bin",
                                        "train.bin",
                                        NULL};
    static const char *const test[] = {"test_batch.bin", "test.bin", NULL};
    const char *const *files = test;
    struct fm_buf records = {0};
    const char *lacks = NULL; /* the first of CIFAR-10's that is not there */
    bool found, some = false;
    int rc = 0;

    if (!from->part)
        return fm_err_set(e, FM_EINPUT,
                          "an archive, of CIFAR: say --part train or --part "
                          "test");
    if (strcmp(from->part, "train") == 0)
        files = train;
    else if (strcmp(from->part, "test") != 0)
        return fm_err_set(e, FM_EINPUT,
                          "CIFAR has the parts train and test, not '%.*s'",
                          SHOWN, from->part);
    for (size_t i = 0; files[i] && !rc; i++) {
        const bool batch = strncmp(files[i], "data_batch", 10) == 0;

        rc = fm_extract_member(&records, p, n, files[i], LIMIT, &found, e);
        some |= batch && found;
        if (batch && !found && !lacks)
            lacks = files[i];
    }
    /* The rows would have other numbers, or be fewer, and nobody noticed. */
    if (!rc && some && lacks)
        rc = fm_err_set(e, FM_EINPUT,
                        "an archive without %s, though it has others of "
                        "CIFAR-10",
                        lacks);
    if (!rc && records.len == 0)
        rc = fm_err_set(e, FM_EINPUT,
                        "an archive without %s or %s, as CIFAR's binary "
                        "version has them",
                        files == train ? "data_batch_1.bin" : "test_batch.bin",
                        files == train ? "train.bin" : "test.bin");
    if (!rc) {
        replace(d, &records);
        rc = fm_cifar_take(d, d->xfile.data, d->xfile.len, from->label, e);
    }
    fm_buf_free(&records);
    return rc;
}

/* --- Tables ------------------------------------------------------------- */

/* The categories of a table; the text stays behind them. */
static int
read_onehot(struct fm_onehot **h, struct fm_buf *text, const char *path,
            struct fm_err *e)
{
    int rc;

    if (!path)
        return 0;
    if ((rc = fm_file_read(text, path, ONEHOT_MAX, e)) ||
        (rc = fm_buf_add(text, "", 1, e)))
        return rc;
    *h = fm_onehot_parse((char *)text->data, text->len - 1, e);
    if (*h)
        return 0;
    fm_err_where(e, fm_file_name(path));
    return (int)e->code;
}

/* Does it begin as no text does, but as records with a fault do?  What else is
 * wrong with a table is said with its line; but nobody gave the label of what
 * is none, such as a pickle. */
static bool
is_binary(const uint8_t *p, size_t n, const struct fm_dataset_from *from)
{
    if (!from->label && !fm_fields_utf16(p, n) && !fm_datafile_is_text(p, n))
        return true;
    return n && (*p < '\t' || (*p > '\r' && *p < 20));
}

static int
read_table(struct fm_dataset *d, const struct fm_dataset_from *from,
           const struct fm_onehot *onehot, struct fm_err *e)
{
    struct fm_table t = {0};
    int rc;

    assert(!d->xmap.data);
    if (!from->label)
        return fm_err_set(e, FM_EINPUT,
                          "a table; say by --label which column has the "
                          "labels");
    if ((rc = fm_buf_add(&d->xfile, "", 1, e)))
        return rc;
    rc = fm_table_parse(&t, (char *)d->xfile.data, d->xfile.len - 1,
                        from->label, from->kind, onehot, from->mean, e);
    if (!rc) {
        d->n = t.n;
        d->c = t.features;
        d->h = d->w = 1;
        replace(d, &t.x);
        d->f = (const float *)(const void *)d->xfile.data;
        d->yfile = t.y;
        d->numbers = t.numbers;
        if (t.numbers)
            d->t = (const float *)(const void *)d->yfile.data;
        else
            d->y = d->yfile.data;
        d->names = t.names;
        t = (struct fm_table){0};
    }
    fm_table_free(&t);
    return rc;
}

/* --- Which it is -------------------------------------------------------- */

/* What goes with a file. */
enum { LABEL = 1, LABELS = 2, CATEGORIES = 4, MISSING = 8, PART = 16 };

struct reader {
    const char *name;
    unsigned takes;
    bool (*is)(const uint8_t *p, size_t n); /* NULL: whatever it is */
    int (*read)(struct fm_dataset *d, const uint8_t *p, size_t n,
                const struct fm_dataset_from *from, struct fm_err *e);
};

static const struct reader readers[] = {
    {"an NPY file", LABELS | MISSING, fm_npy_is, read_npy},
    {"an NPZ file", MISSING | PART, fm_extract_is_zip, read_npz},
    {"a tar archive", LABEL | PART, fm_extract_is_tar, read_cifar_tar},
    {"a file of CIFAR", LABEL, fm_cifar_is, read_cifar},
    {"a safetensors file", MISSING | PART, is_safetensors, read_safetensors},
    {"a table", LABEL | CATEGORIES | MISSING, NULL, NULL},
};

static const struct reader *
find(const uint8_t *p, size_t n)
{
    const struct reader *r = readers;

    while (r->is && !r->is(p, n))
        r++;
    return r;
}

const char *
fm_datafile_kind(const uint8_t *p, size_t n)
{
    const struct reader *r = find(p, n);

    if (n >= 4 && memcmp(p, "\0\0\x08", 3) == 0)
        return FM_DATAFILE_IDX;
    return r->read ? r->name : NULL;
}

bool
fm_datafile_is_text(const uint8_t *p, size_t n)
{
    size_t i = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    n = n < 64 ? n : 64;
    while (i < n && ((p[i] >= '\t' && p[i] <= '\r') || p[i] >= ' '))
        i++;
    return n && i == n;
}

static int
check_options(const struct reader *r, const struct fm_dataset_from *from,
              const struct fm_onehot *onehot, struct fm_err *e)
{
    const struct {
        unsigned option;
        bool given;
        const char *name;
    } all[] = {
        {LABEL, from->label, "label"},      {LABELS, from->labels, "labels"},
        {CATEGORIES, onehot, "categories"}, {MISSING, from->mean, "missing"},
        {PART, from->part, "part"},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given && !(r->takes & all[i].option))
            return fm_err_set(e, FM_EINPUT, "%s; --%s means nothing to it%s",
                              r->name, all[i].name,
                              !r->read && all[i].option == LABELS
                                  ? ": --label says which column has them"
                                  : "");
    if (from->part && strlen(from->part) > SHOWN)
        return fm_err_set(e, FM_EINPUT,
                          "the name of a part has at most %d bytes", SHOWN);
    return 0;
}

int
fm_datafile_take(struct fm_dataset *d, const struct fm_dataset_from *from,
                 const struct fm_onehot *onehot, struct fm_err *e)
{
    const uint8_t *p = d->xmap.data ? d->xmap.data : d->xfile.data;
    const size_t n = d->xmap.data ? d->xmap.len : d->xfile.len;
    const struct reader *r = find(p, n);
    const char *kind = fm_datafile_kind(p, n);
    int rc;

    if (n == 0)
        return fm_err_set(e, FM_EINPUT, "an empty file");
    if (kind && strcmp(kind, FM_DATAFILE_IDX) == 0)
        return fm_err_set(e, FM_EINPUT,
                          FM_DATAFILE_IDX
                          "; name it by --images, and that of the "
                          "labels by --labels");
    if (!r->read && is_binary(p, n, from))
        return fm_err_set(e, FM_EINPUT,
                          "not NPY, NPZ, safetensors or CIFAR's records (3073 "
                          "or 3074 bytes each), and no table, which is a text");
    if ((rc = check_options(r, from, onehot, e)))
        return rc;
    return r->read ? r->read(d, p, n, from, e) : read_table(d, from, onehot, e);
}

/* The bytes, mapped where they can stay as they are. */
static int
open_file(struct fm_dataset *d, const char *path, struct fm_err *e)
{
    if (fm_file_map(&d->xmap, path, LIMIT)) {
        if (find(d->xmap.data, d->xmap.len)->read)
            return 0;
        fm_file_unmap(&d->xmap);
    }
    return fm_extract_file(&d->xfile, path, LIMIT, e);
}

int
fm_datafile_read(struct fm_dataset *d, const struct fm_dataset_from *from,
                 struct fm_err *e)
{
    struct fm_onehot *onehot = NULL;
    struct fm_buf list = {0};
    int rc = read_onehot(&onehot, &list, from->categories, e);

    if (rc || (rc = open_file(d, from->data, e)))
        goto out;
    if ((rc = fm_datafile_take(d, from, onehot, e)))
        fm_err_where(e, fm_file_name(from->data));
out:
    fm_onehot_free(onehot);
    fm_buf_free(&list);
    return rc;
}
