#include "trust/vouch.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fm_vouch {
    const struct fm_roster *roster;
    struct fm_roster *own; /* the same, when it is ours to free */
    const char *given, *given_for;
    struct fm_buf *keep;
    struct fm_guard guard;
    const char *path; /* of the source at work; NULL before the first */
    bool open;        /* `in` is */
    size_t taken;     /* signatures of `in` */
    char name[PATH_MAX];
    struct fm_signatures in;
    struct fm_signature sig;
    const struct fm_holder *by; /* who signed the bundle at work */
};

static const char single[] = ".minisig", several[] = ".sigs";

static void
shut(struct fm_vouch *v)
{
    if (v->open)
        fm_signatures_close(&v->in);
    v->open = false;
    v->taken = 0;
}

static int
begin(void *ctx, const char *path, struct fm_err *e)
{
    struct fm_vouch *v = ctx;

    (void)e;
    shut(v);
    v->path = path;
    return 0;
}

/* The file that has the signatures of the source at work, into v->name. */
static int
find(struct fm_vouch *v, bool round_file, struct fm_err *e)
{
    const bool given = v->given && strcmp(v->path, v->given_for) == 0;
    struct stat st;
    int n;

    if (given)
        n = snprintf(v->name, sizeof v->name, "%s", v->given);
    else if (strcmp(v->path, "-") == 0)
        return fm_err_set(e, FM_EINPUT,
                          "no signature: a stream has none beside it; name "
                          "their file by --signatures");
    else
        n = snprintf(v->name, sizeof v->name, "%s%s", v->path,
                     round_file ? several : single);
    if (n < 0 || (size_t)n >= sizeof v->name)
        return fm_err_errno(e, ENAMETOOLONG, v->path);
    if (strcmp(v->name, "-") == 0)
        return 0;
    if (stat(v->name, &st))
        return errno == ENOENT
                   ? fm_err_set(e, FM_EINPUT, "no signature: there is no %s",
                                v->name)
                   : 0; /* who opens it says more */
    /* A pipe would be waited for. */
    if (!given && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return fm_err_set(e, FM_EINPUT,
                          "no signature: %s is not a regular file", v->name);
    return 0;
}

/* The signature of the next bundle, into v->sig. */
static int
next(struct fm_vouch *v, bool round_file, struct fm_err *e)
{
    bool there;
    int rc;

    if (!v->open) {
        if ((rc = find(v, round_file, e)) ||
            (rc = fm_signatures_open(&v->in, v->name, e)))
            return rc;
        v->open = true;
    }
    rc = fm_signatures_next(&v->in, &v->sig, &there, e);
    if (rc == 0 && !there)
        return fm_err_set(e, FM_EINPUT, "no signature: %s has %s%zu",
                          fm_file_name(v->name), v->taken ? "only " : "",
                          v->taken);
    v->taken++; /* a damaged one, too, is some bundle's */
    return rc;
}

/* Who signed these bytes, into v->by. */
static int
identify(struct fm_vouch *v, const uint8_t *p, size_t n, struct fm_err *e)
{
    const struct fm_holder *by = fm_roster_key(v->roster, v->sig.key_id);
    char id[FM_KEY_ID_TEXT], who[FM_CLIENT_MAX + 64];
    int rc;

    fm_key_id_text(id, v->sig.key_id);
    if (!by)
        return fm_err_set(e, FM_EINPUT,
                          "signed with key %s, which is not in the roster", id);
    if (by->samples == 0)
        return fm_err_set(e, FM_EINPUT,
                          "signed with key %s of client %s, which is revoked",
                          id, by->client);
    if ((rc = fm_signature_check(&v->sig, &by->key, p, n, e))) {
        snprintf(who, sizeof who, "key %s of client %s", id, by->client);
        fm_err_where(e, who);
        return rc;
    }
    v->by = by;
    return 0;
}

static int
bytes(void *ctx, bool round_file, const uint8_t *p, size_t n, struct fm_err *e)
{
    struct fm_vouch *v = ctx;
    int rc;

    v->by = NULL;
    if ((rc = next(v, round_file, e)) ||
        (v->roster && (rc = identify(v, p, n, e))))
        return rc;
    return v->keep ? fm_signature_write(v->keep, &v->sig, e) : 0;
}

static int
claim(void *ctx, const struct fm_bundle *b, struct fm_err *e)
{
    const struct fm_vouch *v = ctx;

    if (!v->roster)
        return 0;
    /* Nobody is not the one it is from. */
    if (!v->by || strcmp(b->client, v->by->client) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "says it is from client %s, but client %s signed it",
                          b->client, v->by ? v->by->client : "nobody");
    if (b->samples > v->by->samples)
        return fm_err_set(e, FM_EINPUT,
                          "claims %llu samples; the roster allows client %s "
                          "%llu",
                          (unsigned long long)b->samples, b->client,
                          (unsigned long long)v->by->samples);
    return 0;
}

static int
end(void *ctx, struct fm_err *e)
{
    struct fm_vouch *v = ctx;
    size_t bundles = v->taken;
    bool there;
    int rc;

    if (!v->open)
        return 0;
    if ((rc = fm_signatures_next(&v->in, &v->sig, &there, e)))
        return rc;
    if (there)
        return fm_err_set(e, FM_EINPUT,
                          "%s has more signatures than there are bundles here, "
                          "%zu: is one missing?",
                          fm_file_name(v->name), bundles);
    shut(v);
    return 0;
}

struct fm_vouch *
fm_vouch_new(const struct fm_roster *roster, const char *given,
             const char *given_for, struct fm_buf *keep, struct fm_err *e)
{
    struct fm_vouch *v = fm_alloc(1, sizeof *v, e);

    if (!v)
        return NULL;
    v->roster = roster;
    v->given = given;
    v->given_for = given_for;
    v->keep = keep;
    v->guard = (struct fm_guard){begin, bytes, claim, end, v};
    return v;
}

struct fm_vouch *
fm_vouch_open(const char *roster, const char *given, const char *given_for,
              struct fm_err *e)
{
    struct fm_roster *r = fm_roster_read(roster, e);
    struct fm_vouch *v = r ? fm_vouch_new(r, given, given_for, NULL, e) : NULL;

    if (v)
        v->own = r;
    else
        fm_roster_free(r);
    return v;
}

void
fm_vouch_free(struct fm_vouch *v)
{
    if (!v)
        return;
    shut(v);
    fm_roster_free(v->own);
    free(v);
}

const struct fm_roster *
fm_vouch_roster(const struct fm_vouch *v)
{
    return v->roster;
}

const struct fm_guard *
fm_vouch_guard(const struct fm_vouch *v)
{
    return &v->guard;
}

bool
fm_vouch_beside(const char *path)
{
    char name[PATH_MAX];
    const char *const ends[] = {single, several};

    if (strcmp(path, "-") == 0)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int n = snprintf(name, sizeof name, "%s%s", path, ends[i]);

        if (n > 0 && (size_t)n < sizeof name && access(name, F_OK) == 0)
            return true;
    }
    return false;
}
