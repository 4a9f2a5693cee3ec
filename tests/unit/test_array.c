#include "data/array.h"

#include "check.h"

#include <math.h>
#include <string.h>

static struct fm_array
array(enum fm_array_kind kind, size_t size, bool big, const void *data,
      size_t ndim, const size_t *dim)
{
    struct fm_array a = {.kind = kind,
                         .size = size,
                         .big = big,
                         .type = "T",
                         .ndim = ndim,
                         .data = data};
    size_t count = 1;

    memcpy(a.dim, dim, ndim * sizeof *dim);
    for (size_t i = ndim; i < FM_ARRAY_NDIM; i++)
        a.dim[i] = 1; /* nobody looks there */
    for (size_t i = 0; i < ndim; i++)
        count *= dim[i];
    CHECK(fm_array_count(&a, count * size, NULL) == 0 && a.count == count,
          "count");
    return a;
}

/* 1.5, -0.25, 2^100 and 3 as floats and doubles, by IEEE 754, in both orders of
 * their bytes. */
static const uint8_t f4le[] = {0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbe,
                               0, 0, 0x80, 0x71, 0, 0, 0x40, 0x40};
static const uint8_t f4be[] = {0x3f, 0xc0, 0, 0, 0xbe, 0x80, 0, 0,
                               0x71, 0x80, 0, 0, 0x40, 0x40, 0, 0};
static const uint8_t f8le[] = {
    0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xd0, 0xbf,
    0, 0, 0, 0, 0, 0, 0x30, 0x46, 0, 0, 0, 0, 0, 0, 0x08, 0x40};
static const uint8_t f8be[] = {
    0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xbf, 0xd0, 0, 0, 0, 0, 0, 0,
    0x46, 0x30, 0, 0, 0, 0, 0, 0, 0x40, 0x08, 0, 0, 0, 0, 0, 0};

static void
floats(void)
{
    static const float want[] = {1.5f, -0.25f, 0x1p100f, 3};
    struct fm_dataset d = {0};
    struct fm_err e = {0};
    uint8_t odd[17] __attribute__((aligned(4)));
    struct fm_array a;

    memcpy(odd + 1, f4le, 16);
    for (int k = 0; k < 5; k++) {
        size_t dim[] = {2, 1, 1, 2};

        a = k == 0   ? array(FM_ARRAY_FLOAT, 4, false, f4le, 2, dim)
            : k == 1 ? array(FM_ARRAY_FLOAT, 4, false, odd + 1, 4, dim)
            : k == 2 ? array(FM_ARRAY_FLOAT, 8, true, f8be, 4, dim)
            : k == 3 ? array(FM_ARRAY_FLOAT, 8, false, f8le, 4, dim)
                     : array(FM_ARRAY_FLOAT, 4, true, f4be, 4, dim);
        if (k == 0) {
            dim[1] = 2;
            a = array(FM_ARRAY_FLOAT, 4, false, f4le, 2, dim);
        }
        CHECK(!fm_array_samples(&d, &a, false, &e), "%s", e.msg);
        CHECK(d.n == 2 && d.c == (k ? 1 : 2) && d.h == 1 && d.w == (k ? 2 : 1),
              "%zux%zux%zu", d.c, d.h, d.w);
        CHECK((uintptr_t)d.f % sizeof *d.f == 0, "floats between words");
        CHECK(memcmp(d.f, want, sizeof want) == 0, "values");
        CHECK(d.names.len == d.c && d.names.data[0] == 0, "names");
        fm_dataset_free(&d);
    }
}

static void
missing(void)
{
    static const size_t dim[] = {3, 2};
    float x[] = {1, 2, NAN, 4, 3, NAN};
    struct fm_array a = array(FM_ARRAY_FLOAT, 4, false, x, 2, dim);
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    a.big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    CHECK(fm_array_samples(&d, &a, false, &e) == FM_EINPUT &&
              strcmp(e.msg, "value 0 of sample 1 is missing (NaN); `--missing "
                            "mean` fills in") == 0,
          "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(!fm_array_samples(&d, &a, true, &e), "%s", e.msg);
    CHECK(d.f[2] == 2 && d.f[5] == 3 && d.f[4] == 3, "means");
    CHECK(x[2] != x[2], "the array stays as it is");
    x[1] = x[3] = NAN;
    CHECK(fm_array_samples(&d, &a, true, &e) == FM_EINPUT &&
              strstr(e.msg, "value 1 is missing in all samples"),
          "%s", e.msg);
    x[1] = -INFINITY;
    e = (struct fm_err){0};
    CHECK(fm_array_samples(&d, &a, true, &e) == FM_EINPUT &&
              strstr(e.msg, "value 1 of sample 0 is -inf, which a float"),
          "%s", e.msg);
    fm_dataset_free(&d);
}

static void
bad_samples(enum fm_array_kind kind, size_t size, size_t ndim, const char *why)
{
    static const size_t dim[] = {1, 1, 1, 1, 1};
    static const uint8_t data[8] = {0x7f, 0xef, 0, 0, 0, 0, 0, 0};
    struct fm_array a = array(kind, size, true, data, ndim, dim);
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    CHECK(fm_array_samples(&d, &a, false, &e) == FM_EINPUT, "%s", why);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    fm_dataset_free(&d);
}

static void
labels(enum fm_array_kind kind, size_t size, bool big, const void *data,
       size_t n, uint8_t last)
{
    const size_t dim[] = {n, 1};
    struct fm_array a = array(kind, size, big, data, 2, dim);
    struct fm_dataset d = {0};
    struct fm_err e = {0};
    size_t got;

    CHECK(!fm_array_labels(&d, &got, &a, FM_LABELS_CLASSES, &e), "%s", e.msg);
    CHECK(got == n && d.y[n - 1] == last, "%zu, %u", got, d.y[n - 1]);
    fm_dataset_free(&d);
}

/* What a regression learns; the same where either will do, but for classes. */
static void
numbers(enum fm_array_kind kind, size_t size, const void *data, size_t k,
        float first, float last, bool classes)
{
    const size_t dim[] = {2, k};
    struct fm_array a = array(kind, size, false, data, 2, dim);

    for (int either = 0; either < 2; either++) {
        enum fm_labels as = either ? FM_LABELS_EITHER : FM_LABELS_NUMBERS;
        struct fm_dataset d = {0};
        struct fm_err e = {0};
        size_t got;

        CHECK(!fm_array_labels(&d, &got, &a, as, &e), "%s", e.msg);
        CHECK(got == 2 && (either && classes ? !!d.y : d.numbers == k),
              "%zu, %zu numbers", got, d.numbers);
        CHECK(!d.t || (d.t[0] == first && d.t[2 * k - 1] == last), "%g, %g",
              (double)d.t[0], (double)d.t[2 * k - 1]);
        fm_dataset_free(&d);
    }
}

static void
bad_labels(enum fm_array_kind kind, size_t size, const void *data, size_t ndim,
           const char *why)
{
    static const size_t dim[] = {2, 1, 2};
    struct fm_array a = array(kind, size, false, data, ndim, dim);
    struct fm_dataset d = {0};
    struct fm_err e = {0};
    size_t got;

    CHECK(fm_array_labels(&d, &got, &a, FM_LABELS_CLASSES, &e) == FM_EINPUT,
          "%s", why);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    fm_dataset_free(&d);
}

int
main(void)
{
    static const uint8_t wide[] = {1, 0, 0, 0, 0, 0, 0, 0,
                                   7, 0, 0, 0, 0, 0, 0, 0x80};
    static const uint8_t minus[] = {255, 255, 255, 255, 255, 255, 255, 255};

    floats();
    missing();
    bad_samples(FM_ARRAY_FLOAT, 8, 2, "is 1.74152e+308, which");
    bad_samples(FM_ARRAY_SIGNED, 8, 2, "samples of type T; save pixels as");
    bad_samples(FM_ARRAY_UNSIGNED, 2, 2, "samples of type T");
    bad_samples(FM_ARRAY_BOOL, 1, 2, "samples of type T");
    bad_samples(FM_ARRAY_OTHER, 2, 2, "samples of type T");
    bad_samples(FM_ARRAY_UNSIGNED, 1, 1, "1 dimensions, not 2 to 4");
    bad_samples(FM_ARRAY_UNSIGNED, 1, 5, "5 dimensions, not 2 to 4");

    labels(FM_ARRAY_UNSIGNED, 1, false, minus, 3, 255);
    labels(FM_ARRAY_SIGNED, 1, false, wide, 2, 0);
    labels(FM_ARRAY_SIGNED, 8, false, wide, 1, 1);
    labels(FM_ARRAY_UNSIGNED, 2, true, "\0\5\0\6", 2, 6);
    labels(FM_ARRAY_BOOL, 1, false, wide, 1, 1);
    numbers(FM_ARRAY_UNSIGNED, 1, wide, 1, 1, 0, true);
    numbers(FM_ARRAY_SIGNED, 4, minus, 1, -1, -1, false);
    numbers(FM_ARRAY_SIGNED, 2, minus, 2, -1, -1, false);
    numbers(FM_ARRAY_UNSIGNED, 8, wide, 1, 1, 0x1p63f, false);
    numbers(FM_ARRAY_FLOAT, 4, "\0\0\x80\xbf\0\0\0\x40", 1, -1, 2, false);
    bad_labels(FM_ARRAY_SIGNED, 1, minus, 1, "label -1 of sample 0 is not 0");
    bad_labels(FM_ARRAY_SIGNED, 4, minus, 1, "label -1 of sample 0 is not 0");
    bad_labels(FM_ARRAY_SIGNED, 8, wide, 1,
               "label -9223372036854775801 of sample 1");
    bad_labels(FM_ARRAY_UNSIGNED, 8, wide, 1,
               "label 9223372036854775815 of sample 1");
    bad_labels(FM_ARRAY_UNSIGNED, 2, minus, 1, "label 65535 of sample 0");
    bad_labels(FM_ARRAY_FLOAT, 4, wide, 1,
               "labels of type T; save classes as uint8, or learn numbers by a "
               "model of loss mse");
    bad_labels(FM_ARRAY_OTHER, 4, wide, 1,
               "labels of type T; save classes as uint8, numbers as float32");
    bad_labels(FM_ARRAY_SIGNED, 1, wide, 3, "4 values in 3 dimensions");
    bad_labels(FM_ARRAY_SIGNED, 1, wide, 0, "1 values in 0 dimensions");
    return 0;
}
