#include "bundle/lossy.h"

#include "bundle/coded.h"
#include "fixture.h"

static struct fm_codec
codec(const char *text)
{
    struct fm_codec c;

    CHECK(fm_codecname_parse(&c, text), "%s", text);
    return c;
}

/* Code b and read its file back: what both hold is the same, and has one id. */
static void
file_trip(struct fm_bundle *b, const struct fm_model *m)
{
    struct fm_bundle back = {0}, raw;
    struct fm_err e = {0};
    struct fm_buf file = {0};

    CHECK(fm_bundle_write(&file, b, &e) == 0, "%s", e.msg);
    CHECK(fm_bundle_parse(&back, &file, m, &e) == 0, "%s", e.msg);
    CHECK(back.coder == FM_CODER_CODEC && back.codec.kind == b->codec.kind,
          "coder");
    CHECK(!fm_coded_alone(&back), "alone");
    CHECK(fm_coded_decode(&back, NULL, NULL, &e) == FM_EINPUT, "no model");
    CHECK(strstr(e.msg, "made by a codec"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_coded_decode(&back, m, NULL, &e) == 0, "%s", e.msg);
    CHECK(!memcmp(back.dense, b->dense, 4 * b->full), "what decodes");
    CHECK(fm_id_cmp(&back.id, &b->id) == 0, "id");
    raw = back;
    raw.coder = FM_CODER_RAW;
    CHECK(fm_bundle_write(&file, &raw, &e) == 0, "%s", e.msg);
    CHECK(fm_id_cmp(&raw.id, &b->id) == 0, "the raw form's id");
    fm_buf_free(&file);
    fm_bundle_free(&back);
}

/* Batch normalisation stays what it was, under any codec. */
static void
kept(const struct fm_model *m, const char *by)
{
    const struct fm_codec c = codec(by);
    struct fm_bundle b = fx_answer(m, "a", 7, 1), was = fx_answer(m, "a", 7, 1);
    struct fm_err e = {0};

    CHECK(fm_lossy_encode(&b, &c, m, 1, NULL, &e) == 0, "%s", e.msg);
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *to = &m->tensor[t];
        bool same = !memcmp(b.dense + 4 * to->at, was.dense + 4 * to->at,
                            4 * to->spec->count);

        CHECK(same == !fm_lossy_coded(to->spec->role), "%s: %s", by,
              to->spec->name);
    }
    file_trip(&b, m);
    fm_bundle_free(&b);
    fm_bundle_free(&was);
}

/* With error feedback everything is sent some time: over rounds of the same
 * update, the sum of what decodes and what is left is the sum of updates. */
static void
feedback(const struct fm_model *m)
{
    const struct fm_codec c = codec("topk:0.1");
    const size_t n = fm_lossy_count(m);
    float *left = calloc(n, sizeof *left);
    double *sent = calloc(m->full, sizeof *sent);
    struct fm_err e = {0};
    size_t i = 0;

    CHECK(left && sent, "memory");
    for (int round = 0; round < 20; round++) {
        struct fm_bundle b = fx_answer(m, "a", 7, 1);

        CHECK(fm_lossy_encode(&b, &c, m, 1, left, &e) == 0, "%s", e.msg);
        for (size_t k = 0; k < m->full; k++)
            sent[k] += (double)fm_getf(b.dense + 4 * k);
        fm_bundle_free(&b);
    }
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t k = 0; k < m->tensor[t].spec->count; k++) {
            struct fm_bundle b = {0};
            size_t at = m->tensor[t].at + k;
            double was;

            if (!fm_lossy_coded(m->tensor[t].spec->role))
                break;
            b = fx_answer(m, "a", 7, 1);
            was = 20 * (double)fm_getf(b.dense + 4 * at);
            fm_bundle_free(&b);
            CHECK(sent[at] + (double)left[i] - was < 1e-4 &&
                      was - sent[at] - (double)left[i] < 1e-4,
                  "%zu: %g and %g of %g", at, sent[at], (double)left[i], was);
            i++;
        }
    CHECK(i == n, "%zu of %zu", i, n);
    left[0] = 0x1.8p38f;
    {
        struct fm_bundle b = fx_answer(m, "a", 7, 1);

        CHECK(fm_lossy_encode(&b, &c, m, 1, left, &e) == FM_EINPUT, "large");
        CHECK(strstr(e.msg, "value 0 and what earlier rounds left"), "%s",
              e.msg);
        fm_bundle_free(&b);
    }
    free(left);
    free(sent);
}

/* Sizes that lie, and what decodes to what may not travel. */
static void
hostile(const struct fm_model *m)
{
    const struct fm_codec c = codec("topk:0.1");
    struct fm_bundle b = fx_answer(m, "a", 7, 1);
    uint8_t *dense = malloc(4 * m->full), *code;
    struct fm_err e = {0};
    size_t at;

    CHECK(dense && fm_lossy_encode(&b, &c, m, 1, NULL, &e) == 0, "%s", e.msg);
    code = b.coded.data;
    at = 4 + fm_get32(code);
    for (size_t n = 0; n < 4; n++) {
        b.code.ndense = n;
        e = (struct fm_err){0};
        CHECK(fm_lossy_decode(dense, &b, m, &e) == FM_EINPUT, "%zu bytes", n);
        CHECK(strstr(e.msg, "do not hold the tensors"), "%s", e.msg);
    }
    e = (struct fm_err){0};
    b.code.ndense = b.coded.len;
    fm_put32(code, (uint32_t)b.coded.len - 3);
    CHECK(fm_lossy_decode(dense, &b, m, &e) == FM_EINPUT, "size");
    CHECK(strstr(e.msg, "do not hold the tensors"), "%s", e.msg);
    fm_put32(code, (uint32_t)at - 4);
    CHECK(fm_lossy_decode(dense, &b, m, NULL) == 0, "good again");
    fm_put32(code + at, 0x7f800000);
    e = (struct fm_err){0};
    CHECK(fm_coded_decode(&b, m, NULL, &e) == FM_EINPUT, "infinity");
    CHECK(strstr(e.msg, "is not finite"), "%s", e.msg);
    fm_put32(code + at, 0x3f800000);
    e = (struct fm_err){0};
    CHECK(fm_coded_decode(&b, m, NULL, &e) == FM_EINPUT, "another answer");
    CHECK(strstr(e.msg, "what it holds has the id"), "%s", e.msg);
    free(dense);
    fm_bundle_free(&b);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *plain =
        fx_model("input 3\nlinear 7\n", FM_FEDAVG, FM_UNIFORM);

    CHECK(fm_lossy_count(m) < m->full, "no batchnorm in the fixture");
    for (int i = 0; i < 2; i++) {
        kept(m, (const char *[]){"float16", "signsgd"}[i]);
        kept(plain, (const char *[]){"float16", "signsgd"}[i]);
    }
    kept(m, "topk:0.1");
    feedback(m);
    hostile(m);
    fm_model_free(m);
    fm_model_free(plain);
    return 0;
}
