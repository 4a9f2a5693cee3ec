/*
 * visible: names from outside, printed as base/printable.h has it.
 */
#ifndef FM_CLI_VISIBLE_H
#define FM_CLI_VISIBLE_H

#include "base/json.h"

/* fm_visible_add - add the text to a JSON object, which takes no bytes that are
 * not UTF-8. */
void fm_visible_add(struct fm_json *to, const char *key, const char *text);

/* fm_visible_line - print a line, and its end, to standard output. */
void fm_visible_line(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#endif
