#include "data/npy.h"

#include "base/mem.h"

enum { MAGIC = 6, SHOWN = 40 };

static const char magic[] = "\x93NUMPY";

/* A header, and how far it was read. */
struct text {
    const char *start, *at, *end;
    struct fm_err *e;
};

bool
fm_npy_is(const uint8_t *bytes, size_t size)
{
    return size >= MAGIC && memcmp(bytes, magic, MAGIC) == 0;
}

static int
bad(const struct text *t)
{
    return fm_err_set(t->e, FM_EINPUT,
                      "NPY: byte %zu: not the header that NumPy writes",
                      (size_t)(t->at - t->start));
}

static void
blanks(struct text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n'))
        t->at++;
}

/* Pass over a word, if it is the next. */
static bool
word(struct text *t, const char *s)
{
    size_t n = strlen(s);

    blanks(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, s, n) != 0)
        return false;
    t->at += n;
    return true;
}

/* A string without its quotes. */
static bool
quoted(struct text *t, const char **s, size_t *n)
{
    const char *stop;
    char quote;

    blanks(t);
    if (t->at == t->end || (*t->at != '\'' && *t->at != '"'))
        return false;
    quote = *t->at;
    *s = t->at + 1;
    stop = memchr(*s, quote, (size_t)(t->end - *s));
    if (!stop)
        return false;
    *n = (size_t)(stop - *s);
    t->at = stop + 1;
    return true;
}

static bool
number(struct text *t, size_t *v)
{
    const char *start;

    blanks(t);
    start = t->at;
    for (*v = 0; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
        if (!fm_mul_ok(*v, 10, v) || !fm_add_ok(*v, (size_t)(*t->at - '0'), v))
            return false;
    return t->at > start;
}

static int
read_type(struct fm_array *a, struct text *t)
{
    static const struct {
        const char *name;
        enum fm_array_kind kind;
        size_t size;
    } type[] = {
        {"b1", FM_ARRAY_BOOL, 1},     {"u1", FM_ARRAY_UNSIGNED, 1},
        {"u2", FM_ARRAY_UNSIGNED, 2}, {"u4", FM_ARRAY_UNSIGNED, 4},
        {"u8", FM_ARRAY_UNSIGNED, 8}, {"i1", FM_ARRAY_SIGNED, 1},
        {"i2", FM_ARRAY_SIGNED, 2},   {"i4", FM_ARRAY_SIGNED, 4},
        {"i8", FM_ARRAY_SIGNED, 8},   {"f4", FM_ARRAY_FLOAT, 4},
        {"f8", FM_ARRAY_FLOAT, 8},
    };
    const char *s;
    size_t n;

    if (word(t, "["))
        return fm_err_set(t->e, FM_EINPUT,
                          "NPY: an array of records; save each field as an "
                          "array");
    if (!quoted(t, &s, &n))
        return bad(t);
    for (size_t i = 0; n == 3 && i < sizeof type / sizeof *type; i++)
        if (memcmp(s + 1, type[i].name, 2) == 0 &&
            (*s == '<' || *s == '>' || (*s == '|' && type[i].size == 1))) {
            a->kind = type[i].kind;
            a->size = type[i].size;
            a->big = *s == '>';
            memcpy(a->type, s, n);
            a->type[n] = '\0';
            return 0;
        }
    return fm_err_set(t->e, FM_EINPUT,
                      "NPY: values of type '%.*s', not b1, i1 to i8, u1 to u8, "
                      "f4 or f8",
                      (int)(n < SHOWN ? n : SHOWN), s);
}

static int
read_order(struct text *t)
{
    if (word(t, "False"))
        return 0;
    if (!word(t, "True"))
        return bad(t);
    return fm_err_set(t->e, FM_EINPUT,
                      "NPY: in Fortran order; save "
                      "numpy.ascontiguousarray(array) instead");
}

static int
read_shape(struct fm_array *a, struct text *t)
{
    bool comma = true;

    if (!word(t, "("))
        return bad(t);
    for (a->ndim = 0; !word(t, ")"); a->ndim++) {
        if (a->ndim == FM_ARRAY_NDIM)
            return fm_err_set(t->e, FM_EINPUT, "NPY: more than %d dimensions",
                              FM_ARRAY_NDIM);
        if (!comma || !number(t, &a->dim[a->ndim]))
            return bad(t);
        comma = word(t, ",");
    }
    return 0;
}

/* The dict: each of the keys once, in any order. */
static int
read_header(struct fm_array *a, struct text *t)
{
    static const char *const key[] = {"descr", "fortran_order", "shape"};
    bool seen[3] = {false}, comma = true;
    const char *s;
    size_t n, k;
    int rc;

    if (!word(t, "{"))
        return bad(t);
    while (!word(t, "}")) {
        if (!comma || !quoted(t, &s, &n))
            return bad(t);
        for (k = 0; k < 3; k++)
            if (n == strlen(key[k]) && memcmp(s, key[k], n) == 0)
                break;
        if (k == 3 || seen[k] || !word(t, ":"))
            return bad(t);
        seen[k] = true;
        rc = k == 0   ? read_type(a, t)
             : k == 1 ? read_order(t)
                      : read_shape(a, t);
        if (rc)
            return rc;
        comma = word(t, ",");
    }
    blanks(t);
    return t->at == t->end && seen[0] && seen[1] && seen[2] ? 0 : bad(t);
}

int
fm_npy_parse(struct fm_array *a, const uint8_t *bytes, size_t size,
             struct fm_err *e)
{
    struct text t = {.start = (const char *)bytes, .e = e};
    size_t head = MAGIC + 2, wide, len;
    int rc;

    *a = (struct fm_array){0};
    if (!fm_npy_is(bytes, size))
        return fm_err_set(e, FM_EINPUT, "not an NPY file");
    if (size < head)
        return fm_err_set(e, FM_EINPUT, "NPY: cut short in its header");
    if (bytes[MAGIC] < 1 || bytes[MAGIC] > 3 || bytes[MAGIC + 1] != 0)
        return fm_err_set(e, FM_EINPUT,
                          "NPY: of version %u.%u, not 1.0, 2.0 or 3.0",
                          bytes[MAGIC], bytes[MAGIC + 1]);
    wide = bytes[MAGIC] == 1 ? 2 : 4;
    if (size < head + wide)
        return fm_err_set(e, FM_EINPUT, "NPY: cut short in its header");
    len = wide == 2 ? fm_get16(bytes + head) : fm_get32(bytes + head);
    head += wide;
    if (len > FM_NPY_HEADER_MAX)
        return fm_err_set(e, FM_EINPUT, "NPY: a header of more than %d bytes",
                          FM_NPY_HEADER_MAX);
    if (len > size - head)
        return fm_err_set(e, FM_EINPUT, "NPY: cut short in its header");
    t.at = t.start + head;
    t.end = t.at + len;
    if ((rc = read_header(a, &t)))
        return rc;
    a->data = bytes + head + len;
    if ((rc = fm_array_count(a, size - head - len, e)))
        fm_err_where(e, "NPY");
    return rc;
}
