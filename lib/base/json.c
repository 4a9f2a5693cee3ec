#include "base/json.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A failed addition leaves nothing behind in the tree to be found later, and
 * making a mark would need the memory that just ran out.  So the mark is kept
 * here, for all trees: nothing that was built around it is ever written.
 */
static atomic_bool lost;

static json_t *
in(const struct fm_json *j)
{
    return (json_t *)(uintptr_t)j;
}

static struct fm_json *
up(json_t *j)
{
    return (struct fm_json *)j;
}

/* Nesting and crowds are refused before the recursive parser sees them. */
static int
check_form(const char *s, size_t n, size_t most, const char *what,
           struct fm_err *e)
{
    bool quoted = false;
    size_t depth = 0, values = 0;

    for (size_t i = 0; i < n; i++) {
        if (quoted && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (s[i] == '{' || s[i] == '[')
            depth++, values++;
        else if ((s[i] == '}' || s[i] == ']') && depth > 0)
            depth--;
        else if (s[i] == ',')
            values++;
        if (depth > FM_JSON_DEPTH)
            return fm_err_set(e, FM_EINPUT, "%s: nested deeper than %d levels",
                              what, FM_JSON_DEPTH);
        if (values > most)
            return fm_err_set(e, FM_EINPUT, "%s: more than %zu values", what,
                              most);
    }
    return 0;
}

struct fm_json *
fm_json_parse(const void *p, size_t n, const char *what, struct fm_err *e)
{
    return fm_json_parse_upto(p, n, FM_JSON_VALUES, what, e);
}

struct fm_json *
fm_json_parse_upto(const void *p, size_t n, size_t values, const char *what,
                   struct fm_err *e)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_error_t je;
    json_t *j;

    if (n == 0) {
        fm_err_set(e, FM_EINPUT, "%s: empty, not JSON", what);
        return NULL;
    }
    if (check_form(p, n, values, what, e))
        return NULL;
    j = json_loadb(p, n, flags, &je);
    if (j)
        return up(j);
    if (json_error_code(&je) == json_error_out_of_memory)
        fm_err_nomem(e);
    else
        fm_err_set(e, FM_EINPUT, "%s: byte %d: %s", what, je.position, je.text);
    return NULL;
}

void
fm_json_free(struct fm_json *j)
{
    json_decref(in(j));
}

const struct fm_json *
fm_json_get(const struct fm_json *object, const char *key)
{
    return up(json_object_get(in(object), key));
}

const char *
fm_json_text(const struct fm_json *value)
{
    return json_string_value(in(value));
}

bool
fm_json_str(const struct fm_json *object, const char *key, const char **out)
{
    const char *s = fm_json_text(fm_json_get(object, key));

    if (s)
        *out = s;
    return s != NULL;
}

const char *
fm_json_word(const struct fm_json *object, const char *key)
{
    const char *s = fm_json_text(fm_json_get(object, key));

    return s ? s : "";
}

static bool
bounded(const json_t *v, uint64_t max, uint64_t *out)
{
    json_int_t i = json_integer_value(v);

    if (!json_is_integer(v) || i < 0 || (uint64_t)i > max)
        return false;
    *out = (uint64_t)i;
    return true;
}

bool
fm_json_int(const struct fm_json *object, const char *key, uint64_t max,
            uint64_t *out)
{
    return bounded(json_object_get(in(object), key), max, out);
}

bool
fm_json_int_at(const struct fm_json *array, size_t i, uint64_t max,
               uint64_t *out)
{
    return bounded(json_array_get(in(array), i), max, out);
}

bool
fm_json_is_object(const struct fm_json *j)
{
    return json_is_object(in(j));
}

bool
fm_json_is_array(const struct fm_json *j)
{
    return json_is_array(in(j));
}

size_t
fm_json_size(const struct fm_json *j)
{
    return json_is_array(in(j)) ? json_array_size(in(j))
                                : json_object_size(in(j));
}

enum fm_json_kind
fm_json_kind(const struct fm_json *j)
{
    if (!j)
        return FM_JSON_NULL;
    switch (json_typeof(in(j))) {
    case JSON_TRUE:
    case JSON_FALSE:
        return FM_JSON_BOOL;
    case JSON_INTEGER:
        return FM_JSON_INT;
    case JSON_REAL:
        return FM_JSON_REAL;
    case JSON_STRING:
        return FM_JSON_STRING;
    case JSON_ARRAY:
        return FM_JSON_ARRAY;
    case JSON_OBJECT:
        return FM_JSON_OBJECT;
    case JSON_NULL:
        break;
    }
    return FM_JSON_NULL;
}

const struct fm_json *
fm_json_at(const struct fm_json *array, size_t i)
{
    return up(json_array_get(in(array), i));
}

int64_t
fm_json_int_of(const struct fm_json *value)
{
    return json_integer_value(in(value));
}

double
fm_json_real_of(const struct fm_json *value)
{
    return json_real_value(in(value));
}

bool
fm_json_bool_of(const struct fm_json *value)
{
    return json_is_true(in(value));
}

int
fm_json_each(const struct fm_json *object,
             int (*visit)(void *ctx, const char *key,
                          const struct fm_json *value),
             void *ctx)
{
    const char *key;
    json_t *v;
    int rc;

    json_object_foreach(in(object), key, v)
    {
        rc = visit(ctx, key, up(v));
        if (rc)
            return rc;
    }
    return 0;
}

struct fm_json *
fm_json_object(void)
{
    return up(json_object());
}

struct fm_json *
fm_json_array(void)
{
    return up(json_array());
}

/* Give `v` to the tree; the pointer stays good, or NULL when it went wrong. */
static struct fm_json *
add(struct fm_json *to, const char *key, json_t *v)
{
    int bad;

    if (!to || !v) {
        json_decref(v);
        bad = 1;
    } else if (key)
        bad = json_object_set_new_nocheck(in(to), key, v);
    else
        bad = json_array_append_new(in(to), v);
    if (bad)
        lost = true;
    return bad ? NULL : up(v);
}

struct fm_json *
fm_json_add_object(struct fm_json *to, const char *key)
{
    return add(to, key, json_object());
}

struct fm_json *
fm_json_add_array(struct fm_json *to, const char *key)
{
    return add(to, key, json_array());
}

void
fm_json_add_str(struct fm_json *to, const char *key, const char *s)
{
    /* Unchecked: bad UTF-8 is found, and refused, when it is written. */
    add(to, key, json_string_nocheck(s));
}

void
fm_json_add_name(struct fm_json *to, const char *key, const char *s)
{
    json_t *v = json_string(s);
    char *text = v ? NULL : strdup(s);

    for (char *p = text; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    add(to, key, v ? v : text ? json_string(text) : NULL);
    free(text);
}

void
fm_json_add_int(struct fm_json *to, const char *key, uint64_t v)
{
    assert(v <= INT64_MAX);
    add(to, key, json_integer((json_int_t)v));
}

void
fm_json_add_real(struct fm_json *to, const char *key, double v)
{
    add(to, key, isfinite(v) ? json_real(v) : json_null());
}

void
fm_json_add_bool(struct fm_json *to, const char *key, bool v)
{
    add(to, key, json_boolean(v));
}

void
fm_json_add_null(struct fm_json *to, const char *key)
{
    add(to, key, json_null());
}

struct sink {
    struct fm_buf *out;
    struct fm_err *e;
    int rc;
};

static int
sink(const char *p, size_t n, void *ctx)
{
    struct sink *s = ctx;

    s->rc = fm_buf_add(s->out, p, n, s->e);
    return s->rc ? -1 : 0;
}

/*
 * The fewest digits that read back as the same number: jansson 2.14 would
 * write 0.1 as 0.10000000000000001.  A point or an exponent keeps it a real.
 */
static int
dump_real(struct sink *s, double v)
{
    char text[40];
    int n = 0;

    for (int digits = 1; digits <= 17; digits++) {
        n = snprintf(text, sizeof text - 2, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    if (!strpbrk(text, ".e")) {
        memcpy(text + n, ".0", 3);
        n += 2;
    }
    return sink(text, (size_t)n, s);
}

static int
dump_text(struct sink *s, const char *text)
{
    json_t *v = json_string_nocheck(text);
    int rc = -1;

    if (v)
        rc = json_dump_callback(v, sink, s, JSON_ENCODE_ANY);
    json_decref(v);
    return rc;
}

/* Containers and reals are ours, everything else is jansson's. */
static int
dump(struct sink *s, json_t *j)
{
    const char *key, *comma = "";
    json_t *v;
    size_t i;

    if (json_is_real(j))
        return dump_real(s, json_real_value(j));
    if (json_is_array(j)) {
        if (sink("[", 1, s))
            return -1;
        json_array_foreach(j, i, v)
        {
            if (sink(comma, strlen(comma), s) || dump(s, v))
                return -1;
            comma = ",";
        }
        return sink("]", 1, s);
    }
    if (json_is_object(j)) {
        if (sink("{", 1, s))
            return -1;
        json_object_foreach(j, key, v)
        {
            if (sink(comma, strlen(comma), s) || dump_text(s, key) ||
                sink(":", 1, s) || dump(s, v))
                return -1;
            comma = ",";
        }
        return sink("}", 1, s);
    }
    return json_dump_callback(j, sink, s, JSON_ENCODE_ANY);
}

int
fm_json_dump(struct fm_buf *out, const struct fm_json *j, struct fm_err *e)
{
    struct sink s = {.out = out, .e = e};
    size_t len = out->len;

    if (!j || lost)
        return fm_err_nomem(e);
    if (dump(&s, in(j)) == 0)
        return 0;
    out->len = len;
    if (s.rc)
        return s.rc;
    return fm_err_set(e, FM_ESYS, "cannot write JSON: a string is not UTF-8");
}
