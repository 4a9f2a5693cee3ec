#include "fed/diff.h"

#include "check.h"
#include "fixture.h"

/* The report's row for a tensor. */
static const struct fm_json *
row(const struct fm_json *o, size_t i)
{
    return fm_json_at(fm_json_get(o, "tensors"), i);
}

static uint64_t
number(const struct fm_json *o, const char *key)
{
    return (uint64_t)fm_json_int_of(fm_json_get(o, key));
}

static void
test_models(void)
{
    struct fm_subject a = {.model = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM)};
    struct fm_subject b = {.model = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM)};
    struct fm_err e = {0};
    struct fm_json *o = fm_diff(&a, "a", &b, "b", NULL, &e);

    CHECK(o && fm_json_bool_of(fm_json_get(o, "same")), "%s", e.msg);
    for (size_t i = 0; i < a.model->arch->ntensors; i++)
        CHECK(number(row(o, i), "differ") == 0, "tensor %zu", i);
    fm_json_free(o);

    b.model->tensor[0].value[2] += 0.5f;
    b.model->id.b[0] ^= 1;
    o = fm_diff(&a, "a", &b, "b", NULL, &e);
    CHECK(o && !fm_json_bool_of(fm_json_get(o, "same")), "%s", e.msg);
    CHECK(number(row(o, 0), "differ") == 1 && number(row(o, 0), "count") == 4,
          "differ");
    CHECK(fm_json_real_of(fm_json_get(row(o, 0), "max")) == 0.5 &&
              fm_json_real_of(fm_json_get(row(o, 0), "rms")) == 0.25,
          "max, rms");
    CHECK(number(row(o, 1), "differ") == 0, "tensor 1");
    fm_json_free(o);
    fm_subject_free(&b);

    b.model = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    CHECK(!fm_diff(&a, "a", &b, "b", NULL, &e) && e.code == FM_EINPUT &&
              strstr(e.msg, "different networks") && strstr(e.msg, " tensors,"),
          "%s", e.msg);
    fm_subject_free(&b);
    /* As many tensors, but one of another name, rank or size. */
    for (int i = 0; i < 4; i++) {
        static const char *const net[][2] = {
            {"input 1x3x3\nconv 1 3x3\nlinear 2\n",
             "input 9\nlinear 1\nlinear 2\n"},
            {"input 1x1x4\nconv 2 1x4\nlinear 2\n",
             "input 1x1x4\nconv 2 1x4\nlinear 3\n"},
            {"input 4\nlinear 2\nrelu\nlinear 2\n",
             "input 4\nlinear 2\nlinear 2\n"},
            {"input 4\nlinear 2\nbatchnorm\nlinear 2\n",
             "input 4\nlinear 2\nlinear 2\nlinear 2\nlinear 2\n"},
        };
        struct fm_subject x = {.model =
                                   fx_model(net[i][0], FM_FEDMRN, FM_UNIFORM)};

        b.model = fx_model(net[i][1], FM_FEDMRN, FM_UNIFORM);
        e = (struct fm_err){0};
        CHECK(!fm_diff(&x, "a", &b, "b", NULL, &e) && e.code == FM_EINPUT &&
                  strstr(e.msg, "is another tensor in each") &&
                  (i < 3 || strstr(e.msg, "classifier.1.weight is")),
              "%d: %s", i, e.msg);
        fm_subject_free(&x);
        fm_subject_free(&b);
    }
    e = (struct fm_err){0};
    b.model = fx_fedpm("input 4\nlinear 2\n", 3, 1);
    CHECK(!fm_diff(&a, "a", &b, "b", NULL, &e) && e.code == FM_EINPUT &&
              strstr(e.msg, "votes"),
          "%s", e.msg);
    fm_subject_free(&b);
    fm_subject_free(&a);
}

static void
test_bundles(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_subject a = {.item = {.kind = FM_ITEM_BUNDLE}}, b = a, c = {0};
    struct fm_err e = {0};
    struct fm_json *o;

    a.item.bundle = fx_answer(m, "a", 5, 1);
    b.item.bundle = fx_answer(m, "a", 5, 1);
    b.item.bundle.bytes.data[0] ^= 5; /* two bits of the first tensor */
    b.item.bundle.id.b[3] = 1;
    o = fm_diff(&a, "a", &b, "b", m, &e);
    CHECK(o && !fm_json_bool_of(fm_json_get(o, "same")), "%s", e.msg);
    CHECK(number(row(o, 0), "differ") == 2 &&
              fm_json_kind(fm_json_get(row(o, 0), "max")) == FM_JSON_NULL,
          "differ");
    for (size_t i = 1; i < m->arch->ntensors; i++)
        CHECK(number(row(o, i), "differ") == 0, "tensor %zu", i);
    fm_json_free(o);

    c.model = m;
    CHECK(!fm_diff(&a, "x", &c, "y", m, &e) && e.code == FM_EINPUT &&
              strstr(e.msg, "x is a bundle, y is a model"),
          "%s", e.msg);
    fm_subject_free(&a);
    fm_subject_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    test_models();
    test_bundles();
    return 0;
}
