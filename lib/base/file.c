#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A claimed size is believed only a step at a time, as bytes arrive. */
enum { STEP = 1 << 20 };

const char *
fm_file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

int
fm_source_open(struct fm_source *s, const char *path, struct fm_err *e)
{
    struct stat st;
    int err = 0;

    *s = (struct fm_source){.name = fm_file_name(path), .fd = -1};
    if (strcmp(path, "-") == 0)
        s->fd = STDIN_FILENO;
    else
        do
            s->fd = open(path, O_RDONLY | O_CLOEXEC);
        while (s->fd < 0 && errno == EINTR);
    /* Opening a directory succeeds; reading it would fail much later. */
    if (s->fd < 0 || fstat(s->fd, &st))
        err = errno;
    else if (S_ISDIR(st.st_mode))
        err = EISDIR;
    if (err == 0)
        return 0;
    fm_source_close(s);
    if (err == EBADF)
        return fm_err_set(e, FM_EINPUT, "%s: it is closed", s->name);
    return fm_err_unread(e, err, s->name);
}

/* One read from the descriptor itself. */
static int
some(struct fm_source *s, void *p, size_t n, size_t *got, struct fm_err *e)
{
    ssize_t k;

    *got = 0;
    if (n > SSIZE_MAX)
        n = SSIZE_MAX;
    while ((k = read(s->fd, p, n)) < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd fd = {.fd = s->fd, .events = POLLIN};

            poll(&fd, 1, -1);
        } else if (errno != EINTR) {
            /* EBADF is a closed standard input: there is none to read. */
            if (errno == EBADF)
                return fm_err_set(e, FM_EINPUT, "%s: it is closed", s->name);
            return fm_err_unread(e, errno, s->name);
        }
    }
    *got = (size_t)k;
    return 0;
}

int
fm_source_some(struct fm_source *s, void *p, size_t n, size_t *got,
               struct fm_err *e)
{
    int rc;

    if (s->nahead && n) {
        *got = n < s->nahead ? n : s->nahead;
        memcpy(p, s->ahead, *got);
        s->nahead -= *got;
        memmove(s->ahead, s->ahead + *got, s->nahead);
    } else if ((rc = some(s, p, n, got, e))) {
        return rc;
    }
    s->offset += *got;
    return 0;
}

int
fm_source_peek(struct fm_source *s, void *p, size_t n, size_t *got,
               struct fm_err *e)
{
    size_t k = 1;
    int rc;

    assert(n <= FM_SOURCE_AHEAD);
    *got = 0;
    while (s->nahead < n && k) {
        rc = some(s, s->ahead + s->nahead, n - s->nahead, &k, e);
        if (rc)
            return rc;
        s->nahead += k;
    }
    *got = n < s->nahead ? n : s->nahead;
    memcpy(p, s->ahead, *got);
    return 0;
}

int
fm_source_read(struct fm_source *s, struct fm_buf *out, size_t n, size_t *got,
               struct fm_err *e)
{
    int rc;

    *got = 0;
    while (*got < n) {
        size_t want = n - *got < STEP ? n - *got : STEP, k;

        if ((rc = fm_buf_reserve(out, want, e)))
            return rc;
        if ((rc = fm_source_some(s, out->data + out->len, want, &k, e)))
            return rc;
        if (k == 0)
            break;
        out->len += k;
        *got += k;
    }
    return 0;
}

void
fm_source_close(struct fm_source *s)
{
    /* Nothing was written: there is no failure to hear about. */
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    s->fd = -1;
}

bool
fm_source_left(const struct fm_source *s, uint64_t *n)
{
    struct stat st;
    off_t at;

    /* Files of /proc say that they are empty, and are not. */
    if (fstat(s->fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
        return false;
    /* Standard input need not have begun where its file does. */
    at = lseek(s->fd, 0, SEEK_CUR);
    if (at < 0)
        return false;
    *n = (at < st.st_size ? (uint64_t)(st.st_size - at) : 0) + s->nahead;
    return true;
}

int
fm_source_room(const struct fm_source *s, struct fm_buf *out, size_t limit,
               size_t more, struct fm_err *e)
{
    uint64_t left;

    if (!fm_source_left(s, &left) || left > limit)
        return 0;
    return fm_buf_reserve(out, (size_t)left + more, e);
}

int
fm_file_read(struct fm_buf *out, const char *path, size_t limit,
             struct fm_err *e)
{
    struct fm_source s;
    size_t total = 0, got;
    int rc;

    if ((rc = fm_source_open(&s, path, e)))
        return rc;
    /* One byte more, where the end of the file is found. */
    if ((rc = fm_source_room(&s, out, limit, 1, e)))
        goto out;
    for (;;) {
        size_t left = limit - total;
        size_t want = left < STEP ? left + 1 : STEP;

        /* What was reserved is filled before more is asked for. */
        if (out->cap - out->len > 0 && out->cap - out->len < want)
            want = out->cap - out->len;
        if ((rc = fm_source_read(&s, out, want, &got, e)))
            goto out;
        if (got > left) {
            rc = fm_err_set(e, FM_EINPUT, "%s: larger than %zu bytes", s.name,
                            limit);
            goto out;
        }
        total += got;
        if (got < want)
            break;
    }
out:
    fm_source_close(&s);
    return rc;
}

bool
fm_file_map(struct fm_map *m, const char *path, size_t limit)
{
    struct fm_err ignored = {0};
    struct fm_source s;
    struct stat st;
    void *p = MAP_FAILED;

    *m = (struct fm_map){0};
    /* A named pipe that is opened and closed again has lost its writer. */
    if (strcmp(path, "-") == 0 || stat(path, &st) || !S_ISREG(st.st_mode) ||
        fm_source_open(&s, path, &ignored))
        return false;
    if (fstat(s.fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uint64_t)st.st_size <= limit)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, s.fd, 0);
    fm_source_close(&s);
    if (p == MAP_FAILED)
        return false;
    *m = (struct fm_map){p, (size_t)st.st_size};
    return true;
}

void
fm_file_unmap(struct fm_map *m)
{
    /* munmap does not write; a const pointer is its to release. */
    if (m->data)
        munmap((void *)(uintptr_t)m->data, m->len);
    *m = (struct fm_map){0};
}
