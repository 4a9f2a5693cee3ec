#include "base/spool.h"
#include "check.h"
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static void
expect(struct fm_source *s, const char *text)
{
    struct fm_buf b = {0};
    size_t got;

    CHECK(fm_source_read(s, &b, 100, &got, NULL) == 0, "read");
    CHECK(got == strlen(text) && (!got || !memcmp(b.data, text, got)), "%.*s",
          (int)got, b.data ? (char *)b.data : "");
    fm_buf_free(&b);
}

/* Read to the end, then parts again, while the first reading goes on. */
static void
twice(struct fm_spool *sp, struct fm_source *s, const char *name)
{
    struct fm_source again;
    uint8_t first[4];
    size_t got;

    CHECK(strcmp(s->name, name) == 0, "%s", s->name);
    CHECK(fm_source_peek(s, first, 4, &got, NULL) == 0 && got == 4, "peek");
    CHECK(fm_source_some(s, first, 4, &got, NULL) == 0 && got == 4, "some");
    CHECK(fm_spool_open(sp, &again, 6, NULL) == 0, "open");
    CHECK(again.offset == 6 && strcmp(again.name, name) == 0, "%s", again.name);
    expect(&again, "world");
    fm_source_close(&again);
    expect(s, "o world");
    CHECK(fm_spool_open(sp, &again, 0, NULL) == 0, "open");
    expect(&again, "hello world");
    fm_source_close(&again);
}

int
main(void)
{
    struct fm_buf b = {0};
    struct fm_spool sp;
    struct fm_source s;
    struct fm_err e = {0};
    char dir[32];
    int fd[2];

    fx_enter(dir);
    CHECK(fm_buf_add(&b, "hello world", 11, NULL) == 0, "memory");
    fx_save("file", &b);
    CHECK(fm_spool_init(&sp, "file", NULL) == 0, "init");
    CHECK(fm_source_open(&s, "file", NULL) == 0, "open");
    CHECK(fm_spool_take(&sp, &s, NULL) == 0 && sp.fd < 0, "take");
    twice(&sp, &s, "file");
    fm_source_close(&s);
    remove("file");
    CHECK(fm_spool_open(&sp, &s, 0, &e) == FM_EINPUT, "gone");
    CHECK(strstr(e.msg, "file: "), "%s", e.msg);
    e.code = FM_OK;
    CHECK(mkfifo("file", 0600) == 0, "mkfifo"); /* that nobody writes to */
    CHECK(fm_spool_open(&sp, &s, 0, &e) == FM_EINPUT, "a pipe");
    CHECK(strstr(e.msg, "file: it is no file any more"), "%s", e.msg);
    remove("file");
    fm_spool_free(&sp);
    fm_spool_free(&sp);

    /* Standard input, which is a pipe. */
    CHECK(pipe(fd) == 0 && write(fd[1], b.data, b.len) == 11, "pipe");
    close(fd[1]);
    CHECK(dup2(fd[0], 0) == 0, "dup2");
    close(fd[0]);
    CHECK(mkdir("tmp", 0700) == 0 && setenv("TMPDIR", "tmp", 1) == 0, "tmp");
    CHECK(fm_spool_init(&sp, "-", NULL) == 0, "init");
    CHECK(fm_source_open(&s, "-", NULL) == 0, "open");
    CHECK(fm_spool_take(&sp, &s, NULL) == 0 && sp.fd >= 0, "take");
    CHECK(rmdir("tmp") == 0, "the copy has a name");
    twice(&sp, &s, "<stdin>");
    fm_source_close(&s);

    /* And without a place for the copy. */
    e.code = FM_OK;
    CHECK(fm_source_open(&s, "-", NULL) == 0, "open");
    fm_spool_free(&sp);
    CHECK(fm_spool_init(&sp, "-", NULL) == 0, "init");
    CHECK(fm_spool_take(&sp, &s, &e) == FM_ESYS, "no directory");
    CHECK(strstr(e.msg, "tmp/fedmrn-"), "%s", e.msg);
    fm_spool_free(&sp);
    fm_buf_free(&b);
    fx_leave(dir);
    return 0;
}
