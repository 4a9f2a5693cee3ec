#include "base/err.h"

#include "base/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
fm_err_set(struct fm_err *e, enum fm_code code, const char *fmt, ...)
{
    va_list ap;

    if (!e || e->code != FM_OK)
        return (int)code;
    e->code = code;
    e->unread = false;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    fm_printable(e->msg);
    return (int)code;
}

int
fm_err_where(struct fm_err *e, const char *where)
{
    char old[sizeof e->msg];

    if (!e || e->code == FM_OK)
        return FM_OK;
    memcpy(old, e->msg, sizeof old);
    /* A message longer than its room loses its end, not its file's name. */
    if (snprintf(e->msg, sizeof e->msg, "%s: %s", where, old) < 0)
        e->msg[0] = '\0';
    fm_printable(e->msg);
    return (int)e->code;
}

int
fm_err_errno(struct fm_err *e, int err, const char *name)
{
    enum fm_code code;

    switch (err) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
    case ENODEV:
        code = FM_EINPUT;
        break;
    default:
        code = FM_ESYS;
    }
    return fm_err_set(e, code, "%s: %s", name, strerror(err));
}

int
fm_err_unread(struct fm_err *e, int err, const char *name)
{
    const bool first = e && e->code == FM_OK;
    const int rc = fm_err_errno(e, err, name);

    if (first && rc == FM_ESYS)
        e->unread =
            err != ENOMEM && err != ENOBUFS && err != EMFILE && err != ENFILE;
    return rc;
}

int
fm_err_pass(struct fm_err *e, const struct fm_err *why)
{
    const bool first = e && e->code == FM_OK;
    const int rc = fm_err_set(e, why->code, "%s", why->msg);

    if (first)
        e->unread = why->unread;
    return rc;
}

int
fm_err_nomem(struct fm_err *e)
{
    return fm_err_set(e, FM_ESYS, "out of memory");
}
