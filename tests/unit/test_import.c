#include "tensor/import.h"

#include "newmodel.h"
#include "stfix.h"

/* One linear layer with batch normalisation behind another. */
#define NET "input 2\nlinear 1 nobias\nbatchnorm\nlinear 1 nobias\n"

#define HEADER(type, end)                                                      \
    "{" SF_ENTRY("classifier.2.weight", type, "1,1", 0, 2) "," SF_ENTRY(       \
        "classifier.0.weight", "BF16", "1,2", 2,                               \
        6) "," SF_ENTRY("classifier.1.weight", "F16", "1", 6,                  \
                        8) "," SF_ENTRY("classifier.1.bias", "F16", "1", 8,    \
                                        10) "," SF_ENTRY("classifier.1."       \
                                                         "running_mean",       \
                                                         "F16", "1", 10,       \
                                                         12) "," SF_ENTRY("cl" \
                                                                          "as" \
                                                                          "si" \
                                                                          "fi" \
                                                                          "er" \
                                                                          ".1" \
                                                                          ".r" \
                                                                          "un" \
                                                                          "ni" \
                                                                          "ng" \
                                                                          "_v" \
                                                                          "a"  \
                                                                          "r", \
                                                                          "F3" \
                                                                          "2", \
                                                                          "1", \
                                                                          12,  \
                                                                          end) "}"

static int
import(const char *header, const uint8_t data[16], float *values,
       struct fm_err *e)
{
    struct fm_model *m = nm_model(FM_FEDMRN, NET, 1);
    struct fm_buf file = sf_file(header, data, 16);
    int rc;

    *e = (struct fm_err){0};
    rc = fm_import_parse(m, &file, e);
    for (size_t t = 0; values && t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++)
            *values++ = m->tensor[t].value[i];
    fm_model_free(m);
    return rc;
}

int
main(void)
{
    /* 0.5, 1 and -2.5, 2, -0.25, 0, 0.1: by hand. */
    static const uint8_t good[16] = {0x00, 0x38, 0x80, 0x3f, 0x20, 0xc0,
                                     0x00, 0x40, 0x00, 0xb4, 0x00, 0x00,
                                     0xcd, 0xcc, 0xcc, 0x3d};
    const float want[] = {1, -2.5f, 2, -0.25f, 0, 0.1f, 0.5f};
    uint8_t bad[16];
    struct fm_err e;
    float got[7];

    CHECK(import(HEADER("F16", 16), good, got, &e) == 0, "%s", e.msg);
    CHECK(memcmp(got, want, sizeof want) == 0, "values");
    CHECK(import(HEADER("U16", 16), good, NULL, &e) == FM_EINPUT &&
              strstr(e.msg, "classifier.2.weight is U16, and weights are F32"),
          "%s", e.msg);
    memcpy(bad, good, 16);
    bad[5] = 0x7f; /* 7f20 is a NaN of bfloat16, 7c00 a half's infinity */
    bad[4] = 0xc0;
    CHECK(import(HEADER("F16", 16), bad, NULL, &e) == FM_EINPUT &&
              strstr(e.msg, "classifier.0.weight: value 1 is not finite"),
          "%s", e.msg);
    memcpy(bad, good, 16);
    bad[15] = 0xbd;
    CHECK(import(HEADER("F16", 16), bad, NULL, &e) == FM_EINPUT &&
              strstr(e.msg, "running_var: value 0 is a negative variance"),
          "%s", e.msg);
    CHECK(import(HEADER("F16", 12), good, NULL, &e) == FM_EINPUT, "accepted");
    CHECK(import("{}", good, NULL, &e) == FM_EINPUT, "accepted");
    return 0;
}
