#include "tensor/stfetch.h"

#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two values of four bytes. */
static const char json[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
                           "\"data_offsets\":[0,8]}}";
static struct fm_err e;

/* All of it, from a regular file or a pipe; the code. */
static int
fetch(struct fm_buf *file, const void *p, size_t n, off_t hole, bool pipes)
{
    struct fm_source src = {.name = "f"};
    struct fm_st st;
    size_t size;
    int end[2], rc;

    e = (struct fm_err){0};
    if (pipes) {
        CHECK(pipe(end) == 0 && write(end[1], p, n) == (ssize_t)n, "pipe");
        close(end[1]);
        src.fd = end[0];
    } else {
        src.fd = memfd_create("f", MFD_CLOEXEC);
        CHECK(write(src.fd, p, n) == (ssize_t)n, "write");
        CHECK(hole == 0 || ftruncate(src.fd, hole) == 0, "truncate");
        CHECK(lseek(src.fd, 0, SEEK_SET) == 0, "seek");
    }
    rc = fm_stfetch_head(&st, file, &size, &src, &e);
    if (rc == 0) {
        CHECK(st.ntensors == 1 && !st.tensor[0].data, "the header");
        rc = fm_stfetch_rest(file, size, &src, &e);
    }
    fm_st_free(&st);
    close(src.fd);
    return rc;
}

static void
refused(const void *p, size_t n, off_t hole, bool pipes, const char *message)
{
    struct fm_buf file = {0};

    CHECK(fetch(&file, p, n, hole, pipes) == FM_EINPUT, "%s", message);
    CHECK(strncmp(e.msg, "f: ", 3) == 0 && strstr(e.msg, message), "%s", e.msg);
    /* Nothing was taken in but the header. */
    CHECK(hole == 0 || file.cap < 4096, "%zu bytes", file.cap);
    fm_buf_free(&file);
}

int
main(void)
{
    uint8_t bytes[256] = {0};
    size_t n = 8 + sizeof json - 1 + 8;

    fm_put64(bytes, sizeof json - 1);
    memcpy(bytes + 8, json, sizeof json - 1);
    for (int pipes = 0; pipes < 2; pipes++) {
        struct fm_buf file = {0};

        CHECK(fetch(&file, bytes, n, 0, pipes) == 0, "%s", e.msg);
        CHECK(file.len == n && memcmp(file.data, bytes, n) == 0, "other bytes");
        fm_buf_free(&file);
        refused(bytes, n - 1, 0, pipes, "cut short: 7 bytes of values");
        refused(bytes, n + 1, 0, pipes, "9 bytes of values");
        refused(bytes, 20, 0, pipes, "cut short: 20 bytes");
        refused(bytes, 7, 0, pipes, "only 7 bytes");
        refused("", 0, 0, pipes, "only 0 bytes");
    }
    refused(bytes, n, (off_t)1 << 40, false, "where its header says 8");
    fm_put64(bytes, UINT64_MAX);
    refused(bytes, n, 0, false, "no JSON header");
    return 0;
}
