/*
 * fields: the fields of a table's text, and the header over them.
 *
 * The first line names the columns.  What separates fields is seen in it,
 * outside of quotes: a tab, or else a comma, or else a semicolon, as
 * spreadsheets write where the comma is decimal.  A field may be quoted, "so,
 * with ""quotes"" and line ends inside"; blanks around its text are dropped.
 * Lines end with LF or CR LF; an empty one is passed over, and so is a byte
 * order mark.  A line such as sep=; above the header says what separates.
 */
#ifndef FM_DATA_FIELDS_H
#define FM_DATA_FIELDS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    FM_TABLE_COLUMNS_MAX = 65536,
    FM_FIELD_SHOWN = 40 /* bytes of a field or a name that a message shows */
};

struct fm_fields {
    char *at, *end;
    char separator;
    size_t line;  /* where the field at hand begins, from 1 */
    size_t lines; /* how far the file was read */
    bool last;    /* the field at hand ends its line */
    char **name;  /* of the columns, in the text */
    size_t columns, label;
};

/*
 * fm_fields_open - read the header in the `size` bytes of a file, and one more
 * behind them, which are all written over.
 *
 *   label  a column's name; or, where no column has it, its number from 1
 *
 * Fills *f, to be released by fm_fields_free, also after a failure.  0,
 * FM_ESYS, or FM_EINPUT: not a text, no header, no such label.
 */
int fm_fields_open(struct fm_fields *f, char *bytes, size_t size,
                   const char *label, struct fm_err *e);
void fm_fields_free(struct fm_fields *f); /* harmless on {0} */

/* fm_fields_more - pass over empty lines: is there another? */
bool fm_fields_more(struct fm_fields *f);

/* fm_fields_next - the next field of a line, ended by a NUL in its place in the
 * text; f->last when it is the last one.  0, or FM_EINPUT and the line. */
int fm_fields_next(struct fm_fields *f, char **field, struct fm_err *e);

/* fm_fields_utf16 - has it the mark of a text in UTF-16, as spreadsheets write
 * it?  That is refused by fm_fields_open, with what to do. */
bool fm_fields_utf16(const void *bytes, size_t size);

/* fm_field_missing - is it empty or one of NA, NaN, nan, ?. */
bool fm_field_missing(const char *field);

/* fm_field_number - a decimal number within float's range, or false. */
bool fm_field_number(float *v, const char *field);

/* fm_field_comma - would it be one, were its comma a point? */
bool fm_field_comma(const char *field);

#endif
