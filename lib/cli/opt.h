/*
 * opt: options and help, from one table per tool.
 *
 * A tool declares its options once; parsing, `--help` and the checks come from
 * that table.  Long options take `--name=value` or `--name value` and may be
 * shortened as with getopt_long (which does the parsing); short ones may be
 * joined.  An option given twice or with an empty value is a usage error.  `--`
 * ends the options; operands and options may be mixed.  Usage errors print one
 * line, "TOOL: what is wrong (try TOOL --help)", and exit with 2.
 *
 * Every tool has -h/--help (to stdout, status 0) and -V/--version
 * ("fedmrn-train 0.1.0"); these need not be in the table.
 */
#ifndef FM_CLI_OPT_H
#define FM_CLI_OPT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct fm_opt {
    char letter;      /* short form, or 0 */
    const char *name; /* long form; NULL ends the table */
    const char *arg;  /* what its value is called in help, or NULL for a flag */
    const char *help; /* one line, no full stop */
    const char
        *value; /* set by parsing: the text; "" for a flag; NULL if absent */
};

struct fm_tool {
    const char *name;     /* "fedmrn-train" */
    const char *synopsis; /* "--model MODEL [OPTION]... [BUNDLE]..." */
    const char *about;    /* one or two lines on what it does */
    const char *example;  /* one pipeline */
    struct fm_opt *opt;   /* the table */
};

#define FM_VERSION "0.1.0"

/*
 * fm_cli_start - parse; returns the operands and sets *n to their number.  The
 * first thing main does: it also ignores SIGPIPE (so that EPIPE is an error
 * message and status 1), sees that descriptors 0 to 2 are not given to files,
 * and remembers the tool's name for messages.  --quiet, where a tool has it,
 * needs no more than its row in the table.
 */
char **fm_cli_start(struct fm_tool *tool, int argc, char **argv, int *n);

/*
 * fm_opt_repeat - before fm_cli_start: an option with a value may be given up
 * to `max` times; `value` receives them in their order, *n how many.  (fm_opt
 * has the last.)  For few options of a tool.
 */
void fm_opt_repeat(const char *name, const char **value, size_t max, size_t *n);

/* fm_opt - the value of a long option by name, or NULL. */
const char *fm_opt(const struct fm_tool *tool, const char *name);

/* fm_opt_need - the same; missing is a usage error. */
const char *fm_opt_need(const struct fm_tool *tool, const char *name);

/* fm_opt_count - a decimal integer in min..max; `fallback` when absent. */
uint64_t fm_opt_count(const struct fm_tool *tool, const char *name,
                      uint64_t min, uint64_t max, uint64_t fallback);

/*
 * fm_opt_seed - a 64-bit seed, decimal or 0x hex, into *seed; returns 1, or 0
 * when the option is absent.
 */
int fm_opt_seed(const struct fm_tool *tool, const char *name, uint64_t *seed);

/* fm_cli_usage - print "TOOL: message" and the hint, and exit with 2. */
void fm_cli_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* fm_cli_note - "TOOL: message" on standard error; the tool goes on. */
void fm_cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * fm_cli_end - the end of main: report a failure in `e` if there is one, close
 * standard output, and return the exit status: e->code, or 1 when standard
 * output could not be written.
 */
int fm_cli_end(const struct fm_err *e);

#endif
