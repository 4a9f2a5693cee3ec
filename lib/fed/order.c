#include "fed/order.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/odc.h"
#include "bundle/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What to read of a file at most before its first answer: an index. */
enum { INDEX_MAX = 16 << 20 };

struct entry {
    char *path;
    uint64_t round;
    size_t at;
};

static int
by_round(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->round != y->round)
        return x->round < y->round ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The next member's name and data, into `b`; false when there is none. */
static bool
read_member(struct fm_source *s, struct fm_buf *b, struct fm_err *e)
{
    size_t name, got;
    uint64_t data;

    b->len = 0;
    return fm_source_read(s, b, FM_ODC_HEADER, &got, e) == 0 &&
           got == FM_ODC_HEADER && !fm_odc_sizes(b->data, &name, &data) &&
           data <= INDEX_MAX &&
           fm_source_read(s, b, name + (size_t)data, &got, e) == 0 &&
           got == name + (size_t)data && b->data[FM_ODC_HEADER + name - 1] == 0;
}

static const char *
name_of(const struct fm_buf *b)
{
    return (const char *)b->data + FM_ODC_HEADER;
}

/* The round in a manifest or a partial sum's head; 0 when it says none. */
static uint64_t
round_of(const struct fm_buf *b)
{
    size_t at = FM_ODC_HEADER + strlen(name_of(b)) + 1;
    struct fm_json *j;
    uint64_t round = 0;

    if (b->len - at > FM_MANIFEST_MAX)
        return 0;
    if (strcmp(name_of(b), "manifest.json") != 0 &&
        strcmp(name_of(b), "partial.json") != 0)
        return 0;
    j = fm_json_parse(b->data + at, b->len - at, "manifest", NULL);
    if (j && fm_json_is_object(j) &&
        !fm_json_int(j, "round", FM_ROUND_MAX, &round))
        round = 0;
    fm_json_free(j);
    return round;
}

/* Whatever goes wrong is for the real reader to find and to say. */
static uint64_t
peek(const char *path)
{
    struct fm_err e = {0};
    struct fm_buf b = {0};
    struct fm_source s;
    struct stat st;
    uint64_t round = 0;

    /* A pipe gives its bytes once, and must not even be opened. */
    if (strcmp(path, "-") == 0 ||
        (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
        return UINT64_MAX;
    if (fm_source_open(&s, path, &e))
        return 0;
    /* A round file: its index is an archive of two members and a trailer. */
    if (read_member(&s, &b, &e) &&
        (strcmp(name_of(&b), "index") != 0 ||
         (read_member(&s, &b, &e) && read_member(&s, &b, &e) &&
          read_member(&s, &b, &e))))
        round = round_of(&b);
    fm_source_close(&s);
    fm_buf_free(&b);
    return round;
}

int
fm_order_files(char **path, size_t n, struct fm_err *e)
{
    struct entry *all = fm_alloc(n, sizeof *all, e);

    if (!all)
        return FM_ESYS;
    for (size_t i = 0; i < n; i++)
        all[i] = (struct entry){path[i], peek(path[i]), i};
    qsort(all, n, sizeof *all, by_round);
    for (size_t i = 0; i < n; i++)
        path[i] = all[i].path;
    free(all);
    return 0;
}
