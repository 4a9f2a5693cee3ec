/* err: the first failure wins, and its message is one clean line. */
#include "base/err.h"
#include "check.h"

#include <errno.h>
#include <string.h>

static void
first_wins(void)
{
    struct fm_err e = {0};

    CHECK(fm_err_set(&e, FM_EINPUT, "byte %d", 7) == FM_EINPUT, "code");
    CHECK(fm_err_set(&e, FM_ESYS, "later") == FM_ESYS, "code of the call");
    CHECK(e.code == FM_EINPUT, "code %d", (int)e.code);
    CHECK(strcmp(e.msg, "byte 7") == 0, "%s", e.msg);
    CHECK(fm_err_set(NULL, FM_ESYS, "nobody listens") == FM_ESYS, "NULL");
}

static void
where(void)
{
    struct fm_err e = {0};

    CHECK(fm_err_where(&e, "a") == FM_OK && e.msg[0] == '\0', "no failure");
    CHECK(fm_err_where(NULL, "a") == FM_OK, "NULL");
    fm_err_nomem(&e);
    CHECK(fm_err_where(&e, "a.mrn") == FM_ESYS, "code");
    CHECK(strcmp(e.msg, "a.mrn: out of memory") == 0, "%s", e.msg);
}

static void
kinds(void)
{
    static const struct {
        int err;
        enum fm_code code;
    } row[] = {
        {ENOENT, FM_EINPUT}, {EACCES, FM_EINPUT}, {EISDIR, FM_EINPUT},
        {EROFS, FM_EINPUT},  {EIO, FM_ESYS},      {ENOSPC, FM_ESYS},
        {EMFILE, FM_ESYS},   {ENOMEM, FM_ESYS},   {12345, FM_ESYS},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_err e = {0};

        CHECK(fm_err_errno(&e, row[i].err, "f") == (int)row[i].code, "errno %d",
              row[i].err);
        CHECK(strncmp(e.msg, "f: ", 3) == 0 && e.msg[3], "%s", e.msg);
    }
}

/* Is it the input's device, or the machine? */
static void
unread(void)
{
    static const struct {
        int err;
        bool unread;
    } row[] = {
        {EIO, true},     {ESTALE, true},  {EBADMSG, true}, {ENOENT, false},
        {ENOMEM, false}, {ENFILE, false}, {EMFILE, false}, {ENOBUFS, false},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_err e = {0}, first = {0};

        fm_err_unread(&e, row[i].err, "f");
        CHECK(e.unread == row[i].unread && e.msg[0] == 'f', "errno %d: %s",
              row[i].err, e.msg);
        CHECK(fm_err_pass(&first, &e) == (int)e.code &&
                  first.unread == e.unread && !strcmp(first.msg, e.msg),
              "passed on: %s", first.msg);
        /* The first failure wins. */
        first = (struct fm_err){0};
        fm_err_nomem(&first);
        fm_err_pass(&first, &e);
        fm_err_unread(&first, row[i].err, "f");
        CHECK(!first.unread && first.msg[0] == 'o', "%s", first.msg);
    }
}

/* A file's name or bytes may be anything. */
static void
hostile(void)
{
    struct fm_err e = {0}, big = {0};
    char name[2 * sizeof e.msg];

    fm_err_set(&e, FM_EINPUT, "%s", "a\x1b[2J\r\n\x7f");
    CHECK(strcmp(e.msg, "a?[2J???") == 0, "%s", e.msg);
    fm_err_where(&e, "b\n");
    CHECK(strcmp(e.msg, "b?: a?[2J???") == 0, "%s", e.msg);

    /* U+009B and U+0080 go, U+00A0 and U+00E9 stay, a part of one goes. */
    e = (struct fm_err){0};
    fm_err_set(&e, FM_EINPUT, "%s",
               "\xc2\x9b"
               "2J\xc2\x80\xc2\xa0\xc3\xa9\xc2");
    CHECK(strcmp(e.msg, "??2J??\xc2\xa0\xc3\xa9?") == 0, "%s", e.msg);

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    fm_err_set(&big, FM_EINPUT, "%s", name);
    CHECK(strlen(big.msg) == sizeof big.msg - 1, "%zu", strlen(big.msg));
    fm_err_where(&big, name);
    CHECK(strlen(big.msg) == sizeof big.msg - 1, "%zu", strlen(big.msg));
}

int
main(void)
{
    first_wins();
    where();
    kinds();
    unread();
    hostile();
    return 0;
}
