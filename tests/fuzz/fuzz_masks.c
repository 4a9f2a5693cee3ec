/*
 * fuzz_masks: any bytes as the code of a bundle's masks; and what decodes is
 * coded and decoded again to the same.
 */
#include "../unit/fixture.h"
#include "bundle/maskcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte: method, dither, and whether the reader has the model. */
enum { SIGNED = 1, PRIVATE = 2, BLIND = 4, LARGE = 8, FEDPM = 16 };

/* Every method's small model and its large one. */
enum { MODELS = 6, POSTERIOR = 4 };

static struct fm_model *model[MODELS];

static void
release(void)
{
    for (int i = 0; i < MODELS; i++)
        fm_model_free(model[i]);
}

static void
prepare(void)
{
    if (model[0])
        return;
    for (int i = 0; i < POSTERIOR; i++)
        model[i] = fx_model(i & 2 ? FX_ARCH : FX_TINY,
                            i & 1 ? FM_FEDMRNS : FM_FEDMRN, FM_UNIFORM);
    model[POSTERIOR] = fx_fedpm("input 1x1x5\nlinear 3\n", 0, 1);
    model[POSTERIOR + 1] =
        fx_fedpm("input 1x6x6\nlinear 121\nrelu\nlinear 5\n", 30, 7);
    atexit(release);
}

static void
again(struct fm_bundle *b, const struct fm_model *base,
      const struct fm_buf *masks)
{
    struct fm_buf code = {0}, got = {0};

    b->masks = masks->data;
    CHECK(fm_maskcode_encode(&code, b, base, NULL, NULL) == 0, "memory");
    CHECK(code.len <= masks->len + 1, "%zu bytes", code.len);
    CHECK(fm_maskcode_decode(&got, b, code.data, code.len, base, NULL, NULL) ==
              0,
          "not decoded");
    CHECK(got.len == masks->len && memcmp(got.data, masks->data, got.len) == 0,
          "other masks");
    fm_buf_free(&code);
    fm_buf_free(&got);
}

static const struct fm_model *
chosen(uint8_t byte)
{
    int large = byte & LARGE ? 1 : 0;

    if (byte & FEDPM)
        return model[POSTERIOR + large];
    return model[(byte & SIGNED ? 1 : 0) + 2 * large];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fm_buf masks = {0};
    struct fm_bundle b = {.client = "7", .samples = 1};
    const struct fm_model *m, *base;

    if (size == 0)
        return 0;
    prepare();
    m = chosen(*data);
    base = *data & BLIND ? NULL : m;
    b.method = m->set.method;
    b.dither = *data & PRIVATE ? FM_DITHER_PRIVATE : FM_DITHER_SHARED;
    b.round = m->round + 1;
    b.base = m->id;
    b.masked = m->masked;
    b.full = m->full;
    if (fm_maskcode_decode(&masks, &b, data + 1, size - 1, base, NULL, NULL) ==
        0) {
        CHECK(fm_bits_check(masks.data, masks.len, b.masked, NULL) == 0,
              "not a mask");
        again(&b, base, &masks);
    }
    fm_buf_free(&masks);
    return 0;
}
