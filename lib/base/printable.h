/*
 * printable: texts from outside, so that they cannot drive a terminal.
 *
 * What a terminal obeys instead of showing it: control characters (C0, DEL, and
 * U+0080 to U+009F, which many take for ESC and a letter), the ends of lines
 * and paragraphs U+2028 and U+2029, and what turns the direction of the text
 * around it (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069; of
 * Unicode's Bidi_Control), by which a name can pass for another.
 */
#ifndef FM_BASE_PRINTABLE_H
#define FM_BASE_PRINTABLE_H

#include "base/bytes.h"
#include "base/json.h"

/* fm_printable - make `?` of every byte of such a character in `text`, and of
 * every byte that is not of UTF-8, one of which may mean the same. */
void fm_printable(char *text);

/* fm_printable_json - fm_json_dump, with such characters as \uXXXX: the same
 * JSON, for a terminal.  0 or FM_ESYS, and then `out` is as it was. */
int fm_printable_json(struct fm_buf *out, const struct fm_json *j,
                      struct fm_err *e);

#endif
