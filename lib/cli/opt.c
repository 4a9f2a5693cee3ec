#include "cli/opt.h"

#include "base/printable.h"
#include "cli/out.h"
#include "cli/progress.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTIONS_MAX = 64,
    LONG = 256, /* what getopt_long returns for row i is LONG + i, */
    LONG_STANDARD = LONG + OPTIONS_MAX, /* and for standard[i], this + i */
    WIDTH = 79,
    COLUMN = 26, /* where the help texts begin */
};

static const char *self = "fedmrn";

/* Options that may be given again. */
static struct repeat {
    const char *name, **value;
    size_t max, *n;
} repeats[8];

/* --- Words ------------------------------------------------------------- */

static void
say(const char *fmt, va_list ap, const char *hint)
{
    char line[1024];

    vsnprintf(line, sizeof line, fmt, ap);
    fm_printable(line); /* a message may quote an argument */
    fm_progress_clear();
    if (hint)
        fprintf(stderr, "%s: %s (try %s %s)\n", self, line, self, hint);
    else
        fprintf(stderr, "%s: %s\n", self, line);
}

void
fm_cli_usage(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap, "--help");
    va_end(ap);
    fm_out_abort();
    exit(2);
}

void
fm_cli_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap, NULL);
    va_end(ap);
}

int
fm_cli_end(const struct fm_err *e)
{
    struct fm_err closing = {0};

    fm_progress_clear();
    fm_out_abort();
    if (e->code != FM_OK)
        fm_cli_note("%s", e->msg);
    if (fm_out_close_stdout(&closing) && e->code == FM_OK) {
        fm_cli_note("%s", closing.msg);
        return (int)closing.code;
    }
    return (int)e->code;
}

/* --- Help -------------------------------------------------------------- */

/* Words of `text` from column `at`, continued at COLUMN. */
static void
wrap(const char *text, size_t at)
{
    bool first = true;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (!first && at + 1 + n > WIDTH) {
            printf("\n%*s", COLUMN, "");
            at = COLUMN;
        } else if (!first)
            at += (size_t)printf(" ");
        at += (size_t)printf("%.*s", (int)n, text);
        text += n;
        text += strspn(text, " ");
        first = false;
    }
    putchar('\n');
}

static void
help_row(const struct fm_opt *o)
{
    int at;

    if (o->letter)
        at = printf("  -%c, --%s", o->letter, o->name);
    else
        at = printf("      --%s", o->name);
    if (o->arg)
        at += printf(" %s", o->arg);
    if (at + 2 > COLUMN) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", COLUMN - at, "");
    wrap(o->help, COLUMN);
}

/* Not const, as no table is: parsing fills it in. */
static struct fm_opt standard[] = {
    {'h', "help", NULL, "print this help and exit", NULL},
    {'V', "version", NULL, "print the version and exit", NULL},
};

enum { STANDARD = sizeof standard / sizeof *standard };

/* What help and version print is an answer like any other. */
static void
finish(void)
{
    struct fm_err e = {0};

    exit(fm_cli_end(&e));
}

static void
help(const struct fm_tool *tool)
{
    static char room[1 << 16]; /* glibc makes none of a size given */

    /* Written at once, so that a full disk is told from the last write. */
    setvbuf(stdout, room, _IOFBF, sizeof room);
    printf("usage: %s %s\n%s\n\n", tool->name, tool->synopsis, tool->about);
    for (const struct fm_opt *o = tool->opt; o->name; o++)
        help_row(o);
    for (size_t i = 0; i < STANDARD; i++)
        help_row(&standard[i]);
    if (tool->example)
        printf("\nExample:\n    %s\n", tool->example);
    printf("\nExit status: 0 done, 1 the machine failed, 2 usage, "
           "3 an input was rejected.\nSee man %s.\n",
           tool->name);
    finish();
}

/* --- Parsing ----------------------------------------------------------- */

/* The row that getopt_long means; NULL for a letter that no row has. */
static struct fm_opt *
row(const struct fm_tool *tool, int c)
{
    if (c >= LONG_STANDARD)
        return &standard[c - LONG_STANDARD];
    if (c >= LONG)
        return &tool->opt[c - LONG];
    for (struct fm_opt *o = tool->opt; o->name; o++)
        if (o->letter && o->letter == c)
            return o;
    for (size_t i = 0; i < STANDARD; i++)
        if (standard[i].letter == c)
            return &standard[i];
    return NULL;
}

/* Count an option that begins with the `n` bytes, and list it, space given. */
static void
collect(char list[256], int *hits, const char *name, const char *given,
        size_t n)
{
    size_t at = strlen(list);

    if (strncmp(name, given, n) != 0)
        return;
    snprintf(list + at, 256 - at, "%s--%s", *hits ? ", " : "", name);
    ++*hits;
}

/* What getopt_long refused, in our words; it tells where, but not why. */
static void
refuse(const struct fm_tool *tool, int c, char **argv)
{
    const char *given = argv[optind - 1];
    int n = (int)strcspn(given, "="), hits = 0;
    char list[256] = "";

    if (c == ':' && optopt >= LONG)
        fm_cli_usage("option --%s needs a value", row(tool, optopt)->name);
    if (c == ':')
        fm_cli_usage("option -%c needs a value", optopt);
    if (optopt >= LONG)
        fm_cli_usage("option --%s takes no value", row(tool, optopt)->name);
    if (optopt != 0)
        fm_cli_usage("unknown option -%c", optopt);
    for (const struct fm_opt *o = tool->opt; o->name; o++)
        collect(list, &hits, o->name, given + 2, (size_t)n - 2);
    for (size_t i = 0; i < STANDARD; i++)
        collect(list, &hits, standard[i].name, given + 2, (size_t)n - 2);
    if (hits > 1)
        fm_cli_usage("ambiguous option %.*s: one of %s", n, given, list);
    fm_cli_usage("unknown option %.*s", n, given);
}

static void
tables(const struct fm_tool *tool, struct option *longs, char *shorts)
{
    size_t n = 0;

    /* A leading colon makes a missing value tell itself apart. */
    *shorts++ = ':';
    for (const struct fm_opt *o = tool->opt; o->name; o++, n++) {
        assert(n < OPTIONS_MAX);
        longs[n] =
            (struct option){o->name, o->arg != NULL, NULL, LONG + (int)n};
        if (o->letter)
            *shorts++ = o->letter;
        if (o->letter && o->arg)
            *shorts++ = ':';
    }
    for (size_t i = 0; i < STANDARD; i++) {
        longs[n++] =
            (struct option){standard[i].name, 0, NULL, LONG_STANDARD + (int)i};
        *shorts++ = standard[i].letter;
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

/*
 * A closed standard descriptor would be given to the next file that is
 * opened, and messages would go into it.  These stand in, and still refuse to
 * be read or written.
 */
static void
hold_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

void
fm_opt_repeat(const char *name, const char **value, size_t max, size_t *n)
{
    struct repeat *r = repeats;

    while (r->name)
        r++;
    assert(r < repeats + sizeof repeats / sizeof *repeats - 1);
    *n = 0;
    *r = (struct repeat){name, value, max, n};
}

/* Keep the value of an option that may be given again; else false. */
static bool
repeated(const char *name, const char *value)
{
    struct repeat *r = repeats;

    while (r->name && strcmp(r->name, name) != 0)
        r++;
    if (!r->name)
        return false;
    if (*r->n == r->max)
        fm_cli_usage("option --%s given more than %zu times", name, r->max);
    r->value[(*r->n)++] = value;
    return true;
}

char **
fm_cli_start(struct fm_tool *tool, int argc, char **argv, int *n)
{
    struct option longs[OPTIONS_MAX + STANDARD + 1];
    char shorts[2 * (OPTIONS_MAX + STANDARD + 1)];
    int c;

    self = tool->name;
    hold_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* EFBIG instead */
    atexit(fm_out_abort);
    opterr = 0;
    tables(tool, longs, shorts);
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        struct fm_opt *o;

        if (c == '?' || c == ':')
            refuse(tool, c, argv);
        o = row(tool, c);
        assert(o);
        if (o == &standard[0])
            help(tool);
        if (o == &standard[1]) {
            printf("%s " FM_VERSION "\n", tool->name);
            finish();
        }
        /* No option means anything by "", but "$unset" happens. */
        if (o->arg && !*optarg)
            fm_cli_usage("option --%s has an empty value", o->name);
        if (!(o->arg && repeated(o->name, optarg)) && o->value)
            fm_cli_usage("option --%s given twice", o->name);
        o->value = o->arg ? optarg : "";
        if (strcmp(o->name, "quiet") == 0)
            fm_progress_quiet();
    }
    *n = argc - optind;
    return argv + optind;
}

/* --- Values ------------------------------------------------------------ */

const char *
fm_opt(const struct fm_tool *tool, const char *name)
{
    const struct fm_opt *o = tool->opt;

    while (o->name && strcmp(o->name, name) != 0)
        o++;
    assert(o->name);
    return o->value;
}

const char *
fm_opt_need(const struct fm_tool *tool, const char *name)
{
    const char *value = fm_opt(tool, name);

    if (!value)
        fm_cli_usage("option --%s is missing", name);
    return value;
}

/* Digits of `base` and nothing else: no sign, no space, no overflow. */
static bool
number(const char *s, unsigned base, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t v = 0;

    if (!*s)
        return false;
    for (; *s; s++) {
        char low = *s >= 'A' && *s <= 'F' ? (char)(*s - 'A' + 'a') : *s;
        const char *d = memchr(digits, low, base);

        if (!d || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)(d - digits), &v))
            return false;
    }
    *out = v;
    return true;
}

uint64_t
fm_opt_count(const struct fm_tool *tool, const char *name, uint64_t min,
             uint64_t max, uint64_t fallback)
{
    const char *s = fm_opt(tool, name);
    uint64_t v;

    if (!s)
        return fallback;
    if (!number(s, 10, &v) || v < min || v > max)
        fm_cli_usage("option --%s: '%s' is not an integer in %llu..%llu", name,
                     s, (unsigned long long)min, (unsigned long long)max);
    return v;
}

int
fm_opt_seed(const struct fm_tool *tool, const char *name, uint64_t *seed)
{
    const char *s = fm_opt(tool, name);
    bool hex;

    if (!s)
        return 0;
    hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    if (!number(hex ? s + 2 : s, hex ? 16 : 10, seed))
        fm_cli_usage("option --%s: '%s' is not a 64-bit number, decimal or "
                     "0x and hexadecimal",
                     name, s);
    return 1;
}
