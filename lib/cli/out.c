#include "cli/out.h"

#include "cli/opt.h"
#include "cli/outtemp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open output. */
struct output {
    FILE *stream;
    int failed;          /* errno of the first failed write */
    char name[PATH_MAX]; /* as the user knows it */
    struct fm_outtemp to;
    bool named; /* it has its name, whatever became of it after that */
    int (*before)(void *ctx, struct fm_err *e); /* the name is given */
    void *before_ctx;
};

/* The one that is open, the one that is written when it is complete, ... */
static struct output output[FM_OUTTEMP_MAX] = {
    {.to.fd = -1}, {.to.fd = -1}, {.to.fd = -1}};
static struct output *o = &output[0];
static bool private; /* for its owner's eyes only */

static bool
is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0 ||
           strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0;
}

void
fm_out_check_tty(const char *path)
{
    struct stat st;
    bool tty;

    if (is_stdout(path))
        tty = isatty(STDOUT_FILENO);
    else if (stat(path, &st) || !S_ISCHR(st.st_mode))
        tty = false;
    else {
        int f = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

        tty = f >= 0 && isatty(f);
        if (f >= 0)
            close(f);
    }
    if (tty)
        fm_cli_usage("the output is binary and would go to a terminal: "
                     "give -o FILE, or pipe it on");
}

/* --- The stream -------------------------------------------------------- */

/* Under stdio, so that the reason of a failed write is not lost. */
static ssize_t
put(void *cookie, const char *p, size_t n)
{
    size_t done = 0;

    (void)cookie;
    while (done < n && !o->failed) {
        ssize_t k = write(o->to.fd, p + done, n - done);

        if (k >= 0)
            done += (size_t)k;
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = {.fd = o->to.fd, .events = POLLOUT};

            poll(&wait, 1, -1);
        } else if (errno != EINTR)
            o->failed = errno;
    }
    return o->failed ? 0 : (ssize_t)n;
}

/* Of all that is in the way, a forgotten mkdir is the most usual. */
static int
refused(struct fm_err *e, int err, const char *path)
{
    if (err == ENOENT && *o->to.dir)
        return fm_err_set(e, FM_EINPUT, "%s: there is no directory %s", path,
                          o->to.dir);
    return fm_err_errno(e, err, path);
}

bool
fm_out_same(const char *a, const char *b)
{
    return !is_stdout(a) && !is_stdout(b) && fm_outtemp_same(a, b);
}

int
fm_out_check(const char *path, struct fm_err *e)
{
    bool through;
    int err = is_stdout(path) ? 0 : fm_outtemp_look(&o->to, path, &through);

    return err ? refused(e, err, path) : 0;
}

int
fm_out_check_file(const char *path, struct fm_err *e)
{
    bool through = true;
    int err = is_stdout(path) ? 0 : fm_outtemp_look(&o->to, path, &through);

    if (err)
        return refused(e, err, path);
    return through ? fm_err_set(e, FM_EINPUT, "%s: is not a regular file", path)
                   : 0;
}

/* Choose where the bytes go, and open it as `fd`; an errno value. */
static int
choose(const char *path)
{
    bool through;
    int err;

    if (is_stdout(path)) {
        o->to.fd = STDOUT_FILENO;
        return 0;
    }
    if ((err = fm_outtemp_look(&o->to, path, &through)))
        return err;
    if (through) {
        o->to.fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        return o->to.fd < 0 ? errno : 0;
    }
    return fm_outtemp_create(&o->to, private ? 0600 : 0666);
}

FILE *
fm_out_open(const char *path, struct fm_err *e)
{
    const cookie_io_functions_t io = {.write = put};
    int err;

    assert(!o->stream);
    o->failed = 0;
    o->named = false;
    snprintf(o->name, sizeof o->name, "%s",
             is_stdout(path) ? "<stdout>" : path);
    err = choose(path);
    if (err) {
        o->before = NULL;
        refused(e, err, o->name);
        return NULL;
    }
    o->stream = fopencookie(NULL, "w", io);
    if (!o->stream) {
        fm_out_abort();
        fm_err_nomem(e);
    }
    return o->stream;
}

void
fm_out_before(int (*fn)(void *ctx, struct fm_err *e), void *ctx)
{
    assert(o < output + FM_OUTTEMP_MAX - 1);
    o->before = fn;
    o->before_ctx = ctx;
}

/* Complete, and on its way to its name: whoever waited for that is called, and
 * may write an output of his own. */
static int
call_before(struct fm_err *e)
{
    int (*fn)(void *ctx, struct fm_err *e) = o->before;
    int rc;

    if (!fn)
        return 0;
    o->before = NULL;
    o++;
    rc = fn(o[-1].before_ctx, e);
    o--;
    return rc;
}

int
fm_out_commit(struct fm_err *e)
{
    int err = 0, rc;

    assert(o->stream);
    if (fflush(o->stream) || ferror(o->stream))
        err = o->failed ? o->failed : EIO;
    if (err == 0 && o->to.unfinished && fsync(o->to.fd))
        err = errno;
    if (err == 0 && o->to.fd != STDOUT_FILENO) {
        if (close(o->to.fd))
            err = errno;
        o->to.fd = -1;
    }
    if (err == 0 && (rc = call_before(e))) {
        fm_out_abort();
        return rc;
    }
    if (err == 0 && o->to.unfinished) {
        err = fm_outtemp_name(&o->to);
        o->named = !o->to.unfinished;
    }
    fm_out_abort();
    if (err == 0)
        return 0;
    return fm_err_set(e, FM_ESYS, "%s: %s", o->name, strerror(err));
}

void
fm_out_abort(void)
{
    /* What is still buffered must not be written now. */
    if (o->stream && !o->failed)
        o->failed = ECANCELED;
    if (o->stream)
        fclose(o->stream);
    if (o->to.fd >= 0 && o->to.fd != STDOUT_FILENO)
        close(o->to.fd);
    fm_outtemp_drop(&o->to);
    o->stream = NULL;
    o->to.fd = -1;
    o->before = NULL;
}

int
fm_out_stream(const char *path,
              int (*fill)(void *ctx, FILE *f, struct fm_err *e), void *ctx,
              struct fm_err *e)
{
    FILE *f = fm_out_open(path, e);
    int rc;

    if (!f)
        return (int)(e && e->code ? e->code : FM_ESYS);
    if ((rc = fill(ctx, f, e))) {
        fm_out_abort();
        return rc;
    }
    return fm_out_commit(e);
}

int
fm_out_private(const char *path,
               int (*fill)(void *ctx, FILE *f, struct fm_err *e), void *ctx,
               struct fm_err *e)
{
    int rc = fm_out_check_file(path, e);

    if (rc)
        return rc;
    private = true;
    rc = fm_out_stream(path, fill, ctx, e);
    private = false;
    return rc;
}

struct bytes {
    const char *path;
    const void *p;
    size_t n;
};

static int
put_bytes(void *ctx, FILE *f, struct fm_err *e)
{
    const struct bytes *b = ctx;

    (void)e;
    if (b->n)
        fwrite(b->p, 1, b->n, f);
    return 0;
}

int
fm_out_write(const char *path, const void *p, size_t n, struct fm_err *e)
{
    struct bytes b = {path, p, n};

    return fm_out_stream(path, put_bytes, &b, e);
}

static int
put_beside(void *ctx, struct fm_err *e)
{
    struct bytes *b = ctx;

    return fm_out_stream(b->path, put_bytes, b, e);
}

int
fm_out_pair(const char *path, int (*fill)(void *ctx, FILE *f, struct fm_err *e),
            void *ctx, const char *beside, const void *p, size_t n,
            struct fm_err *e)
{
    struct bytes b = {beside, p, n};
    const bool is_new = access(beside, F_OK) != 0;
    int rc;

    if ((rc = fm_out_check_file(beside, e)) ||
        (rc = fm_out_check_file(path, e)))
        return rc;
    o[1].named = false;
    fm_out_before(put_beside, &b);
    rc = fm_out_stream(path, fill, ctx, e);
    /* A directory that cannot be synced fails when its names are there. */
    if (rc && is_new && o[1].named && !o->named)
        unlink(beside);
    return rc;
}

int
fm_out_close_stdout(struct fm_err *e)
{
    static bool closed;
    bool bad;
    int err;

    if (closed)
        return 0;
    closed = true;
    errno = 0;
    bad = ferror(stdout);
    bad = fflush(stdout) != 0 || bad;
    err = errno;
    if (close(STDOUT_FILENO) && !bad) {
        bad = true;
        err = errno;
    }
    if (!bad)
        return 0;
    return fm_err_set(e, FM_ESYS, "<stdout>: %s",
                      err ? strerror(err) : "write error");
}
