/* save: all bytes, and the names of files. */
#include "base/save.h"
#include "check.h"
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe takes some at a time, and its reader gets all. */
static void
bytes(void)
{
    enum { MANY = 1 << 18 };
    static uint8_t out[MANY], in[MANY];
    size_t got = 0;
    int to[2], full = open("/dev/full", O_WRONLY);
    pid_t child;

    for (size_t i = 0; i < MANY; i++)
        out[i] = (uint8_t)(i * 7 + (i >> 9));
    CHECK(pipe(to) == 0 && full >= 0, "pipe");
    child = fork();
    if (child == 0)
        _exit(fm_save_bytes(to[1], out, MANY));
    close(to[1]);
    for (ssize_t k = 1; k > 0 && got < MANY; got += (size_t)k)
        k = read(to[0], in + got, MANY - got);
    CHECK(child > 0 && got == MANY && memcmp(in, out, MANY) == 0, "%zu bytes",
          got);
    close(to[0]);
    CHECK(fm_save_bytes(full, "x", 1) == ENOSPC, "a full device");
    CHECK(fm_save_bytes(full, "x", 0) == 0, "nothing");
    close(full);
    CHECK(fm_save_bytes(full, "x", 1) == EBADF, "closed");
}

static void
names(void)
{
    CHECK(mkdir("d", 0700) == 0, "mkdir");
    CHECK(fm_save_name("file") == 0 && fm_save_name("d/file") == 0 &&
              fm_save_name("/file") == 0 && fm_save_dir("d") == 0,
          "names");
    /* There is nothing to sync; who made the name knows better. */
    CHECK(fm_save_name("nosuch/file") == 0, "no directory");
    /* A file system without such a thing. */
    CHECK(fm_save_dir("/proc") == 0, "/proc");
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    bytes();
    names();
    fx_leave(dir);
    return 0;
}
