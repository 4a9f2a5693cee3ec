/* file: whole files and streams, and whose fault a failure is. */
#include "base/file.h"
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];

static void
save(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

/* Put `n` bytes, one at a time, where standard input was. */
static void
feed(const uint8_t *p, size_t n)
{
    int fd[2];

    CHECK(pipe(fd) == 0 && n <= 4096, "pipe");
    for (size_t i = 0; i < n; i++)
        CHECK(write(fd[1], p + i, 1) == 1, "write");
    close(fd[1]);
    CHECK(dup2(fd[0], STDIN_FILENO) == 0, "dup2");
    close(fd[0]);
}

/* What is still to come: of a file, peeked at and read; not of a pipe. */
static void
left(void)
{
    struct fm_source s;
    uint8_t p[4];
    uint64_t n = 0;
    size_t got;

    save("0123456789", 10);
    CHECK(!fm_source_open(&s, path, NULL), "open");
    CHECK(fm_source_left(&s, &n) && n == 10, "%d", (int)n);
    CHECK(!fm_source_peek(&s, p, 4, &got, NULL) && got == 4, "peek");
    CHECK(fm_source_left(&s, &n) && n == 10, "%d", (int)n);
    CHECK(!fm_source_some(&s, p, 3, &got, NULL) && got == 3, "some");
    CHECK(fm_source_left(&s, &n) && n == 7, "%d", (int)n);
    fm_source_close(&s);
    feed((const uint8_t *)"01", 2);
    CHECK(!fm_source_open(&s, "-", NULL), "open");
    CHECK(!fm_source_left(&s, &n), "a pipe");
    fm_source_close(&s);
}

static void
whole(void)
{
    static uint8_t big[3 * 1048576 + 5];
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, sizeof big};
    struct fm_buf b = {0};
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 31 >> 4);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];

        save(big, n);
        CHECK(fm_buf_add(&b, "x", 1, &e) == 0, "add");
        CHECK(fm_file_read(&b, path, sizeof big, &e) == 0, "%s", e.msg);
        CHECK(b.len == n + 1 && b.data[0] == 'x', "%zu of %zu", b.len, n);
        CHECK(n == 0 || memcmp(b.data + 1, big, n) == 0, "bytes of %zu", n);
        fm_buf_free(&b);
        /* The limit itself is allowed. */
        CHECK(fm_file_read(&b, path, n, &e) == 0 && b.len == n, "%s", e.msg);
        fm_buf_free(&b);
    }
    feed(big, 3000);
    CHECK(fm_file_read(&b, "-", 3000, &e) == 0, "%s", e.msg);
    CHECK(b.len == 3000 && memcmp(b.data, big, 3000) == 0, "stdin");
    fm_buf_free(&b);
}

static void
stream(void)
{
    struct fm_source s;
    struct fm_buf b = {0};
    struct fm_err e = {0};
    uint8_t some[4];
    size_t got;

    save("0123456789", 10);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(strcmp(s.name, path) == 0 && s.offset == 0, "%s", s.name);
    CHECK(fm_source_read(&s, &b, 4, &got, &e) == 0 && got == 4, "%zu", got);
    CHECK(fm_source_some(&s, some, 2, &got, &e) == 0 && got == 2, "%zu", got);
    CHECK(memcmp(some, "45", 2) == 0 && s.offset == 6, "offset");
    CHECK(fm_source_read(&s, &b, 99, &got, &e) == 0 && got == 4, "%zu", got);
    CHECK(fm_source_read(&s, &b, 1, &got, &e) == 0 && got == 0, "%zu", got);
    CHECK(s.offset == 10 && b.len == 8, "%zu", b.len);
    CHECK(memcmp(b.data, "01236789", 8) == 0, "bytes");
    fm_source_close(&s);
    fm_buf_free(&b);
}

/* A claimed size must not cost memory before its bytes are there. */
static void
claims(void)
{
    struct fm_source s;
    struct fm_buf b = {0};
    struct fm_err e = {0};
    size_t got;

    save("abc", 3);
    CHECK(fm_source_open(&s, path, &e) == 0, "%s", e.msg);
    CHECK(fm_source_read(&s, &b, SIZE_MAX / 2, &got, &e) == 0, "%s", e.msg);
    CHECK(got == 3 && b.cap <= 2 << 20, "%zu bytes for 3", b.cap);
    fm_source_close(&s);
    fm_buf_free(&b);
}

static void
refused(const char *what, size_t limit, int code, const char *why)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(fm_file_read(&b, what, limit, &e) == code, "%s: %s", what, e.msg);
    CHECK((int)e.code == code && strstr(e.msg, why), "%s", e.msg);
    fm_buf_free(&b);
}

static void
hostile(void)
{
    char gone[80];

    snprintf(gone, sizeof gone, "%s/gone", dir);
    refused(gone, 9, FM_EINPUT, "gone: No such file or directory");
    refused(dir, 9, FM_EINPUT, ": Is a directory");
    refused("", 9, FM_EINPUT, "No such file");
    save("0123456789", 10);
    refused(path, 9, FM_EINPUT, "f: larger than 9 bytes");
    refused(path, 0, FM_EINPUT, "f: larger than 0 bytes");
    refused("/dev/zero", 3 << 20, FM_EINPUT, "/dev/zero: larger than 3145728");
    feed((const uint8_t *)"0123456789", 10);
    refused("-", 9, FM_EINPUT, "<stdin>: larger than 9 bytes");
    close(STDIN_FILENO);
    refused("-", 9, FM_EINPUT, "<stdin>: it is closed");
    /* Open for writing only: what a tool puts in the place of a closed one. */
    CHECK(open("/dev/null", O_WRONLY) == STDIN_FILENO, "descriptor 0");
    refused("-", 9, FM_EINPUT, "<stdin>: it is closed");
    if (geteuid() != 0) {
        chmod(path, 0);
        refused(path, 99, FM_EINPUT, "Permission denied");
    }
}

/* Bytes that were peeked at are read later, once and in order. */
static void
peeking(void)
{
    static const uint8_t bytes[40] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const size_t sizes[] = {0, 5, 16, 40};
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i], want = n < 9 ? n : 9, got;
        struct fm_source s;
        struct fm_buf b = {0};
        uint8_t head[FM_SOURCE_AHEAD];

        feed(bytes, n);
        CHECK(fm_source_open(&s, "-", &e) == 0, "%s", e.msg);
        for (int twice = 0; twice < 2; twice++) {
            CHECK(fm_source_peek(&s, head, 9, &got, &e) == 0, "%s", e.msg);
            CHECK(got == want && memcmp(head, bytes, got) == 0, "%zu", got);
            CHECK(s.offset == 0, "peeking is not reading");
        }
        CHECK(fm_source_read(&s, &b, 3, &got, &e) == 0, "%s", e.msg);
        CHECK(got == (n < 3 ? n : 3) && s.offset == got, "%zu", got);
        CHECK(fm_source_peek(&s, head, 2, &got, &e) == 0, "%s", e.msg);
        CHECK(n < 5 || (got == 2 && head[0] == 4), "peek again");
        CHECK(fm_source_read(&s, &b, 100, &got, &e) == 0, "%s", e.msg);
        CHECK(b.len == n && s.offset == n, "%zu of %zu", b.len, n);
        CHECK(n == 0 || memcmp(b.data, bytes, n) == 0, "bytes");
        fm_source_close(&s);
        fm_buf_free(&b);
    }
}

/* What cannot be mapped is left to fm_file_read. */
static void
maps(void)
{
    struct fm_map m;
    FILE *f = fopen(path, "wb");

    CHECK(f && fputs("mapped", f) >= 0 && fclose(f) == 0, "%s", path);
    CHECK(fm_file_map(&m, path, 6), "a file");
    CHECK(m.len == 6 && memcmp(m.data, "mapped", 6) == 0, "its bytes");
    fm_file_unmap(&m);
    CHECK(!m.data && m.len == 0, "unmapped");
    fm_file_unmap(&m);
    CHECK(!fm_file_map(&m, path, 5) && !m.data, "over the limit");
    CHECK(!fm_file_map(&m, "-", 9), "stdin");
    CHECK(!fm_file_map(&m, dir, 4096 * 16), "a directory");
    CHECK(!fm_file_map(&m, "/dev/null", 9), "a device");
    CHECK(truncate(path, 0) == 0 && !fm_file_map(&m, path, 9), "empty");
    CHECK(unlink(path) == 0 && !fm_file_map(&m, path, 9), "missing");
    /* Opening it would wait for a writer. */
    CHECK(mkfifo(path, 0600) == 0 && !fm_file_map(&m, path, 9), "a pipe");
}

int
main(void)
{
    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/f", dir);
    left();
    whole();
    stream();
    peeking();
    claims();
    hostile();
    maps();
    unlink(path);
    rmdir(dir);
    return 0;
}
