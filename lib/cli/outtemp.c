#include "cli/outtemp.h"

#include "base/save.h"
#include "cli/stale.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINKS_MAX = 40,
    STEM_MAX = 200, /* of the target's name in the temporary's */
    TRIES = 100,
};

/* Those that were ever made. */
static struct fm_outtemp *volatile made[FM_OUTTEMP_MAX];

static void
on_signal(int sig)
{
    for (size_t i = 0; i < FM_OUTTEMP_MAX; i++)
        if (made[i] && made[i]->unfinished)
            unlink(made[i]->temp);
    /* The handler has been reset: now the signal does what it means. */
    raise(sig);
}

static void
watch_signals(void)
{
    static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};
    struct sigaction old,
        sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
        /* What nohup ignores stays ignored. */
        if (sigaction(sigs[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(sigs[i], &sa, NULL);
}

/* join - "a/b" into out; an errno value. */
static int
join(char *out, const char *a, const char *b)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", a, b);

    return n < 0 || n >= PATH_MAX ? ENAMETOOLONG : 0;
}

static const char *
base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The directory of `path` into `dir`. */
static void
parent(struct fm_outtemp *t, const char *path)
{
    size_t n = (size_t)(base(path) - path);

    if (n == 0)
        strcpy(t->dir, ".");
    else {
        /* The root keeps its slash. */
        memmove(t->dir, path, n);
        t->dir[n > 1 ? n - 1 : n] = '\0';
    }
}

/*
 * Follow links at the end of `path`, also one that leads nowhere yet: what is
 * replaced is the file, not the link.  An errno value.
 */
static int
follow(struct fm_outtemp *t, const char *path)
{
    char to[PATH_MAX], at[PATH_MAX];
    int err;

    if (strlen(path) >= sizeof t->target)
        return ENAMETOOLONG;
    strcpy(t->target, path);
    for (int i = 0; i < LINKS_MAX; i++) {
        ssize_t n = readlink(t->target, to, sizeof to - 1);

        parent(t, t->target);
        if (n < 0)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        to[n] = '\0';
        if (to[0] == '/')
            strcpy(t->target, to);
        else if ((err = join(at, t->dir, to)))
            return err;
        else
            strcpy(t->target, at);
    }
    return ELOOP;
}

/*
 * Hold `temp` as long as we live.  Who sweeps may have taken it for a dead
 * process's before it was locked: then, once he is through, it has no name.
 * Where there are no locks, the process id must do.
 */
static bool
swept(const struct fm_outtemp *t)
{
    struct stat st;

    return flock(t->fd, LOCK_EX) == 0 && fstat(t->fd, &st) == 0 &&
           st.st_nlink == 0;
}

static void
note_made(struct fm_outtemp *t)
{
    size_t i = 0;

    while (i < FM_OUTTEMP_MAX && made[i] && made[i] != t)
        i++;
    assert(i < FM_OUTTEMP_MAX);
    made[i] = t;
}

int
fm_outtemp_create(struct fm_outtemp *t, mode_t mode)
{
    char stem[STEM_MAX + 8], file[STEM_MAX + 64];
    int err = EEXIST;

    watch_signals();
    note_made(t);
    snprintf(stem, sizeof stem, ".%.*s.", STEM_MAX, base(t->target));
    fm_stale_sweep(t->dir, stem);
    for (int i = 0; i < TRIES && err == EEXIST; i++) {
        snprintf(file, sizeof file, "%s%ld-%d.tmp", stem, (long)getpid(), i);
        if ((err = join(t->temp, t->dir, file)))
            return err;
        t->fd = open(t->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        err = t->fd < 0 ? errno : 0;
        if (!err && swept(t)) {
            close(t->fd);
            err = EEXIST;
        }
    }
    if (err)
        return err;
    t->unfinished = 1;
    return 0;
}

int
fm_outtemp_look(struct fm_outtemp *t, const char *path, bool *through)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    int err;

    *through = there && !S_ISREG(st.st_mode);
    if (there && S_ISDIR(st.st_mode))
        return EISDIR;
    /* A rename would replace even a file that refuses to be written. */
    if (access(path, W_OK) && errno != ENOENT)
        return errno;
    if (*through)
        return 0;
    if ((err = follow(t, path)))
        return err;
    if (*base(t->target) == '\0')
        return *t->target ? EISDIR : ENOENT;
    return access(t->dir, W_OK | X_OK) ? errno : 0;
}

int
fm_outtemp_name(struct fm_outtemp *t)
{
    if (rename(t->temp, t->target))
        return errno;
    t->unfinished = 0;
    /* The name itself must survive a power cut, too. */
    return fm_save_dir(t->dir);
}

void
fm_outtemp_drop(struct fm_outtemp *t)
{
    if (t->unfinished)
        unlink(t->temp);
    t->unfinished = 0;
}

static bool
same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool
fm_outtemp_same(const char *a, const char *b)
{
    static struct fm_outtemp x, y;
    struct stat s, t;
    const bool there = stat(a, &s) == 0;

    if ((stat(b, &t) == 0) != there)
        return false;
    if (there)
        return S_ISREG(s.st_mode) && same_inode(&s, &t);
    return !follow(&x, a) && !follow(&y, b) && !stat(x.dir, &s) &&
           !stat(y.dir, &t) && same_inode(&s, &t) &&
           strcmp(base(x.target), base(y.target)) == 0;
}
