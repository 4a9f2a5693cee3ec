/* Hostile files of other programs as data: one for each reader's checks. */
#include "base/crc32.h"
#include "hostile.h"

#define NPY(type, order, shape)                                                \
    "\x93NUMPY\1\0\106\0{'descr':'" type "','fortran_order':" order            \
    ",'shape':(" shape ")}"
/* Two pictures of w0's input, 18 bytes after a head of 80; and their labels. */
#define PIXELS NPY("|u1", "False", "2,3,3") "                \n"
#define LABELS NPY("|u1", "False", "2,") "                   \n"
#define VALUES "abcdefghijklmnopqr"

static void
npy(void)
{
    BYTES(READ_NPY, "NPY without a header", "cut short in its header",
          "\x93NUMPY\1\0");
    BYTES(READ_NPY, "NPY with half a header", "cut short in its header",
          "\x93NUMPY\1\0\106\0{'descr'");
    BYTES(READ_NPY, "NPY of version 9", "of version 9.0",
          "\x93NUMPY\11\0\106\0{}");
    BYTES(READ_NPY, "a header of 4 GiB", "more than 65536 bytes",
          "\x93NUMPY\2\0\377\377\377\377{}");
    BYTES(READ_NPY, "a header of other words", "not the header that NumPy",
          "\x93NUMPY\1\0\2\0[]");
    BYTES(READ_NPY, "a header of nothing", "not the header that NumPy",
          "\x93NUMPY\1\0\2\0{}");
    BYTES(READ_NPY, "columns", "Fortran order",
          NPY("|u1", "True", "2,3,3") "                 \n" VALUES);
    BYTES(READ_NPY, "objects", "values of type '|O'",
          NPY("|O", "False", "2,3,3") "                 \n" VALUES);
    BYTES(READ_NPY, "escapes in a type", "values of type '?[31m'",
          NPY("\033[31m", "False", "2,3,3") "              \n" VALUES);
    BYTES(READ_NPY, "a value less", "takes 18 values",
          PIXELS "abcdefghijklmnopq");
    BYTES(READ_NPY, "a value more", "takes 18 values", PIXELS VALUES "s");
    BYTES(READ_NPY, "2^64 values", "too large",
          NPY("|u1", "False", "4294967296,4294967296") "\n");
    BYTES(READ_NPY, "a dimension beyond 2^64", "not the header",
          NPY("|u1", "False", "99999999999999999999") " \n");
    BYTES(READ_NPY, "2^40 values", "takes 1099511627776 values",
          NPY("|u1", "False", "1048576,1048576") "      \n");
    BYTES(READ_NPY, "no pictures", "dimension 1 is 0",
          NPY("|u1", "False", "0,3,3") "                \n");
    BYTES(READ_NPY, "one dimension", "1 dimensions, not 2 to 4",
          NPY("|u1", "False", "18,") "                  \n" VALUES);
    BYTES(READ_NPY, "pictures of integers", "samples of type <i2",
          NPY("<i2", "False", "3,3") "                  \n" VALUES);
    BYTES(READ_NPY, "what no float can hold", "sample 1 is inf",
          NPY("<f4", "False", "2,2") "                  \n"
                                     "abcdefghijkl\0\0\200\177");
    BYTES(READ_NPY, "what is missing", "value 1 of sample 1 is missing (NaN)",
          NPY("<f4", "False", "2,2") "                  \n"
                                     "abcdefghijkl\0\0\300\177");
}

static void
labels(void)
{
    BYTES(READ_CLASSES, "labels of floats", "labels of type <f4",
          NPY("<f4", "False", "2,") "                   \n12345678");
    BYTES(READ_LABELS, "labels of words", "values of type '<U1'",
          NPY("<U1", "False", "2,") "                   \n12345678");
    BYTES(READ_CLASSES, "a negative label", "label -1 of sample 1",
          NPY("|i1", "False", "2,") "                   \n\0\377");
    BYTES(READ_CLASSES, "a label beyond 255", "label 256 of sample 1",
          NPY("<u2", "False", "2,") "                   \n\0\0\0\1");
    BYTES(READ_LABELS, "labels of two dimensions", "4 values in 2 dimensions",
          NPY("|u1", "False", "2,2") "                  \n\0\1\0\1");
}

/* A zip archive of x.npy and y.npy, stored. */
static struct fm_buf
zip(const char *x, size_t nx, const char *y, size_t ny)
{
    const char *data[] = {x, y}, *name[] = {"x.npy", "y.npy"};
    const size_t size[] = {nx, ny};
    struct fm_buf b = {0}, directory = {0};
    uint8_t end[22] = "PK\5\6\0\0\0\0\2\0\2";

    for (int i = 0; i < 2; i++) {
        uint8_t local[30] = "PK\3\4\24", central[46] = "PK\1\2\24\0\24";

        fm_put32(local + 14, fm_crc32((const uint8_t *)data[i], size[i]));
        fm_put32(local + 18, (uint32_t)size[i]);
        fm_put32(local + 22, (uint32_t)size[i]);
        local[26] = central[28] = 5;
        memcpy(central + 16, local + 14, 12);
        fm_put32(central + 42, (uint32_t)b.len);
        CHECK(!fm_buf_add(&b, local, 30, NULL) &&
                  !fm_buf_add(&b, name[i], 5, NULL) &&
                  !fm_buf_add(&b, data[i], size[i], NULL) &&
                  !fm_buf_add(&directory, central, 46, NULL) &&
                  !fm_buf_add(&directory, name[i], 5, NULL),
              "memory");
    }
    fm_put32(end + 12, (uint32_t)directory.len);
    fm_put32(end + 16, (uint32_t)b.len);
    CHECK(!fm_buf_add(&b, directory.data, directory.len, NULL) &&
              !fm_buf_add(&b, end, 22, NULL),
          "memory");
    fm_buf_free(&directory);
    return b;
}

static void
npz(void)
{
    static const char x[] = PIXELS VALUES, y[] = LABELS "\0\1",
                      three[] =
                          NPY("|u1", "False", "3,") "                   \n"
                                                    "\0\1\0";
    struct fm_buf b = zip(x, sizeof x - 1, y, sizeof y - 1);

    b.data[120] ^= 1;
    hostile(READ_ARRAYS, "a wrong checksum in a zip archive", "x.npy: damaged",
            &b);
    b.data[120] ^= 1;
    memcpy(memmem(b.data + 150, b.len - 150, "y.npy", 5), "x", 1);
    memcpy(memmem(b.data + b.len - 30, 30, "y.npy", 5), "x", 1);
    hostile(READ_ARRAYS, "x.npy twice", "x.npy comes twice", &b);
    b.len -= 30;
    hostile(READ_ARRAYS, "a zip archive cut short", "damaged or cut short", &b);
    fm_buf_free(&b);
    BYTES(READ_ARRAYS, "a zip archive of nothing", "damaged or cut short",
          "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    b = zip(x, sizeof x - 1, three, sizeof three - 1);
    hostile(READ_ARRAYS, "a label more", "3 labels for 2 samples", &b);
    fm_buf_free(&b);
    b = zip(x, sizeof x - 1, "\0\0\10\1\0\0\0\2\0\1", 10);
    hostile(READ_ARRAYS, "IDX in a zip archive", "y.npy: not an NPY file", &b);
    fm_buf_free(&b);
}

static void
tensors(void)
{
#define ST(size, x, y)                                                         \
    size "\0\0\0\0\0\0\0{\"x\":{\"dtype\":\"U8\",\"shape\":[2,3,3],"           \
         "\"data_offsets\":[0," x "]},\"" y                                    \
         "\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[18,20]}}"
    BYTES(READ_ARRAYS, "tensors without y", "no array y in it",
          ST("\160", "18", "Y") VALUES "\0\1");
    BYTES(READ_ARRAYS, "a tensor that overlaps", "its shape does not fill",
          ST("\160", "19", "y") VALUES "\0\1");
    BYTES(READ_ARRAYS, "tensors cut short", "do not lie in the file",
          ST("\160", "18", "y") VALUES "\0");
    BYTES(READ_ARRAYS, "tensors and a byte", "1 bytes after the last",
          ST("\160", "18", "y") VALUES "\0\1\2");
}

static void
cifar(void)
{
    static char record[2 * 3073];

    record[3073] = 10;
    bytes(READ_ARRAYS, "label 10 in CIFAR-10", "CIFAR's records", record,
          sizeof record);
    record[3073] = 1;
    bytes(READ_ARRAYS, "CIFAR-10 cut short", "CIFAR's records", record,
          sizeof record - 1);
    memcpy(record + 257, "ustar", 6);
    record[0] = 'x';
    bytes(READ_ARRAYS, "what is called a tar archive", "", record,
          sizeof record);
}

void
hostile_arrays(void)
{
    npy();
    labels();
    npz();
    tensors();
    cifar();
}
