/* Hostile models.  Where the checksum comes before what is tried, it is the one
 * that the file's bytes should have. */
#include "../unit/modelfix.h"
#include "hostile.h"

#include <math.h>

enum { TENSORS = 65537, NAME = 64, OVER = 16 << 20 };

static struct fm_buf good;
static size_t head; /* bytes of its size and header */

/* A file of this header and these data; `sealed`: with the right checksum. */
static void
file(enum reader reader, const char *name, const char *reason,
     const struct fm_buf *json, const uint8_t *data, size_t n, bool sealed)
{
    struct fm_buf b = {0};
    uint8_t size[8];

    fm_put64(size, json->len);
    CHECK(fm_buf_add(&b, size, 8, NULL) == 0 &&
              fm_buf_add(&b, json->data, json->len, NULL) == 0 &&
              fm_buf_add(&b, data, n, NULL) == 0,
          "memory");
    if (sealed)
        mf_seal(&b);
    hostile(reader, name, reason, &b);
    fm_buf_free(&b);
}

/* A model whose header says `to` for `from`. */
static void
says(const char *name, const char *reason, const char *from, const char *to)
{
    struct fm_buf json = swapped(good.data + 8, head - 8, from, to);

    file(strcmp(name, "no format") ? READ_MODEL | READ_SHOWN : READ_MODEL, name,
         reason, &json, good.data + head, good.len - head, true);
    fm_buf_free(&json);
}

/* A model with another value at parameter i. */
static void
value(const char *what, const char *reason, size_t i, float v)
{
    struct fm_buf b = text((char *)good.data, good.len);
    char name[NAME];

    snprintf(name, sizeof name, "%s %zu is %g", what, i, (double)v);
    fm_putf(b.data + head + 4 * i, v);
    mf_seal(&b);
    hostile(READ_MODEL | READ_SHOWN, name, reason, &b);
    fm_buf_free(&b);
}

static void
values(void)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    size_t n = (good.len - head) / 4, at = 0;

    for (size_t i = 0; i < n; i += (n - 1) / 2)
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
            value("value", "not finite", i, bad[k]);
    for (size_t t = 0; t < w0->arch->ntensors; t++) {
        if (w0->tensor[t].spec->role == FM_VAR)
            value("variance", "variance", at, -1);
        at += w0->tensor[t].spec->count;
    }
}

/* The first bytes, before there is a header. */
static void
starts(void)
{
    static const uint64_t size[] = {0,
                                    1,
                                    2,
                                    OVER + 1,
                                    (uint64_t)1 << 32,
                                    (uint64_t)1 << 63,
                                    UINT64_MAX,
                                    UINT64_MAX - 7};
    struct fm_buf b = text((char *)good.data, good.len), json = {0};
    char name[NAME];

    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        fm_put64(b.data, size[i]);
        snprintf(name, sizeof name, "a header of %llu bytes",
                 (unsigned long long)size[i]);
        hostile(READ_MODEL | READ_SHOWN, name, "", &b);
    }
    fm_put64(b.data, head - 8);
    b.data[8] = '[';
    hostile(READ_MODEL | READ_SHOWN, "a header that is a list", "", &b);
    b.data[8] = ' ';
    hostile(READ_MODEL | READ_SHOWN, "a header that starts with a space", "",
            &b);
    fm_buf_free(&b);

    CHECK(fm_buf_reserve(&json, OVER + 8, NULL) == 0, "memory");
    json.len = OVER + 8;
    memset(json.data, ' ', json.len);
    json.data[0] = '{';
    json.data[json.len - 1] = '}';
    file(READ_MODEL, "a header above 16 MiB that is there", "no JSON header",
         &json, good.data, 0, false);
    memset(json.data, '[', json.len);
    json.len = 4096;
    memcpy(json.data, "{\"a\":", 5);
    json.data[json.len - 1] = '}';
    file(READ_MODEL | READ_SHOWN, "a header nested deep", "nested deeper",
         &json, good.data, 0, false);
    fm_buf_free(&json);
}

static void
many_tensors(void)
{
    struct fm_buf json = {0};
    char one[96];
    int n;

    for (int i = 0; i < TENSORS; i++) {
        n = snprintf(one, sizeof one,
                     "%c\"t%d\":{\"dtype\":\"F32\",\"shape\":[0],"
                     "\"data_offsets\":[0,0]}",
                     i ? ',' : '{', i);
        CHECK(fm_buf_add(&json, one, (size_t)n, NULL) == 0, "memory");
    }
    CHECK(fm_buf_add(&json, "}", 1, NULL) == 0, "memory");
    file(READ_MODEL | READ_SHOWN, "65,537 tensors",
         "header: more than 65536 tensors", &json, good.data, 0, false);
    fm_buf_free(&json);
}

/* As large as 1 TiB, and nothing in it. */
static void
holes(void)
{
    struct fm_buf b = text((char *)good.data, good.len);

    hostile_tail = (off_t)1 << 40;
    hostile(READ_MODEL | READ_SHOWN, "a file of holes", "", &b);
    hostile_tail = 0;
    fm_buf_free(&b);
}

static void
headers(void)
{
    static const struct {
        const char *name, *reason, *from, *to;
    } row[] = {
        {"another format", "fedmrn.format is 2", "\"fedmrn.format\":\"1\"",
         "\"fedmrn.format\":\"2\""},
        {"escapes in the format", "fedmrn.format is ?[31m",
         "\"fedmrn.format\":\"1\"", "\"fedmrn.format\":\"\\u001b[31m\""},
        {"no format", "no fedmrn.format", "fedmrn.format", "fedmrn.formal"},
        {"no architecture", "fedmrn.arch is missing", "fedmrn.arch",
         "fedmrn.arxh"},
        {"escapes in the architecture", "?[2J", "conv 1 2x2",
         "\\u001b[2J 1 2x2"},
        {"another layer", "no such layer", "conv 1 2x2", "calm 1 2x2"},
        {"an activation beyond memory", "is not a number of outputs",
         "linear 2", "linear 9999999999"},
        {"more parameters than the file", "", "linear 2", "linear 2000000000"},
        {"a number beyond 2^64", "", "linear 2",
         "linear 99999999999999999999999"},
        {"no seed", "fedmrn.sede does not belong", "fedmrn.seed",
         "fedmrn.sede"},
        {"a short seed", "not 16 lower-case hex digits", "\"fedmrn.seed\":\"",
         "\"fedmrn.seed\":\"0"},
        {"a long seed", "not 16 lower-case hex digits", "000000000000002a\"",
         "000000000000002ax\""},
        {"a round that is no number", "fedmrn.round: x is not",
         "\"fedmrn.round\":\"0\"", "\"fedmrn.round\":\"x\""},
        {"escapes in the round", "fedmrn.round: ?[31m is not",
         "\"fedmrn.round\":\"0\"", "\"fedmrn.round\":\"\\u001b[31m\""},
        {"a round beyond 2^32", "fedmrn.round: 4294967297 is not",
         "\"fedmrn.round\":\"0\"", "\"fedmrn.round\":\"4294967297\""},
        {"a round without a history", "fedmrn.parent is missing",
         "\"fedmrn.round\":\"0\"", "\"fedmrn.round\":\"1\""},
        {"a parent in round 0", "a parent or bundles in round 0",
         "\"fedmrn.round\":\"0\"",
         "\"fedmrn.round\":\"0\",\"fedmrn.parent\":\"x\""},
        {"a setting of nothing", "does not belong", "\"fedmrn.round\"",
         "\"fedmrn.x\":\"1\",\"fedmrn.round\""},
        {"escapes in a key", "metadata ?[31m", "\"fedmrn.round\"",
         "\"\\u001b[31m\":\"1\",\"fedmrn.round\""},
        {"a setting twice", "", "\"fedmrn.round\":\"0\"",
         "\"fedmrn.round\":\"0\",\"fedmrn.round\":\"0\""},
        {"a setting twice, escaped", "", "\"fedmrn.round\":\"0\"",
         "\"fedmrn.round\":\"0\",\"fedmrn.\\u0072ound\":\"0\""},
        {"epochs 0", "epochs", "\"fedmrn.epochs\":\"10\"",
         "\"fedmrn.epochs\":\"0\""},
        {"escapes in a setting", "?[31m", "\"fedmrn.epochs\":\"10\"",
         "\"fedmrn.epochs\":\"\\u001b[31m\""},
        {"a learning rate of nan", "lr", "\"fedmrn.lr\":\"0.1\"",
         "\"fedmrn.lr\":\"nan\""},
        {"noise of no magnitude", "noise", "\"fedmrn.noise\":\"uniform:",
         "\"fedmrn.noise\":\"uniform:0*2^-24\",\"fedmrn.old\":\""},
        {"a method unknown", "method", "\"fedmrn.method\":\"fedmrn\"",
         "\"fedmrn.method\":\"fedsgd\""},
        {"metadata that is a number", "", "\"fedmrn.round\":\"0\"",
         "\"fedmrn.round\":0"},
        {"no checksum", "checksum", "fedmrn.checksum", "fedmrn.checksun"},
        {"complex numbers", "dtype C64", "F32", "C64"},
        {"escapes in a type", "dtype ?[31m", "F32", "\\u001b[31m"},
        {"escapes in a tensor's name", "?[31m", "\"features.0.weight\"",
         "\"\\u001b[31m\\u0007\""},
        {"a tensor twice", "", "\"features.0.weight\"", "\"classifier.bias\""},
        {"a shape turned round", "shape", "[1,1,2,2]", "[1,2,2,1]"},
        {"a shape with a dimension more", "shape", "[1,1,2,2]", "[1,1,1,2,2]"},
        {"a shape of nine dimensions", "shape", "[1,1,2,2]",
         "[1,1,1,1,1,1,1,2,2]"},
        {"a shape whose product wraps", "too many values", "[1,1,2,2]",
         "[281474976710655,281474976710655,2,2]"},
        {"a dimension beyond 2^48", "not an integer below 2^48", "[1,1,2,2]",
         "[281474976710656,1,2,2]"},
        {"a negative dimension", "not an integer below 2^48", "[1,1,2,2]",
         "[-1,1,2,2]"},
        {"a real dimension", "not an integer below 2^48", "[1,1,2,2]",
         "[1.0,1,2,2]"},
        {"an offset beyond the file", "", "[0,16]",
         "[281474976710639,281474976710655]"},
        {"an offset beyond 2^48", "data_offsets", "[0,16]",
         "[0,281474976710672]"},
        {"offsets turned round", "", "[0,16]", "[16,0]"},
        {"a hole", "", "[0,16]", "[4,20]"},
        {"a field more", "its entry is not dtype",
         "\"dtype\":", "\"x\":1,\"dtype\":"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        says(row[i].name, row[i].reason, row[i].from, row[i].to);
}

void
hostile_models(void)
{
    struct fm_buf more;

    CHECK(fm_model_dump(&good, w0, NULL) == 0, "memory");
    head = 8 + (size_t)fm_get64(good.data);
    headers();
    values();
    starts();
    many_tensors();
    holes();
    more = text((char *)good.data, good.len);
    CHECK(fm_buf_add(&more, "\0\0\0\0", 4, NULL) == 0, "memory");
    mf_seal(&more);
    hostile(READ_MODEL | READ_SHOWN, "a value more", "", &more);
    more.len = good.len - 4;
    mf_seal(&more);
    hostile(READ_MODEL | READ_SHOWN, "a value less", "", &more);
    more.len = 0;
    hostile(READ_MODEL | READ_SHOWN, "an empty file", "", &more);
    fm_buf_free(&more);
    fm_buf_free(&good);
}
