#include "bundle/step.h"

#include "fixture.h"

static struct fm_model *
model(enum fm_method method)
{
    return fx_model(FX_ARCH, method, FM_BERNOULLI);
}

/* By hand: conv, two linear layers with biases are 5 masked tensors; the steps
 * follow batch normalisation's 12 floats. */
static void
places(void)
{
    struct fm_model *m = model(FM_FEDBAT), *other = model(FM_FEDMRNS);
    size_t k = 0;

    CHECK(fm_step_count(m) == 5 && fm_step_count(other) == 0, "count");
    CHECK(m->full == 12 + 5 && other->full == 12, "%zu", m->full);
    for (size_t t = 0; t < m->arch->ntensors; t++)
        if (m->tensor[t].masked)
            CHECK(m->tensor[t].step == 12 + k++, "step %zu", k);
    fm_model_free(m);
    fm_model_free(other);
}

static void
values(void)
{
    static const struct {
        float v;
        uint32_t a;
    } row[] = {
        {0x1p-24f, 1},
        {1, FM_STEP_MAX},
        {0.01f, 0},
        {167772 * 0x1p-24f, 167772},
        {0x1.fffffep-1f, (1 << 24) - 1},
        {0x1p-25f, 0},
        {0x1.000002p0f, 0},
        {1.5f * 0x1p-24f, 0},
        {0, 0},
        {-0x1p-10f, 0},
        {2, 0},
    };
    struct fm_model *m = model(FM_FEDBAT);
    struct fm_bundle b = fx_answer(m, "a", 10, 1);
    size_t last = m->arch->ntensors - 1;
    uint8_t *at = b.bytes.data + b.bytes.len - 4;

    CHECK(fm_step_check(&b, m, NULL) == 0, "the fixture's");
    CHECK(m->tensor[last].masked && m->tensor[last].step == m->full - 1,
          "the last step is the last float");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_err e = {0};
        int rc;

        fm_putf(at, row[i].v);
        rc = fm_step_check(&b, m, &e);
        CHECK((rc == 0) == (row[i].a > 0), "%a: %s", (double)row[i].v, e.msg);
        if (rc) {
            CHECK(strstr(e.msg, "dense: the step of classifier"), "%s", e.msg);
            continue;
        }
        CHECK(fm_step_of(&b, m, last) == row[i].a, "%a", (double)row[i].v);
        fm_step_put(at, row[i].a);
        CHECK(fm_getf(at) == row[i].v, "%u", row[i].a);
    }
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* A bundle is refused for its step when it is read against its model. */
static void
parsed(void)
{
    struct fm_model *m = model(FM_FEDBAT);
    struct fm_bundle b = fx_answer(m, "a", 10, 1), got;
    struct fm_buf file = {0};
    struct fm_err e = {0};

    fm_putf(b.bytes.data + b.bytes.len - 4, 0.01f);
    CHECK(!fm_bundle_write(&file, &b, &e), "%s", e.msg);
    CHECK(fm_bundle_parse(&got, &file, m, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, "is not a multiple of 2^-24 in (0,1]"), "%s", e.msg);
    fm_bundle_free(&got);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    places();
    values();
    parsed();
    return 0;
}
