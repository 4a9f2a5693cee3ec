/*
 * flips: every way to damage a file in one place, tried one after another: each
 * bit flipped, each shorter length, and each byte appended.
 *
 *   flips [-k KIND] [-m MODEL] [-s CLIENT] [-r ROSTER] [-b BUNDLE]...
 *         [-h HASH] [-i IMAGES -l LABELS] FILE       the library judges
 *   flips FILE -- COMMAND...              does the command end with status 3?
 *
 * The kinds, and what they want beside the file, are in judge.c; without -k it
 * is what fedmrn-verify reads.  A command finds the damaged file in place of
 * the word {}.
 *
 * A damage is survived when the file is refused, with a reason; or, in a kind
 * with bytes that say nothing, when it is taken and means what it meant.
 *
 * Prints how many were tried, how many of them were survived, and how many of
 * these were taken.  The first few that were not survived are named on stderr.
 */
#include "judge.h"

#include "base/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { NAMED = 5, BUNDLES = 16 };

static const struct kind *kind;
static struct beside beside;
static struct fm_buf before; /* what the undamaged file means */
static char **command;       /* NULL: the library judges */
static char path[64];
static int fd;
static size_t tried, survived, taken;

static _Noreturn void
die(const char *why)
{
    fprintf(stderr, "flips: %s\n", why);
    exit(1);
}

static void
put(const void *p, size_t n, size_t at)
{
    if (pwrite(fd, p, n, (off_t)at) != (ssize_t)n)
        die("cannot write");
}

static int
spawned(void)
{
    posix_spawn_file_actions_t quiet;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, *command, &quiet, NULL, command, environ) ||
        waitpid(pid, &status, 0) != pid)
        die("cannot run the command");
    posix_spawn_file_actions_destroy(&quiet);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Status and, from the library, what it means or the reason. */
static int
judge(struct fm_buf *meaning, struct fm_err *e)
{
    meaning->len = 0;
    return command ? spawned() : kind->judge(meaning, path, &beside, e);
}

/* No control character; the tools make `?` of what is not UTF-8, too. */
static bool
printable(const char *s)
{
    while (*s && !iscntrl((unsigned char)*s))
        s++;
    return *s == '\0';
}

/* "FILE: why", of the file or of what stands beside it. */
static bool
has_reason(const struct fm_err *e)
{
    bool named = false;

    for (size_t i = 0; i <= beside.bundles && !named; i++) {
        const char *file = i ? beside.bundle[i - 1] : path;
        size_t n = strlen(file);

        named = strncmp(e->msg, file, n) == 0 &&
                strncmp(e->msg + n, ": ", 2) == 0 && e->msg[n + 2];
    }
    return named && printable(e->msg);
}

static void
attempt(const char *what, size_t at)
{
    static struct fm_buf now;
    struct fm_err e = {0};
    int rc = judge(&now, &e);
    bool same = rc == 0 && !command && kind->same && kind->same(&now, &before);

    tried++;
    taken += same;
    if (same || (rc == FM_EINPUT && (command || has_reason(&e))))
        survived++;
    else if (tried - survived <= NAMED)
        fprintf(stderr, "flips: %s %zu: status %d: %s\n", what, at, rc, e.msg);
}

static void
damage(const struct fm_buf *good)
{
    for (size_t i = 0; i < good->len * 8; i++) {
        uint8_t byte = (uint8_t)(good->data[i / 8] ^ 1u << i % 8);

        put(&byte, 1, i / 8);
        attempt("bit", i);
        put(good->data + i / 8, 1, i / 8);
    }
    for (unsigned b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;

        put(&byte, 1, good->len);
        attempt("appended", b);
    }
    for (size_t n = good->len; n-- > 0;) {
        if (ftruncate(fd, (off_t)n))
            die("cannot truncate");
        attempt("bytes", n);
    }
}

/* The command's file lies in the working directory, the library's in memory. */
static void
place(const struct fm_buf *good)
{
    strcpy(path, "flips.damaged");
    fd = command ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                 : memfd_create("flips", MFD_CLOEXEC);
    if (fd < 0)
        die("cannot make the file");
    if (!command)
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (char **w = command; w && *w; w++)
        if (strcmp(*w, "{}") == 0)
            *w = path;
    put(good->data, good->len, 0);
}

static void
options(int argc, char **argv)
{
    static char *bundle[BUNDLES];
    static const char letters[] = "srhil";
    const char **text[] = {&beside.client, &beside.roster, &beside.head,
                           &beside.images, &beside.labels};
    struct fm_err e = {0};
    int c;

    beside.bundle = bundle;
    kind = kind_of("item");
    while ((c = getopt(argc, argv, "+k:m:s:r:b:h:i:l:")) != -1)
        if (c == 'k' && !(kind = kind_of(optarg)))
            die("no such kind");
        else if (c == 'm' && !(beside.model = fm_model_read(optarg, &e)))
            die(e.msg);
        else if (c == 'b' && beside.bundles < BUNDLES)
            bundle[beside.bundles++] = optarg;
        else if (strchr(letters, c))
            *text[strchr(letters, c) - letters] = optarg;
        else if (!strchr("kmb", c))
            die("usage: flips [OPTION]... FILE [-- COMMAND...]");
    if (optind == argc)
        die("no file");
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    struct fm_buf good = {0};

    options(argc, argv);
    if (fm_file_read(&good, argv[optind], (size_t)1 << 24, &e))
        die(e.msg);
    if (optind + 2 < argc)
        command = argv + optind + 2;
    place(&good);
    if (judge(&before, &e) != 0)
        die(*e.msg ? e.msg : "the file is refused before it is damaged");
    damage(&good);
    if (command)
        unlink(path);
    printf("%zu %zu %zu\n", tried, survived, taken);
    fm_buf_free(&good);
    fm_buf_free(&before);
    fm_model_free(beside.model);
    close(fd);
    return 0;
}
