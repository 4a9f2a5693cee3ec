/*
 * outtemp: the temporary beside a file, which takes its name in the end.
 *
 * Called ".NAME.PID-N.tmp", held by a lock, and removed on SIGINT, SIGTERM,
 * SIGHUP, SIGQUIT and SIGXCPU; what dead processes left for the same target is
 * removed before.  cli/out.h writes it.
 */
#ifndef FM_CLI_OUTTEMP_H
#define FM_CLI_OUTTEMP_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Of static storage, at most FM_OUTTEMP_MAX of them: a signal's handler looks
 * at them. */
enum { FM_OUTTEMP_MAX = 3 };

struct fm_outtemp {
    int fd; /* once it is made; its owner closes it */
    char target[PATH_MAX], temp[PATH_MAX], dir[PATH_MAX];
    volatile sig_atomic_t unfinished; /* `temp` exists */
};

/*
 * fm_outtemp_look - find where `path` leads, through all links: `target` and
 * `dir`; or *through, a device or a pipe that is to be written through.
 * Returns 0 or an errno value, also for what could not be written.
 */
int fm_outtemp_look(struct fm_outtemp *t, const char *path, bool *through);

/* fm_outtemp_create - make the temporary of what was looked at, with that mode
 * less the umask, and open it as `fd`; 0 or an errno value. */
int fm_outtemp_create(struct fm_outtemp *t, mode_t mode);

/* fm_outtemp_name - give the target's name to it, for good; 0 or an errno
 * value.  fm_outtemp_drop - remove it, if there is one. */
int fm_outtemp_name(struct fm_outtemp *t);
void fm_outtemp_drop(struct fm_outtemp *t);

/* fm_outtemp_same - do both paths lead to one file, which need not be there
 * yet?  Devices and pipes are nobody's. */
bool fm_outtemp_same(const char *a, const char *b);

#endif
