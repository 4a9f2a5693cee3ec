#include "trust/roster.h"

#include "base/mem.h"
#include "bundle/bundle.h"
#include "tensor/number.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS = 3 };

struct fm_roster {
    struct fm_holder *by_key; /* all, in the order of the keys' ids */
    size_t n, room;
    struct fm_holder **by_client; /* those in force, in the order of clients */
    size_t nclients;
    const char *name; /* while it is read */
    uint8_t digest[FM_BLAKE_256];
};

/* --- Orders ------------------------------------------------------------ */

static int
cmp_key_id(const void *a, const void *b)
{
    const struct fm_holder *x = a, *y = b;

    return memcmp(x->key.id, y->key.id, sizeof x->key.id);
}

static int
cmp_client(const void *a, const void *b)
{
    const struct fm_holder *const *x = a, *const *y = b;

    return strcmp((*x)->client, (*y)->client);
}

static int
cmp_key(const void *a, const void *b)
{
    const struct fm_holder *const *x = a, *const *y = b;

    return memcmp((*x)->key.key, (*y)->key.key, sizeof(*x)->key.key);
}

/* --- Reading ----------------------------------------------------------- */

static int
refuse(const struct fm_roster *r, size_t line, struct fm_err *e,
       const char *why)
{
    return fm_err_set(e, FM_EINPUT, "%s: line %zu: %s", r->name, line, why);
}

static struct fm_holder *
add(struct fm_roster *r, struct fm_err *e)
{
    if (r->n == r->room) {
        void *more = fm_grow(r->by_key, r->n, &r->room, sizeof *r->by_key, e);

        if (!more)
            return NULL;
        r->by_key = more;
    }
    return &r->by_key[r->n++];
}

/* Part a line into fields, in place; their number, or one more than allowed. */
static size_t
part(char *field[FIELDS], char *line)
{
    size_t n = 0;
    char *save = NULL;

    for (char *p = strtok_r(line, " \t", &save); p && n <= FIELDS;
         p = strtok_r(NULL, " \t", &save)) {
        if (n < FIELDS)
            field[n] = p;
        n++;
    }
    return n;
}

static int
read_fields(struct fm_roster *r, char *field[FIELDS], size_t line,
            struct fm_err *e)
{
    struct fm_err why = {0};
    struct fm_holder *h;
    struct fm_pubkey key;
    uint64_t samples = 0;
    char client[FM_CLIENT_WHY];
    int rc;

    if (!fm_client_ok(field[0]))
        return fm_err_set(e, FM_EINPUT, "%s: line %zu: %s", r->name, line,
                          fm_client_why(client, field[0]));
    if ((rc = fm_pubkey_parse(&key, field[1], strlen(field[1]), &why)))
        return refuse(r, line, e, why.msg);
    if (strcmp(field[2], "revoked") != 0 &&
        !fm_count_parse(&samples, field[2], 1, FM_SAMPLES_MAX))
        return fm_err_set(e, FM_EINPUT,
                          "%s: line %zu: '%.80s' is neither a number of "
                          "samples, 1 to 4294967296, nor 'revoked'",
                          r->name, line, field[2]);
    if (!(h = add(r, e)))
        return FM_ESYS;
    *h = (struct fm_holder){.key = key, .samples = samples, .line = line};
    strcpy(h->client, field[0]);
    return 0;
}

static int
read_line(struct fm_roster *r, const char *text, size_t n, size_t line,
          struct fm_err *e)
{
    char copy[FM_ROSTER_LINE_MAX + 1], *field[FIELDS];
    size_t fields;

    if (n > FM_ROSTER_LINE_MAX)
        return refuse(r, line, e, "too long");
    if (memchr(text, '\0', n))
        return refuse(r, line, e, "a zero byte");
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (n && copy[n - 1] == '\r')
        copy[n - 1] = '\0';
    if (copy[0] == '#' || (fields = part(field, copy)) == 0)
        return 0;
    if (fields != FIELDS)
        return refuse(r, line, e,
                      "a line is a client, its key, and its most samples or "
                      "'revoked'");
    return read_fields(r, field, line, e);
}

static int
read_lines(struct fm_roster *r, const char *text, size_t n, struct fm_err *e)
{
    size_t line = 0;
    int rc = 0;

    while (n && rc == 0) {
        const char *end = memchr(text, '\n', n);
        size_t length = end ? (size_t)(end - text) : n;

        rc = read_line(r, text, length, ++line, e);
        length += end != NULL;
        text += length;
        n -= length;
    }
    return rc;
}

/* --- What must stand once ---------------------------------------------- */

static int
twice(const struct fm_roster *r, const struct fm_holder *a,
      const struct fm_holder *b, const char *what, struct fm_err *e)
{
    size_t first = a->line < b->line ? a->line : b->line;
    size_t second = a->line < b->line ? b->line : a->line;

    return fm_err_set(e, FM_EINPUT, "%s: line %zu: %s line %zu", r->name,
                      second, what, first);
}

/* Ids of keys are any bytes: two keys may have one, when somebody wants it. */
static int
check_keys(struct fm_roster *r, struct fm_holder **all, struct fm_err *e)
{
    for (size_t i = 0; i < r->n; i++)
        all[i] = &r->by_key[i];
    qsort(all, r->n, sizeof *all, cmp_key);
    for (size_t i = 1; i < r->n; i++)
        if (cmp_key(&all[i - 1], &all[i]) == 0)
            return twice(r, all[i - 1], all[i], "the same key as in", e);
    for (size_t i = 1; i < r->n; i++)
        if (cmp_key_id(&r->by_key[i - 1], &r->by_key[i]) == 0)
            return twice(r, &r->by_key[i - 1], &r->by_key[i],
                         "another key, but its id is that of", e);
    return 0;
}

static int
check_clients(struct fm_roster *r, struct fm_err *e)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->by_key[i].samples)
            r->by_client[r->nclients++] = &r->by_key[i];
    if (r->nclients == 0)
        return fm_err_set(e, FM_EINPUT,
                          "%s: no client has a key in force: nobody could take "
                          "part",
                          r->name);
    qsort(r->by_client, r->nclients, sizeof(struct fm_holder *), cmp_client);
    for (size_t i = 1; i < r->nclients; i++)
        if (cmp_client(&r->by_client[i - 1], &r->by_client[i]) == 0)
            return twice(r, r->by_client[i - 1], r->by_client[i],
                         "the client has a key already, in", e);
    return 0;
}

struct fm_roster *
fm_roster_parse(const void *text, size_t n, const char *name, struct fm_err *e)
{
    struct fm_roster *r = fm_alloc(1, sizeof *r, e);

    if (!r)
        return NULL;
    r->name = name;
    fm_blake(r->digest, sizeof r->digest, text, n);
    if (read_lines(r, text, n, e))
        goto fail;
    r->by_client = fm_alloc(r->n, sizeof(struct fm_holder *), e);
    if (!r->by_client)
        goto fail;
    if (r->n)
        qsort(r->by_key, r->n, sizeof *r->by_key, cmp_key_id);
    /* The room for clients serves the keys first. */
    if (check_keys(r, r->by_client, e) || check_clients(r, e))
        goto fail;
    r->name = NULL;
    return r;
fail:
    fm_roster_free(r);
    return NULL;
}

struct fm_roster *
fm_roster_read(const char *path, struct fm_err *e)
{
    struct fm_roster *r = NULL;
    struct fm_buf b = {0};

    if (fm_file_read(&b, path, FM_ROSTER_MAX, e) == 0)
        r = fm_roster_parse(b.data, b.len, fm_file_name(path), e);
    fm_buf_free(&b);
    return r;
}

void
fm_roster_free(struct fm_roster *r)
{
    if (!r)
        return;
    free(r->by_key);
    free(r->by_client);
    free(r);
}

/* --- Looking up -------------------------------------------------------- */

uint64_t
fm_roster_listed(const void *roster, const char *client)
{
    const struct fm_holder *h = fm_roster_client(roster, client);

    return h ? h->samples : 0;
}

const uint8_t *
fm_roster_digest(const struct fm_roster *r)
{
    return r->digest;
}

size_t
fm_roster_count(const struct fm_roster *r)
{
    return r->nclients;
}

const struct fm_holder *
fm_roster_key(const struct fm_roster *r, const uint8_t id[FM_KEY_ID])
{
    struct fm_holder like = {.line = 0};

    memcpy(like.key.id, id, sizeof like.key.id);
    return bsearch(&like, r->by_key, r->n, sizeof *r->by_key, cmp_key_id);
}

const struct fm_holder *
fm_roster_client(const struct fm_roster *r, const char *client)
{
    struct fm_holder like = {.line = 0};
    const struct fm_holder *wanted = &like;
    struct fm_holder *const *found;

    if (!fm_client_ok(client))
        return NULL;
    strcpy(like.client, client);
    found = bsearch(&wanted, r->by_client, r->nclients,
                    sizeof(struct fm_holder *), cmp_client);
    return found ? *found : NULL;
}
