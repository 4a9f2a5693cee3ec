#include "agg/partial.h"
#include "bundle/item.h"
#include "fed/report.h"

#include "check.h"
#include "partial_file.h"

#include <math.h>
#include <unistd.h>

static char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];
static struct fm_model *base; /* 6 + 3 masked parameters, 12 full ones */

static void
make_base(enum fm_method method)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_buf file = {0};

    fm_settings_default(&set, method);
    base = fm_model_new(fm_arch_parse("input 2\nlinear 3 nobias\nbatchnorm\n"
                                      "linear 1 nobias\n",
                                      "t", &e),
                        &set, 1, &e);
    CHECK(base, "%s", e.msg);
    CHECK(!fm_model_init_values(base, "normal:1", &e), "%s", e.msg);
    CHECK(!fm_model_dump(&file, base, &e), "%s", e.msg);
    fm_buf_free(&file);
}

/* A bundle of client `name`: masks 101100000 and deltas 0, 1, 2, ... */
static struct fm_bundle
make_bundle(const char *name)
{
    static const uint8_t masks[2] = {0x0d, 0x00};
    static uint8_t dense[4 * 32];
    struct fm_bundle b = {
        .method = base->set.method,
        .round = 1,
        .samples = 10,
        .base = base->id,
        .masked = base->masked,
        .full = base->full,
        .masks = masks,
        .dense = dense,
    };

    for (size_t i = 0; i < b.full; i++)
        fm_putf(dense + 4 * i, (float)i);
    strcpy(b.client, name);
    return b;
}

static void
append(struct fm_buf *out, const char *name, struct fm_id *id)
{
    struct fm_bundle b = make_bundle(name);
    struct fm_err e = {0};

    CHECK(!fm_bundle_write(out, &b, &e), "%s", e.msg);
    if (id)
        *id = b.id;
}

static struct fm_json *
report(const struct fm_buf *file, const struct fm_model *m)
{
    struct fm_err e = {0};
    FILE *f = fopen(path, "wb");
    struct fm_json *j;

    CHECK(f && fwrite(file->data, 1, file->len, f) == file->len &&
              fclose(f) == 0,
          "%s", path);
    j = fm_report_read(path, m, &e);
    CHECK(j, "%s", e.msg);
    return j;
}

static uint64_t
whole(const struct fm_json *o, const char *key)
{
    uint64_t v;

    CHECK(fm_json_int(o, key, INT64_MAX, &v), "%s", key);
    return v;
}

static double
real(const struct fm_json *o, const char *key)
{
    return fm_json_real_of(fm_json_get(o, key));
}

static void
text(const struct fm_json *o, const char *key, const char *want)
{
    const char *s;

    CHECK(fm_json_str(o, key, &s) && strcmp(s, want) == 0, "%s", key);
}

static int
sum(void *ctx, const char *key, const struct fm_json *value)
{
    (void)key;
    *(int64_t *)ctx += fm_json_int_of(value);
    return 0;
}

static void
bundle(void)
{
    struct fm_buf file = {0};
    struct fm_json *j;
    const struct fm_json *row, *parts;
    char id[FM_ID_HEX];
    int64_t bytes = 0;

    append(&file, "paris", NULL);
    j = report(&file, NULL);
    text(j, "kind", "bundle");
    text(j, "client", "paris");
    text(j, "method", "fedmrn");
    text(j, "base", fm_id_hex(id, &base->id));
    text(j, "bits_relative_to", "masked parameters");
    CHECK(whole(j, "samples") == 10 && whole(j, "round") == 1, "answer");
    CHECK(whole(j, "masked_parameters") == 9 && whole(j, "ones") == 3, "ones");
    CHECK(fabs(real(j, "density") - 3.0 / 9) < 1e-15, "density");
    CHECK(fabs(real(j, "bits_per_parameter") - (double)file.len * 8 / 9) <
              1e-12,
          "all in");
    CHECK(fabs(real(j, "mask_bits_per_parameter") - 16.0 / 9) < 1e-12, "masks");
    /* H(1/3) = log2(3) - 2/3. */
    CHECK(fabs(real(j, "order0_bits_per_parameter") - 0.91829583405449) < 1e-12,
          "order 0");
    CHECK(!fm_json_get(j, "order0_bits_by_tensor"), "tensors need the model");
    parts = fm_json_get(j, "parts");
    fm_json_each(parts, sum, &bytes);
    CHECK((size_t)bytes == file.len, "parts are %lld of %zu bytes",
          (long long)bytes, file.len);
    CHECK(whole(parts, "masks") == 2 && whole(parts, "dense") == 48 &&
              whole(parts, "checksum") == 16 &&
              whole(parts, "headers") == 339 && whole(parts, "trailer") == 87,
          "parts");
    CHECK(!fm_json_get(j, "masked_tensors"), "names need the model");
    fm_json_free(j);

    j = report(&file, base);
    row = fm_json_at(fm_json_get(j, "masked_tensors"), 0);
    text(row, "name", "classifier.0.weight");
    CHECK(whole(row, "ones") == 3 && real(row, "density") == 0.5, "first");
    /* Three of six, and none of three. */
    CHECK(fabs(real(j, "order0_bits_by_tensor") - 6.0 / 9) < 1e-12, "order 0");
    row = fm_json_at(fm_json_get(j, "masked_tensors"), 1);
    CHECK(whole(row, "ones") == 0 && whole(row, "count") == 3, "second");
    row = fm_json_at(fm_json_get(j, "full_tensors"), 1); /* deltas 3, 4, 5 */
    text(row, "name", "classifier.1.bias");
    CHECK(real(row, "min") == 3 && real(row, "mean") == 4, "deltas");
    fm_json_free(j);
    fm_buf_free(&file);
}

static void
round_file(void)
{
    struct fm_buf file = {0}, loose = {0};
    struct fm_id id[2];
    struct fm_err e = {0};
    struct fm_json *j;
    const struct fm_json *items;

    append(&loose, "paris", &id[0]);
    append(&loose, "rome", &id[1]);
    CHECK(!fm_index_write(&file, id, 2, &e), "%s", e.msg);
    CHECK(!fm_buf_add(&file, loose.data, loose.len, &e), "%s", e.msg);
    j = report(&file, base);
    text(j, "kind", "round file");
    items = fm_json_get(j, "items");
    CHECK(fm_json_size(items) == 2, "items");
    text(fm_json_at(items, 0), "client", "paris");
    text(fm_json_at(items, 1), "client", "rome");
    CHECK(whole(j, "bundles") == 2 && whole(j, "clients") == 2 &&
              whole(j, "samples") == 20 && whole(j, "bytes") == file.len &&
              whole(j, "index_bytes") == file.len - loose.len,
          "totals");
    CHECK(fabs(real(j, "bits_per_parameter") - (double)file.len * 8 / 18) <
              1e-12,
          "bits");
    fm_json_free(j);

    /* A cut round file is not described. */
    CHECK(truncate(path, (off_t)(file.len / 2)) == 0, "truncate");
    CHECK(!fm_report_read(path, NULL, &e) && e.code == FM_EINPUT, "cut");
    CHECK(strncmp(e.msg, path, strlen(path)) == 0, "%s", e.msg);
    fm_buf_free(&file);
    fm_buf_free(&loose);
}

static void
partial(void)
{
    struct fm_err e = {0};
    struct fm_buf file = {0};
    struct fm_bundle b = make_bundle("paris");
    const struct fm_bundle *list[1] = {&b};
    struct fm_part part = {.client = "paris", .samples = 10, .weight = 10};
    struct fm_partial p = {&part, 1, fm_accum_new(base, &e)};
    struct fm_json *j;

    CHECK(p.sum && !fm_accum_add(p.sum, list, 1, NULL, &e), "%s", e.msg);
    CHECK(!pf_write(&file, &p, &e), "%s", e.msg);
    for (int with = 0; with < 2; with++) {
        j = report(&file, with ? base : NULL);
        text(j, "kind", "partial sum");
        CHECK(whole(j, "clients") == 1 && whole(j, "samples") == 10, "sum");
        text(fm_json_at(fm_json_get(j, "members"), 0), "client", "paris");
        fm_json_free(j);
    }
    fm_accum_free(p.sum);
    fm_buf_free(&file);
}

/* Without masks, bits are relative to all parameters, and it is said. */
static void
fedavg(void)
{
    struct fm_buf file = {0};
    struct fm_json *j;

    append(&file, "paris", NULL);
    j = report(&file, base);
    text(j, "bits_relative_to", "all parameters");
    CHECK(fabs(real(j, "bits_per_parameter") - (double)file.len * 8 / 21) <
              1e-12,
          "bits");
    CHECK(!fm_json_get(j, "density") && !fm_json_get(j, "dither"), "no masks");
    CHECK(fm_json_size(fm_json_get(j, "full_tensors")) == 6, "tensors");
    fm_json_free(j);
    fm_buf_free(&file);
}

int
main(void)
{
    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/f", dir);
    make_base(FM_FEDMRN);
    bundle();
    round_file();
    partial();
    fm_model_free(base);
    make_base(FM_FEDAVG);
    fedavg();
    fm_model_free(base);
    unlink(path);
    rmdir(dir);
    return 0;
}
