#include "bundle/coded.h"
#include "maskfix.h"

static int
parse(struct fm_bundle *b, const struct fm_buf *file,
      const struct fm_model *base, struct fm_err *e)
{
    struct fm_buf bytes = {0};
    int rc;

    CHECK(fm_buf_add(&bytes, file->data, file->len, NULL) == 0, "memory");
    if ((rc = fm_bundle_parse(b, &bytes, base, e)) == 0)
        rc = fm_coded_decode(b, base, NULL, e);
    return rc;
}

/* The answer's raw file, and its coded one. */
static void
make(struct fm_buf *raw, struct fm_buf *coded, struct fm_bundle *b,
     const struct fm_model *m, const struct fm_model *side)
{
    raw->len = coded->len = 0;
    if (b->method != FM_FEDSPARSIFY) /* whose values go with its masks */
        mf_draw(b, m, 1);
    b->coder = FM_CODER_RAW;
    CHECK(fm_bundle_write(raw, b, NULL) == 0, "raw");
    CHECK(fm_coded_encode(b, side, NULL, NULL) == 0, "code");
    CHECK(b->coder == FM_CODER_RANS, "coder");
    CHECK(fm_bundle_write(coded, b, NULL) == 0, "coded");
}

/* Raw and coded forms of one answer have one id, and lead back to each
 * other's bytes. */
static void
round_trips(const char *arch, enum fm_method method)
{
    struct fm_model *m = fx_model(arch, method, FM_UNIFORM);
    struct fm_buf raw = {0}, coded = {0}, again = {0};
    struct fm_bundle b = fx_answer(m, "7", 600, 1), got;
    struct fm_err e = {0};

    for (int with = 0; with < 2; with++) {
        const struct fm_model *side = with ? m : NULL;

        make(&raw, &coded, &b, m, side);
        CHECK(fm_coded_smaller(&b) == (coded.len < raw.len), "smaller");
        CHECK(parse(&got, &coded, m, &e) == 0, "%s", e.msg);
        CHECK(fm_id_cmp(&got.id, &b.id) == 0, "id");
        CHECK(fm_coded_alone(&got) == (!with || !m->full), "alone");
        got.coder = FM_CODER_RAW;
        again.len = 0;
        CHECK(fm_bundle_write(&again, &got, NULL) == 0, "raw");
        CHECK(again.len == raw.len &&
                  memcmp(again.data, raw.data, raw.len) == 0,
              "another raw form");
        fm_bundle_free(&got);

        /* Without the model: what can be decoded is, the rest is kept. */
        if (parse(&got, &coded, NULL, &e))
            CHECK(with && strstr(e.msg, "which --model must give"), "%s",
                  e.msg);
        e = (struct fm_err){0};
        again.len = 0;
        CHECK(fm_bundle_write(&again, &got, NULL) == 0, "coded");
        CHECK(again.len == coded.len &&
                  memcmp(again.data, coded.data, coded.len) == 0,
              "passed on");
        fm_bundle_free(&got);
    }
    CHECK(coded.len <= 1024 + b.code.nmasks + b.code.ndense, "frame");
    fm_buf_free(&raw);
    fm_buf_free(&coded);
    fm_buf_free(&again);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* Every flip and cut of a coded bundle is refused. */
static void
damage(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1), got;
    struct fm_buf raw = {0}, coded = {0};

    make(&raw, &coded, &b, m, m);
    for (size_t bit = 0; bit < 8 * coded.len; bit++) {
        struct fm_err e = {0};

        coded.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(parse(&got, &coded, m, &e) == FM_EINPUT, "bit %zu", bit);
        CHECK(e.msg[0], "no message for bit %zu", bit);
        fm_bundle_free(&got);
        coded.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = coded.len; n-- > 0;) {
        coded.len = n;
        CHECK(parse(&got, &coded, m, NULL) == FM_EINPUT, "%zu bytes", n);
        fm_bundle_free(&got);
    }
    fm_buf_free(&raw);
    fm_buf_free(&coded);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* A liar's members, with a checksum that holds. */
static void
lie(struct fm_bundle *b, const struct fm_model *m, const char *message)
{
    struct fm_err e = {0};
    struct fm_buf file = {0};
    struct fm_bundle got;

    CHECK(fm_bundle_write(&file, b, NULL) == 0, "write");
    CHECK(parse(&got, &file, m, &e) == FM_EINPUT, "accepted: %s", message);
    CHECK(strstr(e.msg, message), "%s, not %s", e.msg, message);
    CHECK(!got.masks && !got.dense, "something is left");
    fm_bundle_free(&got);
    fm_buf_free(&file);
}

static void
lies(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1), other;
    struct fm_buf raw = {0}, coded = {0};
    struct fm_coding good;

    make(&raw, &coded, &b, m, m);
    good = b.code;
    b.id.b[3] ^= 1;
    lie(&b, m, "what it holds has the id ");
    b.id.b[3] ^= 1;
    b.samples++; /* the id is of the manifest too */
    lie(&b, m, "what it holds has the id ");
    b.samples--;
    b.code.nmasks--;
    lie(&b, m, "masks: not a code of");
    b.code = good;
    b.code.ndense -= 4;
    lie(&b, m, "");
    b.code = good;
    b.code.nmasks = 0;
    lie(&b, m, "masks: 0 bytes cannot be");
    b.code.nmasks = fm_bits_size(b.masked) + 2;
    b.code.masks = b.bytes.data; /* any bytes */
    lie(&b, m, "bytes cannot be a code of");
    b.code = good;
    /* Another client's noise does not decode these masks. */
    other = b;
    strcpy(other.client, "8");
    lie(&other, m, "");
    fm_buf_free(&raw);
    fm_buf_free(&coded);
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* Bytes where there is nothing to code. */
static void
nothing(void)
{
    static const enum fm_method method[] = {FM_FEDMRN, FM_FEDSPARSIFY};
    struct fm_buf raw = {0}, coded = {0};

    for (size_t i = 0; i < 2; i++) {
        struct fm_model *m =
            fx_model("input 4\nlinear 2 nobias\n", method[i], FM_UNIFORM);
        struct fm_bundle b = fx_answer(m, "7", 600, 1);

        memset(b.bytes.data, 0, b.bytes.len);
        make(&raw, &coded, &b, m, m);
        CHECK(b.code.ndense == 0, "%zu: %zu bytes", i, b.code.ndense);
        b.code.dense = raw.data;
        b.code.ndense = 4;
        lie(&b, m, "4 bytes for nothing");
        fm_bundle_free(&b);
        fm_model_free(m);
    }
    fm_buf_free(&raw);
    fm_buf_free(&coded);
}

/*
 * A few bytes that stand for many are decoded only when a model says how many
 * there are: all deltas 0, as a client that learnt nothing has them.
 */
static void
swelling(void)
{
    struct fm_model *m = fx_model("input 1x1x100\nlinear 100\nlinear 2\n",
                                  FM_FEDAVG, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1), got;
    struct fm_buf raw = {0}, coded = {0};

    memset(b.bytes.data, 0, 4 * b.full);
    CHECK(fm_bundle_write(&raw, &b, NULL) == 0, "raw");
    for (int with = 0; with < 2; with++) {
        struct fm_err e = {0};

        coded.len = 0;
        b.coder = FM_CODER_RAW;
        CHECK(fm_coded_encode(&b, with ? m : NULL, NULL, NULL) == 0, "code");
        CHECK(fm_bundle_write(&coded, &b, NULL) == 0, "coded");
        CHECK(b.code.ndense < 4 * b.full / 4096, "%zu bytes", b.code.ndense);
        CHECK(!fm_coded_alone(&b), "alone");
        CHECK(parse(&got, &coded, NULL, &e) == FM_EINPUT, "without a model");
        CHECK(strstr(e.msg, "--model must confirm"), "%s", e.msg);
        fm_bundle_free(&got);
        CHECK(parse(&got, &coded, m, &e) == 0, "%s", e.msg);
        CHECK(memcmp(got.dense, b.dense, 4 * b.full) == 0, "deltas");
        fm_bundle_free(&got);
    }
    fm_buf_free(&raw);
    fm_buf_free(&coded);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    swelling();
    round_trips(FX_TINY, FM_FEDMRN);
    round_trips(FX_ARCH, FM_FEDMRN);
    round_trips(FX_ARCH, FM_FEDMRNS);
    round_trips(FX_ARCH, FM_FEDBAT);
    round_trips(FX_ARCH, FM_FEDSPARSIFY);
    round_trips(FX_ARCH, FM_FEDAVG);
    damage();
    lies();
    nothing();
    return 0;
}
