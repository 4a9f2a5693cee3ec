#include "trust/ledgerfile.h"

#include "base/file.h"
#include "base/save.h"
#include "trust/ledgerline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* One writer adds about 400 bytes for each client: a million of them. */
#define SIZE_LIMIT ((size_t)1 << 30)

static int
lock(struct fm_ledger_file *f, bool wait, struct fm_err *e)
{
    while (flock(f->fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB))
        if (errno == EWOULDBLOCK)
            return fm_err_set(e, FM_ESYS,
                              "%s: another run holds it; try again when that "
                              "is done, or give --ledger-wait",
                              f->path);
        else if (errno != EINTR)
            return fm_err_errno(e, errno, f->path);
    return 0;
}

/* Is the name a link?  What can be opened neither as a file that is there nor
 * as a new one is a link that leads nowhere. */
static bool
is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Open and lock; *gone when the file lost its name meanwhile, to a run that
 * made it and wrote no line. */
static int
open_once(struct fm_ledger_file *f, bool wait, bool *gone, struct fm_err *e)
{
    const int how = O_RDWR | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    struct stat st, named;
    int rc;

    *gone = false;
    f->fd = open(f->path, how);
    f->made = f->fd < 0 && errno == ENOENT;
    if (f->made)
        f->fd = open(f->path, how | O_CREAT | O_EXCL, 0666);
    if (f->fd < 0 && errno == EEXIST) {
        if (is_link(f->path))
            return fm_err_set(e, FM_EINPUT, "%s: is a link that leads nowhere",
                              f->path);
        *gone = true;
        return 0;
    }
    if (f->fd < 0 || fstat(f->fd, &st))
        return fm_err_errno(e, errno, f->path);
    if (!S_ISREG(st.st_mode))
        return fm_err_set(e, FM_EINPUT, "%s: is not a regular file", f->path);
    if ((rc = lock(f, wait, e))) {
        f->made = false; /* who holds it may be about to write: it stays */
        return rc;
    }
    *gone = stat(f->path, &named) || named.st_ino != st.st_ino ||
            named.st_dev != st.st_dev;
    return 0;
}

/* All of the file, from its start. */
static int
load(struct fm_buf *text, struct fm_ledger_file *f, struct fm_err *e)
{
    struct fm_source src = {.name = f->path, .fd = f->fd};
    size_t got;
    int rc = fm_source_read(&src, text, SIZE_LIMIT, &got, e);

    if (rc == 0 && got == SIZE_LIMIT)
        rc = fm_err_set(e, FM_EINPUT, "%s: 2^30 bytes or more", f->path);
    return rc;
}

static int
cut(struct fm_ledger_file *f, struct fm_err *e)
{
    if (ftruncate(f->fd, (off_t)f->size) || fsync(f->fd))
        return fm_err_errno(e, errno, f->path);
    return 0;
}

int
fm_ledgerfile_open(struct fm_ledger_file *f, const char *path, bool wait,
                   struct fm_err *e)
{
    struct fm_buf text = {0};
    size_t whole = 0;
    bool gone;
    int rc;

    *f = (struct fm_ledger_file){.fd = -1, .path = path};
    while ((rc = open_once(f, wait, &gone, e)) == 0 && gone)
        if (f->fd >= 0)
            close(f->fd);
    if (rc || (rc = load(&text, f, e)))
        goto out;
    if ((rc = fm_ledger_parse(&f->lines, text.data, text.len, &whole, e))) {
        fm_err_where(e, path);
        goto out;
    }
    f->size = whole;
    f->torn = text.len - whole;
    if (f->torn)
        rc = cut(f, e);
out:
    fm_buf_free(&text);
    if (rc)
        fm_ledgerfile_close(f);
    return rc;
}

int
fm_ledgerfile_append(struct fm_ledger_file *f, struct fm_ledger_entry *t,
                     struct fm_err *e)
{
    const struct fm_ledger *l = &f->lines;
    struct fm_buf text = {0};
    int rc, err;

    t->line = l->n + 1;
    memset(t->previous, 0, sizeof t->previous);
    if (l->n)
        memcpy(t->previous, l->entry[l->n - 1].hash, sizeof t->previous);
    if ((rc = fm_ledgerline_write(&text, t, e)))
        goto out;
    /* What could not be read again would be the ledger's end. */
    if (l->n == FM_LEDGER_LINES || text.len > FM_LEDGER_LINE ||
        f->size + text.len >= SIZE_LIMIT) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: it is full: no line of %zu bytes fits; begin "
                        "another",
                        f->path, text.len);
        goto out;
    }
    err = fm_save_bytes(f->fd, text.data, text.len);
    if (err == 0 && fsync(f->fd))
        err = errno;
    /* The name of a new file must survive a power cut as its first line does.
     */
    if (err == 0 && f->size == 0)
        err = fm_save_name(f->path);
    if (err) {
        struct fm_err ignored = {0};

        (void)cut(f, &ignored);
        rc = fm_err_set(e, FM_ESYS, "%s: %s", f->path, strerror(err));
        goto out;
    }
    f->size += text.len;
out:
    fm_buf_free(&text);
    return rc;
}

void
fm_ledgerfile_close(struct fm_ledger_file *f)
{
    struct stat st;

    /* While it is locked: who waits for it sees that it lost its name.  Another
     * run may have locked what we made first, and written. */
    if (f->fd >= 0 && f->made && fstat(f->fd, &st) == 0 && st.st_size == 0)
        unlink(f->path);
    if (f->fd >= 0)
        close(f->fd);
    fm_ledger_free(&f->lines);
    f->fd = -1;
}

int
fm_ledgerfile_read(struct fm_ledger *l, size_t *torn, const char *path,
                   struct fm_err *e)
{
    struct fm_buf text = {0};
    size_t whole = 0;
    int rc;

    *l = (struct fm_ledger){0};
    if ((rc = fm_file_read(&text, path, SIZE_LIMIT, e)))
        goto out;
    if ((rc = fm_ledger_parse(l, text.data, text.len, &whole, e)))
        fm_err_where(e, fm_file_name(path));
    *torn = text.len - whole;
out:
    fm_buf_free(&text);
    return rc;
}
