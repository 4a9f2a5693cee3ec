#include "fed/render.h"

#include "base/mem.h"
#include "base/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 4, CELL = 160, COLUMNS_MAX = 32 };

struct page {
    struct fm_buf *out;
    struct fm_err *e;
    int rc; /* the first failure; nothing is written after it */
    int indent;
    int width; /* of the labels of the object at hand */
};

static void put(struct page *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct page *p, const char *fmt, ...)
{
    char s[2 * CELL + 64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    if (!p->rc)
        p->rc = fm_buf_add(p->out, s, strlen(s), p->e);
}

static const char *
label(char out[CELL], const char *key)
{
    snprintf(out, CELL, "%s", key);
    for (char *p = out; *p; p++)
        if (*p == '_')
            *p = ' ';
    fm_printable(out);
    return out;
}

static bool
is_scalar(const struct fm_json *j)
{
    return fm_json_kind(j) < FM_JSON_ARRAY;
}

/* A list of integers stands in one cell; shapes are written 1x28x28. */
static bool
in_cell(const struct fm_json *j)
{
    if (fm_json_kind(j) != FM_JSON_ARRAY)
        return is_scalar(j);
    return fm_json_kind(fm_json_at(j, 0)) == FM_JSON_INT ||
           fm_json_size(j) == 0;
}

static bool
is_shape(const char *key)
{
    return strcmp(key, "shape") == 0 || strcmp(key, "input") == 0;
}

static const char *
cell(char out[CELL], const char *key, const struct fm_json *j)
{
    size_t at = 0;

    switch (fm_json_kind(j)) {
    case FM_JSON_BOOL:
        return fm_json_bool_of(j) ? "yes" : "no";
    case FM_JSON_INT:
        snprintf(out, CELL, "%lld", (long long)fm_json_int_of(j));
        return out;
    case FM_JSON_REAL:
        snprintf(out, CELL, "%.5g", fm_json_real_of(j));
        return out;
    case FM_JSON_STRING:
        snprintf(out, CELL, "%s", fm_json_text(j));
        fm_printable(out);
        return out;
    case FM_JSON_ARRAY:
        if (fm_json_size(j) == 0)
            return "-";
        for (size_t i = 0; i < fm_json_size(j) && at < CELL - 24; i++)
            at += (size_t)snprintf(out + at, CELL - at, "%s%lld",
                                   i == 0          ? ""
                                   : is_shape(key) ? "x"
                                                   : " ",
                                   (long long)fm_json_int_of(fm_json_at(j, i)));
        return out;
    case FM_JSON_NULL:
    case FM_JSON_OBJECT:
        break;
    }
    return "-";
}

/* Text is on the left of its column, numbers on the right. */
static bool
is_left(const struct fm_json *j)
{
    return fm_json_kind(j) == FM_JSON_STRING ||
           fm_json_kind(j) == FM_JSON_ARRAY || fm_json_kind(j) == FM_JSON_BOOL;
}

/* Bytes that do not start a character of UTF-8: printf pads by bytes. */
static int
extra(const char *s)
{
    int n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) == 0x80;
    return n;
}

static int
columns(const char *s)
{
    return (int)strlen(s) - extra(s);
}

/* --- Tables --- */

struct column {
    const char *key;
    int width;
    bool left, same; /* one text in all rows */
};

struct table {
    struct page *p;
    const struct fm_json *rows;
    struct column col[COLUMNS_MAX];
    size_t n;
};

/* The columns are the first row's; what it does not have has no column. */
static int
add_column(void *ctx, const char *key, const struct fm_json *value)
{
    struct table *t = ctx;
    struct column *c = &t->col[t->n];
    char text[CELL], other[CELL], first[CELL];

    if (!in_cell(value) || t->n == COLUMNS_MAX)
        return 0;
    *c = (struct column){.key = key, .left = is_left(value), .same = true};
    c->width = columns(label(text, key));
    snprintf(first, sizeof first, "%s", cell(text, key, value));
    for (size_t i = 0; i < fm_json_size(t->rows); i++) {
        const struct fm_json *row = fm_json_at(t->rows, i);
        const char *s = cell(other, key, fm_json_get(row, key));

        if (columns(s) > c->width)
            c->width = columns(s);
        c->same = c->same && strcmp(s, first) == 0;
    }
    t->n++;
    return 0;
}

static void
put_cell(struct page *p, const struct column *c, const char *s, bool last)
{
    int pad = extra(s);

    if (c->left && last)
        put(p, "%s", s);
    else
        put(p, c->left ? "%-*s" : "%*s", c->width + pad, s);
    put(p, "%s", last ? "\n" : "  ");
}

/* One line: the labels, or row `i` - 1. */
static void
put_row(struct table *t, size_t i, size_t last)
{
    char text[CELL];

    put(t->p, "%*s", t->p->indent, "");
    for (size_t k = 0; k <= last; k++) {
        const struct column *c = &t->col[k];

        if (c->same)
            continue;
        put_cell(t->p, c,
                 i == 0 ? label(text, c->key)
                        : cell(text, c->key,
                               fm_json_get(fm_json_at(t->rows, i - 1), c->key)),
                 k == last);
    }
}

static void
put_same(struct table *t)
{
    const struct fm_json *row = fm_json_at(t->rows, 0);
    char name[CELL], text[CELL];
    int width = 0;

    for (size_t k = 0; k < t->n; k++)
        if (t->col[k].same && columns(label(name, t->col[k].key)) > width)
            width = columns(label(name, t->col[k].key));
    for (size_t k = 0; k < t->n; k++)
        if (t->col[k].same)
            put(t->p, "%*s%-*s  %s\n", t->p->indent, "", width,
                label(name, t->col[k].key),
                cell(text, t->col[k].key, fm_json_get(row, t->col[k].key)));
}

static void
put_table(struct page *p, const struct fm_json *rows)
{
    struct table *t = fm_alloc(1, sizeof *t, p->e);
    size_t last = 0;
    bool any = false, said = false;

    if (!t) {
        p->rc = FM_ESYS;
        return;
    }
    t->p = p;
    t->rows = rows;
    fm_json_each(fm_json_at(rows, 0), add_column, t);
    for (size_t k = 0; k < t->n; k++) {
        /* One row says everything for itself. */
        if (fm_json_size(rows) == 1)
            t->col[k].same = false;
        if (t->col[k].same) {
            said = true;
        } else {
            last = k;
            any = true;
        }
    }
    put_same(t);
    if (any && said)
        put(p, "\n");
    for (size_t i = 0; any && i <= fm_json_size(rows); i++)
        put_row(t, i, last);
    free(t);
}

/* --- Objects --- */

/* The first line says these two. */
static bool
is_title(const struct page *p, const char *key)
{
    return p->indent == STEP &&
           (strcmp(key, "file") == 0 || strcmp(key, "kind") == 0);
}

static int
measure(void *ctx, const char *key, const struct fm_json *value)
{
    struct page *p = ctx;
    char text[CELL];
    int n = columns(label(text, key));

    if (in_cell(value) && !is_title(p, key) && n > p->width)
        p->width = n;
    return 0;
}

static void put_object(struct page *p, const struct fm_json *o);

/* A text of several lines stands below its label. */
static void
put_lines(struct page *p, const char *s)
{
    while (*s) {
        int n = (int)strcspn(s, "\n");
        char line[CELL];

        snprintf(line, sizeof line, "%.*s", n, s);
        fm_printable(line);
        put(p, "%*s%s\n", p->indent, "", line);
        s += n + (s[n] == '\n');
    }
}

static int
put_member(void *ctx, const char *key, const struct fm_json *value)
{
    struct page *p = ctx, inner = *p;
    const char *s = fm_json_text(value);
    char name[CELL], text[CELL];

    if (is_title(p, key))
        return 0;
    label(name, key);
    if (in_cell(value) && !(s && strchr(s, '\n'))) {
        put(p, "%*s%-*s  %s\n", p->indent, "", p->width + extra(name), name,
            cell(text, key, value));
        return p->rc;
    }
    if (fm_json_size(value) == 0 && !s)
        return 0;
    put(p, "%*s%s\n", p->indent, "", name);
    inner.indent += STEP;
    if (s)
        put_lines(&inner, s);
    else if (fm_json_is_object(value))
        put_object(&inner, value);
    else if (fm_json_is_object(fm_json_at(value, 0)))
        put_table(&inner, value);
    else
        for (size_t i = 0; i < fm_json_size(value); i++)
            put(&inner, "%*s%s\n", inner.indent, "",
                cell(text, key, fm_json_at(value, i)));
    return p->rc = p->rc ? p->rc : inner.rc;
}

static void
put_object(struct page *p, const struct fm_json *o)
{
    p->width = 0;
    fm_json_each(o, measure, p);
    fm_json_each(o, put_member, p);
}

int
fm_render(struct fm_buf *out, const struct fm_json *report, struct fm_err *e)
{
    struct page p = {.out = out, .e = e, .indent = STEP};
    char file[CELL], kind[CELL];
    size_t start = out->len;

    put(&p, "%s: %s\n", cell(file, "", fm_json_get(report, "file")),
        cell(kind, "", fm_json_get(report, "kind")));
    put_object(&p, report);
    if (p.rc)
        out->len = start;
    return p.rc;
}
