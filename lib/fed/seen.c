#include "fed/seen.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
fm_seen_free(struct fm_seen *s)
{
    free(s->one);
    *s = (struct fm_seen){0};
}

int
fm_seen_add(struct fm_seen *s, const char *client, uint64_t round,
            struct fm_err *e)
{
    assert(strlen(client) <= FM_CLIENT_MAX);
    if (s->n == s->room) {
        void *p = fm_grow(s->one, s->n, &s->room, sizeof *s->one, e);

        if (!p)
            return FM_ESYS;
        s->one = p;
    }
    s->one[s->n].round = round;
    strcpy(s->one[s->n++].client, client);
    s->sorted = false;
    return 0;
}

static int
order(const void *x, const void *y)
{
    const struct fm_seen_one *a = x, *b = y;

    if (a->round != b->round)
        return a->round < b->round ? -1 : 1;
    return strcmp(a->client, b->client);
}

bool
fm_seen_has(struct fm_seen *s, const char *client, uint64_t round)
{
    struct fm_seen_one like = {.round = round};

    if (s->n == 0)
        return false;
    if (!s->sorted)
        qsort(s->one, s->n, sizeof *s->one, order);
    s->sorted = true;
    assert(strlen(client) <= FM_CLIENT_MAX);
    strcpy(like.client, client);
    return bsearch(&like, s->one, s->n, sizeof *s->one, order) != NULL;
}

void
fm_seen_forget(struct fm_seen *s, uint64_t first)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->one[i].round >= first)
            s->one[kept++] = s->one[i];
    s->n = kept;
}
