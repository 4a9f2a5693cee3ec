#include "bundle/sparse.h"

#include "fixture.h"

static void
gathered(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDSPARSIFY, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 10, 1);
    struct fm_buf out = {0};
    uint8_t *dense = malloc(4 * m->full);
    size_t first = fm_sparse_first(&b), kept = 0;

    /* Weights alone are masked; biases and batch normalisation are full. */
    CHECK(m->masked == 3 * 9 + 121 * 48 + 5 * 121, "%zu", m->masked);
    CHECK(first == 12 + 121 + 5 && m->full == first + m->masked, "%zu", first);
    CHECK(fm_sparse_check(&b, NULL) == 0, "the fixture's");
    for (size_t i = 0; i < m->masked; i++)
        kept += b.masks[i / 8] >> i % 8 & 1;
    CHECK(fm_sparse_kept(b.masks, 0, m->masked) == kept, "kept");
    CHECK(fm_sparse_kept(b.masks, 0, 13) +
                  fm_sparse_kept(b.masks, 13, m->masked - 13) ==
              kept,
          "in parts");
    CHECK(!fm_sparse_gather(&out, &b, NULL) && out.len == 4 * (first + kept),
          "%zu bytes", out.len);
    CHECK(dense, "memory");
    fm_sparse_scatter(dense, &b, b.masks, out.data);
    CHECK(memcmp(dense, b.dense, 4 * m->full) == 0, "and back");
    free(dense);
    fm_buf_free(&out);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* Set the value of weight `i` and read the bundle. */
static void
with(size_t i, float v, const char *message)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDSPARSIFY, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 10, 1), got;
    struct fm_err e = {0};
    struct fm_buf file = {0};
    size_t at = i;

    /* The first from `i` on that is left, or is pruned. */
    while ((b.masks[at / 8] >> at % 8 & 1) != (v == 0))
        at++;
    fm_putf(b.bytes.data + fm_bits_size(m->masked) +
                4 * (fm_sparse_first(&b) + at),
            v);
    CHECK(!fm_bundle_write(&file, &b, &e), "%s", e.msg);
    CHECK(fm_bundle_parse(&got, &file, m, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, message), "%s", e.msg);
    fm_bundle_free(&got);
    fm_bundle_free(&b);
    fm_model_free(m);
}

static void
hostile(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDSPARSIFY, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "a", 10, 1), got;
    struct fm_err e = {0};
    struct fm_buf file = {0};
    size_t at = 0;

    with(3, 0, "is 0, but its mask says otherwise");
    with(3, -0.0f, "is 0, but its mask says otherwise");
    with(100, 0.5f, "is left, but its mask says otherwise");
    /* -0 where nothing is left. */
    while (b.masks[at / 8] >> at % 8 & 1)
        at++;
    fm_putf(b.bytes.data + fm_bits_size(m->masked) +
                4 * (fm_sparse_first(&b) + at),
            -0.0f);
    CHECK(!fm_bundle_write(&file, &b, &e), "%s", e.msg);
    CHECK(fm_bundle_parse(&got, &file, m, &e) == FM_EINPUT, "-0 accepted");
    fm_bundle_free(&got);
    /* Fewer full parameters than masked ones. */
    b.full = b.masked - 1;
    CHECK(!fm_bundle_write(&file, &b, NULL), "write");
    e = (struct fm_err){0};
    CHECK(fm_bundle_parse(&got, &file, NULL, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, "has a value for each masked parameter"), "%s", e.msg);
    fm_bundle_free(&got);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    gathered();
    hostile();
    return 0;
}
