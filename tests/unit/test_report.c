#include "fed/report.h"

#include "check.h"

#include <math.h>
#include <unistd.h>

static char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];

static void
save(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

static struct fm_json *
report(void)
{
    struct fm_err e = {0};
    struct fm_json *j = fm_report_read(path, NULL, &e);

    CHECK(j, "%s", e.msg);
    return j;
}

static void
text(const struct fm_json *o, const char *key, const char *want)
{
    const char *s;

    CHECK(fm_json_str(o, key, &s) && strcmp(s, want) == 0, "%s", key);
}

static void
whole(const struct fm_json *o, const char *key, uint64_t want)
{
    uint64_t v;

    CHECK(fm_json_int(o, key, INT64_MAX, &v) && v == want, "%s", key);
}

static void
real(const struct fm_json *o, const char *key, double want)
{
    double v = fm_json_real_of(fm_json_get(o, key));

    CHECK(fabs(v - want) < 1e-12, "%s: %.17g", key, v);
}

static void
model(void)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_buf file = {0};
    struct fm_model *m;
    struct fm_json *j;
    const struct fm_json *row;
    char id[FM_ID_HEX];

    fm_settings_default(&set, FM_FEDMRN);
    m = fm_model_new(
        fm_arch_parse("input 2\nlinear 2\nbatchnorm\nlinear 3\n", "t", &e),
        &set, 0xbeef, &e);
    CHECK(m, "%s", e.msg);
    m->tensor[0].value[0] = 3; /* 3 0 0 -1: mean .5, rms sqrt(2.5) */
    m->tensor[0].value[3] = -1;
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg);
    save(file.data, file.len);
    j = report();
    text(j, "file", path);
    text(j, "kind", "model");
    text(j, "id", fm_id_hex(id, &m->id));
    text(j, "seed", "000000000000beef");
    text(j, "method", "fedmrn");
    text(j, "arch", m->arch->text);
    text(fm_json_get(j, "settings"), "lr", "0.1");
    whole(j, "bytes", file.len);
    whole(j, "round", 0);
    whole(j, "parameters", 23);
    whole(j, "masked_parameters", 15);
    whole(j, "full_parameters", 8);
    CHECK(!fm_json_get(j, "parent"), "a first model has no parent");
    CHECK(fm_json_size(fm_json_get(j, "tensors")) == 8, "tensors");
    row = fm_json_at(fm_json_get(j, "tensors"), 0);
    text(row, "name", "classifier.0.weight");
    text(row, "role", "weight");
    whole(row, "count", 4);
    real(row, "min", -1);
    real(row, "max", 3);
    real(row, "mean", 0.5);
    real(row, "rms", sqrt(2.5));
    fm_json_free(j);

    /* What says it is a model is held to a model's rules. */
    m->tensor[m->arch->ntensors - 1].value[2] = NAN;
    file.len = 0;
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg);
    save(file.data, file.len);
    CHECK(!fm_report_read(path, NULL, &e) && e.code == FM_EINPUT, "NaN");
    CHECK(strstr(e.msg, "classifier.2.bias: value 2 is not finite"), "%s",
          e.msg);
    CHECK(strncmp(e.msg, path, strlen(path)) == 0, "%s", e.msg);
    fm_model_free(m);
    fm_buf_free(&file);
}

static void
safetensors(void)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"I32\","
        "\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\","
        "\"shape\":[2],\"data_offsets\":[8,16]},\"c\":{\"dtype\":\"F32\","
        "\"shape\":[0],\"data_offsets\":[16,16]},\"d\":{\"dtype\":\"F64\","
        "\"shape\":[1],\"data_offsets\":[16,24]},\"e\":{\"dtype\":\"I16\","
        "\"shape\":[1],\"data_offsets\":[24,26]},\"f\":{\"dtype\":\"I8\","
        "\"shape\":[1],\"data_offsets\":[26,27]},\"g\":{\"dtype\":\"U32\","
        "\"shape\":[1],\"data_offsets\":[27,31]},\"h\":{\"dtype\":\"U64\","
        "\"shape\":[1],\"data_offsets\":[31,39]}}";
    static const double others[] = {-0.5, -2, -3, 4294967295, 0x1p63};
    uint8_t file[8 + sizeof header - 1 + 39];
    uint8_t *data = file + 8 + sizeof header - 1;
    const struct fm_json *row;
    struct fm_json *j;

    fm_put64(file, sizeof header - 1);
    memcpy(file + 8, header, sizeof header - 1);
    fm_put32(data, (uint32_t)-5);
    fm_put32(data + 4, 7);
    fm_putf(data + 8, NAN);
    fm_putf(data + 12, 2.5f);
    memcpy(data + 16,
           "\0\0\0\0\0\0\xe0\xbf\xfe\xff\xfd\xff\xff\xff\xff"
           "\0\0\0\0\0\0\0\x80",
           23);
    save(file, sizeof file);
    j = report();
    text(j, "kind", "safetensors");
    text(fm_json_get(j, "metadata"), "format", "pt");
    row = fm_json_at(fm_json_get(j, "tensors"), 0);
    text(row, "dtype", "I32");
    real(row, "min", -5);
    real(row, "mean", 1);
    row = fm_json_at(fm_json_get(j, "tensors"), 1);
    whole(row, "not_finite", 1);
    real(row, "max", 2.5);
    row = fm_json_at(fm_json_get(j, "tensors"), 2);
    CHECK(fm_json_kind(fm_json_get(row, "mean")) == FM_JSON_NULL, "no values");
    for (size_t i = 0; i < 5; i++)
        real(fm_json_at(fm_json_get(j, "tensors"), 3 + i), "mean", others[i]);
    fm_json_free(j);
}

static void
idx(void)
{
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 2, 0, 2, 1};
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 1, 0,
                                     0, 0, 1, 0, 0, 0, 2, 0, 255};
    const struct fm_json *list;
    struct fm_json *j;

    save(labels, sizeof labels);
    j = report();
    text(j, "kind", "idx");
    whole(j, "samples", 4);
    list = fm_json_get(j, "labels");
    CHECK(fm_json_size(list) == 3 && fm_json_int_of(fm_json_at(list, 2)) == 2,
          "counts");
    fm_json_free(j);
    save(images, sizeof images);
    j = report();
    CHECK(fm_json_size(fm_json_get(j, "shape")) == 3, "shape");
    real(j, "mean", 0.5);
    real(j, "std", 0.5);
    CHECK(!fm_json_bool_of(fm_json_get(j, "compressed")), "plain");
    fm_json_free(j);
}

static void
rejected(const void *p, size_t n, const char *message)
{
    struct fm_err e = {0};

    save(p, n);
    CHECK(!fm_report_read(path, NULL, &e) && e.code == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, message) && strncmp(e.msg, path, strlen(path)) == 0,
          "%s", e.msg);
}

static void
hostile(void)
{
    static const uint8_t cut[] = {0, 0, 8, 1, 0, 0, 0, 4, 2, 0, 2};
    static const uint8_t bytes[] = {9, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    struct fm_err e = {0};

    rejected("", 0, "empty");
    rejected("hello\n", 6, "not a model, bundle, round file, partial sum");
    rejected("070707", 6, "cut short");
    rejected(cut, sizeof cut, "");
    rejected(bytes, sizeof bytes, "cut short");
    unlink(path);
    CHECK(!fm_report_read(path, NULL, &e) && e.code == FM_EINPUT, "missing");
}

/* A file's name may be any bytes; JSON is UTF-8. */
static void
names(void)
{
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 1, 2};
    struct fm_buf out = {0};
    struct fm_err e = {0};
    struct fm_json *j;
    const char *s;

    snprintf(path, sizeof path, "%s/\xff\xc3\xa9", dir);
    save(labels, sizeof labels);
    j = report();
    CHECK(fm_json_str(j, "file", &s) && strstr(s, "/???"), "%s", s);
    CHECK(!fm_json_dump(&out, j, &e), "%s", e.msg);
    fm_buf_free(&out);
    fm_json_free(j);
    unlink(path);
    snprintf(path, sizeof path, "%s/\xc3\xa9", dir);
    save(labels, sizeof labels);
    j = report();
    text(j, "file", path);
    fm_json_free(j);
    unlink(path);
}

int
main(void)
{
    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/f", dir);
    model();
    safetensors();
    idx();
    hostile();
    names();
    rmdir(dir);
    return 0;
}
