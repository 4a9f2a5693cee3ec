#include "data/onehot.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What of a name a message shows. */
enum { SHOWN = 40 };

/* The next of a line's fields, without the blanks around it; *at becomes NULL
 * behind the last. */
static char *
next(char **at)
{
    char *field = *at + strspn(*at, " "), *end = strchr(field, '\t');

    *at = end ? end + 1 : NULL;
    end = end ? end : field + strlen(field);
    while (end > field && (end[-1] == ' ' || end[-1] == '\r'))
        end--;
    *end = '\0';
    return field;
}

size_t
fm_onehot_find(const struct fm_onehot_column *c, const char *category)
{
    size_t i = 0;

    while (i < c->n && strcmp(c->category[i], category) != 0)
        i++;
    return i;
}

static int
take_line(struct fm_onehot *h, char *at, size_t line, struct fm_err *e)
{
    struct fm_onehot_column *c = &h->column[h->n];
    size_t fields = 1;

    if (h->n == FM_ONEHOT_MAX)
        return fm_err_set(e, FM_EINPUT, "line %zu: more than %d columns", line,
                          FM_ONEHOT_MAX);
    for (const char *s = at; *s; s++)
        fields += *s == '\t';
    c->name = next(&at);
    if (fields - 1 > FM_ONEHOT_MAX)
        return fm_err_set(e, FM_EINPUT, "line %zu: more than %d categories",
                          line, FM_ONEHOT_MAX);
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->column[i].name, c->name) == 0)
            return fm_err_set(e, FM_EINPUT, "line %zu: '%.*s' comes twice",
                              line, SHOWN, c->name);
    c->category = fm_alloc(fields - 1, sizeof *c->category, e);
    if (!c->category)
        return FM_ESYS;
    h->n++;
    while (at) {
        const char *category = next(&at);

        if (!*category || fm_onehot_find(c, category) < c->n)
            return fm_err_set(e, FM_EINPUT, "line %zu: category '%.*s' %s",
                              line, SHOWN, category,
                              *category ? "comes twice" : "is empty");
        c->category[c->n++] = category;
    }
    return 0;
}

struct fm_onehot *
fm_onehot_parse(char *text, size_t size, struct fm_err *e)
{
    struct fm_onehot *h = fm_alloc(1, sizeof *h, e);
    char *at = text, *end = text + size, *stop;
    size_t line = 0;
    int rc = h ? 0 : FM_ESYS;

    *end = '\0';
    if (!rc && memchr(text, '\0', size))
        rc = fm_err_set(e, FM_EINPUT, "not a text: a NUL byte");
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (; !rc && at < end; at = stop + 1) {
        line++;
        stop = strchr(at, '\n');
        stop = stop ? stop : end;
        *stop = '\0';
        if (at[strspn(at, " \r")])
            rc = take_line(h, at, line, e);
    }
    if (!rc && h->n == 0)
        rc = fm_err_set(e, FM_EINPUT, "no column in it");
    if (!rc)
        return h;
    fm_onehot_free(h);
    return NULL;
}

void
fm_onehot_free(struct fm_onehot *h)
{
    for (size_t i = 0; h && i < h->n; i++)
        free(h->column[i].category);
    free(h);
}
