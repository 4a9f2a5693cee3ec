#include "data/fields.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = FM_FIELD_SHOWN };

/* The end of a quoted field: its text without quotes, ended by a NUL. */
static int
quoted(struct fm_fields *f, char **field, struct fm_err *e)
{
    char *to = ++f->at;

    *field = to;
    for (; f->at < f->end; f->at++) {
        if (*f->at == '"') {
            if (f->at + 1 == f->end || f->at[1] != '"')
                break;
            f->at++;
        }
        f->lines += *f->at == '\n';
        *to++ = *f->at;
    }
    if (f->at == f->end)
        return fm_err_set(e, FM_EINPUT, "line %zu: a quote is not closed",
                          f->line);
    f->at++;
    while (f->at < f->end && (*f->at == ' ' || *f->at == '\r'))
        f->at++;
    if (f->at < f->end && *f->at != f->separator && *f->at != '\n')
        return fm_err_set(e, FM_EINPUT, "line %zu: text after a closing quote",
                          f->line);
    while (*field < to && **field == ' ')
        ++*field;
    while (to > *field && to[-1] == ' ')
        to--;
    *to = '\0';
    return 0;
}

static void
plain(struct fm_fields *f, char **field)
{
    char *stop;

    *field = f->at;
    while (f->at < f->end && *f->at != f->separator && *f->at != '\n')
        f->at++;
    stop = f->at;
    while (stop > *field && (stop[-1] == ' ' || stop[-1] == '\r'))
        stop--;
    f->last = f->at == f->end || *f->at == '\n';
    *stop = '\0'; /* the byte behind the file is the caller's to give */
}

int
fm_fields_next(struct fm_fields *f, char **field, struct fm_err *e)
{
    int rc;

    f->line = f->lines;
    while (f->at < f->end && *f->at == ' ')
        f->at++;
    if (f->at < f->end && *f->at == '"') {
        if ((rc = quoted(f, field, e)))
            return rc;
        f->last = f->at == f->end || *f->at == '\n';
    } else
        plain(f, field);
    f->lines += f->last;
    f->at += f->at < f->end;
    return 0;
}

/* Lines of nothing but a carriage return are empty, too. */
bool
fm_fields_more(struct fm_fields *f)
{
    for (;;) {
        char *s = f->at;

        while (s < f->end && *s == '\r')
            s++;
        if (s == f->end)
            return false;
        if (*s != '\n')
            return true;
        f->at = s + 1;
        f->lines++;
    }
}

static char
separator(const struct fm_fields *f)
{
    bool inside = false, comma = false, semicolon = false;

    for (const char *s = f->at; s < f->end && (inside || *s != '\n'); s++) {
        inside ^= *s == '"';
        if (inside)
            continue;
        if (*s == '\t')
            return '\t';
        comma |= *s == ',';
        semicolon |= *s == ';';
    }
    return semicolon && !comma ? ';' : ',';
}

/* Which column `label` is: by its name, or else by its number. */
static int
find_label(struct fm_fields *f, const char *label, struct fm_err *e)
{
    unsigned long number;
    char *rest;

    f->label = f->columns;
    for (size_t i = f->columns; i-- > 0;)
        if (strcmp(f->name[i], label) == 0) {
            if (f->label < f->columns)
                return fm_err_set(e, FM_EINPUT,
                                  "two columns are called '%.*s'; say the "
                                  "label's number",
                                  SHOWN, label);
            f->label = i;
        }
    if (f->label == f->columns && *label >= '1' && *label <= '9') {
        number = strtoul(label, &rest, 10);
        if (!*rest && number <= f->columns)
            f->label = number - 1;
    }
    for (size_t i = 0; f->label == f->columns && i < f->columns; i++)
        if (strcasecmp(f->name[i], label) == 0)
            return fm_err_set(e, FM_EINPUT,
                              "no column '%.*s' for a label, but one '%.*s'",
                              SHOWN, label, SHOWN, f->name[i]);
    if (f->label == f->columns && f->columns == 1)
        return fm_err_set(e, FM_EINPUT,
                          "no column '%.*s' for a label; the header is one, "
                          "'%.*s': between columns are commas, tabs or "
                          "semicolons, or what a line such as sep=| above says",
                          SHOWN, label, SHOWN, f->name[0]);
    if (f->label == f->columns)
        return fm_err_set(e, FM_EINPUT,
                          "no column '%.*s' for a label; the header has %zu, "
                          "from '%.*s' to '%.*s'",
                          SHOWN, label, f->columns, SHOWN, f->name[0], SHOWN,
                          f->name[f->columns - 1]);
    return f->columns > 1
               ? 0
               : fm_err_set(e, FM_EINPUT, "the label is the only column");
}

/* A line of its own for the separator, which Excel writes and reads. */
static bool
told(struct fm_fields *f)
{
    char *s = f->at;

    if (f->end - s < 6 || strncmp(s, "sep=", 4) != 0 || s[4] == '"')
        return false;
    s += 5 + (s[5] == '\r');
    if (s == f->end || *s != '\n')
        return false;
    f->separator = f->at[4];
    f->at = s + 1;
    f->lines++;
    return true;
}

static int
header(struct fm_fields *f, struct fm_err *e)
{
    int rc;

    if (!f->separator)
        f->separator = separator(f);
    f->name = fm_alloc(FM_TABLE_COLUMNS_MAX, sizeof *f->name, e);
    if (!f->name)
        return FM_ESYS;
    for (f->last = false; !f->last; f->columns++) {
        if (f->columns == FM_TABLE_COLUMNS_MAX)
            return fm_err_set(e, FM_EINPUT, "more than %d columns",
                              FM_TABLE_COLUMNS_MAX);
        if ((rc = fm_fields_next(f, &f->name[f->columns], e)))
            return rc;
    }
    return 0;
}

bool
fm_fields_utf16(const void *bytes, size_t size)
{
    return size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
                         memcmp(bytes, "\xfe\xff", 2) == 0);
}

int
fm_fields_open(struct fm_fields *f, char *bytes, size_t size, const char *label,
               struct fm_err *e)
{
    const char *nul = memchr(bytes, '\0', size);
    int rc;

    *f = (struct fm_fields){
        .at = bytes, .end = bytes + size, .line = 1, .lines = 1};
    for (const char *s = bytes; nul && s < nul; s++)
        f->line += *s == '\n';
    if (fm_fields_utf16(bytes, size))
        return fm_err_set(e, FM_EINPUT,
                          "a text in UTF-16; `iconv -f UTF-16 -t UTF-8` makes "
                          "the table of it that is read here");
    if (nul)
        return fm_err_set(e, FM_EINPUT, "line %zu: not a text: a NUL byte",
                          f->line);
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        f->at += 3;
    if (!fm_fields_more(f) || (told(f) && !fm_fields_more(f)))
        return fm_err_set(e, FM_EINPUT, "no header in it");
    if ((rc = header(f, e)))
        return rc;
    return find_label(f, label, e);
}

void
fm_fields_free(struct fm_fields *f)
{
    free(f->name);
    *f = (struct fm_fields){0};
}

bool
fm_field_missing(const char *field)
{
    return !*field || strcmp(field, "NA") == 0 || strcmp(field, "NaN") == 0 ||
           strcmp(field, "nan") == 0 || strcmp(field, "?") == 0;
}

/* Decimal only: strtod would take hexadecimal and infinities as well. */
bool
fm_field_number(float *v, const char *field)
{
    char *rest;
    double d;

    if (field[strspn(field, "0123456789+-.eE")])
        return false;
    d = strtod(field, &rest);
    *v = (float)d;
    return rest != field && !*rest && *v - *v == 0;
}

bool
fm_field_comma(const char *field)
{
    const char *comma = strchr(field, ',');
    char point[FM_FIELD_SHOWN];
    float v;

    if (!comma || strlen(field) >= sizeof point)
        return false;
    strcpy(point, field);
    point[comma - field] = '.';
    return fm_field_number(&v, point);
}
