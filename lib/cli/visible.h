/*
 * visible: names from outside, printed so that they cannot drive a terminal.
 */
#ifndef FM_CLI_VISIBLE_H
#define FM_CLI_VISIBLE_H

#include "base/json.h"

/*
 * fm_visible - make `?` of all in `text` that a terminal might obey: control
 * characters, also those that have two bytes in UTF-8 (U+0080 to U+009F), and
 * bytes that are not UTF-8, one of which may mean the same.
 */
void fm_visible(char *text);

/* fm_visible_add - add the text to a JSON object in the same way, since JSON
 * takes no bytes that are not UTF-8. */
void fm_visible_add(struct fm_json *to, const char *key, const char *text);

/* fm_visible_line - print such a line, and its end, to standard output. */
void fm_visible_line(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#endif
