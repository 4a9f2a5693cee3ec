/*
 * fuzz_trust: any bytes as a roster, as signatures or as a secret key; what is
 * read as signatures is written and read again to the same.
 */
#include "../unit/check.h"
#include "trust/roster.h"
#include "trust/signer.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROSTER, SIGNATURES, KEY, KINDS };

/* The bytes as a file that has a name: these readers take nothing else. */
static int
file_of(char path[64], const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "memfd");
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static void
roster(const uint8_t *data, size_t size)
{
    struct fm_err e = {0};
    struct fm_roster *r = fm_roster_parse(data, size, "roster", &e);

    CHECK(!r == (e.code != FM_OK), "no reason");
    CHECK(!r || fm_roster_count(r) > 0, "nobody");
    fm_roster_free(r);
}

/* The signatures in `path`, appended to `out` as they are written. */
static int
read_all(struct fm_buf *out, const char *path)
{
    static struct fm_signatures in;
    static struct fm_signature s;
    struct fm_err e = {0};
    bool there = true;
    int rc = fm_signatures_open(&in, path, &e);

    CHECK(rc == 0, "%s", e.msg);
    while (there && rc == 0)
        if ((rc = fm_signatures_next(&in, &s, &there, &e)) == 0 && there)
            CHECK(fm_signature_write(out, &s, &e) == 0, "%s", e.msg);
    CHECK(rc == (int)e.code, "no reason");
    fm_signatures_close(&in);
    return rc;
}

static void
signatures(const uint8_t *data, size_t size)
{
    struct fm_buf once = {0}, twice = {0};
    char path[64];
    int fd = file_of(path, data, size), rc = read_all(&once, path);

    close(fd);
    if (rc == 0 && once.len) {
        fd = file_of(path, once.data, once.len);
        CHECK(read_all(&twice, path) == 0, "not read again");
        CHECK(once.len == twice.len &&
                  memcmp(once.data, twice.data, once.len) == 0,
              "read as another");
        close(fd);
    }
    fm_buf_free(&once);
    fm_buf_free(&twice);
}

static void
key(const uint8_t *data, size_t size)
{
    struct fm_err e = {0};
    char path[64];
    int fd = file_of(path, data, size);
    struct fm_signer *s = fm_signer_read(path, &e);

    CHECK(!s == (e.code != FM_OK), "no reason");
    fm_signer_free(s);
    close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    /* The first byte says what the rest is. */
    switch (data[0] % KINDS) {
    case ROSTER:
        roster(data + 1, size - 1);
        break;
    case SIGNATURES:
        signatures(data + 1, size - 1);
        break;
    case KEY:
        key(data + 1, size - 1);
        break;
    }
    return 0;
}
