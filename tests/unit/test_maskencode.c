#include "base/cpu.h"
#include "maskfix.h"

/* The form that the encoder chooses, and its size against what it should be. */
static size_t
code(struct fm_buf *out, const struct fm_model *m, const struct fm_bundle *b,
     unsigned form)
{
    struct fm_err e = {0};

    out->len = 0;
    CHECK(fm_maskcode_encode(out, b, m, NULL, &e) == 0, "%s", e.msg);
    CHECK(out->len > 0 && (out->data[0] & ~8u) == form, "form %u, not %u",
          out->data[0], form);
    return out->len;
}

static void
chooses(void)
{
    struct fm_model *m = fx_model(MF_LARGE, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    size_t raw = fm_bits_size(m->masked), plain, dither, noise;
    struct fm_buf out = {0}, again = {0};
    struct fm_pool *pool = fm_pool_new(3, NULL);

    CHECK(pool, "pool");
    CHECK(m->masked > FM_SEGMENT, "%zu entries", m->masked);
    /* Coin tosses: nothing helps. */
    CHECK(code(&out, m, &b, FM_FORM_STORED) == raw + 1, "stored");
    CHECK(memcmp(out.data + 1, b.masks, raw) == 0, "stored bytes");

    mf_draw(&b, m, 1);
    plain = code(&out, NULL, &b, FM_FORM_PLAIN);
    dither = code(&out, m, &b, FM_FORM_DITHER);
    CHECK(dither < plain * 92 / 100 && plain < raw, "%zu %zu %zu", dither,
          plain, raw);
    CHECK(fm_maskcode_encode(&again, &b, m, pool, NULL) == 0, "threads");
    CHECK(again.len == out.len && memcmp(again.data, out.data, out.len) == 0,
          "threads write other bytes");

    /* A private dither, and one that only says it were shared. */
    b.dither = FM_DITHER_PRIVATE;
    mf_draw(&b, m, 1);
    noise = code(&out, m, &b, FM_FORM_NOISE);
    CHECK(dither < noise && noise < plain * 99 / 100, "%zu %zu %zu", dither,
          noise, plain);
    b.dither = FM_DITHER_SHARED;
    CHECK(code(&out, m, &b, FM_FORM_NOISE) == noise, "not shared");

    /* Nothing but zeros: 16 bytes for each segment, a size, a curve. */
    memset(b.bytes.data, 0, raw);
    CHECK(code(&out, m, &b, FM_FORM_PLAIN) < 1 + 2 + 2 * 16 + 4 + 50,
          "%zu bytes", out.len);
    fm_pool_free(pool);
    fm_buf_free(&again);
    fm_buf_free(&out);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    chooses();
    return 0;
}
