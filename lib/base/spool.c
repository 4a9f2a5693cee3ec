#include "base/spool.h"

#include "base/mem.h"
#include "base/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP = 1 << 16 };

static bool
is_file(const struct fm_source *s, const char *path)
{
    struct stat st;

    return strcmp(path, "-") != 0 && fstat(s->fd, &st) == 0 &&
           S_ISREG(st.st_mode);
}

/* Two descriptors of one new file that has no name any more. */
static int
nameless(int *to, int *again, struct fm_err *e)
{
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int n, rc = 0;

    n = snprintf(path, sizeof path, "%s/fedmrn-XXXXXX",
                 dir && *dir ? dir : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path)
        return fm_err_set(e, FM_ESYS, "TMPDIR is too long");
    *to = mkostemp(path, O_CLOEXEC);
    if (*to < 0)
        return fm_err_set(e, FM_ESYS, "%s: %s", path, strerror(errno));
    *again = open(path, O_RDONLY | O_CLOEXEC);
    if (*again < 0)
        rc = fm_err_set(e, FM_ESYS, "%s: %s", path, strerror(errno));
    unlink(path);
    if (rc)
        close(*to);
    return rc;
}

static int
copy(struct fm_source *s, int to, struct fm_err *e)
{
    uint8_t *step = fm_alloc_dirty(STEP, 1, e);
    size_t got = 1;
    int rc = step ? 0 : FM_ESYS, err = 0;

    while (rc == 0 && got) {
        rc = fm_source_some(s, step, STEP, &got, e);
        if (rc == 0 && got)
            err = fm_save_bytes(to, step, got);
        if (err)
            rc = fm_err_set(e, FM_ESYS, "a temporary copy: %s", strerror(err));
    }
    free(step);
    return rc;
}

int
fm_spool_init(struct fm_spool *sp, const char *path, struct fm_err *e)
{
    *sp = (struct fm_spool){strdup(path), strdup(fm_file_name(path)), -1};
    return sp->path && sp->name ? 0 : fm_err_nomem(e);
}

int
fm_spool_take(struct fm_spool *sp, struct fm_source *s, struct fm_err *e)
{
    int to, rc;

    if (is_file(s, sp->path))
        return 0;
    if ((rc = nameless(&to, &sp->fd, e)))
        return rc;
    rc = copy(s, to, e);
    fm_source_close(s);
    if (rc == 0 && lseek(to, 0, SEEK_SET) != 0)
        rc = fm_err_set(e, FM_ESYS, "a temporary copy: %s", strerror(errno));
    *s = (struct fm_source){.name = s->name, .fd = to};
    return rc;
}

int
fm_spool_open(const struct fm_spool *sp, struct fm_source *s, uint64_t offset,
              struct fm_err *e)
{
    struct stat st;
    int rc;

    if (sp->fd < 0) {
        /* A pipe in its place would wait for who never comes. */
        if (stat(sp->path, &st) == 0 && !S_ISREG(st.st_mode))
            return fm_err_set(e, FM_EINPUT, "%s: it is no file any more",
                              sp->name);
        if ((rc = fm_source_open(s, sp->path, e)))
            return rc;
    } else {
        *s = (struct fm_source){.fd = fcntl(sp->fd, F_DUPFD_CLOEXEC, 3)};
        if (s->fd < 0)
            return fm_err_errno(e, errno, sp->name);
    }
    s->name = sp->name;
    if (lseek(s->fd, (off_t)offset, SEEK_SET) != (off_t)offset) {
        rc = fm_err_errno(e, errno, sp->name);
        fm_source_close(s);
        return rc;
    }
    s->offset = offset;
    return 0;
}

void
fm_spool_free(struct fm_spool *sp)
{
    if (sp->fd > STDIN_FILENO)
        close(sp->fd);
    free(sp->path);
    free(sp->name);
    *sp = (struct fm_spool){.fd = -1};
}
