/* Hostile data sets, row numbers, architectures and states. */
#include "fed/state.h"
#include "hostile.h"

#include <math.h>

static void
images(void)
{
#define HEAD "\0\0\10\3"
    BYTES(READ_IMAGES, "images of nothing", "", "");
    BYTES(READ_SHOWN, "3 bytes", "not a model, bundle", "\0\0\10");
    BYTES(READ_SHOWN, "a text", "not a model, bundle", "abc\n");
    BYTES(READ_SHOWN, "almost images", "not a model, bundle", "\0a\10\3");
    BYTES(READ_IMAGES, "images of 3 bytes", "has 3 bytes", "\0\0\10");
    BYTES(READ_IMAGES, "another magic", "starts with 1b5b", "\033[31m\007\r");
    BYTES(READ_IMAGES, "images of floats", "type 0x0d", "\0\0\15\3");
    BYTES(READ_IMAGES, "images of no dimension", "0 dimensions", "\0\0\10\0");
    BYTES(READ_IMAGES, "images of 255 dimensions", "255 dimensions",
          "\0\0\10\377");
    BYTES(READ_IMAGES, "images cut in the header", "ends in its header",
          HEAD "\0\0\0\2\0\0\0\3");
    BYTES(READ_IMAGES, "no images", "dimension 1 is 0",
          HEAD "\0\0\0\0\0\0\0\3\0\0\0\3");
    BYTES(READ_IMAGES, "images of size 0", "dimension 3 is 0",
          HEAD "\0\0\0\2\0\0\0\3\0\0\0\0");
    BYTES(READ_IMAGES, "images beyond 2^64", "too large",
          HEAD "\377\377\377\377\377\377\377\377\377\377\377\377");
    BYTES(READ_IMAGES, "images of 4 GiB", "promises 4294967295",
          HEAD "\377\377\377\377\0\0\0\1\0\0\0\1x");
    BYTES(READ_IMAGES, "a pixel less", "promises 18 values, the file has 17",
          HEAD "\0\0\0\2\0\0\0\3\0\0\0\3abcdefghijklmnopq");
    BYTES(READ_IMAGES, "a pixel more", "promises 18 values, the file has 19",
          HEAD "\0\0\0\2\0\0\0\3\0\0\0\3abcdefghijklmnopqrs");
    BYTES(READ_IMAGES, "images of another shape", "does not fit",
          HEAD "\0\0\0\2\0\0\0\1\0\0\0\11abcdefghijklmnopqr");
    BYTES(READ_IMAGES, "an image more than labels", "2 labels for 3 images",
          HEAD "\0\0\0\3\0\0\0\3\0\0\0\3abcdefghijklmnopqrABCDEFGHI");
    BYTES(READ_IMAGES, "a gzip file cut short", "", "\37\213\10\0\0\0\0\0\0\3");
    BYTES(READ_IMAGES, "a zstd file cut short", "", "\50\265\57\375\44");
    BYTES(READ_IMAGES, "an xz file cut short", "", "\3757zXZ\0\0\4");
    BYTES(READ_LABELS, "labels beyond the classes", "",
          "\0\0\10\1\0\0\0\2\0\377\377");
    BYTES(READ_LABELS, "labels that are images", "dimensions",
          HEAD "\0\0\0\2\0\0\0\3\0\0\0\3abcdefghijklmnopqr");
    BYTES(READ_LABELS, "a label less", "promises 2 values, the file has 1",
          "\0\0\10\1\0\0\0\2\0");
    BYTES(READ_LABELS, "labels of 4 GiB", "promises 4294967295",
          "\0\0\10\1\377\377\377\377\0\1");
}

/* The good images, compressed by these commands. */
static void
compressed(const char *name, const char *how)
{
    struct fm_buf b = {0};
    char command[128];

    snprintf(command, sizeof command, "<images %s >squeezed", how);
    CHECK(system(command) == 0, "%s", command);
    CHECK(fm_file_read(&b, "squeezed", 1 << 20, NULL) == 0, "squeezed");
    hostile(READ_IMAGES, name, "", &b);
    b.len = b.len * 2 / 3;
    hostile(READ_IMAGES, "the same, cut short", "", &b);
    fm_buf_free(&b);
}

static void
rows(void)
{
    BYTES(READ_ROWS, "no rows", "no row numbers", "");
    BYTES(READ_ROWS, "comments alone", "no row numbers", "# 0\n\n");
    BYTES(READ_ROWS, "a row twice", "row 1 comes twice", "0\n1\n1\n");
    BYTES(READ_ROWS, "a row twice, with zeros", "row 1 comes twice",
          "1\n001\n");
    BYTES(READ_ROWS, "a row beyond the data", "row 2 is not below", "0\n2\n");
    BYTES(READ_ROWS, "a row beyond 2^64", "is not below",
          "99999999999999999999999999999999999999999\n");
    BYTES(READ_ROWS, "a row of 2^64", "is not below", "18446744073709551616\n");
    BYTES(READ_ROWS, "a negative row", "'-1' is not a row number", "-1\n");
    BYTES(READ_ROWS, "a real row", "'1.0' is not a row number", "1.0\n");
    BYTES(READ_ROWS, "a hexadecimal row", "'0x1' is not a row number", "0x1\n");
    BYTES(READ_ROWS, "a row with a space", "is not a row number", "1 \n");
    BYTES(READ_ROWS, "escapes in a row", "'?[31m?", "\033[31m\007\r1\n");
    BYTES(READ_ROWS, "a NUL in a row", "not a text", "0\n1\0\n");
}

static void
architectures(void)
{
    struct fm_buf b = {0};

    BYTES(READ_ARCH, "no architecture", "", "");
    BYTES(READ_ARCH, "no input", "the first line must be", "linear 2\n");
    BYTES(READ_ARCH, "no layer", "the last layer must be", "input 4\n");
    BYTES(READ_ARCH, "two inputs", "only the first line",
          "input 4\ninput 4\nlinear 2\n");
    BYTES(READ_ARCH, "an unknown layer", "no such layer",
          "input 4\nsoftmax 3\nlinear 2\n");
    BYTES(READ_ARCH, "escapes in a layer", "?[31m",
          "input 4\n\033[31m\007\nlinear 2\n");
    BYTES(READ_ARCH, "escapes in a number", "?[31m",
          "input 4\nlinear \033[31m\007\n");
    BYTES(READ_ARCH, "a NUL", "", "input 4\nlinear 2\n\0linear 3\n");
    BYTES(READ_ARCH, "an input beyond 2^31", "",
          "input 65536x65536x65536\nlinear 2\n");
    BYTES(READ_ARCH, "a number beyond 2^64", "",
          "input 4\nlinear 99999999999999999999999\n");
    BYTES(READ_ARCH, "0 outputs", "", "input 4\nlinear 0\n");
    BYTES(READ_ARCH, "a kernel larger than its input", "is larger than",
          "input 1x3x3\nconv 1 4x4\nlinear 2\n");
    BYTES(READ_ARCH, "padding that wraps", "",
          "input 1x3x3\nconv 1 3x3 pad=9223372036854775807\nlinear 2\n");
    BYTES(READ_ARCH, "stride 0", "",
          "input 1x3x3\nconv 1 3x3 stride=0\nlinear 2\n");
    BYTES(READ_ARCH, "an option twice", "",
          "input 1x3x3\nconv 1 3x3 pad=1 pad=1\nlinear 2\n");
    BYTES(READ_ARCH, "an unknown option", "",
          "input 1x3x3\nconv 1 3x3 dilation=2\nlinear 2\n");
    BYTES(READ_ARCH, "a word more", "", "input 4\nlinear 2 3\n");
    BYTES(READ_ARCH, "an image wanted", "needs an image",
          "input 4\nconv 1 1x1\nlinear 2\n");
    BYTES(READ_ARCH, "an epsilon of nan", "",
          "input 4\nbatchnorm eps=nan\nlinear 2\n");
    BYTES(READ_ARCH, "certain dropout", "not a probability",
          "input 4\ndropout 1\nlinear 2\n");
    for (int i = 0; i < 70000; i++)
        CHECK(fm_buf_add(&b, i ? "relu\n" : "input 4\n", i ? 5 : 8, NULL) == 0,
              "memory");
    CHECK(fm_buf_add(&b, "linear 2\n", 9, NULL) == 0, "memory");
    hostile(READ_ARCH, "70,000 layers", "", &b);
    fm_buf_free(&b);
}

static void
states(void)
{
    struct fm_err e = {0};
    struct fm_model *p0 = fm_model_read("p0", &e);
    struct fm_state *s = p0 ? fm_state_new(p0, "b", &e) : NULL;
    struct fm_buf b = {0};

    CHECK(s, "%s", e.msg);
    s->steps = 4;
    CHECK(fm_state_write(&b, s, NULL) == 0, "write");
    hostile(READ_STATE, "another client's state", "the state of another client",
            &b);
    strcpy(s->client, "a");
    for (int k = 0; k < 2; k++) {
        static const float bad[] = {NAN, INFINITY, -1};

        for (int i = 0; i < 2 + k; i++) {
            s->moment[k][3] = bad[i];
            b.len = 0;
            CHECK(fm_state_write(&b, s, NULL) == 0, "write");
            hostile(READ_STATE, "an impossible moment", "value 3 is impossible",
                    &b);
            s->moment[k][3] = 0;
        }
    }
    b.len = 0;
    CHECK(fm_state_write(&b, s, NULL) == 0, "write");
    b.len -= 4;
    hostile(READ_STATE, "a state cut short", "", &b);
    fm_buf_free(&b);
    BYTES(READ_STATE, "a text as state", "", "to be or not to be");
    BYTES(READ_STATE, "an empty state", "", "");
    fm_state_free(s);
    fm_model_free(p0);
}

void
hostile_data(void)
{
    images();
    compressed("images compressed twice", "gzip -n | gzip -n");
    compressed("images compressed by two programs", "gzip -n | xz");
    rows();
    architectures();
    states();
}
