#include "cli/outdir.h"

#include "base/save.h"
#include "cli/stale.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing in it but . and ..? */
static bool
is_empty(DIR *dir)
{
    struct dirent *entry;

    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    return true;
}

int
fm_outdir_check(const char *path, struct fm_err *e)
{
    DIR *dir = opendir(path);
    bool empty;

    if (!dir && errno == ENOENT)
        return 0;
    if (!dir && errno == ENOTDIR)
        return fm_err_set(e, FM_EINPUT, "%s: is not a directory", path);
    if (!dir)
        return fm_err_errno(e, errno, path);
    empty = is_empty(dir);
    closedir(dir);
    if (empty)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "%s: is there and not empty; remove it or choose another "
                      "name",
                      path);
}

/* The path without slashes at its end, links followed where it is there. */
static char *
settle(const char *path)
{
    char *p = realpath(path, NULL);
    size_t n;

    if (p || !(p = strdup(path)))
        return p;
    n = strlen(p);
    while (n > 1 && p[n - 1] == '/')
        p[--n] = '\0';
    return p;
}

/* Remove what killed runs with this target left. */
static int
sweep(const char *path, const char *name)
{
    char *dir =
             name == path ? strdup(".") : strndup(path, (size_t)(name - path)),
         *stem = NULL;
    int rc = dir && asprintf(&stem, ".%s.", name) >= 0 ? 0 : -1;

    if (rc == 0) {
        fm_stale_sweep(dir, stem);
        free(stem);
    }
    free(dir);
    return rc;
}

/* mkdir beside `path` under a name that nobody has; *tmp receives it. */
static int
make_beside(char **tmp, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (sweep(path, name))
        return -1;
    for (int i = 0; i < 1000; i++) {
        if (asprintf(tmp, "%.*s.%s.%ld-%d.tmp", (int)(name - path), path, name,
                     (long)getpid(), i) < 0) {
            *tmp = NULL;
            return -1;
        }
        if (mkdir(*tmp, 0777) == 0)
            return 0;
        free(*tmp);
        *tmp = NULL;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* The signals that would leave half a directory behind. */
static void
stops(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

static bool
stopped(void)
{
    sigset_t set, pending;

    stops(&set);
    sigpending(&pending);
    sigandset(&set, &set, &pending);
    return !sigisemptyset(&set);
}

int
fm_outdir_open(struct fm_outdir *d, const char *path, struct fm_err *e)
{
    sigset_t set;
    int rc;

    *d = (struct fm_outdir){.fd = -1};
    if ((rc = fm_outdir_check(path, e)))
        return rc;
    if (!(d->path = settle(path)))
        return fm_err_nomem(e);
    stops(&set);
    sigprocmask(SIG_BLOCK, &set, &d->before);
    if (make_beside(&d->tmp, d->path) ||
        (d->fd = open(d->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        rc = fm_err_errno(e, errno, path);
        fm_outdir_abort(d);
        return rc;
    }
    /* Where there are no locks, the process id must do. */
    (void)flock(d->fd, LOCK_EX | LOCK_NB);
    return 0;
}

int
fm_outdir_put(struct fm_outdir *d, const char *name, const void *p, size_t n,
              struct fm_err *e)
{
    int fd, err;

    if (stopped())
        return fm_err_set(e, FM_ESYS, "%s: interrupted", d->path);
    fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return fm_err_set(e, FM_ESYS, "%s/%s: %s", d->path, name,
                          strerror(errno));
    err = fm_save_bytes(fd, p, n);
    if (close(fd) && !err)
        err = errno;
    if (err)
        return fm_err_set(e, FM_ESYS, "%s/%s: %s", d->path, name,
                          strerror(err));
    return 0;
}

/* Forget the names and let the signals through. */
static void
release(struct fm_outdir *d)
{
    if (d->fd >= 0)
        close(d->fd);
    free(d->path);
    free(d->tmp);
    sigprocmask(SIG_SETMASK, &d->before, NULL);
    *d = (struct fm_outdir){.fd = -1};
}

int
fm_outdir_commit(struct fm_outdir *d, struct fm_err *e)
{
    int rc = 0;

    /* One call for all files instead of one per file. */
    if (syncfs(d->fd))
        rc = fm_err_set(e, FM_ESYS, "%s: %s", d->path, strerror(errno));
    if (!rc && rename(d->tmp, d->path))
        rc = fm_err_errno(e, errno, d->path);
    if (rc) {
        fm_outdir_abort(d);
        return rc;
    }
    /* The files are safe; a name that a crash forgets can be made again. */
    (void)fm_save_name(d->path);
    release(d);
    return 0;
}

void
fm_outdir_abort(struct fm_outdir *d)
{
    if (!d->path)
        return;
    if (d->fd >= 0)
        fm_stale_empty(d->fd);
    if (d->tmp)
        rmdir(d->tmp);
    release(d);
}
