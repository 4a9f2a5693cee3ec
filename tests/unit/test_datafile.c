/* datafile: each format by its bytes.  The NPZ files are of Python's zipfile,
 * the tar archive by POSIX. */
#include "data/datafile.h"

#include "base/crc32.h"
#include "check.h"

#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_datafile.XXXXXX";

#define FORTY "0123456789012345678901234567890123456789"

#define NPY(type, shape)                                                       \
    "\x93NUMPY\1\0\106\0{'descr':'" type                                       \
    "','fortran_order':False,'shape':(" shape ")}"

/* Take bytes as if they had been read; they are let go by fm_dataset_free. */
static int
take(struct fm_dataset *d, const void *p, size_t n,
     const struct fm_dataset_from *from, struct fm_err *e)
{
    *d = (struct fm_dataset){0};
    *e = (struct fm_err){0};
    CHECK(fm_buf_add(&d->xfile, p, n, e) == 0, "memory");
    return fm_datafile_take(d, from, NULL, e);
}

static void
refused(const void *p, size_t n, struct fm_dataset_from from, const char *why)
{
    struct fm_dataset d;
    struct fm_err e;

    CHECK(take(&d, p, n, &from, &e) == FM_EINPUT, "%s", why);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    fm_dataset_free(&d);
}

#define FROM(...)            ((struct fm_dataset_from){__VA_ARGS__})
#define REFUSED(s, why, ...) refused(s, sizeof(s) - 1, FROM(__VA_ARGS__), why)

/* Stored, without anything but what a reader needs. */
static void
add_zip(struct fm_buf *out, struct fm_buf *directory, const char *name,
        const char *p, size_t n)
{
    uint8_t local[30] = "PK\3\4\24", central[46] = "PK\1\2\24\0\24";
    uint8_t fields[12];

    fm_put32(fields, fm_crc32((const uint8_t *)p, n));
    fm_put32(fields + 4, (uint32_t)n);
    fm_put32(fields + 8, (uint32_t)n);
    memcpy(local + 14, fields, 12);
    memcpy(central + 16, fields, 12);
    fm_put16(local + 26, (uint16_t)strlen(name));
    fm_put16(central + 28, (uint16_t)strlen(name));
    fm_put32(central + 42, (uint32_t)out->len);
    CHECK(!fm_buf_add(out, local, 30, NULL) &&
              !fm_buf_add(out, name, strlen(name), NULL) &&
              !fm_buf_add(out, p, n, NULL) &&
              !fm_buf_add(directory, central, 46, NULL) &&
              !fm_buf_add(directory, name, strlen(name), NULL),
          "memory");
}

static void
end_zip(struct fm_buf *out, struct fm_buf *directory, unsigned entries)
{
    uint8_t end[22] = "PK\5\6";

    fm_put16(end + 8, (uint16_t)entries);
    fm_put16(end + 10, (uint16_t)entries);
    fm_put32(end + 12, (uint32_t)directory->len);
    fm_put32(end + 16, (uint32_t)out->len);
    CHECK(!fm_buf_add(out, directory->data, directory->len, NULL) &&
              !fm_buf_add(out, end, 22, NULL),
          "memory");
    fm_buf_free(directory);
}

static const char pixels[] = NPY("|u1", "2,3") "                  \n"
                                               "\1\2\3\4\5\6";
static const char classes[] = NPY("<i2", "2,") "                   \n"
                                               "\7\0\10\0";
static const char doubles[] = NPY(">f8", "2,1") "                  \n"
                                                "\x3f\xf8\0\0\0\0\0\0"
                                                "\xbf\xe0\0\0\0\0\0\0";

static void
npz(void)
{
    struct fm_buf file = {0}, directory = {0};
    struct fm_dataset d;
    struct fm_err e;

    add_zip(&file, &directory, "x.npy", pixels, sizeof pixels - 1);
    add_zip(&file, &directory, "y.npy", classes, sizeof classes - 1);
    add_zip(&file, &directory, "x_b.npy", doubles, sizeof doubles - 1);
    add_zip(&file, &directory, "y_b.npy", classes, sizeof classes - 1);
    /* No more of a name is looked for than a message shows of it. */
    add_zip(&file, &directory, "x_" FORTY ".npy", pixels, sizeof pixels - 1);
    add_zip(&file, &directory, "y_" FORTY ".npy", classes, sizeof classes - 1);
    add_zip(&file, &directory, "x_c.npy", doubles, sizeof doubles - 1);
    add_zip(&file, &directory, "y_c.npy", pixels, sizeof pixels - 1);
    end_zip(&file, &directory, 8);
    CHECK(!take(&d, file.data, file.len, &FROM(0), &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 3 && d.x[5] == 6 && d.y[1] == 8, "x and y");
    fm_dataset_free(&d);
    CHECK(!take(&d, file.data, file.len, &FROM(.part = "b"), &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 1 && !d.x && d.f[1] == -0.5f && d.y[0] == 7,
          "x_b and y_b");
    fm_dataset_free(&d);
    CHECK(!take(&d, file.data, file.len, &FROM(.part = FORTY), &e), "%s",
          e.msg);
    fm_dataset_free(&d);
    refused(file.data, file.len, FROM(.part = FORTY "1"),
            "the name of a part has at most 40 bytes");
    refused(file.data, file.len, FROM(.part = "d"), "no array x_d in it");
    refused(file.data, file.len, FROM(.part = "c"), "y: 6 values in 2 dim");
    refused(file.data, file.len, FROM(.label = "y"),
            "an NPZ file; --label means nothing to it");
    refused(file.data, file.len, FROM(.labels = "y"), "--labels means nothing");
    file.data[60] ^= 1;
    refused(file.data, file.len, FROM(0), "x.npy: ");
    fm_buf_free(&file);

    add_zip(&file, &directory, "x.npy", pixels, sizeof pixels - 1);
    end_zip(&file, &directory, 1);
    refused(file.data, file.len, FROM(0), "no array y in it");
    CHECK(!take(&d, file.data, file.len, &FROM(.unlabelled = true), &e), "%s",
          e.msg);
    CHECK(d.n == 2 && !d.y, "x alone");
    fm_dataset_free(&d);
    fm_buf_free(&file);
    add_zip(&file, &directory, "x.npy", doubles, sizeof doubles - 1);
    add_zip(&file, &directory, "y.npy", "no", 2);
    end_zip(&file, &directory, 2);
    refused(file.data, file.len, FROM(0), "y.npy: not an NPY file");
    fm_buf_free(&file);
}

static void
safetensors(void)
{
#define ST(length, x, y, end)                                                  \
    length "\0\0\0\0\0\0\0{\"x\":{\"dtype\":\"" x ",\"data_offsets\":[0," end  \
           "]},\"y\":{\"dtype\":\"" y "}}"
    static const char floats[] = ST("\x6e", "F32\",\"shape\":[2,1]",
                                    "I64\",\"shape\":[1],\"data_offsets\":"
                                    "[8,16]",
                                    "8") "\0\0\x80?\0\0\0@"
                                         "\3\0\0\0\0\0\0",
                      bytes[] = ST("\x6c", "U8\",\"shape\":[2,4]",
                                   "U8\",\"shape\":[2],\"data_offsets\":"
                                   "[8,10]",
                                   "8") "12345678\4",
                      half[] = ST("\x6d", "F16\",\"shape\":[2,2]",
                                  "U8\",\"shape\":[2],\"data_offsets\":"
                                  "[8,10]",
                                  "8") "12345678\4",
                      wide[] = ST("\x70", "F64\",\"shape\":[2,1]",
                                  "I16\",\"shape\":[2],\"data_offsets\":"
                                  "[16,20]",
                                  "16") "\0\0\0\0\0\0\xf8?"
                                        "\0\0\0\0\0\0\xe0\xbf"
                                        "\7\0\xff",
                      empty[] = ST("\x69", "U8\",\"shape\":[0]",
                                   "U8\",\"shape\":[2],\"data_offsets\":"
                                   "[0,2]",
                                   "0") "4";
    struct fm_dataset d;
    struct fm_err e;

    refused(floats, sizeof floats, FROM(0), "1 labels for 2 samples");
    CHECK(!take(&d, bytes, sizeof bytes, &FROM(0), &e), "%s", e.msg);
    CHECK(d.n == 2 && d.c == 4 && d.x[7] == '8' && d.y[0] == 4, "bytes");
    fm_dataset_free(&d);
    refused(bytes, sizeof bytes, FROM(.part = "test"), "no array x_test in it");
    refused(bytes, sizeof bytes - 1, FROM(0), "do not lie in the file");
    CHECK(!take(&d, wide, sizeof wide, &FROM(0), &e), "%s", e.msg);
    CHECK(d.f[0] == 1.5f && d.f[1] == -0.5f && d.y[0] == 7 && d.y[1] == 255,
          "F64 and I16");
    fm_dataset_free(&d);
    refused(half, sizeof half, FROM(0), "x: samples of type F16; save pixels");
    refused(empty, sizeof empty, FROM(0), "x: dimension 1 is 0");
}

/* A ustar header and its data. */
static void
add_tar(struct fm_buf *out, const char *name, const uint8_t *p, size_t n)
{
    uint8_t head[512] = {0};
    static const uint8_t zero[512];
    unsigned sum = 0;

    snprintf((char *)head, 100, "cifar/%s", name);
    memcpy(head + 100, "0000644\0000000000\0000000000", 23);
    snprintf((char *)head + 124, 12, "%011o", (unsigned)n);
    memcpy(head + 136, "00000000000", 11);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (size_t i = 0; i < 512; i++)
        sum += head[i];
    snprintf((char *)head + 148, 8, "%06o", sum);
    CHECK(!fm_buf_add(out, head, 512, NULL) && !fm_buf_add(out, p, n, NULL) &&
              !fm_buf_add(out, zero, (512 - n % 512) % 512, NULL),
          "memory");
}

static void
cifar(void)
{
    static uint8_t record[3073], end[1024];
    struct fm_buf file = {0};
    struct fm_dataset d;
    struct fm_err e;

    /* In another order than that of the rows. */
    for (uint8_t i = 5; i > 0; i--) {
        char name[] = "data_batch_?.bin";

        record[0] = i;
        record[1] = (uint8_t)(10 * i);
        name[11] = (char)('0' + i);
        add_tar(&file, name, record, sizeof record);
        if (i == 3) {
            record[0] = 9;
            add_tar(&file, "test_batch.bin", record, sizeof record);
        }
    }
    CHECK(!fm_buf_add(&file, end, sizeof end, NULL), "memory");
    CHECK(!take(&d, file.data, file.len, &FROM(.part = "train"), &e), "%s",
          e.msg);
    CHECK(d.n == 5 && d.c == 3 && d.h == 32, "%zu", d.n);
    for (uint8_t i = 0; i < 5; i++)
        CHECK(d.y[i] == i + 1 && fm_dataset_row(&d, i)[0] == 10 * (i + 1),
              "record %u", i);
    fm_dataset_free(&d);
    CHECK(!take(&d, file.data, file.len, &FROM(.part = "test"), &e), "%s",
          e.msg);
    CHECK(d.n == 1 && d.y[0] == 9, "test");
    fm_dataset_free(&d);
    refused(file.data, file.len, FROM(0), "say --part train or --part test");
    refused(file.data, file.len, FROM(.part = "val"), "test, not 'val'");
    refused(file.data, 2000, FROM(.part = "train"), "damaged or cut short");
    fm_buf_free(&file);
    add_tar(&file, "data_batch_1.bin", record, sizeof record);
    add_tar(&file, "data_batch_3.bin", record, sizeof record);
    CHECK(!fm_buf_add(&file, end, sizeof end, NULL), "memory");
    refused(file.data, file.len, FROM(.part = "train"),
            "an archive without data_batch_2.bin, though it has others");
    fm_buf_free(&file);
    add_tar(&file, "data_batch_1", record, 99);
    CHECK(!fm_buf_add(&file, end, sizeof end, NULL), "memory");
    refused(file.data, file.len, FROM(.part = "train"),
            "an archive without data_batch_1.bin or train.bin");
    fm_buf_free(&file);
    CHECK(!take(&d, record, sizeof record, &FROM(0), &e), "%s", e.msg);
    CHECK(d.n == 1 && d.y[0] == record[0], "a record");
    fm_dataset_free(&d);
    refused(record, sizeof record - 1, FROM(.label = "y"),
            "not NPY, NPZ, safetensors or CIFAR's records");
    refused(record, sizeof record, FROM(.mean = true),
            "a file of CIFAR; --missing means nothing to it");
}

static void
table(void)
{
    struct fm_dataset d;
    struct fm_err e;

    CHECK(!take(&d, "a,y\n1.5,3\n", 10, &FROM(.label = "y"), &e), "%s", e.msg);
    CHECK(d.n == 1 && d.c == 1 && d.f[0] == 1.5f && d.y[0] == 3, "a table");
    fm_dataset_free(&d);
    REFUSED("a,y\n1,3\n", "a table; say by --label which column", 0);
    REFUSED("a,y\n1,3\n", "a table; --part means nothing to it", .label = "y",
            .part = "train");
    REFUSED("a,y\n1,3\n",
            "a table; --labels means nothing to it: --label says which",
            .labels = "y");
    REFUSED("\x80\4\x95\0\1", "not NPY, NPZ, safetensors or CIFAR's", 0);
    REFUSED("\xff\xfe"
            "a\0,\0",
            "a table; say by --label which column", 0);
    REFUSED("\n", "no header in it", .label = "y");
    REFUSED("", "an empty file", 0);
    REFUSED("\0\0\10\1\0\0\0\1\0", "an IDX file; name it by --images", 0);
}

/* What its first bytes say. */
static void
kinds(void)
{
#define KIND(s)    fm_datafile_kind((const uint8_t *)(s), sizeof(s) - 1)
#define IS_TEXT(s) fm_datafile_is_text((const uint8_t *)(s), sizeof(s) - 1)
    CHECK(strcmp(KIND("\0\0\10\1\0\0\0\1\0"), FM_DATAFILE_IDX) == 0, "IDX");
    CHECK(strcmp(KIND(NPY("|u1", "1, 1") "\1"), "an NPY file") == 0, "NPY");
    CHECK(!KIND("a,y\n1,3\n") && !KIND(""), "a table");
    CHECK(IS_TEXT("a\ty\r\n1\t\xc3\xa9\n") && IS_TEXT("\xef\xbb\xbf"
                                                      "a"),
          "a text");
    CHECK(!IS_TEXT("") && !IS_TEXT("\0") && !IS_TEXT("\x89PNG\r\n\x1a\n"),
          "no text");
}

static void
put(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

/* From a file: mapped where it can be. */
static void
files(void)
{
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    put(pixels, sizeof pixels - 1);
    CHECK(!fm_datafile_read(&d, &FROM(.data = path), &e), "%s", e.msg);
    CHECK(d.xmap.data && !d.xfile.data && d.x[5] == 6, "mapped");
    fm_dataset_free(&d);
    put("a,y\n1,0\n", 8);
    CHECK(!fm_datafile_read(&d, &FROM(.data = path, .label = "y"), &e), "%s",
          e.msg);
    CHECK(!d.xmap.data && d.f[0] == 1, "read");
    fm_dataset_free(&d);
    put("a,y\n1,red\n", 10);
    CHECK(fm_datafile_read(&d, &FROM(.data = path, .label = "y"), &e) ==
                  FM_EINPUT &&
              strncmp(e.msg, path, strlen(path)) == 0,
          "%s", e.msg);
    fm_dataset_free(&d);
}

int
main(void)
{
    int fd = mkstemp(path);

    CHECK(fd >= 0, "no temporary file");
    close(fd);
    npz();
    safetensors();
    cifar();
    table();
    kinds();
    files();
    unlink(path);
    return 0;
}
