/* npy: headers as NumPy 1.24 wrote them, and what it would not write. */
#include "data/npy.h"

#include "check.h"

#include <string.h>

static int
parse(struct fm_array *a, const char *bytes, size_t size, struct fm_err *e)
{
    *e = (struct fm_err){0};
    return fm_npy_parse(a, (const uint8_t *)bytes, size, e);
}

static void
golden(void)
{
    /* numpy.save of arange(6, dtype='<i2').reshape(2, 3), and of
     * float64(2.5), whose versions were set by hand. */
    static const char matrix[] =
        "\x93NUMPY\1\0v\0"
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), } "
        "                                                         "
        "\n\0\0\1\0\2\0\3\0\4\0\5";
    static const char scalar[] =
        "\x93NUMPY\3\0t\0\0\0"
        "{'descr': '>f8', 'fortran_order': False, 'shape': (), }     "
        "                                                       "
        "\n@\4\0\0\0\0\0";
    static const char vector[] =
        "\x93NUMPY\2\000"
        "4\0\0\0"
        "{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"|b1\"} "
        "\n\1";
    struct fm_array a;
    struct fm_err e;

    CHECK(fm_npy_is((const uint8_t *)matrix, sizeof matrix), "magic");
    CHECK(!parse(&a, matrix, sizeof matrix, &e), "%s", e.msg);
    CHECK(a.kind == FM_ARRAY_SIGNED && a.size == 2 && !a.big && a.ndim == 2 &&
              a.dim[0] == 2 && a.dim[1] == 3 && a.count == 6 &&
              a.data[10] == 5 && strcmp(a.type, "<i2") == 0,
          "matrix");
    CHECK(!parse(&a, scalar, sizeof scalar, &e), "%s", e.msg);
    CHECK(a.kind == FM_ARRAY_FLOAT && a.size == 8 && a.big && a.ndim == 0 &&
              a.count == 1 && a.data[0] == '@',
          "scalar");
    CHECK(!parse(&a, vector, sizeof vector - 1, &e), "%s", e.msg);
    CHECK(a.kind == FM_ARRAY_BOOL && a.ndim == 1 && a.data[0] == 1, "vector");
}

/* A file of version 1.0 with this header and two bytes of data. */
static void
refused(const char *header, const char *data, const char *why)
{
    char file[512];
    size_t n = strlen(header);
    struct fm_array a;
    struct fm_err e;

    memcpy(file, "\x93NUMPY\1", 8);
    file[8] = (char)n;
    file[9] = 0;
    memcpy(file + 10, header, n);
    memcpy(file + 10 + n, data ? data : "ab", 2);
    CHECK(parse(&a, file, 12 + n, &e) == FM_EINPUT, "%s", header);
    CHECK(strstr(e.msg, why), "%s: %s, not %s", header, e.msg, why);
}

static void
hostile(void)
{
#define DICT(type, order, shape)                                               \
    "{'descr': " type ", 'fortran_order': " order ", 'shape': " shape "}"
    static const struct {
        const char *header, *why;
    } bad[] = {
        {"", "byte 10: not the header"},
        {"{}", "not the header"},
        {"{'descr': '|u1', 'shape': (2,)}", "not the header"},
        {"{'descr': '|u1', 'descr': '|u1', 'shape': (2,)}", "byte 34: not"},
        {"{'descr': '|u1', 'order': False}", "byte 34: not the header"},
        {"{'descr' '|u1'}", "not the header"},
        {"{'descr': '|u1}", "not the header"},
        {"{'descr': u1}", "byte 20: not the header"},
        {DICT("x|u1x", "False", "(2,)"), "byte 20: not the header"},
        {DICT("'|u1'", "False", "(2,)") "x", "not the header"},
        {DICT("'|u1'", "False", "(2,)") "\t", "not the header"},
        {"[" DICT("'|u1'", "False", "(2,)"), "byte 10: not the header"},
        {DICT("'|u1'", "True", "(2,)"), "in Fortran order; save"},
        {DICT("'|u1'", "0", "(2,)"), "not the header"},
        {DICT("'|u1'", "False", "2"), "not the header"},
        {DICT("'|u1'", "False", "(2"), "not the header"},
        {DICT("'|u1'", "False", "(,2)"), "not the header"},
        {DICT("'|u1'", "False", "(1 2)"), "not the header"},
        {DICT("'|u1'", "False", "(-2)"), "not the header"},
        {DICT("'|u1'", "False", "(2.0)"), "not the header"},
        {DICT("'|u1'", "False", "(18446744073709551616,)"), "not the header"},
        /* 3 * 2^64 + 2, which would wrap to 2. */
        {DICT("'|u1'", "False", "(55340232221128654850,)"), "not the header"},
        {DICT("'|u1'", "False", "(0, 2)"), "NPY: dimension 1 is 0"},
        {DICT("'|u1'", "False", "(3,)"),
         "its shape takes 3 values of 1 bytes, but there are 2 bytes"},
        {DICT("'|u1'", "False", "(1,)"), "but there are 2 bytes"},
        {DICT("'<i8'", "False", "(2305843009213693952, 2)"), "shape takes"},
        {DICT("'<i2'", "False", "(9223372036854775809,)"), "shape takes"},
        {DICT("'<i8'", "False", "(4294967296, 4294967296)"), "too large"},
        {DICT("'|u1'", "False", "(1,1,1,1,1,1,1,1,2)"), "more than 8 dim"},
        {DICT("'|O'", "False", "(2,)"), "values of type '|O'"},
        {DICT("'<f2'", "False", "(1,)"), "values of type '<f2'"},
        {DICT("'|u2'", "False", "(1,)"), "values of type '|u2'"},
        {DICT("'<U1'", "False", "(1,)"), "values of type '<U1'"},
        {DICT("'=u2'", "False", "(1,)"), "values of type '=u2'"},
        {DICT("'\033[31m'", "False", "(1,)"), "values of type '?[31m'"},
        {DICT("[('a', '|u1')]", "False", "(2,)"), "an array of records"},
    };
    static const char head[] = "\x93NUMPY\1\0\xff\0{'descr'";
    static const char large[] = "\x93NUMPY\2\0\1\0\1\0{";
    struct fm_array a;
    struct fm_err e;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i].header, NULL, bad[i].why);
    /* What follows the header is not read with it. */
    refused("{'descr': ", "''", "byte 20: not the header");
    refused("{'descr': '|u1'", "}b", "byte 25: not the header");
    CHECK(parse(&a, "NUMPY", 5, &e) == FM_EINPUT &&
              strstr(e.msg, "not an NPY file"),
          "%s", e.msg);
    for (size_t i = 0; i < 3; i++) {
        static const char *const file[] = {"\x93NUMPY\4\0..", "\x93NUMPY\0\0..",
                                           "\x93NUMPY\1\1.."};
        static const char *const version[] = {"4.0", "0.0", "1.1"};

        CHECK(parse(&a, file[i], 10, &e) == FM_EINPUT &&
                  strstr(e.msg, "of version ") && strstr(e.msg, version[i]),
              "%s", e.msg);
        CHECK(parse(&a, file[i], 7, &e) == FM_EINPUT &&
                  strstr(e.msg, "cut short in its header"),
              "%s", e.msg);
    }
    for (size_t n = 6; n < sizeof head; n++)
        CHECK(parse(&a, head, n, &e) == FM_EINPUT &&
                  strstr(e.msg, "cut short in its header"),
              "%zu: %s", n, e.msg);
    CHECK(parse(&a, large, sizeof large, &e) == FM_EINPUT &&
              strstr(e.msg, "a header of more than 65536 bytes"),
          "%s", e.msg);
}

int
main(void)
{
    golden();
    hostile();
    return 0;
}
