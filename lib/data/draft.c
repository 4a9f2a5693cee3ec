#include "data/draft.h"

#include "base/mem.h"
#include "data/fields.h"

#include <stdlib.h>

enum { CATEGORIES = 64, CLASSES = 256, SHOWN = FM_FIELD_SHOWN };

/* All fields, row by row, and the line of each row. */
struct cells {
    struct fm_fields f;
    struct fm_buf field, line; /* of char *, of size_t */
    size_t rows;
};

/* A column: its fields that are there, first as they come, then sorted with
 * each one once. */
struct column {
    const char **field;
    size_t n, numbers, kinds;
    bool counts; /* whole numbers that only grow */
    bool whole;
};

static int
read_row(struct cells *c, struct fm_err *e)
{
    size_t i = 0;
    char *field;
    int rc = fm_buf_add(&c->line, &c->f.lines, sizeof c->f.lines, e);

    for (c->f.last = false; !rc && !c->f.last; i++)
        if (!(rc = fm_fields_next(&c->f, &field, e)) && i < c->f.columns)
            rc = fm_buf_add(&c->field, &field, sizeof field, e);
    if (!rc && i != c->f.columns)
        rc = fm_err_set(e, FM_EINPUT,
                        "line %zu: %zu fields, but the header has %zu",
                        c->f.line, i, c->f.columns);
    c->rows++;
    return rc;
}

static const char *
cell(const struct cells *c, size_t row, size_t column)
{
    const char *const *all = (const char *const *)(void *)c->field.data;

    return all[row * c->f.columns + column];
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* For whole numbers of at most 18 digits, as take_column says. */
static int
by_size(const void *a, const void *b)
{
    long long x = atoll(*(const char *const *)a);
    long long y = atoll(*(const char *const *)b);

    return x != y ? (x > y) - (x < y) : by_bytes(a, b);
}

/* 1.0 is one, as programs write it that keep a column as floats. */
static bool
is_whole(const char *s)
{
    size_t n = strspn(s += *s == '-', "0123456789");
    const char *rest = s + n;

    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0");
    return n > 0 && n < 19 && !*rest;
}

/* The column's fields and what they are. */
static int
take_column(struct column *k, const struct cells *c, size_t at,
            struct fm_err *e)
{
    const size_t *line = (const size_t *)(void *)c->line.data;
    float v;

    *k = (struct column){.field = k->field, .whole = true, .counts = true};
    for (size_t row = 0; row < c->rows; row++) {
        const char *s = cell(c, row, at);

        if (fm_field_missing(s))
            continue;
        if (fm_field_comma(s))
            return fm_err_set(e, FM_EINPUT,
                              "line %zu, column '%.*s': '%.*s' has a decimal "
                              "comma%s",
                              line[row], SHOWN, c->f.name[at], SHOWN, s,
                              c->f.separator == ','
                                  ? ", not a point"
                                  : "; `tr , .` makes points of them");
        k->numbers += fm_field_number(&v, s);
        k->whole &= is_whole(s);
        k->counts &=
            k->whole && (k->n == 0 || atoll(s) > atoll(k->field[k->n - 1]));
        k->field[k->n++] = s;
    }
    qsort(k->field, k->n, sizeof *k->field, k->whole ? by_size : by_bytes);
    for (size_t i = 0; i < k->n; i++)
        if (i == 0 || strcmp(k->field[i], k->field[k->kinds - 1]) != 0)
            k->field[k->kinds++] = k->field[i];
    return 0;
}

/* id, ID, patient_id, "Patient ID", patientId, but not acid. */
static bool
named_id(const char *name)
{
    size_t n = strlen(name);
    const char *s = name;

    if (n < 2)
        return false;
    s += n - 2;
    if ((*s | 32) != 'i' || (s[1] | 32) != 'd')
        return false;
    if (n == 2 || *s == 'I')
        return true;
    return !((s[-1] | 32) >= 'a' && (s[-1] | 32) <= 'z');
}

/* A list has no place for tabs and line ends in what it lists. */
static bool
listable(const char *s)
{
    while ((unsigned char)*s >= ' ')
        s++;
    return !*s;
}

static int
write_line(struct fm_buf *out, const char *name, const struct column *k,
           size_t n, struct fm_err *e)
{
    int rc = 0;

    if (!listable(name))
        rc = fm_err_set(e, FM_EINPUT,
                        "column '%.*s': a line end or tab in the name of a "
                        "column that is to be listed; give it another",
                        SHOWN, name);
    if (!rc)
        rc = fm_buf_add(out, name, strlen(name), e);
    for (size_t i = 0; i < n && !rc; i++)
        if (!(rc = fm_buf_add(out, "\t", 1, e)))
            rc = fm_buf_add(out, k->field[i], strlen(k->field[i]), e);
    return rc ? rc : fm_buf_add(out, "\n", 1, e);
}

static int
draft_column(struct fm_buf *out, const struct cells *c, struct column *k,
             size_t at, struct fm_err *e)
{
    const char *name = c->f.name[at];
    bool listed = true, id;
    int rc = take_column(k, c, at, e);

    if (rc)
        return rc;
    for (size_t i = 0; i < k->kinds; i++)
        listed &= listable(k->field[i]);
    if (at == c->f.label) {
        listed &= k->whole || k->numbers < k->n; /* else a measure */
        listed &= k->kinds <= CLASSES;
        return write_line(out, name, k, listed ? k->kinds : 0, e);
    }
    if (k->n && 2 * k->numbers >= k->n) {
        id = k->whole && k->kinds == c->rows && c->rows >= 20 &&
             (k->counts || named_id(name));
        return id ? write_line(out, name, k, 0, e) : 0;
    }
    listed &= k->kinds >= 2 && k->kinds <= CATEGORIES;
    listed &= 2 * k->kinds <= c->rows;
    return write_line(out, name, k, listed ? k->kinds : 0, e);
}

/* A first line that is a row like the others: a fraction names a column of
 * numbers, and a column of words is named as one of its fields. */
static bool
no_header(const struct cells *c)
{
    bool fraction = false, repeated = false;
    float v;

    for (size_t i = 0; i < c->f.columns; i++) {
        const char *name = c->f.name[i];

        if (fm_field_number(&v, name)) {
            fraction |= strchr(name, '.') != NULL;
            continue;
        }
        for (size_t row = 0; row < c->rows && !repeated; row++)
            repeated = *name && strcmp(cell(c, row, i), name) == 0;
    }
    return fraction && repeated;
}

int
fm_draft(struct fm_buf *out, char *bytes, size_t size, const char *label,
         struct fm_err *e)
{
    struct cells c = {0};
    struct column k = {0};
    int rc = fm_fields_open(&c.f, bytes, size, label, e);

    while (!rc && fm_fields_more(&c.f))
        rc = read_row(&c, e);
    if (!rc && c.rows == 0)
        rc = fm_err_set(e, FM_EINPUT, "no rows under the header");
    if (!rc && no_header(&c))
        rc = fm_err_set(e, FM_EINPUT,
                        "the first line, from '%.*s', is a row like the "
                        "others; put one with the columns' names above it",
                        SHOWN, c.f.name[0]);
    if (!rc && !(k.field = fm_alloc(c.rows, sizeof *k.field, e)))
        rc = FM_ESYS;
    if (!rc)
        rc = draft_column(out, &c, &k, c.f.label, e);
    for (size_t i = 0; i < c.f.columns && !rc; i++)
        if (i != c.f.label)
            rc = draft_column(out, &c, &k, i, e);
    free(k.field);
    fm_buf_free(&c.field);
    fm_buf_free(&c.line);
    fm_fields_free(&c.f);
    return rc;
}
