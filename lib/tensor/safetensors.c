#include "tensor/safetensors.h"

#include "base/json.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 16 << 20, TENSORS_MAX = 65536 };

#define NUMBER_MAX (((uint64_t)1 << 48) - 1)

static const char *const dtype_name[] = {
    [FM_F32] = "F32", [FM_I32] = "I32",   [FM_U16] = "U16", [FM_U8] = "U8",
    [FM_F16] = "F16", [FM_BF16] = "BF16", [FM_I64] = "I64", [FM_BOOL] = "BOOL",
    [FM_F64] = "F64", [FM_I16] = "I16",   [FM_I8] = "I8",   [FM_U64] = "U64",
    [FM_U32] = "U32"};

const char *
fm_dtype_name(enum fm_dtype d)
{
    return dtype_name[d];
}

struct reader {
    struct fm_st *st;
    size_t size; /* of the data, or no limit while that is not known */
    struct fm_err *e;
};

static int
read_meta(void *ctx, const char *key, const struct fm_json *value)
{
    struct reader *r = ctx;
    const char *text = fm_json_text(value);
    struct fm_st_meta *m = &r->st->meta[r->st->nmeta];

    if (!text)
        return fm_err_set(r->e, FM_EINPUT,
                          "header: __metadata__: %.80s is not a text", key);
    m->key = strdup(key);
    m->value = strdup(text);
    r->st->nmeta++;
    return m->key && m->value ? 0 : fm_err_nomem(r->e);
}

static int
read_metadata(struct reader *r, const struct fm_json *j)
{
    if (!fm_json_is_object(j))
        return fm_err_set(r->e, FM_EINPUT,
                          "header: __metadata__ is not an object");
    r->st->meta = fm_alloc(fm_json_size(j), sizeof *r->st->meta, r->e);
    if (!r->st->meta)
        return FM_ESYS;
    return fm_json_each(j, read_meta, r);
}

static int
read_shape(struct reader *r, struct fm_st_tensor *t, const struct fm_json *j)
{
    const struct fm_json *shape = fm_json_get(j, "shape");

    t->ndim = fm_json_size(shape);
    if (!fm_json_is_array(shape) || t->ndim > FM_ST_NDIM)
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: its shape is not a list of at most %d integers",
                          t->name, FM_ST_NDIM);
    t->count = 1;
    for (size_t i = 0; i < t->ndim; i++) {
        uint64_t dim;

        if (!fm_json_int_at(shape, i, NUMBER_MAX, &dim))
            return fm_err_set(r->e, FM_EINPUT,
                              "%s: dimension %zu is not an integer below 2^48",
                              t->name, i);
        t->dim[i] = (size_t)dim;
        if (!fm_mul_ok(t->count, t->dim[i], &t->count))
            return fm_err_set(r->e, FM_EINPUT, "%s: too many values", t->name);
    }
    return 0;
}

static int
read_place(struct reader *r, struct fm_st_tensor *t, const struct fm_json *j)
{
    const struct fm_json *o = fm_json_get(j, "data_offsets");
    uint64_t begin, end;
    size_t bytes;

    if (fm_json_size(o) != 2 || !fm_json_int_at(o, 0, NUMBER_MAX, &begin) ||
        !fm_json_int_at(o, 1, NUMBER_MAX, &end))
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: data_offsets are not two integers below 2^48",
                          t->name);
    if (end > r->size || begin > end)
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: data_offsets [%llu,%llu] do not lie in the "
                          "file's %zu bytes of data",
                          t->name, (unsigned long long)begin,
                          (unsigned long long)end, r->size);
    if (!fm_mul_ok(t->count, fm_dtype_size(t->dtype), &bytes) ||
        bytes != end - begin)
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: its shape does not fill its %llu bytes", t->name,
                          (unsigned long long)(end - begin));
    t->at = (size_t)begin;
    return 0;
}

static int
read_tensor(void *ctx, const char *name, const struct fm_json *j)
{
    struct reader *r = ctx;
    struct fm_st_tensor *t = &r->st->tensor[r->st->ntensors];
    const char *dtype;
    int rc;

    if (strcmp(name, "__metadata__") == 0)
        return read_metadata(r, j);
    if (r->st->ntensors == TENSORS_MAX)
        return fm_err_set(r->e, FM_EINPUT, "header: more than %d tensors",
                          TENSORS_MAX);
    if (strlen(name) >= sizeof t->name)
        return fm_err_set(r->e, FM_EINPUT,
                          "%.60s...: a name of more than %d bytes", name,
                          FM_ST_NAME - 1);
    strcpy(t->name, name);
    if (fm_json_size(j) != 3 || !fm_json_str(j, "dtype", &dtype))
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: its entry is not dtype, shape and data_offsets",
                          name);
    t->dtype = FM_F32;
    while (t->dtype < FM_DTYPES && strcmp(dtype, dtype_name[t->dtype]) != 0)
        t->dtype++;
    if (t->dtype == FM_DTYPES)
        return fm_err_set(r->e, FM_EINPUT,
                          "%s: dtype %.16s, not F64, F32, F16, BF16, I8 to "
                          "I64, U8 to U64 or BOOL",
                          name, dtype);
    if ((rc = read_shape(r, t, j)) || (rc = read_place(r, t, j)))
        return rc;
    r->st->ntensors++;
    return 0;
}

/* By place; of two at one place the empty one is first. */
static int
by_place(const void *a, const void *b)
{
    const struct fm_st_tensor *s = a, *t = b;

    if (s->at != t->at)
        return s->at < t->at ? -1 : 1;
    if ((s->count == 0) != (t->count == 0))
        return s->count == 0 ? -1 : 1;
    return strcmp(s->name, t->name);
}

/* *end receives where the last tensor's data end. */
static int
check_places(const struct reader *r, size_t *end)
{
    size_t at = 0;

    for (size_t i = 0; i < r->st->ntensors; i++) {
        const struct fm_st_tensor *t = &r->st->tensor[i];

        if (t->at != at)
            return fm_err_set(r->e, FM_EINPUT,
                              "%s: its data starts at byte %zu, not %zu where "
                              "the one before it ends",
                              t->name, t->at, at);
        at += fm_dtype_size(t->dtype) * t->count;
    }
    *end = at;
    return 0;
}

/* The JSON text without the spaces that may pad it. */
static int
header_text(size_t *len, const uint8_t *bytes, size_t size, struct fm_err *e)
{
    uint64_t n;

    if (size < 8)
        return fm_err_set(e, FM_EINPUT,
                          "not safetensors: only %zu bytes, no header", size);
    n = fm_get64(bytes);
    if (memcmp(bytes, "070707", 6) == 0)
        return fm_err_set(e, FM_EINPUT,
                          "an archive, as bundles are, and not a model: are "
                          "the two mixed up?");
    if (memcmp(bytes, "PK\3\4", 4) == 0)
        return fm_err_set(e, FM_EINPUT,
                          "a zip archive, as torch.save writes it, and not "
                          "safetensors; safetensors.torch.save_file writes "
                          "these");
    if (n < 2 || n > HEADER_MAX || (n <= size - 8 && bytes[8] != '{'))
        return fm_err_set(e, FM_EINPUT,
                          "not safetensors: no JSON header at its start");
    if (n > size - 8)
        return fm_err_set(e, FM_EINPUT,
                          "cut short: %zu bytes, where the header alone takes "
                          "%llu",
                          size, (unsigned long long)n + 8);
    *len = (size_t)n;
    while (*len > 0 && bytes[8 + *len - 1] == ' ')
        --*len;
    if (bytes[8 + *len - 1] != '}')
        return fm_err_set(e, FM_EINPUT, "header: it does not end with `}`");
    return 0;
}

/* The header's `len` bytes of JSON, for at most `room` bytes of data; *end
 * receives how many there are. */
static int
read_header(struct fm_st *st, const uint8_t *text, size_t len, size_t room,
            size_t *end, struct fm_err *e)
{
    struct reader r = {.st = st, .size = room, .e = e};
    struct fm_json *j = fm_json_parse(text, len, "header", e);
    int rc;

    if (!j)
        return e ? (int)e->code : FM_EINPUT;
    if (fm_json_size(j) > TENSORS_MAX + 1) { /* and the metadata */
        rc = fm_err_set(e, FM_EINPUT, "header: more than %d tensors",
                        TENSORS_MAX);
        goto out;
    }
    st->tensor = fm_alloc(fm_json_size(j), sizeof *st->tensor, e);
    if (!st->tensor) {
        rc = FM_ESYS;
        goto out;
    }
    if ((rc = fm_json_each(j, read_tensor, &r)))
        goto out;
    qsort(st->tensor, st->ntensors, sizeof *st->tensor, by_place);
    rc = check_places(&r, end);
out:
    fm_json_free(j);
    return rc;
}

int
fm_st_parse(struct fm_st *st, const uint8_t *bytes, size_t size,
            struct fm_err *e)
{
    const uint8_t *data;
    size_t len = 0, room, end;
    int rc;

    *st = (struct fm_st){0};
    if ((rc = header_text(&len, bytes, size, e)))
        return rc;
    data = bytes + 8 + fm_get64(bytes);
    room = (size_t)(bytes + size - data);
    if ((rc = read_header(st, bytes + 8, len, room, &end, e)))
        return rc;
    if (end != room)
        return fm_err_set(e, FM_EINPUT,
                          "%zu bytes after the last tensor's data", room - end);
    for (size_t i = 0; i < st->ntensors; i++)
        st->tensor[i].data = data + st->tensor[i].at;
    return 0;
}

int
fm_st_parse_head(struct fm_st *st, const uint8_t *bytes, size_t n, size_t *size,
                 struct fm_err *e)
{
    size_t len = 0, end;
    int rc;

    *st = (struct fm_st){0};
    if ((rc = header_text(&len, bytes, n, e)))
        return rc;
    assert(n == 8 + fm_get64(bytes));
    rc = read_header(st, bytes + 8, len, SIZE_MAX - n, &end, e);
    if (rc)
        return rc;
    *size = n + end;
    return 0;
}

void
fm_st_free(struct fm_st *st)
{
    for (size_t i = 0; i < st->nmeta; i++) {
        free(st->meta[i].key);
        free(st->meta[i].value);
    }
    free(st->meta);
    free(st->tensor);
    *st = (struct fm_st){0};
}

bool
fm_st_alike(const struct fm_st_tensor *a, const struct fm_st_tensor *b)
{
    return strcmp(a->name, b->name) == 0 && a->dtype == b->dtype &&
           a->ndim == b->ndim &&
           memcmp(a->dim, b->dim, a->ndim * sizeof *a->dim) == 0;
}

const char *
fm_st_get(const struct fm_st *st, const char *key)
{
    for (size_t i = 0; i < st->nmeta; i++)
        if (strcmp(st->meta[i].key, key) == 0)
            return st->meta[i].value;
    return NULL;
}

int
fm_st_header(struct fm_buf *out, const struct fm_st *st, struct fm_err *e)
{
    static const char spaces[8] = "        ";
    struct fm_json *j = fm_json_object(), *o, *list;
    uint64_t at = 0;
    size_t start = out->len, len;
    uint8_t size[8] = {0};
    int rc;

    if (st->nmeta) {
        o = fm_json_add_object(j, "__metadata__");
        for (size_t i = 0; i < st->nmeta; i++)
            fm_json_add_str(o, st->meta[i].key, st->meta[i].value);
    }
    for (size_t i = 0; i < st->ntensors; i++) {
        const struct fm_st_tensor *t = &st->tensor[i];

        o = fm_json_add_object(j, t->name);
        fm_json_add_str(o, "dtype", dtype_name[t->dtype]);
        list = fm_json_add_array(o, "shape");
        for (size_t d = 0; d < t->ndim; d++)
            fm_json_add_int(list, NULL, t->dim[d]);
        list = fm_json_add_array(o, "data_offsets");
        fm_json_add_int(list, NULL, at);
        at += fm_dtype_size(t->dtype) * (uint64_t)t->count;
        fm_json_add_int(list, NULL, at);
    }
    if ((rc = fm_buf_add(out, size, sizeof size, e)) ||
        (rc = fm_json_dump(out, j, e)))
        goto out;
    len = out->len - start - sizeof size;
    if ((rc = fm_buf_add(out, spaces, (8 - len % 8) % 8, e)))
        goto out;
    len = out->len - start - sizeof size;
    fm_put64(out->data + start, len);
    if (len > HEADER_MAX)
        rc = fm_err_set(e, FM_EINPUT, "a header of more than 16 MiB");
out:
    if (rc)
        out->len = start;
    fm_json_free(j);
    return rc;
}
