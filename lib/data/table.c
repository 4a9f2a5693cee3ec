#include "data/table.h"

#include "base/mem.h"
#include "data/fields.h"
#include "data/fill.h"

#include <stdlib.h>

enum { SHOWN = FM_FIELD_SHOWN };

static const uint32_t missing_bits = 0x7fc00000; /* a NaN: no field reads so */

struct parser {
    struct fm_table *t;
    struct fm_fields f;
    enum fm_labels kind;                     /* of the label column */
    struct fm_buf floats;                    /* its numbers, if wanted */
    const struct fm_onehot *onehot;          /* or NULL */
    const struct fm_onehot_column **onehots; /* each feature's, or NULL */
    const struct fm_onehot_column *classes;  /* the label's, or NULL */
    struct fm_err *e;
};

static int
fail(const struct parser *p, size_t column, const char *what, const char *field)
{
    return fm_err_set(p->e, FM_EINPUT, "line %zu, column '%.*s': %s%.*s%s",
                      p->f.line, SHOWN, p->f.name[column], *field ? "'" : "",
                      SHOWN, field, what);
}

/* Which columns are categories, and how many features there are. */
static int
kinds(struct parser *p)
{
    const struct fm_onehot_column *c;
    size_t at = 0, features = p->f.columns - 1;

    p->onehots = fm_alloc(p->f.columns, sizeof *p->onehots, p->e);
    if (!p->onehots)
        return FM_ESYS;
    for (size_t i = 0; p->onehot && i < p->onehot->n; i++) {
        c = &p->onehot->column[i];
        for (at = 0; at < p->f.columns; at++)
            if (strcmp(p->f.name[at], c->name) == 0)
                break;
        if (at == p->f.columns)
            return fm_err_set(p->e, FM_EINPUT,
                              "no column '%.*s', which the list of "
                              "categories begins a line with",
                              SHOWN, c->name);
        if (at != p->f.label) {
            p->onehots[at] = c;
            features += c->n - 1; /* wraps, and comes back, for n = 0 */
            continue;
        }
        if (c->n > UINT8_MAX + 1)
            return fm_err_set(p->e, FM_EINPUT,
                              "column '%.*s' is the label: of more than 256 "
                              "classes",
                              SHOWN, c->name);
        if (c->n && p->kind == FM_LABELS_NUMBERS)
            return fm_err_set(p->e, FM_EINPUT,
                              "column '%.*s' has categories, and numbers are "
                              "to be learned; take its line out of the list",
                              SHOWN, c->name);
        p->classes = c->n ? c : NULL;
        if (c->n)
            p->kind = FM_LABELS_CLASSES;
    }
    if (features == 0)
        return fm_err_set(p->e, FM_EINPUT,
                          "the list of categories leaves out all features");
    if (features > FM_TABLE_COLUMNS_MAX)
        return fm_err_set(p->e, FM_EINPUT, "more than %d features",
                          FM_TABLE_COLUMNS_MAX);
    p->t->features = features;
    return 0;
}

/* The column that a feature is of. */
static size_t
column_of(const struct parser *p, size_t feature)
{
    size_t i = 0, n;

    for (;; i++) {
        n = p->onehots[i] ? p->onehots[i]->n : i != p->f.label;
        if (feature < n)
            return i;
        feature -= n;
    }
}

/* One feature's name: its column's, and of which category, if of one. */
static int
keep_name(const struct parser *p, const char *column, const char *category)
{
    struct fm_buf *to = &p->t->names;
    int rc = fm_buf_add(to, column, strlen(column), p->e);

    if (category && !rc && !(rc = fm_buf_add(to, "=", 1, p->e)))
        rc = fm_buf_add(to, category, strlen(category), p->e);
    return rc ? rc : fm_buf_add(to, "", 1, p->e);
}

static int
keep_names(const struct parser *p)
{
    int rc = 0;

    for (size_t i = 0; i < p->f.columns && !rc; i++) {
        const struct fm_onehot_column *c = p->onehots[i];

        if (!c && i != p->f.label)
            rc = keep_name(p, p->f.name[i], NULL);
        for (size_t k = 0; c && k < c->n && !rc; k++)
            rc = keep_name(p, p->f.name[i], c->category[k]);
    }
    return rc;
}

static int
read_number(const struct parser *p, size_t column, const char *field, float *v)
{
    if (fm_field_number(v, field))
        return 0;
    if (!fm_field_comma(field))
        return fail(p, column,
                    column != p->f.label
                        ? "' is not a number that a float can hold; a list of "
                          "--categories makes features of words"
                    : p->kind == FM_LABELS_EITHER
                        ? "' is not a number that a float can hold; a list of "
                          "--categories makes classes of words"
                        : "' is not a number that a float can hold",
                    field);
    return fail(p, column,
                p->f.separator == ','
                    ? "' has a decimal comma, not a point"
                    : "' has a decimal comma; `tr , .` makes points of them",
                field);
}

static int
take_number(struct parser *p, size_t column, const char *field)
{
    float v;
    int rc = read_number(p, column, field, &v);

    return rc ? rc : fm_buf_add(&p->t->x, &v, sizeof v, p->e);
}

/* A whole number from 0 to 255, which programs that keep floats write as 1.0,
 * or one of the words that are listed. */
static bool
class_of(const struct parser *p, uint8_t *y, const char *field)
{
    char *rest;
    unsigned long label = strtoul(field, &rest, 10);

    if (p->classes) {
        label = fm_onehot_find(p->classes, field);
        *y = (uint8_t)label;
        return label < p->classes->n;
    }
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0");
    *y = (uint8_t)label;
    return *field >= '0' && *field <= '9' && !*rest && label <= UINT8_MAX;
}

/* Where either will do, both are kept until one is known not to be a class. */
static int
take_label(struct parser *p, const char *field)
{
    uint8_t y;
    float v;
    int rc;

    if (fm_field_missing(field) && !(p->classes && class_of(p, &y, field)))
        return fail(p, p->f.label,
                    *field ? "' says that the label is missing; take the row "
                             "out"
                           : "the label is missing; take the row out",
                    field);
    if (p->kind != FM_LABELS_CLASSES &&
        ((rc = read_number(p, p->f.label, field, &v)) ||
         (rc = fm_buf_add(&p->floats, &v, sizeof v, p->e))))
        return rc;
    if (p->kind == FM_LABELS_NUMBERS)
        return 0;
    if (class_of(p, &y, field))
        return fm_buf_add(&p->t->y, &y, 1, p->e);
    if (p->kind == FM_LABELS_CLASSES)
        return fail(p, p->f.label,
                    p->classes ? "' is none of the label's categories"
                    : fm_field_number(&v, field)
                        ? "' is not a label: a whole number from 0 to 255; a "
                          "model of loss mse learns other numbers"
                        : "' is not a label: a whole number from 0 to "
                          "255, or a word in a list of --categories",
                    field);
    p->kind = FM_LABELS_NUMBERS;
    return 0;
}

static int
take(struct parser *p, size_t column, const char *field, bool mean)
{
    const struct fm_onehot_column *c = p->onehots[column];
    const size_t n = c ? c->n : 1;
    size_t at = n;
    float v = 0;
    int rc = 0;

    if (column == p->f.label)
        return take_label(p, field);
    if (n == 0)
        return 0;
    if (!c && !fm_field_missing(field))
        return take_number(p, column, field);
    if (c && (at = fm_onehot_find(c, field)) == n && !fm_field_missing(field))
        return fail(p, column, "' is none of the column's categories", field);
    if (at == n && !mean)
        return fail(p, column,
                    *field ? "' is missing; `--missing mean` fills in"
                           : "a value is missing; `--missing mean` fills in",
                    field);
    for (size_t i = 0; i < n && !rc; i++) {
        v = i == at ? 1 : 0;
        if (at == n)
            memcpy(&v, &missing_bits, sizeof v);
        rc = fm_buf_add(&p->t->x, &v, sizeof v, p->e);
    }
    return rc;
}

static int
row(struct parser *p, bool mean)
{
    char *field;
    size_t i = 0;
    int rc;

    for (p->f.last = false; !p->f.last; i++) {
        if ((rc = fm_fields_next(&p->f, &field, p->e)))
            return rc;
        if (i == p->f.columns)
            return fm_err_set(p->e, FM_EINPUT,
                              "line %zu: more fields than the header's %zu",
                              p->f.line, p->f.columns);
        if ((rc = take(p, i, field, mean)))
            return rc;
    }
    if (i < p->f.columns)
        return fm_err_set(p->e, FM_EINPUT,
                          "line %zu: %zu fields, but the header has %zu",
                          p->f.line, i, p->f.columns);
    p->t->n++;
    return 0;
}

/* The mean of what a column has, where it has nothing. */
static int
fill(const struct parser *p)
{
    size_t empty;

    if (fm_fill_means((float *)(void *)p->t->x.data, p->t->n, p->t->features,
                      &empty))
        return 0;
    return fm_err_set(p->e, FM_EINPUT,
                      "column '%.*s' has no value to take the mean of", SHOWN,
                      p->f.name[column_of(p, empty)]);
}

int
fm_table_parse(struct fm_table *t, char *bytes, size_t size, const char *label,
               enum fm_labels kind, const struct fm_onehot *onehot, bool mean,
               struct fm_err *e)
{
    struct parser p = {.t = t, .kind = kind, .onehot = onehot, .e = e};
    int rc;

    *t = (struct fm_table){0};
    if ((rc = fm_fields_open(&p.f, bytes, size, label, e)) ||
        (rc = kinds(&p)) || (rc = keep_names(&p)))
        goto out;
    while (fm_fields_more(&p.f))
        if ((rc = row(&p, mean)))
            goto out;
    if (t->n == 0)
        rc = fm_err_set(e, FM_EINPUT, "no rows under the header");
    else if (mean)
        rc = fill(&p);
    if (p.kind == FM_LABELS_NUMBERS) {
        fm_buf_free(&t->y);
        t->y = p.floats;
        p.floats = (struct fm_buf){0};
        t->numbers = 1;
    }
out:
    fm_fields_free(&p.f);
    fm_buf_free(&p.floats);
    free(p.onehots);
    return rc;
}

void
fm_table_free(struct fm_table *t)
{
    fm_buf_free(&t->x);
    fm_buf_free(&t->y);
    fm_buf_free(&t->names);
    *t = (struct fm_table){0};
}
