#include "tensor/named.h"

#include "stfix.h"

#include <math.h>

/* By hand, from IEEE 754: the bits of a half, of a bfloat16, and values. */
static void
golden(void)
{
    static const uint8_t data[] = {
        0x01, 0x00, 0x00, 0x3c, 0xff, 0xfb, 0xff, 0x03, /* F16 */
        0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7e, 0x00, 0x80,
        0x80, 0x3f, 0x20, 0xc0, 0x80, 0x7f, 0xc0, 0x7f, /* BF16 */
        0xcd, 0xcc, 0xcc, 0x3d,                         /* F32 */
    };
    struct fm_buf b = sf_file(
        "{" SF_ENTRY("h", "F16", "8", 0, 16) "," SF_ENTRY(
            "b", "BF16", "4", 16, 24) "," SF_ENTRY("f", "F32", "1", 24, 28) "}",
        data, sizeof data);
    const float half[] = {0x1p-24f, 1, -65504, 0x3ffp-24f};
    struct fm_err e = {0};
    const struct fm_st_tensor *t;
    struct fm_named n;

    CHECK(fm_named_parse(&n, &b, &e) == 0, "%s", e.msg);
    t = n.st.tensor;
    for (size_t i = 0; i < 4; i++)
        CHECK(fm_named_value(&t[0], i) == half[i], "%zu: %a", i,
              (double)fm_named_value(&t[0], i));
    CHECK(fm_named_value(&t[0], 4) == INFINITY &&
              fm_named_value(&t[0], 5) == -INFINITY &&
              isnan(fm_named_value(&t[0], 6)),
          "infinity and NaN");
    CHECK(signbit(fm_named_value(&t[0], 7)), "-0");
    CHECK(fm_named_value(&t[1], 0) == 1 && fm_named_value(&t[1], 1) == -2.5f &&
              fm_named_value(&t[1], 2) == INFINITY &&
              isnan(fm_named_value(&t[1], 3)),
          "bfloat16");
    CHECK(fm_named_value(&t[2], 0) == 0.1f, "float");
    fm_named_free(&n);
}

static int
match(const char *header, struct fm_err *e)
{
    static const uint8_t zeros[64];
    struct fm_arch *a =
        fm_arch_parse("input 2\nlinear 3\nbatchnorm\nlinear 1\n", "net", NULL);
    struct fm_buf b = sf_file(header, zeros, 64);
    struct fm_named n;
    int rc;

    *e = (struct fm_err){0};
    CHECK(a, "arch");
    rc = fm_named_parse(&n, &b, e);
    if (!rc)
        rc = fm_named_match(&n, a, e);
    for (size_t i = 0; i < a->ntensors && !rc; i++)
        CHECK(strcmp(n.place[i]->name, a->tensor[i].name) == 0, "%zu", i);
    fm_named_free(&n);
    fm_arch_free(a);
    return rc;
}

/* Backwards, of any types, and with what PyTorch counts. */
#define TENSORS(shape)                                                                                                               \
    SF_ENTRY("classifier.2.bias", "U8", "1", 0, 1)                                                                                   \
    "," SF_ENTRY("classifier.2.weight", "BOOL", "1,3", 1, 4) "," SF_ENTRY(                                                           \
        "classifier.1.num_batches_tracked", "I64", "", 4,                                                                            \
        12) "," SF_ENTRY("classifier.1.running_var", "U8", "3", 12,                                                                  \
                         15) "," SF_ENTRY("classifier.1.running_mean", "U8",                                                         \
                                          "3", 15,                                                                                   \
                                          18) "," SF_ENTRY("classifier.1."                                                           \
                                                           "bias",                                                                   \
                                                           "U8", "3", 18,                                                            \
                                                           21) "," SF_ENTRY("classifier.1.weight",                                   \
                                                                            "F32",                                                   \
                                                                            "3",                                                     \
                                                                            21,                                                      \
                                                                            33) "," SF_ENTRY("classifier.0.bias",                    \
                                                                                             "F32",                                  \
                                                                                             "3",                                    \
                                                                                             33,                                     \
                                                                                             45) "," SF_ENTRY("classifier.0.weight", \
                                                                                                              "U8",                  \
                                                                                                              shape,                 \
                                                                                                              45,                    \
                                                                                                              51)

static void
matching(void)
{
    static const struct {
        const char *header, *message;
    } bad[] = {
        {"{" TENSORS("3,2") "," SF_ENTRY("x\\u001b", "U8", "13", 51, 64) "}",
         "x? is no tensor of the model"},
        {"{" TENSORS("2,3") "," SF_ENTRY("a.num_batches_tracked", "U8", "13",
                                         51, 64) "}",
         "classifier.0.weight is 2x3; the model's is 3x2"},
        {"{" TENSORS("6") "," SF_ENTRY("a.num_batches_tracked", "U8", "13", 51,
                                       64) "}",
         "classifier.0.weight is 6; the model's is 3x2"},
        {"{" SF_ENTRY("classifier.2.bias", "U8", "", 0, 1) "," SF_ENTRY(
             "a.num_batches_tracked", "U8", "63", 1, 64) "}",
         "classifier.2.bias is a single number; the model's is 1"},
        {"{" SF_ENTRY("classifier.2.bias", "U8", "1", 0, 1) "," SF_ENTRY(
             "a.num_batches_tracked", "U8", "63", 1, 64) "}",
         "classifier.0.weight is missing: the file must have every"},
        {"{" TENSORS("3,2") "}", "13 bytes after the last"},
    };
    struct fm_err e;

    CHECK(match("{" TENSORS("3,2") "," SF_ENTRY("a.num_batches_tracked", "U8",
                                                "13", 51, 64) "}",
                &e) == 0,
          "%s", e.msg);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(match(bad[i].header, &e) == FM_EINPUT, "accepted: %s",
              bad[i].message);
        CHECK(strstr(e.msg, bad[i].message), "%s", e.msg);
    }
}

int
main(void)
{
    golden();
    matching();
    return 0;
}
