#include "data/stats.h"

#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char magic[] = "fedmrn-stats";
static const uint64_t count_max = UINT64_C(1) << FM_STATS_COUNT_LOG2;

enum { SHOWN = 40, LINE_MIN = 15 /* "\t0x0p+0\t0x0p+0\n" */ };

/* Let the features' names point into `names`, which holds them all. */
static void
point(struct fm_stats *s)
{
    const char *name = (const char *)s->names.data;

    for (size_t i = 0; i < s->n; i++) {
        s->feature[i].name = name;
        name += strlen(name) + 1;
    }
}

static int
start(struct fm_stats *s, size_t n, struct fm_err *e)
{
    s->feature = fm_alloc(n, sizeof *s->feature, e);
    s->n = s->feature ? n : 0;
    return s->feature ? 0 : FM_ESYS;
}

/* Might a terminal obey this character?  C1 controls are two bytes in UTF-8. */
static bool
is_control(uint8_t c, uint8_t next)
{
    return (c && c < ' ') || c == 0x7f ||
           (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* The names of a table's columns as they go into a line of a file. */
static int
take_names(struct fm_stats *s, const struct fm_dataset *d, struct fm_err *e)
{
    size_t size = d->f ? d->names.len : s->n;
    int rc = fm_buf_reserve(&s->names, size, e);

    if (rc)
        return rc;
    memset(s->names.data, 0, size);
    if (d->f)
        memcpy(s->names.data, d->names.data, size);
    s->names.len = size;
    for (size_t i = 0; i < size; i++)
        if (is_control(s->names.data[i],
                       i + 1 < size ? s->names.data[i + 1] : 0)) {
            /* Half of one would still be obeyed where bytes are characters. */
            if (s->names.data[i] == 0xc2)
                s->names.data[i + 1] = '?';
            s->names.data[i] = '?';
        }
    point(s);
    return 0;
}

static void
take_floats(struct fm_stats *s, const float *x, size_t plane)
{
    for (size_t c = 0; c < s->n; c++, x += plane)
        for (size_t i = 0; i < plane; i++) {
            fm_wide_float(&s->feature[c].sum, x[i]);
            fm_wide_square(&s->feature[c].squares, x[i]);
        }
}

static void
take_pixels(struct fm_stats *s, const uint8_t *x, size_t plane)
{
    for (size_t c = 0; c < s->n; c++, x += plane) {
        uint64_t sum = 0, squares = 0;

        /* A file's 2^36 bytes of squares below 2^16 fit. */
        for (size_t i = 0; i < plane; i++) {
            sum += x[i];
            squares += (uint64_t)x[i] * x[i];
        }
        fm_wide_count(&s->feature[c].sum, sum);
        fm_wide_count(&s->feature[c].squares, squares);
    }
}

int
fm_stats_take(struct fm_stats *s, const struct fm_dataset *d,
              const uint32_t *row, size_t n, struct fm_err *e)
{
    size_t plane = d->h * d->w, count;
    int rc;

    assert(!d->text && (d->f || d->x));
    *s = (struct fm_stats){.pixels = !d->f};
    if (!fm_mul_ok(n, plane, &count) || count > count_max)
        return fm_err_set(e, FM_EINPUT, "more than 2^%d values of a feature",
                          FM_STATS_COUNT_LOG2);
    s->count = count;
    if ((rc = start(s, d->c, e)) || (rc = take_names(s, d, e)))
        return rc;
    for (size_t i = 0; i < n; i++) {
        assert(row[i] < d->n);
        if (d->f)
            take_floats(s, d->f + row[i] * d->c * plane, plane);
        else
            take_pixels(s, fm_dataset_row(d, row[i]), plane);
    }
    return 0;
}

void
fm_stats_free(struct fm_stats *s)
{
    free(s->feature);
    fm_buf_free(&s->names);
    *s = (struct fm_stats){0};
}

/* --- The file ---------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
    size_t line;
    struct fm_err *e;
};

/* The next line's fields, of which there must be `n`, in `text` (its size is
 * `room`).  Returns 0 or a code. */
static int
fields(struct reader *r, char *text, size_t room, char **field, size_t n)
{
    const uint8_t *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t size, some = 1;

    r->line++;
    if (!stop)
        return fm_err_set(r->e, FM_EINPUT, "line %zu: cut short", r->line);
    size = (size_t)(stop - r->at);
    if (size >= room || memchr(r->at, '\0', size))
        return fm_err_set(r->e, FM_EINPUT, "line %zu: not a line of sums",
                          r->line);
    memcpy(text, r->at, size);
    text[size] = '\0';
    r->at = stop + 1;
    field[0] = text;
    for (char *s = text; (s = strchr(s, '\t')); some++) {
        *s++ = '\0';
        if (some < n)
            field[some] = s;
    }
    if (some != n)
        return fm_err_set(r->e, FM_EINPUT, "line %zu: %zu fields, not %zu",
                          r->line, some, n);
    return 0;
}

/* Digits without a sign, in 1..max. */
static bool
count(const char *s, uint64_t max, uint64_t *out)
{
    *out = 0;
    if (*s < '1' || strlen(s) > 18)
        return false;
    for (; *s >= '0' && *s <= '9'; s++)
        *out = 10 * *out + (uint64_t)(*s - '0');
    return !*s && *out <= max;
}

static int
read_head(struct fm_stats *s, struct reader *r)
{
    char text[128], *field[5];
    uint64_t n;
    int rc;

    if ((size_t)(r->end - r->at) < sizeof magic ||
        memcmp(r->at, magic, sizeof magic - 1) != 0)
        return fm_err_set(r->e, FM_EINPUT,
                          "not a file of sums; fedmrn-stats --data or "
                          "--images makes one");
    if ((rc = fields(r, text, sizeof text, field, 5)))
        return rc;
    if (strcmp(field[1], "1") != 0)
        return fm_err_set(r->e, FM_EINPUT,
                          "version '%.*s' of the sums; this "
                          "tool knows 1",
                          SHOWN, field[1]);
    s->pixels = strcmp(field[2], "pixels") == 0;
    if ((!s->pixels && strcmp(field[2], "table") != 0) ||
        !count(field[3], count_max, &s->count) ||
        !count(field[4], 1U << 24, &n))
        return fm_err_set(r->e, FM_EINPUT, "line 1: not a head of sums");
    /* A hostile head cannot ask for more than the file has lines for. */
    if (n > (size_t)(r->end - r->at) / LINE_MIN)
        return fm_err_set(r->e, FM_EINPUT,
                          "line 1: %llu features, but the "
                          "file is shorter",
                          (unsigned long long)n);
    return start(s, n, r->e);
}

/* Could `count` numbers have these sums?  Bounded by its own count, each file
 * leaves room for as many others as fm_stats_add lets in. */
static bool
possible(const struct fm_stats *s, const struct fm_stats_feature *f)
{
    int largest = s->pixels ? 8 : 128, unit = s->pixels ? 0 : -149, log2 = 0;
    struct fm_wide spread;

    while (UINT64_C(1) << log2 < s->count)
        log2++;
    return fm_wide_within(&f->sum, largest + log2, unit) &&
           fm_wide_within(&f->squares, 2 * largest + log2, 2 * unit) &&
           fm_wide_spread(&spread, &f->sum, &f->squares, s->count);
}

static int
read_feature(struct fm_stats *s, size_t i, struct reader *r, char *text,
             size_t room)
{
    struct fm_stats_feature *f = &s->feature[i];
    char *field[3];
    int rc;

    if ((rc = fields(r, text, room, field, 3)))
        return rc;
    for (const char *c = field[0]; *c; c++)
        if (is_control((uint8_t)c[0], (uint8_t)c[1]))
            return fm_err_set(r->e, FM_EINPUT,
                              "line %zu: a control character in a name",
                              r->line);
    if (!fm_wide_parse(&f->sum, field[1]) ||
        !fm_wide_parse(&f->squares, field[2]))
        return fm_err_set(r->e, FM_EINPUT, "line %zu: not an exact sum",
                          r->line);
    if (!possible(s, f))
        return fm_err_set(r->e, FM_EINPUT,
                          "line %zu: no %llu numbers have these sums", r->line,
                          (unsigned long long)s->count);
    return fm_buf_add(&s->names, field[0], strlen(field[0]) + 1, r->e);
}

static int
read_end(struct reader *r, const uint8_t *bytes)
{
    struct fm_id id = fm_hash128(bytes, (size_t)(r->at - bytes));
    char text[64], hex[FM_ID_HEX], *field[2];
    int rc;

    if ((rc = fields(r, text, sizeof text, field, 2)))
        return rc;
    if (strcmp(field[0], "end") != 0)
        return fm_err_set(r->e, FM_EINPUT, "line %zu: no end of the sums",
                          r->line);
    if (strcmp(field[1], fm_id_hex(hex, &id)) != 0)
        return fm_err_set(r->e, FM_EINPUT,
                          "damaged: the checksum of its bytes is %s, not what "
                          "it says",
                          hex);
    return 0;
}

int
fm_stats_parse(struct fm_stats *s, const uint8_t *bytes, size_t size,
               size_t *used, struct fm_err *e)
{
    struct reader r = {bytes, bytes + size, 0, e};
    size_t room = size + 1;
    char *text = NULL;
    int rc;

    *s = (struct fm_stats){0};
    if ((rc = read_head(s, &r)))
        return rc;
    if (!(text = fm_alloc_dirty(room, 1, e)))
        return FM_ESYS;
    for (size_t i = 0; i < s->n && !rc; i++)
        rc = read_feature(s, i, &r, text, room);
    if (!rc)
        rc = read_end(&r, bytes);
    if (!rc)
        point(s);
    *used = (size_t)(r.at - bytes);
    free(text);
    return rc;
}

int
fm_stats_text(struct fm_buf *out, const struct fm_stats *s, struct fm_err *e)
{
    size_t begin = out->len;
    char line[2 * FM_WIDE_TEXT + 8], sum[FM_WIDE_TEXT], squares[FM_WIDE_TEXT];
    char hex[FM_ID_HEX];
    struct fm_id id;
    int rc, n;

    n = snprintf(line, sizeof line, "%s\t1\t%s\t%llu\t%zu\n", magic,
                 s->pixels ? "pixels" : "table", (unsigned long long)s->count,
                 s->n);
    rc = fm_buf_add(out, line, (size_t)n, e);
    for (size_t i = 0; i < s->n && !rc; i++) {
        const struct fm_stats_feature *f = &s->feature[i];

        fm_wide_text(sum, &f->sum);
        fm_wide_text(squares, &f->squares);
        n = snprintf(line, sizeof line, "\t%s\t%s\n", sum, squares);
        if (!(rc = fm_buf_add(out, f->name, strlen(f->name), e)))
            rc = fm_buf_add(out, line, (size_t)n, e);
    }
    if (rc)
        return rc;
    id = fm_hash128(out->data + begin, out->len - begin);
    n = snprintf(line, sizeof line, "end\t%s\n", fm_id_hex(hex, &id));
    return fm_buf_add(out, line, (size_t)n, e);
}

/* --- What is made of them ---------------------------------------------- */

int
fm_stats_add(struct fm_stats *s, const struct fm_stats *more, struct fm_err *e)
{
    if (s->pixels != more->pixels)
        return fm_err_set(e, FM_EINPUT,
                          "sums of %s do not add up with those "
                          "of %s",
                          more->pixels ? "pixels" : "a table",
                          s->pixels ? "pixels" : "a table");
    if (s->n != more->n)
        return fm_err_set(e, FM_EINPUT, "%zu features, but %zu before it",
                          more->n, s->n);
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->feature[i].name, more->feature[i].name) != 0)
            return fm_err_set(e, FM_EINPUT,
                              "feature %zu is '%.*s', but '%.*s' before it; "
                              "all tables need the same columns in one order",
                              i + 1, SHOWN, more->feature[i].name, SHOWN,
                              s->feature[i].name);
    if (s->count + more->count > count_max)
        return fm_err_set(e, FM_EINPUT, "more than 2^%d values of a feature",
                          FM_STATS_COUNT_LOG2);
    s->count += more->count;
    for (size_t i = 0; i < s->n; i++) {
        fm_wide_add(&s->feature[i].sum, &more->feature[i].sum);
        fm_wide_add(&s->feature[i].squares, &more->feature[i].squares);
    }
    return 0;
}

double
fm_stats_mean(const struct fm_stats *s, size_t i)
{
    double mean = fm_wide_double(&s->feature[i].sum) / (double)s->count;

    return s->pixels ? mean / 255.0 : mean;
}

double
fm_stats_std(const struct fm_stats *s, size_t i)
{
    struct fm_wide spread;
    double std;
    bool ok = fm_wide_spread(&spread, &s->feature[i].sum,
                             &s->feature[i].squares, s->count);

    assert(ok);
    std = sqrt(fm_wide_double(&spread)) / (double)s->count;
    return s->pixels ? std / 255.0 : std;
}
