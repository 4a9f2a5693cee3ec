#include "tensor/words.h"

#include "tensor/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_MAX = 65535 };

int
fm_words_fail(struct fm_words *w, const char *fmt, ...)
{
    char reason[160], where[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    snprintf(where, sizeof where, "%.100s:%zu", w->what, w->line);
    return fm_err_set(w->e, FM_EINPUT, "%s: %.40s%s%s", where,
                      w->n ? w->word[0] : "", w->n ? ": " : "", reason);
}

int
fm_words_cut(struct fm_words *w, const char *line, size_t len)
{
    const char *hash = memchr(line, '#', len);
    char *at = w->buf;

    w->line++;
    w->n = 0;
    w->used = 1;
    if (hash)
        len = (size_t)(hash - line);
    if (len > FM_WORDS_LINE)
        return fm_words_fail(w, "longer than %d characters", FM_WORDS_LINE);
    memcpy(w->buf, line, len);
    w->buf[len] = '\0';
    for (;;) {
        at += strspn(at, " \t\r");
        if (!*at)
            return 0;
        if (w->n == FM_WORDS_MAX)
            return fm_words_fail(w, "more than %d words", FM_WORDS_MAX);
        w->word[w->n++] = at;
        at += strcspn(at, " \t\r");
        if (*at)
            *at++ = '\0';
    }
}

int
fm_words_end(struct fm_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (!(w->used & 1u << i))
            return fm_words_fail(w, "%.40s is not understood here", w->word[i]);
    return fm_words_put(w, "\n");
}

size_t
fm_words_split(const char *s, size_t *dim, size_t n)
{
    char part[24];
    size_t got = 0;

    for (;;) {
        size_t len = strcspn(s, "x");
        uint64_t v;

        if (got == n || len >= sizeof part)
            return 0;
        memcpy(part, s, len);
        part[len] = '\0';
        if (!fm_count_parse(&v, part, 1, (uint64_t)1 << 31))
            return 0;
        dim[got++] = (size_t)v;
        if (!s[len])
            return got;
        s += len + 1;
    }
}

int
fm_words_dims(struct fm_words *w, size_t i, const char *what, size_t *dim,
              size_t n)
{
    if (i >= w->n)
        return fm_words_fail(w, "%s is missing", what);
    if (fm_words_split(w->word[i], dim, n) != n)
        return fm_words_fail(w, "%.40s is not %s", w->word[i], what);
    w->used |= 1u << i;
    return 0;
}

/* The text after "name=" among the words, or NULL. */
static const char *
find(struct fm_words *w, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 1; i < w->n; i++)
        if (!(w->used & 1u << i) && strncmp(w->word[i], name, len) == 0 &&
            w->word[i][len] == '=') {
            w->used |= 1u << i;
            return w->word[i] + len + 1;
        }
    return NULL;
}

bool
fm_words_flag(struct fm_words *w, const char *name)
{
    for (size_t i = 1; i < w->n; i++)
        if (!(w->used & 1u << i) && strcmp(w->word[i], name) == 0) {
            w->used |= 1u << i;
            return true;
        }
    return false;
}

int
fm_words_count(struct fm_words *w, const char *name, size_t min, size_t *v)
{
    const char *s = find(w, name);
    uint64_t n = *v;

    if (s && !fm_count_parse(&n, s, min, OPTION_MAX))
        return fm_words_fail(w, "%s=%.40s is not an integer in %zu..%d", name,
                             s, min, OPTION_MAX);
    *v = (size_t)n;
    return 0;
}

int
fm_words_share(struct fm_words *w, const char *name, double *v)
{
    const char *s = find(w, name);

    if (s && (!fm_double_parse(v, s) || *v < 0 || *v > 1))
        return fm_words_fail(w, "%s=%.40s is not a number in [0,1]", name, s);
    return 0;
}

int
fm_words_put(struct fm_words *w, const char *fmt, ...)
{
    char s[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    return fm_buf_add(w->canonical, s, strlen(s), w->e);
}

int
fm_words_put_count(struct fm_words *w, const char *name, size_t v,
                   size_t otherwise)
{
    return v == otherwise ? 0 : fm_words_put(w, " %s=%zu", name, v);
}

int
fm_words_put_real(struct fm_words *w, const char *name, double v,
                  double otherwise)
{
    char number[FM_DOUBLE_TEXT];

    if (v == otherwise)
        return 0;
    fm_double_text(number, v);
    return fm_words_put(w, " %s=%s", name, number);
}
