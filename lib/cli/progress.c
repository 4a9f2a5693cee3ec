#include "cli/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_MIN = 8, BAR_MAX = 30, COLUMNS_MAX = 512 };

static bool quiet, shown;
static const char *task; /* what the clock below belongs to */
static size_t before;
static double began, last;

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool
wanted(void)
{
    static int answer = -1;

    if (answer < 0) {
        const char *term = getenv("TERM");

        answer = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    }
    return answer && !quiet;
}

static size_t
width(void)
{
    struct winsize w;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col == 0)
        return 80;
    return w.ws_col < COLUMNS_MAX ? w.ws_col : COLUMNS_MAX;
}

/* "1:05 left" once there is something to judge by. */
static void
left(char *out, size_t n, size_t done, size_t all, double spent)
{
    unsigned long s;

    *out = '\0';
    if (all == 0 || done == 0 || done > all || spent < 1)
        return;
    s = (unsigned long)(spent * (double)(all - done) / (double)done + 0.5);
    if (s >= 3600)
        snprintf(out, n, " %lu:%02lu:%02lu left", s / 3600, s / 60 % 60,
                 s % 60);
    else
        snprintf(out, n, " %lu:%02lu left", s / 60, s % 60);
}

static void
draw(size_t done, size_t all, const char *what, const char *detail,
     double spent)
{
    char head[64], tail[160], rest[40], bar[BAR_MAX + 4] = "";
    char line[sizeof head + sizeof bar + sizeof tail];
    size_t room = width() - 1, used, n = 0;

    left(rest, sizeof rest, done, all, spent);
    if (all)
        snprintf(head, sizeof head, "%s %zu/%zu", what, done, all);
    else
        snprintf(head, sizeof head, "%s %zu", what, done);
    if (all)
        snprintf(tail, sizeof tail, " %3.0f%% %s%s",
                 100.0 * (double)done / (double)all, detail ? detail : "",
                 rest);
    else
        snprintf(tail, sizeof tail, " %s", detail ? detail : "");

    /* The bar takes what the words leave. */
    used = strlen(head) + strlen(tail) + 3;
    if (all && used + BAR_MIN <= room) {
        size_t cells = room - used < BAR_MAX ? room - used : BAR_MAX;

        bar[n++] = ' ';
        bar[n++] = '[';
        for (size_t i = 0; i < cells; i++)
            bar[n++] = (double)i < (double)cells * (double)done / (double)all
                           ? '#'
                           : '.';
        bar[n++] = ']';
        bar[n] = '\0';
    }
    snprintf(line, sizeof line, "%s%s%s", head, bar, tail);
    fprintf(stderr, "\r%.*s\033[K", (int)room, line);
    fflush(stderr);
    shown = true;
}

void
fm_progress(size_t done, size_t all, const char *what, const char *detail)
{
    double t;

    if (!wanted())
        return;
    t = now();
    /* Another task, or the same once more, has its own clock. */
    if (!task || strcmp(task, what) != 0 || done < before) {
        task = what;
        began = last = t;
    }
    before = done;
    if (t - last < 0.1)
        return;
    last = t;
    draw(done, all, what, detail, t - began);
}

void
fm_progress_quiet(void)
{
    fm_progress_clear();
    quiet = true;
}

void
fm_progress_clear(void)
{
    if (!shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    shown = false;
}
