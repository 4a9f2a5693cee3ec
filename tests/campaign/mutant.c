/*
 * mutant: which check is missing (mutants.py).  FM_MUTANT is its number;
 * FM_MUTANT_LOG a file that receives the numbers of the checks that had a
 * reason to refuse.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 1 << 22 };

int fm_mutant(unsigned which);

int
fm_mutant(unsigned which)
{
    static unsigned char met[MOST];
    const char *missing = getenv("FM_MUTANT"), *log = getenv("FM_MUTANT_LOG");
    char line[16];
    int fd, n;

    if (log && which < MOST && !met[which]) {
        met[which] = 1;
        n = snprintf(line, sizeof line, "%u\n", which);
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (fd >= 0) {
            if (write(fd, line, (size_t)n) != n)
                abort();
            close(fd);
        }
    }
    return missing && strtoul(missing, NULL, 10) == which;
}
