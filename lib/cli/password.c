#include "cli/password.h"

#include "base/crypto.h"
#include "base/file.h"
#include "cli/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { TRIES = 3 };

static const char prompt[] = "Password of the secret key: ";

/* One byte at a time: what follows the line is not ours to read. */
int
fm_password_read(char *out, size_t room, size_t *n, const char *file,
                 struct fm_err *e)
{
    struct fm_source s;
    size_t got;
    char c;
    int rc;

    *n = 0;
    if ((rc = fm_source_open(&s, file, e)))
        return rc;
    while ((rc = fm_source_some(&s, &c, 1, &got, e)) == 0 && got && c != '\n') {
        if (*n == room) {
            rc =
                fm_err_set(e, FM_EINPUT, "%s: too long for a password", s.name);
            break;
        }
        out[(*n)++] = c;
    }
    fm_source_close(&s);
    if (*n && out[*n - 1] == '\r')
        --*n;
    return rc;
}

/* --- The terminal ------------------------------------------------------ */

static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { SIGS = sizeof sigs / sizeof *sigs };

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
    caught = sig;
}

/* A signal ends the reading, so that the terminal can be put right first. */
static void
catch_signals(struct sigaction old[SIGS])
{
    struct sigaction sa = {.sa_handler = on_signal};

    sigemptyset(&sa.sa_mask);
    caught = 0;
    for (int i = 0; i < SIGS; i++) {
        /* To be stopped half way helps nobody. */
        sa.sa_handler = sigs[i] == SIGTSTP ? SIG_IGN : on_signal;
        sigaction(sigs[i], &sa, &old[i]);
    }
}

static int
read_line(int fd, char *out, size_t room, size_t *n, struct fm_err *e)
{
    bool long_one = false;
    char c = 0;

    *n = 0;
    while (!caught) {
        ssize_t k = read(fd, &c, 1);

        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fm_err_errno(e, errno, "terminal");
        if (k == 0 || c == '\n')
            break;
        if (*n == room)
            long_one = true;
        else
            out[(*n)++] = c;
    }
    if (long_one)
        return fm_err_set(e, FM_EINPUT, "too long for a password");
    if (*n == 0)
        return fm_err_set(e, FM_EINPUT, "no password was given");
    return 0;
}

int
fm_password_ask(char *out, size_t room, size_t *n, struct fm_err *e)
{
    struct sigaction old[SIGS];
    struct termios was, quiet;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC), rc;

    if (fd < 0 || tcgetattr(fd, &was)) {
        if (fd >= 0)
            close(fd);
        return fm_err_set(e, FM_EINPUT,
                          "the secret key has a password, and there is no "
                          "terminal to ask for it: give --password-file FILE");
    }
    quiet = was;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    quiet.c_lflag |= ICANON | ECHONL;
    catch_signals(old);
    if (tcsetattr(fd, TCSAFLUSH, &quiet) ||
        write(fd, prompt, sizeof prompt - 1) < 0)
        rc = fm_err_errno(e, errno, "terminal");
    else
        rc = read_line(fd, out, room, n, e);
    tcsetattr(fd, TCSAFLUSH, &was);
    for (int i = 0; i < SIGS; i++)
        sigaction(sigs[i], &old[i], NULL);
    close(fd);
    if (caught)
        raise(caught);
    return rc;
}

int
fm_password_open(const char *file,
                 int (*try)(void *ctx, const char *password, size_t n,
                            struct fm_err *e),
                 void *ctx, struct fm_err *e)
{
    char *word = fm_secret_new(FM_PASSWORD_MAX, e);
    struct fm_err why;
    size_t n;
    int rc, left = file ? 1 : TRIES;

    if (!word)
        return FM_ESYS;
    for (;;) {
        why = (struct fm_err){0};
        rc = file ? fm_password_read(word, FM_PASSWORD_MAX, &n, file, &why)
                  : fm_password_ask(word, FM_PASSWORD_MAX, &n, &why);
        if (rc)
            break;
        rc = try(ctx, word, n, &why);
        if (rc != FM_EINPUT || --left == 0)
            break;
        fm_cli_note("%s", why.msg);
    }
    if (rc)
        fm_err_set(e, (enum fm_code)rc, "%s", why.msg);
    fm_secret_free(word);
    return rc;
}
