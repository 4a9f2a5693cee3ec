#include "bundle/bundle.h"
#include "bundle/checksum.h"
#include "bundle/manifest.h"
#include "check.h"
#include "fixture.h"

#include <math.h>

static int
parse(struct fm_bundle *b, const void *p, size_t n, const struct fm_model *base,
      struct fm_err *e)
{
    struct fm_buf bytes = {0};

    CHECK(fm_buf_add(&bytes, p, n, NULL) == 0, "memory");
    return fm_bundle_parse(b, &bytes, base, e);
}

/* The bytes that bundle.h promises, put together by hand. */
static void
golden(const struct fm_model *m)
{
    struct fm_bundle b = fx_answer(m, "7", 600, 1), got;
    struct fm_buf out = {0}, manifest = {0};
    struct fm_id sum;
    size_t bits = fm_bits_size(m->masked), at;

    CHECK(fm_bundle_write(&out, &b, NULL) == 0, "write");
    CHECK(fm_manifest_write(&manifest, &b, NULL) == 0, "manifest");
    CHECK(memcmp(out.data, "070707", 6) == 0, "magic");
    CHECK(strcmp((char *)out.data + 76, "manifest.json") == 0, "first name");
    at = 76 + 14;
    CHECK(memcmp(out.data + at, manifest.data, manifest.len) == 0, "manifest");
    at += manifest.len;
    CHECK(strcmp((char *)out.data + at + 76, "masks") == 0, "second name");
    at += 76 + 6;
    CHECK(memcmp(out.data + at, b.masks, bits) == 0, "masks");
    at += bits;
    CHECK(strcmp((char *)out.data + at + 76, "dense") == 0, "third name");
    at += 76 + 6;
    CHECK(memcmp(out.data + at, b.dense, 4 * m->full) == 0, "dense");
    at += 4 * m->full;
    sum = fm_hash128(out.data, at);
    CHECK(strcmp((char *)out.data + at + 76, "checksum") == 0, "fourth name");
    at += 76 + 9;
    CHECK(memcmp(out.data + at, sum.b, 16) == 0, "checksum");
    CHECK(fm_id_cmp(&sum, &b.id) == 0, "id");
    CHECK(out.len == at + 16 + 87, "%zu bytes", out.len);
    CHECK(out.len == 426 + manifest.len + bits + 4 * m->full + 16,
          "426 bytes of headers");
    CHECK(out.len <= fm_model_max_bundle(m), "fm_model_max_bundle");

    CHECK(parse(&got, out.data, out.len, m, NULL) == 0, "parse");
    CHECK(memcmp(got.masks, b.masks, bits) == 0, "masks read");
    CHECK(memcmp(got.dense, b.dense, 4 * m->full) == 0, "dense read");
    CHECK(strcmp(got.client, "7") == 0 && got.samples == 600, "fields");
    CHECK(fm_id_cmp(&got.id, &b.id) == 0, "id read");
    fm_bundle_free(&got);
    CHECK(parse(&got, out.data, out.len, NULL, NULL) == 0, "without a base");
    fm_bundle_free(&got);
    fm_bundle_free(&got);
    fm_bundle_free(&b);
    fm_buf_free(&manifest);
    fm_buf_free(&out);
}

/* Every flipped bit and every cut of a small bundle, with and without base. */
static void
damage(const struct fm_model *m)
{
    struct fm_buf out = {0};
    struct fm_bundle b;

    fx_file(&out, m, "c", 3, 9);
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        struct fm_err e = {0};

        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(parse(&b, out.data, out.len, bit % 2 ? m : NULL, &e) == FM_EINPUT,
              "bit %zu of byte %zu", bit % 8, bit / 8);
        CHECK(e.msg[0], "no message for bit %zu", bit);
        fm_bundle_free(&b);
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < out.len; n++) {
        CHECK(parse(&b, out.data, n, NULL, NULL) == FM_EINPUT, "%zu bytes", n);
        fm_bundle_free(&b);
    }
    CHECK(fm_buf_add(&out, "\0", 1, NULL) == 0, "memory");
    CHECK(parse(&b, out.data, out.len, m, NULL) == FM_EINPUT, "one byte more");
    fm_bundle_free(&b);
    CHECK(parse(&b, out.data, out.len - 1, m, NULL) == 0, "undamaged");
    fm_bundle_free(&b);
    fm_buf_free(&out);
}

/* Members made by a liar, with a checksum that holds. */
static void
lie(const struct fm_model *m, const struct fm_bundle *b,
    const struct fm_member *three, const char *message)
{
    struct fm_member all[FM_MEMBERS_MAX];
    struct fm_err e = {0};
    struct fm_buf out = {0};
    struct fm_bundle got;
    struct fm_id id;

    (void)b;
    memcpy(all, three, 3 * sizeof *three);
    CHECK(fm_checksum_seal(&out, all, 3, &id, NULL) == 0, "seal");
    CHECK(parse(&got, out.data, out.len, m, &e) == FM_EINPUT, "accepted: %s",
          message);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
    fm_bundle_free(&got);
    fm_buf_free(&out);
}

static void
sizes(const struct fm_model *m)
{
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    size_t bits = fm_bits_size(m->masked), full = m->full;
    struct fm_buf text = {0};
    struct fm_member t[3] = {{"manifest.json", NULL, 0},
                             {"masks", b.masks, bits},
                             {"dense", b.dense, 4 * m->full}},
                     good[3];
    uint8_t *dense = b.bytes.data + bits;

    CHECK(fm_manifest_write(&text, &b, NULL) == 0, "manifest");
    t[0].data = text.data;
    t[0].size = text.len;
    memcpy(good, t, sizeof t);

    t[1].size--;
    lie(m, &b, t, "masks: ");
    memcpy(t, good, sizeof t);
    t[2].size--;
    lie(m, &b, t, "dense: ");
    memcpy(t, good, sizeof t);
    strcpy(t[1].name, "mask");
    lie(m, &b, t, "member 2 is not masks");
    memcpy(t, good, sizeof t);
    t[1] = good[2];
    t[2] = good[1];
    lie(m, &b, t, "member 2 is not masks");
    memcpy(t, good, sizeof t);
    t[0].size = 0;
    lie(m, &b, t, "manifest.json");
    memcpy(t, good, sizeof t);

    /* A pad bit. */
    CHECK(m->masked % 8, "the fixture has no pad bits");
    b.bytes.data[bits - 1] ^= 0x80;
    lie(m, &b, t, "masks: ");
    b.bytes.data[bits - 1] ^= 0x80;

    /* Values at the first, a middle and the last place. */
    for (size_t i = 0; i < full; i += full / 2 - (full % 2 == 0)) {
        static const float bad[] = {NAN,     INFINITY, -INFINITY,
                                    0x1p38f, -0x1p38f, 3e38f};
        uint8_t old[4];

        memcpy(old, dense + 4 * i, 4);
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            char message[48];

            snprintf(message, sizeof message, "delta %zu is not", i);
            fm_putf(dense + 4 * i, bad[k]);
            lie(m, &b, t, message);
        }
        fm_putf(dense + 4 * i, -0x1.fffffep37f);
        memcpy(dense + 4 * i, old, 4);
    }
    fm_buf_free(&text);
    fm_bundle_free(&b);
}

static void
refuse(const struct fm_model *m, const struct fm_bundle *b, const char *message)
{
    struct fm_err e = {0};
    struct fm_bundle copy = *b, got;
    struct fm_buf out = {0};

    CHECK(fm_bundle_write(&out, &copy, NULL) == 0, "write");
    CHECK(parse(&got, out.data, out.len, NULL, &e) == 0, "%s", e.msg);
    CHECK(fm_bundle_check_base(&got, m, &e) == FM_EINPUT, "%s", message);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
    fm_bundle_free(&got);
    CHECK(parse(&got, out.data, out.len, m, NULL) == FM_EINPUT, "%s", message);
    fm_bundle_free(&got);
    fm_buf_free(&out);
}

static void
other_base(const struct fm_model *m)
{
    struct fm_bundle good = fx_answer(m, "7", 600, 1), b = good;
    char hex[FM_ID_HEX];

    b.base.b[15] ^= 1;
    refuse(m, &b, fm_id_hex(hex, &m->id));
    b = good;
    b.round++;
    refuse(m, &b, "says round 2, but its model leads to round 1");
    b = good;
    b.method = FM_FEDMRNS;
    refuse(m, &b, "method fedmrns, but its model's is fedmrn");
    b = good;
    b.full--;
    refuse(m, &b, "parameters, but its model has");
    b = good;
    memset(good.bytes.data, 0, fm_bits_size(good.masked));
    b.masked--;
    refuse(m, &b, "parameters, but its model has");
    fm_bundle_free(&good);
}

/* A delta may take all of a running variance, and no more. */
static void
variances(struct fm_model *m)
{
    static const struct {
        float variance, delta;
        bool good;
    } row[] = {
        {2.5f, -2.5f, true},
        {2.5f, -2.5000002f, false},
        {0, 0, true},
        {0, -0x1p-30f, false},
        {0x1.8p-48f, -0x1p-48f, true},
        {0x1.8p-48f, -0x1.cp-48f, false},
        {0x1p-47f, -0x1.4p-47f, true}, /* rounds to 2, and 3.5 to 4 */
        {0x1.8p-47f, -0x1.cp-47f, false},
        {0x1p-24f, -0x1p-24f, true},
        {0x1p-24f, -0x1.000002p-24f, false},
    };
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    size_t t = 0;

    while (m->tensor[t].spec->role != FM_VAR)
        t++;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_err e = {0};

        m->tensor[t].value[0] = row[i].variance;
        fm_putf(b.bytes.data + (b.dense - b.bytes.data) + 4 * m->tensor[t].at,
                row[i].delta);
        CHECK((fm_bundle_check_values(&b, m, &e) == 0) == row[i].good,
              "row %zu: %s", i, e.msg);
        CHECK(row[i].good || strstr(e.msg, "running_var[0] negative"), "%s",
              e.msg);
    }
    /* Late, from a model whose variance was another: accum.h takes care. */
    m->round++;
    CHECK(fm_bundle_check_values(&b, m, NULL) == 0, "late");
    m->round--;
    fm_bundle_free(&b);
}

/* 2^32 - 1 bytes, of which 954 are not for parameters. */
static void
bound(void)
{
    const uint64_t room = 4294967295 - 954;
    struct fm_err e = {0};

    CHECK(!fm_bundle_check_size(199210, 12, &e), "%s", e.msg);
    CHECK(!fm_bundle_check_size(8 * room, 0, &e), "%s", e.msg);
    CHECK(fm_bundle_check_size(8 * room + 1, 0, &e) == FM_EINPUT, "masked");
    CHECK(strstr(e.msg, "exceed the 4294967295 bytes that a file on a FAT"),
          "%s", e.msg);
    CHECK(!fm_bundle_check_size(0, room / 4, NULL), "full");
    CHECK(fm_bundle_check_size(0, room / 4 + 1, NULL) == FM_EINPUT, "full");
    CHECK(!fm_bundle_check_size(8 * (room % 4), room / 4, NULL), "both");
    CHECK(fm_bundle_check_size(8 * (room % 4) + 1, room / 4, NULL), "both");
    CHECK(fm_bundle_check_size(UINT64_MAX, UINT64_MAX, NULL), "wrapped");
    CHECK(fm_bundle_check_size(UINT64_MAX, UINT64_MAX / 4, NULL), "wrapped");
}

int
main(void)
{
    struct fm_model *tiny = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_model *avg = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);

    bound();
    golden(tiny);
    golden(avg);
    golden(m);
    damage(tiny);
    sizes(m);
    other_base(tiny);
    variances(tiny);
    fm_model_free(tiny);
    fm_model_free(avg);
    fm_model_free(m);
    return 0;
}
