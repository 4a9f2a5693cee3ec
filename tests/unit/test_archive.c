/* archive: one container form and no other. */
#include "base/archive.h"
#include "check.h"

#include <stdbool.h>
#include <unistd.h>

static char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];

static void
save(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

static const struct fm_member four[] = {
    {"manifest.json", (const uint8_t *)"{}", 2},
    {"masks", (const uint8_t *)"\x00\xff\x80", 3},
    {"dense", NULL, 0},
    {"checksum", (const uint8_t *)"0123456789abcdef", 16},
};

/* By hand from the odc form in POSIX (pax, cpio interchange format). */
static const char want[] = "070707000000000001100644000000000000000001000000"
                           "00000000000"
                           "000016"
                           "00000000002"
                           "manifest.json\0{}"
                           "070707000000000002100644000000000000000001000000"
                           "00000000000"
                           "000006"
                           "00000000003"
                           "masks\0\x00\xff\x80"
                           "070707000000000003100644000000000000000001000000"
                           "00000000000"
                           "000006"
                           "00000000000"
                           "dense\0"
                           "070707000000000004100644000000000000000001000000"
                           "00000000000"
                           "000011"
                           "00000000020"
                           "checksum\0"
                           "0123456789abcdef"
                           "070707000000000000000000000000000000000001000000"
                           "00000000000"
                           "000013"
                           "00000000000"
                           "TRAILER!!!";

static void
golden(void)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    size_t headers = 87;

    CHECK(fm_archive_write(&b, four, 4, &e) == 0, "%s", e.msg);
    CHECK(b.len == sizeof want && memcmp(b.data, want, b.len) == 0,
          "%zu bytes, not %zu: %.*s", b.len, sizeof want, (int)b.len,
          (const char *)b.data);
    for (size_t i = 0; i < 4; i++)
        headers += fm_archive_header(four[i].name);
    CHECK(headers == 426 && b.len == 426 + 21, "headers cost %zu", headers);
    fm_buf_free(&b);
}

static void
round_trip(size_t n, size_t size)
{
    struct fm_member in[FM_MEMBERS_MAX] = {0}, out[FM_MEMBERS_MAX];
    struct fm_buf b = {0}, again = {0};
    struct fm_err e = {0};
    uint8_t *data = malloc(size + 1);
    size_t got = 99;

    CHECK(data, "memory");
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 >> 3);
    for (size_t i = 0; i < n; i++) {
        memset(in[i].name, 'a' + (int)i, i + 1);
        in[i].data = data;
        in[i].size = size / (i + 1);
    }
    CHECK(fm_archive_write(&b, in, n, &e) == 0, "%s", e.msg);
    CHECK(fm_archive_parse(out, &got, b.data, b.len, &e) == 0, "%s", e.msg);
    CHECK(got == n, "%zu of %zu members", got, n);
    for (size_t i = 0; i < n; i++) {
        CHECK(strcmp(in[i].name, out[i].name) == 0, "%s", out[i].name);
        CHECK(in[i].size == out[i].size &&
                  (!in[i].size || !memcmp(data, out[i].data, in[i].size)),
              "member %zu", i);
    }
    CHECK(fm_archive_write(&again, out, n, &e) == 0, "%s", e.msg);
    CHECK(again.len == b.len && !memcmp(again.data, b.data, b.len), "again");
    fm_buf_free(&b);
    fm_buf_free(&again);
    free(data);
}

/* Where a flipped bit is a member's data or name, which callers check. */
static bool
theirs(size_t at)
{
    size_t p = 0;

    for (size_t i = 0; i < 4; i++) {
        size_t name = strlen(four[i].name);

        if (at >= p + 76 && at < p + 76 + name)
            return true;
        p += fm_archive_header(four[i].name);
        if (at >= p && at < p + four[i].size)
            return true;
        p += four[i].size;
    }
    return false;
}

static void
flips_and_cuts(void)
{
    uint8_t p[sizeof want];
    struct fm_member m[FM_MEMBERS_MAX];
    size_t n;

    memcpy(p, want, sizeof p);
    for (size_t i = 0; i < 8 * sizeof p; i++) {
        struct fm_err e = {0};

        p[i / 8] ^= (uint8_t)(1 << i % 8);
        if (fm_archive_parse(m, &n, p, sizeof p, &e) == 0)
            CHECK(theirs(i / 8), "bit %zu of byte %zu", i % 8, i / 8);
        else
            CHECK(e.code == FM_EINPUT && e.msg[0], "byte %zu", i / 8);
        p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t cut = 0; cut < sizeof p; cut++) {
        uint8_t *q = malloc(cut + !cut);

        CHECK(q, "memory");
        memcpy(q, p, cut);
        CHECK(fm_archive_parse(m, &n, q, cut, NULL) == FM_EINPUT, "cut to %zu",
              cut);
        free(q);
    }
}

static void
refused(const void *p, size_t n, const char *why)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_err e = {0};
    size_t count;

    CHECK(fm_archive_parse(m, &count, p, n, &e) == FM_EINPUT, "%s", why);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
}

static void
hostile(void)
{
    char p[2 * sizeof want] = {0};
    struct fm_buf many = {0}, got = {0};
    struct fm_source s;
    struct fm_member big = {.name = "masks", .size = (size_t)1 << 33};
    struct fm_err e = {0};

    memcpy(p, want, sizeof want);
    refused(p, sizeof want + 1, "byte 447: not what");
    memcpy(p + sizeof want, want, sizeof want);
    refused(p, 2 * sizeof want, "byte 447: not what");
    memcpy(p, want, sizeof want);
    memcpy(p + 18, "100755", 6);
    refused(p, sizeof want, "byte 0: not what");
    memcpy(p, want, sizeof want);
    memcpy(p + 48, "00000000001", 11);
    refused(p, sizeof want, "byte 0: not what");
    memcpy(p, want, sizeof want);
    memcpy(p + 76, "../", 3);
    refused(p, sizeof want, "not a member's name");

    /* Nine members, each of them good. */
    CHECK(fm_archive_write(&many, four, 1, &e) == 0, "%s", e.msg);
    many.len -= 87;
    for (int i = 0; i < 8; i++)
        CHECK(fm_buf_add(&many, want, 92, &e) == 0, "%s", e.msg);
    CHECK(fm_buf_add(&many, want + sizeof want - 87, 87, &e) == 0, "%s", e.msg);
    refused(many.data, many.len, "too many members");
    save(many.data, many.len);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(fm_archive_frame(&got, &s, 1 << 20, &e) == FM_EINPUT, "nine");
    CHECK(strstr(e.msg, "too many members"), "%s", e.msg);
    fm_source_close(&s);
    fm_buf_free(&got);
    fm_buf_free(&many);
    e = (struct fm_err){0};

    CHECK(fm_archive_write(&many, &big, 1, &e) == FM_EINPUT, "8 GiB");
    CHECK(strstr(e.msg, "masks: 8589934592 bytes are too many"), "%s", e.msg);
    CHECK(many.len == 0, "left behind: %zu", many.len);
}

static int
frame(struct fm_buf *b, struct fm_source *s, size_t limit, struct fm_err *e)
{
    *e = (struct fm_err){0};
    return fm_archive_frame(b, s, limit, e);
}

static void
frames(void)
{
    enum { SIZE = sizeof want };
    uint8_t p[2 * SIZE + 3];
    struct fm_source s;
    struct fm_buf b = {0};
    struct fm_err e = {0};

    memcpy(p, want, SIZE);
    memcpy(p + SIZE, want, SIZE);
    memcpy(p + 2 * SIZE, "070", 3);
    save(p, sizeof p);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(frame(&b, &s, SIZE, &e) == 0 && b.len == SIZE, "%s", e.msg);
    CHECK(frame(&b, &s, SIZE, &e) == 0 && b.len == 2 * SIZE, "%s", e.msg);
    CHECK(memcmp(b.data, p, 2 * SIZE) == 0, "bytes");
    CHECK(frame(&b, &s, SIZE, &e) == FM_EINPUT, "a rest of three bytes");
    CHECK(strstr(e.msg, "f: byte 897: cut short"), "%s", e.msg);
    fm_source_close(&s);
    fm_buf_free(&b);

    /* Every cut but the one at the end of an archive is noticed. */
    for (size_t cut = 0; cut <= SIZE; cut++) {
        save(p, cut);
        CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
        CHECK(frame(&b, &s, SIZE, &e) ==
                  (cut == 0 || cut == SIZE ? 0 : FM_EINPUT),
              "cut to %zu: %s", cut, e.msg);
        CHECK(cut || b.len == 0, "bytes of nothing");
        fm_source_close(&s);
        fm_buf_free(&b);
    }

    save(p, SIZE);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(frame(&b, &s, SIZE - 1, &e) == FM_EINPUT, "limit");
    CHECK(strstr(e.msg, "the archive exceeds 446 bytes"), "%s", e.msg);
    fm_source_close(&s);
    fm_buf_free(&b);

    /* A claim of 8 GiB is refused, or at least costs nothing. */
    memcpy(p + 65, "77777777777", 11);
    save(p, SIZE);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(frame(&b, &s, 1 << 30, &e) == FM_EINPUT, "claim");
    CHECK(strstr(e.msg, "exceeds"), "%s", e.msg);
    fm_source_close(&s);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(frame(&b, &s, SIZE_MAX, &e) == FM_EINPUT, "claim");
    CHECK(strstr(e.msg, "cut short") && b.cap < 4 << 20, "%s", e.msg);
    fm_source_close(&s);
    fm_buf_free(&b);

    save("hello, this is no archive of any kind, though it is long enough for "
         "a header",
         76);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(frame(&b, &s, 9999, &e) == FM_EINPUT, "text");
    CHECK(strstr(e.msg, "f: byte 0: no archive header here"), "%s", e.msg);
    fm_source_close(&s);
    fm_buf_free(&b);
}

int
main(void)
{
    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/f", dir);
    golden();
    for (size_t n = 0; n <= FM_MEMBERS_MAX; n++)
        for (size_t size = 0; size < 200000; size = 3 * size + 1)
            round_trip(n, size);
    flips_and_cuts();
    hostile();
    frames();
    unlink(path);
    rmdir(dir);
    return 0;
}
