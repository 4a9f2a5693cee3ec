/*
 * bench_spawn: run a command and print what it cost: the median over the runs
 * of its wall time or CPU time in seconds or its peak memory in MiB (or all
 * three on one line), from wait4(2).  Its output goes to /dev/null.
 *
 * With -j copies of the command start at once, and the wall time is that of
 * all; a word {} in the command becomes the copy's number.
 */
#include "bench.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS_MAX = 10000, COPIES_MAX = 256 };

struct cost {
    double wall, cpu, rss;
};

static void
child(char **argv, int copy)
{
    int null = open("/dev/null", O_WRONLY);
    char number[16];

    snprintf(number, sizeof number, "%d", copy);
    for (size_t i = 0; argv[i]; i++)
        if (strcmp(argv[i], "{}") == 0)
            argv[i] = number;
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
        _exit(127);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

static double
seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static struct cost
spawn(char **argv, int copies)
{
    struct cost c = {0, 0, 0};
    double start = bench_now();

    for (int i = 0; i < copies; i++) {
        pid_t pid = fork();

        if (pid == 0)
            child(argv, i);
        if (pid < 0) {
            perror("bench_spawn: fork");
            exit(1);
        }
    }
    for (int i = 0; i < copies; i++) {
        struct rusage u;
        double rss;
        int status;

        if (wait4(-1, &status, 0, &u) < 0 || !WIFEXITED(status) ||
            WEXITSTATUS(status) != 0) {
            fprintf(stderr, "bench_spawn: %s failed\n", argv[0]);
            exit(1);
        }
        c.cpu += seconds(u.ru_utime) + seconds(u.ru_stime);
        rss = (double)u.ru_maxrss / 1024; /* Linux counts in KiB */
        c.rss = rss > c.rss ? rss : c.rss;
    }
    c.wall = bench_now() - start;
    return c;
}

int
main(int argc, char **argv)
{
    static double wall[RUNS_MAX], cpu[RUNS_MAX], rss[RUNS_MAX];
    const char *figure = "wall";
    size_t runs = 1, copies = 1;
    int c;

    /* The command's own options are its own. */
    while ((c = getopt(argc, argv, "+n:j:f:")) != -1)
        if (c == 'n')
            runs = bench_number(optarg, 1, RUNS_MAX);
        else if (c == 'j')
            copies = bench_number(optarg, 1, COPIES_MAX);
        else if (c == 'f')
            figure = optarg;
        else
            break;
    if (c != -1 || optind == argc)
        bench_usage("bench_spawn [-n runs] [-j copies] [-f wall|cpu|rss|all] "
                    "COMMAND...");
    for (size_t i = 0; i < runs; i++) {
        struct cost s = spawn(argv + optind, (int)copies);

        wall[i] = s.wall;
        cpu[i] = s.cpu;
        rss[i] = s.rss;
    }
    if (strcmp(figure, "all") == 0)
        printf("%.6f %.6f %.1f\n", bench_median(wall, runs),
               bench_median(cpu, runs), bench_median(rss, runs));
    else
        printf("%.6f\n", bench_median(*figure == 'c'   ? cpu
                                      : *figure == 'r' ? rss
                                                       : wall,
                                      runs));
    return 0;
}
