/* extract: compressed files, and members of tar and zip archives. */
#include "base/extract.h"
#include "check.h"

#include <unistd.h>

static char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];

static void
save(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

/* "hello, hello, hello\n" as the tools of these names compress it. */
static const char text[] = "hello, hello, hello\n";
static const struct {
    const char *name, *hex;
} packed[] = {
    {"gzip", "1f8b0800000000000003cb48cdc9c9d751c840a2b800e7426e5214000000"},
    {"bzip2", "425a6839314159265359cb52e5670000055100001040040244a0002124310860"
              "2f1844c715178bb9229c284865a972b380"},
    {"xz", "fd377a585a0000016922de360200210116000000742fe5a3e00013000e5d0034"
           "1949ee8def8c8731f52f640000000000e7426e520001261472e282f99042990d"
           "010000000001595a"},
    {"lzma", "5d00008000ffffffffffffffff00341949ee8def8c8731f57989bfffffdd2400"
             "00"},
    {"zstd", "28b52ffd04587500004068656c6c6f2c200a0100e28a1121699d87"},
    {"lz4", "04224d186440a7100000007468656c6c6f2c20070050656c6c6f0a0000000027"
            "7b7a9f"},
};

/* "hello" through gzip, twice. */
static const char twice[] =
    "1f8b080000000000000393efe6600003e6d31e674f9e6467685b2660c60a1402"
    "0060ff889119000000";

static size_t
unhex(uint8_t *out, const char *hex)
{
    size_t n = strlen(hex) / 2;
    unsigned v;

    for (size_t i = 0; i < n; i++) {
        CHECK(sscanf(hex + 2 * i, "%2x", &v) == 1, "hex");
        out[i] = (uint8_t)v;
    }
    return n;
}

static void
files(void)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    uint8_t p[200];

    save(text, 20);
    CHECK(fm_buf_add(&b, "x", 1, &e) == 0, "add");
    CHECK(fm_extract_file(&b, path, 20, &e) == 0, "%s", e.msg);
    CHECK(b.len == 21 && memcmp(b.data, "xhello, hello, hello\n", 21) == 0,
          "%zu", b.len);
    fm_buf_free(&b);
    save("", 0);
    CHECK(fm_extract_file(&b, path, 0, &e) == 0 && b.len == 0, "%s", e.msg);
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        save(p, unhex(p, packed[i].hex));
        CHECK(fm_extract_file(&b, path, 20, &e) == 0, "%s: %s", packed[i].name,
              e.msg);
        if (i > 0 && b.len != 20) {
            SKIP("this libarchive has no %s", packed[i].name);
            fm_buf_free(&b);
            continue;
        }
        CHECK(b.len == 20 && memcmp(b.data, text, 20) == 0, "%s",
              packed[i].name);
        fm_buf_free(&b);
    }
}

static void
refused(size_t limit, int code, const char *why)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(fm_extract_file(&b, path, limit, &e) == code, "%s", why);
    CHECK(strncmp(e.msg, path, strlen(path)) == 0, "%s", e.msg);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    CHECK(b.len == 0, "left behind: %zu", b.len);
    fm_buf_free(&b);
}

static void
hostile_files(void)
{
    uint8_t p[200];
    size_t n;

    save(text, 20);
    refused(19, FM_EINPUT, "larger than 19 bytes");
    n = unhex(p, packed[0].hex);
    save(p, n);
    refused(19, FM_EINPUT, "larger than 19 bytes");
    refused(0, FM_EINPUT, "larger than 0 bytes");
    save(p, n - 1);
    refused(99, FM_EINPUT, "damaged");
    save(p, n - 9);
    refused(99, FM_EINPUT, "damaged");

    /* No bit of the deflated data or the trailer flips unnoticed. */
    for (size_t i = 8 * 10; i < 8 * n; i++) {
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        save(p, n);
        refused(99, FM_EINPUT, "damaged");
        p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    memcpy(p + n, "junk", 4);
    save(p, n + 4);
    refused(99, FM_EINPUT, "damaged");

    save(p, unhex(p, twice));
    refused(99, FM_EINPUT, "compressed more than once");
    unlink(path);
    refused(99, FM_EINPUT, "No such file or directory");
}

/* Python's zipfile: d/x is the text, deflated, and y is "12"; and one with x
 * and d/x, stored. */
static const char zip[] =
    "504b030414000000080000002100e7426e520c0000001400000003000000642f"
    "78cb48cdc9c9d751c840a2b800504b030414000000080000002100cd44534f04"
    "00000002000000010000007933340200504b0102140314000000080000002100"
    "e7426e520c00000014000000030000000000000000000000800100000000642f"
    "78504b0102140314000000080000002100cd44534f0400000002000000010000"
    "00000000000000000080012d00000079504b0506000000000200020060000000"
    "500000000000";
static const char twins[] =
    "504b030414000000000000002100b7efdc830100000001000000010000007831"
    "504b0304140000000000000021000dbed51a010000000100000003000000642f"
    "7832504b0102140314000000000000002100b7efdc8301000000010000000100"
    "0000000000000000000080010000000078504b01021403140000000000000021"
    "000dbed51a010000000100000003000000000000000000000080012000000064"
    "2f78504b0506000000000200020060000000420000000000";

static void
member(const uint8_t *p, size_t n, const char *name, size_t limit,
       const char *want)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    bool found;

    CHECK(fm_buf_add(&b, "x", 1, &e) == 0, "add");
    CHECK(fm_extract_member(&b, p, n, name, limit, &found, &e) == 0, "%s",
          e.msg);
    CHECK(found == !!want, "%s: %d", name, found);
    want = want ? want : "";
    CHECK(b.len == 1 + strlen(want) &&
              memcmp(b.data + 1, want, strlen(want)) == 0,
          "%s: %zu bytes", name, b.len);
    fm_buf_free(&b);
}

/* Returns whether it is refused; else what is found must be what was put. */
static bool
refuses(const uint8_t *p, size_t n, const char *name, size_t limit,
        const char *why)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    bool found;
    int rc = fm_extract_member(&b, p, n, name, limit, &found, &e);

    if (rc) {
        CHECK(rc == FM_EINPUT && b.len == 0, "%s: %d", name, rc);
        CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    } else if (found)
        CHECK(b.len == 20 && memcmp(b.data, text, 20) == 0, "other bytes");
    fm_buf_free(&b);
    return rc != 0;
}

static void
zips(void)
{
    uint8_t p[200];
    size_t n = unhex(p, zip);

    CHECK(fm_extract_is_zip(p, n) && !fm_extract_is_tar(p, n), "zip");
    member(p, n, "x", 20, text);
    member(p, n, "y", 2, "12");
    member(p, n, "d", 2, NULL);
    member(p, n, "d/x", 20, NULL);
    CHECK(refuses(p, n, "x", 19, "x: larger than 19 bytes"), "limit");
    for (size_t cut = 0; cut < n; cut++)
        CHECK(refuses(p, cut, "x", 99, "damaged or cut short"), "%zu", cut);
    for (size_t i = 0; i < 8 * n; i++) {
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        refuses(p, n, "x", 99, "");
        p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    n = unhex(p, twins);
    CHECK(refuses(p, n, "x", 99, "x comes twice"), "twice");
}

/* A ustar header and its data, by POSIX (pax, ustar interchange format). */
static size_t
put(uint8_t *p, const char *name, char type, const char *data)
{
    size_t n = strlen(data);
    unsigned sum = 0;

    memset(p, 0, 1024);
    snprintf((char *)p, 100, "%s", name);
    memcpy(p + 100, "0000644", 7);
    memcpy(p + 108, "0000000", 7);
    memcpy(p + 116, "0000000", 7);
    snprintf((char *)p + 124, 12, "%011o", (unsigned)n);
    memcpy(p + 136, "00000000000", 11);
    memset(p + 148, ' ', 8);
    p[156] = (uint8_t)type;
    memcpy(p + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < 512; i++)
        sum += p[i];
    snprintf((char *)p + 148, 8, "%06o", sum);
    memcpy(p + 512, data, n);
    return n ? 1024 : 512;
}

static void
tars(void)
{
    uint8_t p[5 * 1024] = {0};
    size_t n = put(p, "d/", '5', "");

    n += put(p + n, "d/x", '0', text);
    n += put(p + n, "d/y", '0', "12");
    n += 1024;
    CHECK(fm_extract_is_tar(p, n) && !fm_extract_is_zip(p, n), "tar");
    member(p, n, "x", 20, text);
    member(p, n, "y", 99, "12");
    member(p, n, "z", 99, NULL);
    CHECK(refuses(p, n, "x", 19, "x: larger than 19 bytes"), "limit");
    CHECK(refuses(p, 512 + 512 + 5, "x", 99, "x: damaged or cut"), "cut");
    p[512 + 10] ^= 1;
    CHECK(refuses(p, n, "x", 99, "archive: damaged or cut"), "header");
    p[512 + 10] ^= 1;
    /* A link is no file. */
    n -= 1024;
    n += put(p + n, "x", '1', "");
    n += 1024;
    member(p, n, "x", 20, text);
    n -= 1024 + 512;
    n += put(p + n, "x", '0', text);
    n += 1024;
    CHECK(refuses(p, n, "x", 99, "x comes twice"), "twice");
}

int
main(void)
{
    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/f", dir);
    files();
    hostile_files();
    zips();
    tars();
    unlink(path);
    rmdir(dir);
    return 0;
}
