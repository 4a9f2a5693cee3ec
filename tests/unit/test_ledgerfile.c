#include "ledgerfix.h"

#include "trust/ledgerfile.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
append(const char *path, uint8_t i)
{
    struct fm_err e = {0};
    struct fm_ledger_file f;
    struct fm_ledger_entry t = lf_entry(i);

    CHECK(!fm_ledgerfile_open(&f, path, false, &e), "%s", e.msg);
    CHECK(f.lines.n == i && f.torn == 0, "%zu lines", f.lines.n);
    CHECK(!fm_ledgerfile_append(&f, &t, &e), "%s", e.msg);
    CHECK(t.line == i + 1u, "line %d", (int)t.line);
    fm_ledgerfile_close(&f);
    fm_ledger_entry_free(&t);
}

static void
same(const char *path, const struct fm_buf *want)
{
    struct fm_buf is = {0};

    CHECK(!fm_file_read(&is, path, 1 << 20, NULL), "%s", path);
    CHECK(is.len == want->len && memcmp(is.data, want->data, is.len) == 0,
          "%s: other bytes", path);
    fm_buf_free(&is);
}

static void
grows(void)
{
    struct fm_buf want = lf_text(3);

    for (uint8_t i = 0; i < 3; i++)
        append("ledger", i);
    same("ledger", &want);
    fm_buf_free(&want);
}

/* Wherever the third line is cut, what is left of it goes. */
static void
torn(void)
{
    struct fm_buf all = lf_text(3), two = lf_text(2);
    struct fm_err e = {0};
    struct fm_ledger_file f;

    for (size_t n = two.len + 1; n < all.len - 1; n += 7) {
        const struct fm_buf part = {all.data, n, n};
        struct fm_ledger l;
        size_t left;

        fx_save("torn", &part);
        CHECK(!fm_ledgerfile_read(&l, &left, "torn", &e), "%s", e.msg);
        CHECK(left == n - two.len && l.n == 2, "%zu bytes", left);
        fm_ledger_free(&l);
        CHECK(!fm_ledgerfile_open(&f, "torn", false, &e), "%s", e.msg);
        CHECK(f.torn == n - two.len && f.lines.n == 2, "%zu bytes", f.torn);
        fm_ledgerfile_close(&f);
        same("torn", &two);
    }
    fm_buf_free(&all);
    fm_buf_free(&two);
}

static void
locked(void)
{
    struct fm_err e = {0};
    struct fm_ledger_file a, b;
    struct stat st;

    CHECK(!fm_ledgerfile_open(&a, "new", false, &e), "%s", e.msg);
    CHECK(fm_ledgerfile_open(&b, "new", false, &e) == FM_ESYS &&
              strstr(e.msg, "new: another run holds it"),
          "%s", e.msg);
    CHECK(stat("new", &st) == 0, "removed by who does not hold it");
    fm_ledgerfile_close(&a);
    CHECK(stat("new", &st) != 0, "a ledger without a line stays");
    /* One that was there before is not ours to remove. */
    fx_save("new", &(struct fm_buf){0});
    e = (struct fm_err){0};
    CHECK(!fm_ledgerfile_open(&a, "new", true, &e), "%s", e.msg);
    fm_ledgerfile_close(&a);
    CHECK(stat("new", &st) == 0, "removed");
}

/* Between the making of a file and its lock another run may come. */
static const char *quicker;
static int theirs = -1;

int
flock(int fd, int how)
{
    const char *path = quicker;

    quicker = NULL;
    if (path) {
        theirs = open(path, O_RDWR | O_CLOEXEC);
        CHECK(theirs >= 0 && flock(theirs, LOCK_EX) == 0, "%s", path);
    }
    return (int)syscall(SYS_flock, fd, how);
}

/* What we made is locked by who will write to it: it is not ours to remove. */
static void
overtaken(void)
{
    struct fm_err e = {0};
    struct fm_ledger_file f;
    struct stat st;

    quicker = "race";
    CHECK(fm_ledgerfile_open(&f, "race", false, &e) == FM_ESYS &&
              strstr(e.msg, "race: another run holds it"),
          "%s", e.msg);
    CHECK(theirs >= 0 && stat("race", &st) == 0, "removed under its holder");
    close(theirs);
}

static void
refused(void)
{
    struct fm_err e = {0};
    struct fm_buf b = lf_text(2);
    struct fm_ledger_file f;
    struct fm_ledger l;
    size_t left;

    b.data[20] ^= 1;
    fx_save("bad", &b);
    CHECK(fm_ledgerfile_open(&f, "bad", false, &e) == FM_EINPUT &&
              strncmp(e.msg, "bad: line 1: ", 13) == 0,
          "%s", e.msg);
    same("bad", &b);
    e = (struct fm_err){0};
    CHECK(fm_ledgerfile_read(&l, &left, "missing", &e) == FM_EINPUT, "%s",
          e.msg);
    fm_ledger_free(&l);
    e = (struct fm_err){0};
    CHECK(fm_ledgerfile_open(&f, "no/ledger", false, &e) == FM_EINPUT, "%s",
          e.msg);
    e = (struct fm_err){0};
    CHECK(fm_ledgerfile_open(&f, "/dev/null", false, &e) == FM_EINPUT &&
              strstr(e.msg, "is not a regular file"),
          "%s", e.msg);
    /* Neither there nor to be made. */
    e = (struct fm_err){0};
    CHECK(symlink("nowhere", "link") == 0 &&
              fm_ledgerfile_open(&f, "link", true, &e) == FM_EINPUT &&
              strcmp(e.msg, "link: is a link that leads nowhere") == 0,
          "%s", e.msg);
    fm_buf_free(&b);
}

/* What could not be read again is not written. */
static void
full(void)
{
    struct fm_ledger_entry t = lf_entry(0);
    struct fm_ledger_file f;
    struct fm_err e;

    for (int i = 0; i < 2; i++) {
        e = (struct fm_err){0};
        CHECK(!fm_ledgerfile_open(&f, "full", false, &e), "%s", e.msg);
        if (i == 0) {
            f.lines.entry = calloc(FM_LEDGER_LINES, sizeof *f.lines.entry);
            f.lines.n = f.lines.room = FM_LEDGER_LINES;
            CHECK(f.lines.entry, "memory");
        } else
            f.size = (1 << 30) - 100;
        CHECK(fm_ledgerfile_append(&f, &t, &e) == FM_EINPUT, "%d: appended", i);
        CHECK(strstr(e.msg, "full: it is full: no line of"), "%s", e.msg);
        f.size = 0;
        fm_ledgerfile_close(&f);
    }
    fm_ledger_entry_free(&t);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    grows();
    torn();
    locked();
    overtaken();
    refused();
    full();
    fx_leave(dir);
    return 0;
}
