#include "data/dataset.h"

#include "check.h"

#include <unistd.h>

static char dir[] = "/tmp/test_dataset.XXXXXX";
static char images[64], labels[64];

static void
put(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

/* Two samples of two channels, one row, two columns; and their labels. */
static const uint8_t im4[] = {0, 0, 8, 4, 0, 0, 0, 2,  0,   0,   0, 2, 0, 0,
                              0, 1, 0, 0, 0, 2, 0, 51, 102, 255, 1, 2, 3, 4};
static const uint8_t lab[] = {0, 0, 8, 1, 0, 0, 0, 2, 5, 9};

static int
load(struct fm_dataset *d, struct fm_err *e)
{
    const struct fm_dataset_from from = {.images = images, .labels = labels};

    *e = (struct fm_err){0};
    return fm_dataset_open(d, &from, e);
}

/* One byte of a file that stays the same file. */
static void
overwrite(const char *path, long at, int byte)
{
    FILE *f = fopen(path, "r+b");

    CHECK(f && !fseek(f, at, SEEK_SET) && fputc(byte, f) == byte && !fclose(f),
          "%s", path);
}

/* (x/255 - mean)/std, worked by hand: 51, 102, 255 are 0.2, 0.4, 1. */
static void
golden(void)
{
    static const float mean[2] = {0.0f, 0.5f}, std[2] = {1.0f, 0.5f};
    static const uint32_t row[2] = {1, 0};
    static const float want[4] = {0.0f, 0.2f, -0.2f, 1.0f};
    struct fm_dataset d;
    struct fm_err e;
    float x[8];
    uint8_t y[2];

    put(images, im4, sizeof im4);
    put(labels, lab, sizeof lab);
    CHECK(!load(&d, &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 2 && d.h == 1 && d.w == 2, "%zu %zu %zu %zu", d.n,
          d.c, d.h, d.w);
    CHECK(d.xmap.data && !d.xfile.data, "plain files are mapped");
    overwrite(labels, (long)sizeof lab - 1, 255);
    CHECK(d.y[1] == 9, "labels stay as they were checked: %d", d.y[1]);
    overwrite(labels, (long)sizeof lab - 1, 9);
    fm_dataset_batch(&d, row, 2, mean, 2, std, 2, x, y);
    for (size_t i = 0; i < 4; i++)
        CHECK(x[4 + i] > want[i] - 1e-6f && x[4 + i] < want[i] + 1e-6f,
              "value %zu is %g", i, (double)x[4 + i]);
    CHECK(x[0] == 1.0f / 255.0f && y[0] == 9 && y[1] == 5, "%g", (double)x[0]);
    /* One mean serves all channels beside two values of std. */
    fm_dataset_batch(&d, row, 1, mean + 1, 1, std, 2, x, NULL);
    CHECK(x[0] == 1.0f / 255.0f - 0.5f && x[2] == (3.0f / 255.0f - 0.5f) / 0.5f,
          "%g %g", (double)x[0], (double)x[2]);
    fm_dataset_free(&d);
}

/* The same bytes as N x W and as N x H x W. */
static void
shapes(void)
{
    static const uint8_t im2[] = {0, 0, 8, 2, 0, 0, 0, 2, 0,
                                  0, 0, 3, 1, 2, 3, 4, 5, 6};
    static const uint8_t im3[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0,
                                  1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    struct fm_dataset d;
    struct fm_err e;

    put(images, im2, sizeof im2);
    CHECK(!load(&d, &e), "%s", e.msg);
    CHECK(d.c == 3 && d.h == 1 && d.w == 1, "vector %zux%zux%zu", d.c, d.h,
          d.w);
    CHECK(!fm_dataset_check(&d, images, labels, 3, 1, 1, 10, &e), "%s", e.msg);
    fm_dataset_free(&d);
    put(images, im3, sizeof im3);
    CHECK(!load(&d, &e), "%s", e.msg);
    CHECK(d.c == 1 && d.h == 1 && d.w == 3, "image %zux%zux%zu", d.c, d.h, d.w);
    CHECK(!fm_dataset_check(&d, images, labels, 3, 1, 1, 10, &e), "%s", e.msg);
    CHECK(!fm_dataset_check(&d, images, labels, 1, 1, 3, 10, &e), "%s", e.msg);
    fm_dataset_free(&d);
    CHECK(!fm_dataset_open(&d, &(struct fm_dataset_from){.labels = labels}, &e),
          "%s", e.msg);
    CHECK(d.n == 2 && d.y[1] == 9 && !d.x, "labels alone");
    fm_dataset_free(&d);
}

static void
check(const struct fm_dataset *d, size_t c, size_t h, size_t w, size_t classes,
      const char *part)
{
    struct fm_err e = {0};

    CHECK(fm_dataset_check(d, "i", "l", c, h, w, classes, &e) == FM_EINPUT,
          "%s accepted", part);
    CHECK(strcmp(e.msg, part) == 0, "%s", e.msg);
}

static void
hostile(void)
{
    const struct fm_dataset_from twice = {.images = "-", .labels = "-"};
    struct fm_dataset d;
    struct fm_err e;
    uint8_t b[sizeof im4];

    put(images, im4, sizeof im4);
    CHECK(!load(&d, &e), "%s", e.msg);
    check(&d, 1, 28, 28, 10,
          "i: image 2x1x2 does not fit the model's input 1x28x28");
    check(&d, 1, 2, 2, 10,
          "i: image 2x1x2 does not fit the model's input 1x2x2; channels come "
          "first");
    check(&d, 5, 1, 1, 10, "i: image 2x1x2 does not fit the model's input 5");
    check(&d, 4, 1, 1, 9,
          "l: label 9 of sample 1 is not below 9 classes; they count from 0");
    check(&d, 4, 1, 1, 8, "l: label 9 of sample 1 is not below 8 classes");
    check(&d, 4, 1, 1, 1,
          "l: label 5 of sample 0 is not below 1 classes; one output learns 0 "
          "and 1 by loss bce, numbers by loss mse");
    fm_dataset_free(&d);

    memcpy(b, lab, sizeof lab);
    b[7] = 1;
    put(labels, b, sizeof lab - 1);
    CHECK(load(&d, &e) == FM_EINPUT, "1 label for 2 images");
    CHECK(strstr(e.msg, "/labels: 1 labels for 2 images in "), "%s", e.msg);
    fm_dataset_free(&d);
    put(labels, im4, sizeof im4);
    CHECK(load(&d, &e) == FM_EINPUT, "images as labels");
    CHECK(strstr(e.msg, "/labels: IDX with 4 dimensions, not 1"), "%s", e.msg);
    fm_dataset_free(&d);
    unlink(labels);
    CHECK(load(&d, &e) == FM_EINPUT, "no labels");
    CHECK(strstr(e.msg, "/labels: "), "%s", e.msg);
    fm_dataset_free(&d);
    e = (struct fm_err){0};
    CHECK(fm_dataset_open(&d, &twice, &e) == FM_EINPUT, "- twice");
    CHECK(strcmp(e.msg, "<stdin>: cannot be both samples and labels") == 0,
          "%s", e.msg);
    fm_dataset_free(&d);
}

#define NPY(type, shape)                                                       \
    "\x93NUMPY\1\0\106\0{'descr':'" type                                       \
    "','fortran_order':False,'shape':(" shape ")}"

/* Arrays of NumPy as images or data, and labels beside them. */
static void
arrays(void)
{
    /* Padded to the 70 bytes that the head says. */
    static const char pixels[] =
        NPY("|u1", "2,3") "                  \n\1\2\3\4\5\6",
                      classes[] =
                          NPY("<i2", "2,") "                   \n\7\0\10\0",
                      floats[] =
                          NPY("<f4",
                              "2,1,1,2") "              \n"
                                         "\0\0\x80?\0\0\0@\0\0\xc0?\0\0\0\xbf";
    static const float mean[] = {1}, std[] = {0.5f};
    static const uint32_t row[] = {1, 0};
    struct fm_dataset_from from = {.images = images, .labels = labels};
    struct fm_err e = {0};
    struct fm_dataset d;
    float x[4];
    uint8_t y[2];

    put(images, pixels, sizeof pixels - 1);
    put(labels, classes, sizeof classes - 1);
    CHECK(!fm_dataset_open(&d, &from, &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 3 && d.x[5] == 6 && d.y[1] == 8 && d.xmap.data,
          "pixels");
    fm_dataset_free(&d);
    put(labels, lab, sizeof lab);
    put(images, floats, sizeof floats - 1);
    CHECK(!fm_dataset_open(&d, &from, &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 1 && d.h == 1 && d.w == 2 && !d.x, "floats");
    CHECK(!d.xfile.data, "floats are mapped");
    fm_dataset_batch(&d, row, 2, mean, 1, std, 1, x, y);
    CHECK(x[0] == 1 && x[1] == -3 && x[2] == 0 && x[3] == 2, "%g %g %g %g",
          (double)x[0], (double)x[1], (double)x[2], (double)x[3]);
    CHECK(y[0] == 9 && y[1] == 5, "labels");
    check(&d, 2, 2, 1, 10,
          "i: image 1x1x2 does not fit the model's input "
          "2x2x1");
    check(&d, 2, 1, 1, 9,
          "l: label 9 of sample 1 is not below 9 classes; they count from 0");
    fm_dataset_free(&d);
    from = (struct fm_dataset_from){.data = images};
    CHECK(fm_dataset_open(&d, &from, &e) == FM_EINPUT &&
              strstr(e.msg, "/images: no labels in it; name their file by"),
          "%s", e.msg);
    fm_dataset_free(&d);
    from.unlabelled = true;
    e = (struct fm_err){0};
    CHECK(!fm_dataset_open(&d, &from, &e) && d.f && !d.y, "%s", e.msg);
    fm_dataset_free(&d);
    from.labels = labels;
    put(images, pixels, sizeof pixels - 4);
    CHECK(fm_dataset_open(&d, &from, &e) == FM_EINPUT &&
              strstr(e.msg, "/images: NPY: its shape takes 6 values of 1 byte"),
          "%s", e.msg);
    fm_dataset_free(&d);
}

static void
put_text(const char *text)
{
    put(images, text, strlen(text));
}

/* Windows of 3 over "abcdefg", 1 and 2 characters apart; and as a batch. */
static void
characters(void)
{
    struct fm_dataset_from from = {.text = images, .window = 3, .step = 1};
    static const uint32_t row[2] = {3, 0};
    struct fm_err e = {0};
    struct fm_dataset d;
    float x[6];
    uint8_t y[2];

    put_text("abcdefg");
    CHECK(!fm_dataset_open(&d, &from, &e), "%s", e.msg);
    CHECK(d.n == 4 && d.c == 3 && d.text, "%zu samples", d.n);
    fm_dataset_batch(&d, row, 2, NULL, 0, NULL, 0, x, y);
    for (size_t i = 0; i < 6; i++)
        CHECK(x[i] == (float)((i < 3 ? 56 : 50) + i), "x[%zu] is %g", i,
              (double)x[i]);
    CHECK(y[0] == 59 && y[1] == 56, "y %u %u", y[0], y[1]);
    fm_dataset_free(&d);
    from.step = 2;
    CHECK(!fm_dataset_open(&d, &from, &e), "%s", e.msg);
    CHECK(d.n == 2 && fm_dataset_row(&d, 1)[2] == 57 && d.y[1] == 58, "step");
    fm_dataset_free(&d);
    put_text("abc");
    CHECK(fm_dataset_open(&d, &from, &e) == FM_EINPUT &&
              strstr(e.msg, "/images: 3 characters, but a sample takes 3"),
          "%s", e.msg);
    fm_dataset_free(&d);
    put(images, "ab\n\0", 4);
    e = (struct fm_err){0};
    CHECK(fm_dataset_open(&d, &from, &e) == FM_EINPUT &&
              strstr(e.msg, "/images: line 2: not a text"),
          "%s", e.msg);
    fm_dataset_free(&d);
}

static void
leaf(void)
{
    struct fm_dataset_from from = {.leaf = images};
    struct fm_err e = {0};
    struct fm_dataset d;

    put_text("{\"users\":[\"u\"],\"user_data\":{\"u\":{\"x\":[\"ab\"],"
             "\"y\":[\"c\"]}}}");
    CHECK(!fm_dataset_open(&d, &from, &e), "%s", e.msg);
    CHECK(d.n == 1 && d.c == 2 && d.users == 1 && d.user[1] == 1 &&
              fm_dataset_row(&d, 0)[1] == 54 && d.y[0] == 55 &&
              strcmp((char *)d.names.data, "u") == 0,
          "leaf");
    CHECK(fm_dataset_check_tokens(&d, "f", 0, &e) == FM_EINPUT &&
              strstr(e.msg, "f: characters are for a network that begins"),
          "%s", e.msg);
    fm_dataset_free(&d);
    put_text("{}");
    e = (struct fm_err){0};
    CHECK(fm_dataset_open(&d, &from, &e) == FM_EINPUT &&
              strstr(e.msg, "/images: not LEAF's JSON"),
          "%s", e.msg);
    fm_dataset_free(&d);
}

/* A table is neither another's features nor tokens. */
static void
tables(void)
{
    float x[] = {1, 2, 3};
    const struct fm_dataset d = {.n = 1, .c = 3, .h = 1, .w = 1, .f = x};
    struct fm_err e = {0};

    check(&d, 4, 1, 1, 2, "i: 3 features do not fit the model's input 4");
    CHECK(fm_dataset_check_tokens(&d, "f", 9, &e) == FM_EINPUT &&
              strcmp(e.msg, "f: the model reads tokens, not features") == 0,
          "%s", e.msg);
}

int
main(void)
{
    CHECK(mkdtemp(dir), "no temporary directory");
    snprintf(images, sizeof images, "%s/images", dir);
    snprintf(labels, sizeof labels, "%s/labels", dir);
    golden();
    shapes();
    hostile();
    arrays();
    characters();
    leaf();
    tables();
    unlink(images);
    rmdir(dir);
    return 0;
}
