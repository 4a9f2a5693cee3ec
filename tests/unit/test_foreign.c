#include "fed/foreign.h"

#include "bundle/update.h"
#include "fixture.h"

static struct fm_foreign
foreign(const struct fm_model *m)
{
    return (struct fm_foreign){.base = m,
                               .client = "a",
                               .samples = 7,
                               .dither = m->set.dither,
                               .private_seed = 3};
}

/* What a bundle adds to its model, given back as an update, is that bundle:
 * each entry is all of the noise or nothing, and so the draw is certain. */
static void
back(enum fm_method method)
{
    struct fm_model *m = fx_model(FX_ARCH, method, FM_UNIFORM);
    struct fm_foreign f = foreign(m);
    struct fm_bundle b = fx_answer(m, "a", 7, 1), got;
    struct fm_err e = {0};
    struct fm_buf file = {0}, update = {0};

    m->set.full_bits = FM_FULL_EXACT;
    CHECK(fm_bundle_write(&file, &b, &e) == 0, "%s", e.msg);
    CHECK(fm_update_write(&update, &b, m, &e) == 0, "%s", e.msg);
    fx_save("u", &update);
    CHECK(fm_foreign_answer(&got, &f, "u", &e) == 0, "%s", e.msg);
    CHECK(!memcmp(got.masks, b.masks, fm_bits_size(m->masked)), "masks");
    CHECK(!memcmp(got.dense, b.dense, 4 * m->full), "deltas");
    CHECK(fm_id_cmp(&got.id, &b.id) == 0, "id");
    fm_bundle_free(&got);
    fm_bundle_free(&b);
    fm_buf_free(&file);
    fm_buf_free(&update);
    fm_model_free(m);
}

/* An update with one value for all entries, in the model's order backwards. */
static void
save(const struct fm_model *m, float v, bool backwards, const char *name)
{
    const size_t n = m->arch->ntensors;
    struct fm_st_tensor *t = calloc(n, sizeof *t);
    struct fm_st st = {.ntensors = n, .tensor = t};
    struct fm_buf out = {0};
    uint8_t one[4];

    CHECK(t, "memory");
    for (size_t i = 0; i < n; i++) {
        const struct fm_tensor_spec *s =
            &m->arch->tensor[backwards ? n - 1 - i : i];

        t[i].dtype = FM_F32;
        t[i].ndim = s->ndim;
        t[i].count = s->count;
        memcpy(t[i].dim, s->dim, sizeof s->dim);
        snprintf(t[i].name, sizeof t[i].name, "%s", s->name);
    }
    CHECK(fm_st_header(&out, &st, NULL) == 0, "header");
    fm_putf(one, v);
    for (size_t i = 0; i < m->arch->params; i++)
        CHECK(fm_buf_add(&out, one, 4, NULL) == 0, "memory");
    fx_save(name, &out);
    fm_buf_free(&out);
    free(t);
}

/* Half of the noise's magnitude: of the entries with noise of that sign and
 * size, a mask takes |u/n| on average; by bernoulli noise, half of them. */
static void
drawn(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_BERNOULLI);
    struct fm_foreign f = foreign(m);
    const float half = (float)m->set.a * 0x1p-25f;
    struct fm_err e = {0};
    struct fm_bundle b;
    double n, ones;

    save(m, half, true, "u");
    CHECK(fm_foreign_answer(&b, &f, "u", &e) == 0, "%s", e.msg);
    n = (double)m->masked;
    ones = (double)fm_bits_count(b.masks, 0, m->masked);
    /* A quarter of all, within 6 deviations. */
    CHECK(ones > n / 4 - 3 * __builtin_sqrt(n) &&
              ones < n / 4 + 3 * __builtin_sqrt(n),
          "%g of %g", ones, n);
    for (size_t i = 0; i < m->full; i++)
        CHECK(fm_getf(b.dense + 4 * i) == half, "%zu", i);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* The masks of a bundle, a byte each, and its deltas, backwards. */
static void
save_masks(const struct fm_model *m, const struct fm_bundle *b, bool as_bool)
{
    const size_t n = m->arch->ntensors;
    struct fm_st_tensor *t = calloc(n, sizeof *t);
    struct fm_st st = {.ntensors = n, .tensor = t};
    struct fm_buf out = {0};

    CHECK(t, "memory");
    for (size_t k = 0; k < n; k++) {
        const struct fm_model_tensor *from = &m->tensor[n - 1 - k];
        const struct fm_tensor_spec *s = from->spec;

        t[k].dtype = !from->masked ? FM_F32 : as_bool ? FM_BOOL : FM_U8;
        t[k].ndim = s->ndim;
        t[k].count = s->count;
        memcpy(t[k].dim, s->dim, sizeof s->dim);
        snprintf(t[k].name, sizeof t[k].name, "%s", s->name);
    }
    CHECK(fm_st_header(&out, &st, NULL) == 0, "header");
    for (size_t k = 0; k < n; k++) {
        const struct fm_model_tensor *from = &m->tensor[n - 1 - k];

        for (size_t i = 0; i < from->spec->count; i++) {
            const size_t at = from->at + i;
            const uint8_t bit =
                (uint8_t)(from->masked ? b->masks[at / 8] >> at % 8 & 1 : 0);

            CHECK(fm_buf_add(&out, from->masked ? &bit : b->dense + 4 * at,
                             from->masked ? 1 : 4, NULL) == 0,
                  "memory");
        }
    }
    fx_save("u", &out);
    fm_buf_free(&out);
    free(t);
}

static void
masks(enum fm_method method)
{
    struct fm_model *m = method == FM_FEDPM
                             ? fx_fedpm("input 9\nlinear 5\n", 0, 1)
                             : fx_model(FX_ARCH, method, FM_UNIFORM);
    struct fm_foreign f = foreign(m);
    struct fm_bundle b = fx_answer(m, "a", 7, 1), got;
    struct fm_err e = {0};
    struct fm_buf file = {0};

    f.kind = FM_FOREIGN_MASKS;
    f.dither = b.dither = FM_DITHER_PRIVATE;
    m->set.full_bits = FM_FULL_EXACT;
    CHECK(fm_bundle_write(&file, &b, &e) == 0, "%s", e.msg);
    for (int as_bool = 0; as_bool < 2; as_bool++) {
        save_masks(m, &b, as_bool);
        CHECK(fm_foreign_answer(&got, &f, "u", &e) == 0, "%s", e.msg);
        CHECK(got.dither == FM_DITHER_PRIVATE, "dither");
        CHECK(fm_id_cmp(&got.id, &b.id) == 0, "id");
        fm_bundle_free(&got);
    }
    fm_bundle_free(&b);
    fm_buf_free(&file);
    fm_model_free(m);
}

static void
refused(const struct fm_foreign *f, const char *message)
{
    struct fm_err e = {0};
    struct fm_bundle b;

    CHECK(fm_foreign_answer(&b, f, "u", &e) == FM_EINPUT, "accepted: %s",
          message);
    CHECK(strstr(e.msg, message), "%s", e.msg);
    fm_bundle_free(&b);
}

static void
hostile(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *wide =
        fx_model("input 1x3x3\nconv 1 2x2 nobias\nbatchnorm\nlinear 3\n",
                 FM_FEDAVG, FM_UNIFORM);
    struct fm_model *less = fx_model(
        "input 1x3x3\nconv 1 2x2 nobias\nlinear 2\n", FM_FEDAVG, FM_UNIFORM);
    struct fm_model *pm = fx_fedpm("input 3\nlinear 2\n", 0, 1);
    struct fm_foreign f = foreign(m), g = foreign(less), p = foreign(pm);
    struct fm_bundle b = fx_answer(wide, "a", 7, 1);
    struct fm_buf update = {0}, file = {0};

    save(m, 0x1p38f, false, "u");
    refused(&f, "u: features.0.weight: value 0 is 2^38 or more");
    save(m, 0.0f / 0.0f, false, "u");
    refused(&f, "value 0 is not finite");
    save(m, -100, false, "u");
    refused(&f, "features.1.running_var: value 0 makes a variance negative");
    f.kind = FM_FOREIGN_WEIGHTS;
    save(m, -100, false, "u");
    refused(&f, "makes a variance negative");
    f.kind = FM_FOREIGN_UPDATE;
    save(wide, 0, false, "u");
    refused(&f, "; the model's is ");
    save(less, 0, false, "u");
    refused(&f, "features.1.weight is missing");
    save(m, 0, false, "u");
    refused(&g, "features.1.weight is no tensor of the model");
    refused(&p, "a model of fedpm is not answered by an update");
    CHECK(fm_bundle_write(&file, &b, NULL) == 0 &&
              fm_update_write(&update, &b, wide, NULL) == 0,
          "write");
    fx_save("u", &update);
    refused(&f, "an update to model ");
    fm_buf_free(&update);
    fm_buf_free(&file);
    fm_bundle_free(&b);
    fm_model_free(m);
    fm_model_free(wide);
    fm_model_free(less);
    fm_model_free(pm);
}

/* Write over a byte, so far from the end of the file. */
static void
spoil(const char *path, long at, uint8_t byte)
{
    FILE *f = fopen(path, "r+b");

    CHECK(f && fseek(f, at, SEEK_END) == 0 && fwrite(&byte, 1, 1, f) == 1 &&
              fclose(f) == 0,
          "%s", path);
}

static void
hostile_masks(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_model *avg = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *bat = fx_model(FX_TINY, FM_FEDBAT, FM_UNIFORM);
    struct fm_foreign f = foreign(m), a = foreign(avg), t = foreign(bat);
    struct fm_bundle b = fx_answer(m, "a", 7, 1);

    f.kind = a.kind = t.kind = FM_FOREIGN_MASKS;
    /* Backwards: the file ends with features.1.weight, an F32, and then the
     * four entries of features.0.weight. */
    save_masks(m, &b, false);
    refused(&a, "fedavg is not answered by masks; give --update");
    refused(&t, "fedbat is not answered by masks alone; train it");
    spoil("u", -3, 2);
    refused(&f, "u: features.0.weight: value 1 is 2, and a mask has 0 and 1");
    save_masks(m, &b, true);
    spoil("u", -1, 255);
    refused(&f, "features.0.weight: value 3 is 255");
    save_masks(m, &b, true);
    spoil("u", -5, 0x7f);
    spoil("u", -6, 0xc0);
    refused(&f, "features.1.weight: value 0 is not finite");
    save(m, 0, true, "u");
    refused(&f, "features.0.weight is F32, and a mask is BOOL or U8");
    save_masks(m, &b, true);
    f.kind = FM_FOREIGN_UPDATE;
    refused(&f, "features.0.weight is BOOL, and an update is F32");
    fm_bundle_free(&b);
    fm_model_free(m);
    fm_model_free(avg);
    fm_model_free(bat);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    back(FM_FEDAVG);
    back(FM_FEDMRN);
    back(FM_FEDMRNS);
    drawn();
    masks(FM_FEDMRN);
    masks(FM_FEDMRNS);
    masks(FM_FEDPM);
    hostile();
    hostile_masks();
    fx_leave(dir);
    return 0;
}
