#include "cli/visible.h"

#include "base/printable.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 2 * PATH_MAX }; /* two names and some words */

void
fm_visible_add(struct fm_json *to, const char *key, const char *text)
{
    char *copy = strdup(text);

    if (copy)
        fm_printable(copy);
    fm_json_add_str(to, key, copy ? copy : "?");
    free(copy);
}

void
fm_visible_line(const char *fmt, ...)
{
    char line[LINE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    fm_printable(line);
    puts(line);
}
