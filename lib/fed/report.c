#include "fed/report.h"

#include "base/extract.h"
#include "bundle/manifest.h"
#include "data/idx.h"
#include "fed/report_impl.h"
#include "tensor/named.h"
#include "tensor/stfetch.h"

#include <math.h>
#include <stdio.h>

#define FILE_MAX ((size_t)1 << 38)

struct fm_json *
fm_report_start(const struct fm_source *src)
{
    struct fm_json *o = fm_json_object();
    struct fm_buf text = {0};
    char name[400];
    bool utf8;

    /* JSON has no way to say other bytes; the writer knows which those are. */
    snprintf(name, sizeof name, "%s", src->name);
    fm_json_add_name(o, "file", name);
    utf8 = fm_json_dump(&text, o, NULL) == 0;
    fm_buf_free(&text);
    for (char *p = name; !utf8 && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    fm_json_add_name(o, "file", name);
    return o;
}

void
fm_report_shape(struct fm_json *o, const char *key, const size_t *dim, size_t n)
{
    struct fm_json *list = fm_json_add_array(o, key);

    for (size_t i = 0; i < n; i++)
        fm_json_add_int(list, NULL, dim[i]);
}

void
fm_report_id(struct fm_json *o, const char *key, const struct fm_id *id)
{
    char hex[FM_ID_HEX];

    fm_json_add_str(o, key, fm_id_hex(hex, id));
}

void
fm_report_count(struct fm_report_stats *s, double v)
{
    if (!isfinite(v)) {
        s->bad++;
        return;
    }
    if (s->n == 0 || v < s->min)
        s->min = v;
    if (s->n == 0 || v > s->max)
        s->max = v;
    s->sum += v;
    s->squares += v * v;
    s->n++;
}

void
fm_report_stats(struct fm_json *o, const struct fm_report_stats *s)
{
    double n = s->n ? (double)s->n : NAN; /* NAN is written as null */

    fm_json_add_real(o, "min", s->n ? s->min : NAN);
    fm_json_add_real(o, "max", s->n ? s->max : NAN);
    fm_json_add_real(o, "mean", s->sum / n);
    fm_json_add_real(o, "rms", sqrt(s->squares / n));
    if (s->bad)
        fm_json_add_int(o, "not_finite", s->bad);
}

static const char *
role_name(enum fm_role r)
{
    static const char *const names[] = {
        [FM_WEIGHT] = "weight", [FM_BIAS] = "bias", [FM_SCALE] = "scale",
        [FM_SHIFT] = "shift",   [FM_MEAN] = "mean", [FM_VAR] = "variance",
        [FM_TABLE] = "table",
    };

    return names[r];
}

static void
model_tensors(struct fm_json *o, const struct fm_model *m)
{
    struct fm_json *list = fm_json_add_array(o, "tensors");

    for (size_t i = 0; i < m->arch->ntensors; i++) {
        const struct fm_tensor_spec *spec = m->tensor[i].spec;
        struct fm_json *row = fm_json_add_object(list, NULL);
        struct fm_report_stats s = {0};

        for (size_t k = 0; k < spec->count; k++)
            fm_report_count(&s, m->tensor[i].value
                                    ? (double)m->tensor[i].value[k]
                                    : (double)fm_model_ones(m, i, k));
        fm_json_add_int(row, "ordinal", i);
        fm_json_add_str(row, "name", spec->name);
        fm_report_shape(row, "shape", spec->dim, spec->ndim);
        fm_json_add_str(row, "role", role_name(spec->role));
        fm_json_add_bool(row, "masked", m->tensor[i].masked);
        fm_json_add_int(row, "count", spec->count);
        /* In the round to come; NAN is written as null. */
        if (fm_setting_applies("noise", m->set.method))
            fm_json_add_real(row, "noise",
                             m->tensor[i].masked
                                 ? fm_model_noise_a(m, m->round + 1, i) *
                                       0x1p-24
                                 : (double)NAN);
        fm_report_stats(row, &s);
    }
}

static void
model_contract(struct fm_json *o, const struct fm_model *m)
{
    const struct fm_shape in = m->arch->input;
    const size_t dim[3] = {in.c, in.h, in.w};
    struct fm_json *list;
    char text[FM_SETTING_TEXT];

    fm_report_id(o, "id", &m->id);
    fm_json_add_int(o, "round", m->round);
    fm_json_add_str(o, "method", fm_manifest_method(m->set.method));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)m->seed);
    fm_json_add_str(o, "seed", text);
    fm_report_shape(o, "input", dim, 3);
    fm_json_add_int(o, "classes", m->arch->classes);
    fm_json_add_int(o, "parameters", m->arch->params);
    fm_json_add_int(o, "masked_parameters", m->masked);
    fm_json_add_int(o, "full_parameters", m->full);
    if (m->set.method == FM_FEDPM)
        fm_json_add_int(o, "votes", m->votes);
    if (m->round > 0) {
        fm_report_id(o, "parent", &m->parent);
        list = fm_json_add_array(o, "bundles");
        for (size_t i = 0; i < m->nbundles; i++)
            fm_report_id(list, NULL, &m->bundle[i]);
    }
    list = fm_json_add_object(o, "settings");
    for (size_t i = 1; fm_setting_names[i]; i++)
        if (fm_setting_applies(fm_setting_names[i], m->set.method) &&
            fm_setting_serves(fm_setting_names[i], m->set.server)) {
            fm_setting_get(&m->set, fm_setting_names[i], text);
            fm_json_add_str(list, fm_setting_names[i], text);
        }
    fm_json_add_str(o, "arch", m->arch->text);
}

static int
describe_model(struct fm_json *o, struct fm_buf *file, struct fm_err *e)
{
    size_t bytes = file->len;
    struct fm_model *m = fm_model_parse(file, e);

    if (!m)
        return e ? (int)e->code : FM_EINPUT;
    fm_json_add_str(o, "kind", "model");
    fm_json_add_int(o, "bytes", bytes);
    model_contract(o, m);
    model_tensors(o, m);
    fm_model_free(m);
    return 0;
}

static double
double_at(const uint8_t *p)
{
    uint64_t bits = fm_get64(p);
    double d;

    memcpy(&d, &bits, sizeof d);
    return d;
}

static double
value_at(const struct fm_st_tensor *t, size_t i)
{
    const uint8_t *p = t->data + i * fm_dtype_size(t->dtype);

    switch (t->dtype) {
    case FM_F64:
        return double_at(p);
    case FM_F32:
    case FM_F16:
    case FM_BF16:
        return (double)fm_named_value(t, i);
    case FM_I64:
        return (double)(int64_t)fm_get64(p);
    case FM_U64:
        return (double)fm_get64(p);
    case FM_I32:
        return (double)(int32_t)fm_get32(p);
    case FM_U32:
        return (double)fm_get32(p);
    case FM_I16:
        return (double)(int16_t)fm_get16(p);
    case FM_U16:
        return (double)fm_get16(p);
    case FM_I8:
        return (double)(int8_t)*p;
    case FM_U8:
    case FM_BOOL:
    case FM_DTYPES:
        break;
    }
    return (double)*p;
}

static void
describe_safetensors(struct fm_json *o, const struct fm_st *st, size_t bytes)
{
    struct fm_json *list;

    fm_json_add_str(o, "kind", "safetensors");
    fm_json_add_int(o, "bytes", bytes);
    list = fm_json_add_object(o, "metadata");
    for (size_t i = 0; i < st->nmeta; i++)
        fm_json_add_str(list, st->meta[i].key, st->meta[i].value);
    list = fm_json_add_array(o, "tensors");
    for (size_t i = 0; i < st->ntensors; i++) {
        const struct fm_st_tensor *t = &st->tensor[i];
        struct fm_json *row = fm_json_add_object(list, NULL);
        struct fm_report_stats s = {0};

        for (size_t k = 0; k < t->count; k++)
            fm_report_count(&s, value_at(t, k));
        fm_json_add_str(row, "name", t->name);
        fm_json_add_str(row, "dtype", fm_dtype_name(t->dtype));
        fm_report_shape(row, "shape", t->dim, t->ndim);
        fm_json_add_int(row, "count", t->count);
        fm_report_stats(row, &s);
    }
}

/* A model says so in its metadata, and is then held to all of its rules. */
static int
report_safetensors(struct fm_json *o, struct fm_source *src, struct fm_err *e)
{
    struct fm_buf file = {0};
    struct fm_st st = {0};
    size_t size;
    int rc;

    if ((rc = fm_stfetch_head(&st, &file, &size, src, e)) ||
        (rc = fm_stfetch_rest(&file, size, src, e)))
        goto out;
    fm_st_free(&st);
    if ((rc = fm_st_parse(&st, file.data, file.len, e)) == 0) {
        if (fm_st_get(&st, "fedmrn.format"))
            rc = describe_model(o, &file, e);
        else
            describe_safetensors(o, &st, file.len);
    }
    if (rc)
        fm_err_where(e, src->name);
out:
    fm_st_free(&st);
    fm_buf_free(&file);
    return rc;
}

/* Labels are counted; for pixels, what fedmrn-init's --mean and --std want. */
static void
describe_idx(struct fm_json *o, const struct fm_idx *x)
{
    size_t count[256] = {0}, last = 0;
    double sum = 0, squares = 0, n = (double)x->count;

    for (size_t i = 0; i < x->count; i++)
        count[x->data[i]]++;
    fm_report_shape(o, "shape", x->dim, x->ndim);
    fm_json_add_int(o, "samples", x->dim[0]);
    for (size_t v = 0; v < 256; v++) {
        sum += (double)count[v] * (double)v;
        squares += (double)count[v] * (double)(v * v);
        if (count[v])
            last = v;
    }
    if (x->ndim == 1) {
        fm_report_shape(o, "labels", count, last + 1);
    } else {
        double mean = sum / n, var = squares / n - mean * mean;

        fm_json_add_real(o, "mean", mean / 255);
        fm_json_add_real(o, "std", sqrt(var > 0 ? var : 0) / 255);
    }
}

static int
report_data(struct fm_json *o, struct fm_source *src, struct fm_err *e)
{
    struct fm_buf file = {0};
    struct fm_idx x;
    int rc = fm_extract_from(&file, src, FILE_MAX, e);

    if (rc)
        goto out;
    if (file.len < 4 || (file.data[0] | file.data[1])) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: not a model, bundle, round file, partial sum, "
                        "safetensors or IDX file",
                        src->name);
        goto out;
    }
    if ((rc = fm_idx_parse(&x, file.data, file.len, 1, FM_IDX_NDIM, e))) {
        fm_err_where(e, src->name);
        goto out;
    }
    fm_json_add_str(o, "kind", "idx");
    fm_json_add_int(o, "bytes", src->offset);
    fm_json_add_bool(o, "compressed", src->offset != file.len);
    describe_idx(o, &x);
out:
    fm_buf_free(&file);
    return rc;
}

struct fm_json *
fm_report_read(const char *path, const struct fm_model *base, struct fm_err *e)
{
    struct fm_json *o = NULL;
    struct fm_source src;
    uint8_t head[9];
    size_t got;
    int rc;

    if (fm_source_open(&src, path, e))
        return NULL;
    if ((rc = fm_source_peek(&src, head, sizeof head, &got, e)))
        goto out;
    if (got == 0) {
        rc = fm_err_set(e, FM_EINPUT, "%s: empty", src.name);
        goto out;
    }
    if (got >= FM_ARCHIVE_MAGIC && memcmp(head, "070707", 6) == 0) {
        o = fm_report_items(&src, base, e);
        goto out;
    }
    o = fm_report_start(&src);
    /* A header of at most 16 MiB that starts as JSON does. */
    if (got == 9 && fm_get64(head) <= FM_MODEL_HEADER_MAX && head[8] == '{')
        rc = report_safetensors(o, &src, e);
    else
        rc = report_data(o, &src, e);
    if (rc) {
        fm_json_free(o);
        o = NULL;
    }
out:
    fm_source_close(&src);
    return o;
}
