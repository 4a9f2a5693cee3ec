#include "fed/picture.h"

#include "check.h"
#include "fixture.h"
#include "rand/noise.h"

/* The header of an image, and where its pixels begin. */
static const uint8_t *
pixels(const struct fm_buf *b, const char *head, size_t size)
{
    size_t n = strlen(head);

    CHECK(b->len == n + size && memcmp(b->data, head, n) == 0,
          "%zu bytes, %.12s", b->len, (const char *)b->data);
    return b->data + n;
}

static void
test_mask(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 5, 1);
    struct fm_err e = {0};
    struct fm_buf out = {0};

    /* 3 filters of 1x3x3, and 121 outputs of 48 inputs behind them. */
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_tensor_spec *s = m->tensor[t].spec;
        size_t rows = s->ndim > 1 ? s->dim[0] : 1, columns = s->count / rows;
        size_t stride = (columns + 7) / 8;
        const uint8_t *p;
        char head[40];

        out.len = 0;
        if (!m->tensor[t].masked) {
            CHECK(fm_picture_bundle(&out, &b, m, s->name, &e) == FM_EINPUT &&
                      strstr(e.msg, "travels in full"),
                  "%s", e.msg);
            e = (struct fm_err){0};
            continue;
        }
        CHECK(!fm_picture_bundle(&out, &b, m, s->name, &e), "%s", e.msg);
        snprintf(head, sizeof head, "P4\n%zu %zu\n", columns, rows);
        p = pixels(&out, head, rows * stride);
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < 8 * stride; x++) {
                size_t at = m->tensor[t].at + y * columns + x;
                int want = x < columns ? b.masks[at / 8] >> at % 8 & 1 : 0;
                int got = p[y * stride + x / 8] >> (7 - x % 8) & 1;

                CHECK(got == want, "%s: pixel %zu of row %zu", s->name, x, y);
            }
    }
    CHECK(fm_picture_bundle(&out, &b, m, "nothing", &e) == FM_EINPUT &&
              strstr(e.msg, "no tensor nothing"),
          "%s", e.msg);
    fm_buf_free(&out);
    fm_bundle_free(&b);
    fm_model_free(m);
}

static void
test_density(void)
{
    struct fm_model *m =
        fx_model("input 4\nlinear 2 nobias\n", FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 5, 1);
    struct fm_err e = {0};
    struct fm_buf out = {0};
    uint8_t masks = 0xf1; /* a quarter, then all */
    const uint8_t *p;

    b.masks = &masks;
    CHECK(!fm_picture_bundle(&out, &b, m, "density", &e), "%s", e.msg);
    p = pixels(&out, "P5\n512 16\n255\n", 16 * 512);
    for (size_t i = 0; i < 16 * 512; i++)
        CHECK(p[i] == (i % 512 < 256 ? 191 : 0), "pixel %zu: %d", i, p[i]);
    fm_buf_free(&out);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* Every entry is in a bin, and those of the mask are counted in theirs. */
static void
test_histogram(void)
{
    static const enum fm_dist dist[] = {FM_UNIFORM, FM_GAUSSIAN, FM_BERNOULLI};

    for (size_t d = 0; d < 3; d++) {
        struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRNS, dist[d]);
        struct fm_bundle b = fx_answer(m, "a", 5, 1);
        struct fm_err e = {0};
        struct fm_buf out = {0};
        struct fm_histogram h;
        size_t all = 0, taken = 0;
        uint64_t ends;

        CHECK(!fm_histogram_count(&h, &b, m, &e), "%s", e.msg);
        for (size_t i = 0; i < FM_HISTOGRAM_BINS; i++) {
            CHECK(h.taken[i] <= h.all[i], "bin %zu", i);
            all += h.all[i];
            taken += h.taken[i];
        }
        CHECK(all == m->masked && taken == fm_bits_count(b.masks, 0, m->masked),
              "%zu of %zu, %zu taken", all, m->masked, taken);
        /* Bernoulli noise is at the two ends and nowhere else. */
        ends = h.all[0] + h.all[FM_HISTOGRAM_BINS - 1];
        CHECK((ends == m->masked) == (dist[d] == FM_BERNOULLI), "%zu at ends",
              (size_t)ends);
        CHECK(!fm_histogram_text(&out, &h, &e), "%s", e.msg);
        for (size_t i = 0, lines = 0; i < out.len; i++) {
            lines += out.data[i] == '\n';
            CHECK(i + 1 < out.len || lines == 16, "%zu lines", lines);
        }
        out.len = 0;
        CHECK(!fm_picture_bundle(&out, &b, m, "noise", &e), "%s", e.msg);
        pixels(&out, "P6\n512 256\n255\n", 3 * 512 * 256);
        fm_buf_free(&out);
        fm_bundle_free(&b);
        fm_model_free(m);
    }
}

static void
test_model(void)
{
    struct fm_model *m =
        fx_model("input 3\nlinear 1 nobias\n", FM_FEDAVG, FM_UNIFORM);
    struct fm_err e = {0};
    struct fm_buf out = {0};
    const uint8_t *p;

    m->tensor[0].value[0] = -2;
    m->tensor[0].value[1] = 0;
    m->tensor[0].value[2] = 2;
    CHECK(!fm_picture_model(&out, m, m->tensor[0].spec->name, &e), "%s", e.msg);
    p = pixels(&out, "P5\n3 1\n255\n", 3);
    CHECK(p[0] == 0 && p[1] == 128 && p[2] == 255, "%d %d %d", p[0], p[1],
          p[2]);
    memset(m->tensor[0].value, 0, 3 * sizeof(float));
    out.len = 0;
    CHECK(!fm_picture_model(&out, m, m->tensor[0].spec->name, &e), "%s", e.msg);
    p = pixels(&out, "P5\n3 1\n255\n", 3);
    CHECK(p[0] == 128, "%d", p[0]);
    fm_model_free(m);

    m = fx_fedpm("input 3\nlinear 1 nobias\n", 2, 1);
    out.len = 0;
    CHECK(!fm_picture_model(&out, m, m->tensor[0].spec->name, &e), "%s", e.msg);
    p = pixels(&out, "P5\n3 1\n255\n", 3);
    CHECK(p[0] == 0 && p[1] == 128 && p[2] == 255, "%d %d %d", p[0], p[1],
          p[2]);
    fm_buf_free(&out);
    fm_model_free(m);
}

/* Where there is no noise or no mask, there is no picture of it. */
static void
test_refused(void)
{
    static const char *const what[] = {"noise", "density"};
    struct fm_err e = {0};
    struct fm_buf out = {0};

    for (size_t i = 0; i < 2; i++) {
        struct fm_model *m =
            fx_model("input 3\nlinear 1 nobias\n", FM_FEDAVG, FM_UNIFORM);
        struct fm_bundle b = fx_answer(m, "a", 5, 1);

        CHECK(fm_picture_bundle(&out, &b, m, what[i], &e) == FM_EINPUT &&
                  strstr(e.msg, "under fedavg") && out.len == 0,
              "%s: %s", what[i], e.msg);
        fm_bundle_free(&b);
        fm_model_free(m);
        e = (struct fm_err){0};
    }
    {
        struct fm_model *m = fx_fedpm("input 3\nlinear 2\n", 3, 1);
        struct fm_bundle b = fx_answer(m, "a", 5, 1);

        CHECK(fm_picture_bundle(&out, &b, m, "noise", &e) == FM_EINPUT &&
                  strstr(e.msg, "no noise under fedpm") && out.len == 0,
              "%s", e.msg);
        fm_bundle_free(&b);
        fm_model_free(m);
    }
}

int
main(void)
{
    test_mask();
    test_density();
    test_histogram();
    test_model();
    test_refused();
    return 0;
}
