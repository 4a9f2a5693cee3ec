#include "cli/visible.h"

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 2 * PATH_MAX }; /* two names and some words */

/*
 * Bytes of the character at `p`; 0 when they are not UTF-8.  The second byte
 * tells what is longer than need be, a surrogate or beyond U+10FFFF (Unicode,
 * table 3-7), which no reader of JSON takes.
 */
static size_t
length(const unsigned char *p)
{
    const size_t n = *p < 0x80   ? 1
                     : *p < 0xc2 ? 0
                     : *p < 0xe0 ? 2
                     : *p < 0xf0 ? 3
                     : *p < 0xf5 ? 4
                                 : 0;
    const unsigned char least = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

    if (n > 1 && (p[1] < least || p[1] > most))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

void
fm_visible(char *text)
{
    unsigned char *p = (unsigned char *)text;
    size_t n;

    for (; *p; p += n ? n : 1) {
        n = length(p);
        if (n == 0 || *p < 0x20 || *p == 0x7f)
            *p = '?';
        else if (n == 2 && *p == 0xc2 && p[1] < 0xa0)
            p[0] = p[1] = '?';
    }
}

void
fm_visible_add(struct fm_json *to, const char *key, const char *text)
{
    char *copy = strdup(text);

    if (copy)
        fm_visible(copy);
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
    fm_visible(line);
    puts(line);
}
