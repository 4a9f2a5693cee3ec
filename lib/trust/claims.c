#include "trust/claims.h"

#include "agg/accum.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 2 * FM_PLACE_MAX + 128 };

const char *
fm_verdict_name(enum fm_verdict v)
{
    static const char *const names[] = {"counted", "twice", "excluded",
                                        "refused"};

    return names[v];
}

char *
fm_place(char out[FM_PLACE_MAX], const char *file, uint64_t offset)
{
    if (offset)
        snprintf(out, FM_PLACE_MAX, "%.150s (at byte %llu)", file,
                 (unsigned long long)offset);
    else
        snprintf(out, FM_PLACE_MAX, "%.150s", file);
    return out;
}

void
fm_claims_free(struct fm_claims *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->answer[i].why);
    free(c->answer);
    free(c->part);
    *c = (struct fm_claims){0};
}

void
fm_claims_cut(struct fm_claims *c, size_t n)
{
    assert(n <= c->n);
    while (c->n > n) {
        struct fm_answer *a = &c->answer[--c->n];

        c->nparts = a->first;
        free(a->why);
    }
}

int
fm_claims_add(struct fm_claims *c, const struct fm_answer *a,
              const struct fm_part *part, size_t n, const char *why,
              struct fm_err *e)
{
    struct fm_answer *to;

    while (c->n == c->room || c->nparts + n > c->parts_room) {
        void *p;

        if (c->n == c->room) {
            p = fm_grow(c->answer, c->n, &c->room, sizeof *c->answer, e);
            if (!p)
                return FM_ESYS;
            c->answer = p;
        } else {
            p = fm_grow(c->part, c->nparts, &c->parts_room, sizeof *c->part, e);
            if (!p)
                return FM_ESYS;
            c->part = p;
        }
    }
    to = &c->answer[c->n];
    *to = *a;
    to->why = why ? strdup(why) : NULL;
    if (why && !to->why)
        return fm_err_nomem(e);
    to->first = c->nparts;
    to->n = n;
    if (n)
        memcpy(c->part + c->nparts, part, n * sizeof *part);
    c->nparts += n;
    c->n++;
    return 0;
}

static int
judge(struct fm_answer *a, enum fm_verdict v, const char *why, struct fm_err *e)
{
    assert(a->verdict == FM_COUNTS);
    a->why = strdup(why);
    if (!a->why)
        return fm_err_nomem(e);
    a->verdict = v;
    return 0;
}

int
fm_claims_refuse(struct fm_claims *c, size_t i, const char *why,
                 struct fm_err *e)
{
    return judge(&c->answer[i], FM_REFUSED, why, e);
}

size_t
fm_claims_having(const struct fm_claims *c, enum fm_verdict v)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        n += c->answer[i].verdict == v;
    return n;
}

size_t
fm_claims_clients(const struct fm_claims *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        if (c->answer[i].verdict == FM_COUNTS)
            n += c->answer[i].n;
    return n;
}

/* --- The rules ----------------------------------------------------------
 */

/* A client's place in a round, as one answer claims it. */
struct claim {
    const struct fm_part *part;
    struct fm_answer *answer;
};

/* By client and round, then sums before bundles, then as they came. */
static int
by_place(const void *x, const void *y)
{
    const struct claim *a = x, *b = y;
    int order = strcmp(a->part->client, b->part->client);

    if (order)
        return order;
    if (a->answer->round != b->answer->round)
        return a->answer->round < b->answer->round ? -1 : 1;
    if (a->answer->summed != b->answer->summed)
        return a->answer->summed ? -1 : 1;
    return a->answer < b->answer ? -1 : a->answer > b->answer;
}

static bool
same_place_as(const struct claim *a, const struct claim *b)
{
    return a->answer->round == b->answer->round &&
           strcmp(a->part->client, b->part->client) == 0;
}

static size_t
same_place(const struct claim *c, size_t n)
{
    size_t k = 1;

    while (k < n && same_place_as(&c[k], c))
        k++;
    return k;
}

/* The answer that holds `a` is to be refused, for `b`'s sake; the reason is the
 * mark until all are known. */
static int
mark(const struct claim *a, const struct claim *b, struct fm_err *e)
{
    char why[WHY_MAX], there[FM_PLACE_MAX];

    if (a->answer->why)
        return 0;
    fm_place(there, b->answer->file, b->answer->offset);
    if (fm_id_cmp(&a->part->bundle, &b->part->bundle) != 0)
        snprintf(why, sizeof why,
                 "another bundle of client %s than %s: both are refused",
                 a->part->client, there);
    else
        snprintf(why, sizeof why,
                 "client %s is in %s, too, and a partial sum cannot be taken "
                 "apart: both are refused",
                 a->part->client, there);
    a->answer->why = strdup(why);
    return a->answer->why ? 0 : fm_err_nomem(e);
}

/* One place, which `n` answers claim: do they stand against each other? */
static int
mark_place(const struct claim *c, size_t n, struct fm_err *e)
{
    size_t other = 1, sums = 0;
    int rc = 0;

    while (other < n &&
           fm_id_cmp(&c[other].part->bundle, &c->part->bundle) == 0)
        other++;
    while (sums < n && c[sums].answer->summed)
        sums++;
    for (size_t i = 0; other < n && i < n && rc == 0; i++)
        rc = mark(
            &c[i],
            fm_id_cmp(&c[i].part->bundle, &c->part->bundle) ? c : &c[other], e);
    for (size_t i = 0; sums > 1 && i < sums && rc == 0; i++)
        rc = mark(&c[i], i ? c : &c[1], e);
    return rc;
}

/* By bundle, and bundles themselves before sums that hold them. */
static int
by_bundle(const void *x, const void *y)
{
    const struct claim *a = x, *b = y;
    int order = fm_id_cmp(&a->part->bundle, &b->part->bundle);

    if (order == 0 && a->answer->summed != b->answer->summed)
        order = a->answer->summed ? 1 : -1;
    return order ? order : by_place(x, y);
}

static bool
same_bundle(const struct claim *a, const struct claim *b)
{
    return fm_id_cmp(&a->part->bundle, &b->part->bundle) == 0;
}

/*
 * One bundle is of one client and round.  Who it is of says the bundle, if it
 * is here; a sum can only claim it.  `n` claims of one bundle, in order.
 */
static int
mark_twins(const struct claim *c, size_t n, struct fm_err *e)
{
    char why[WHY_MAX], there[FM_PLACE_MAX];
    const size_t same = same_place(c, n);

    for (size_t i = 0; same < n && i < n; i++) {
        const bool first = same_place_as(&c[i], c);
        const struct claim *other = first ? &c[same] : c;

        if (c[i].answer->why || (!c[i].answer->summed && other->answer->summed))
            continue;
        fm_place(there, other->answer->file, other->answer->offset);
        snprintf(why, sizeof why,
                 "client %s claims the bundle of client %s in %s",
                 c[i].part->client, other->part->client, there);
        c[i].answer->why = strdup(why);
        if (!c[i].answer->why)
            return fm_err_nomem(e);
    }
    return 0;
}

static int
mark_all_twins(struct claim *all, size_t n, struct fm_err *e)
{
    int rc = 0;

    if (n)
        qsort(all, n, sizeof *all, by_bundle);
    for (size_t i = 0, k; i < n && rc == 0; i += k) {
        for (k = 1; i + k < n && same_bundle(&all[i], &all[i + k]); k++)
            ;
        rc = mark_twins(all + i, k, e);
    }
    if (n)
        qsort(all, n, sizeof *all, by_place);
    return rc;
}

/* Of those that are left, and hold one bundle, the first counts. */
static int
choose(const struct claim *c, size_t n, struct fm_err *e)
{
    char why[WHY_MAX], there[FM_PLACE_MAX];
    const struct claim *kept = NULL;
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        if (c[i].answer->verdict != FM_COUNTS)
            continue;
        if (!kept) {
            kept = &c[i];
            continue;
        }
        fm_place(there, kept->answer->file, kept->answer->offset);
        snprintf(why, sizeof why, "the same bundle as %s, counted once", there);
        rc = judge(c[i].answer, FM_TWICE, why, e);
    }
    return rc;
}

static struct claim *
list(struct fm_claims *c, size_t *n, struct fm_err *e)
{
    struct claim *all = fm_alloc(c->nparts, sizeof *all, e);

    *n = 0;
    for (size_t i = 0; all && i < c->n; i++) {
        struct fm_answer *a = &c->answer[i];

        for (size_t k = 0; a->verdict == FM_COUNTS && k < a->n; k++)
            all[(*n)++] = (struct claim){&c->part[a->first + k], a};
    }
    if (all)
        qsort(all, *n, sizeof *all, by_place);
    return all;
}

/* What counts, and how much in all its clients. */
struct load {
    struct fm_answer *answer;
    const char *client; /* its first */
    uint64_t weight;
};

static int
by_weight(const void *x, const void *y)
{
    const struct load *a = x, *b = y;
    int order;

    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    order = strcmp(a->client, b->client);
    if (order == 0 && a->answer->round != b->answer->round)
        order = a->answer->round < b->answer->round ? -1 : 1;
    return order ? order : fm_id_cmp(&a->answer->id, &b->answer->id);
}

/* One who claims to weigh as much as all may together must not fail them. */
static int
lighten(struct fm_claims *c, struct fm_err *e)
{
    struct load *all = fm_alloc(c->n, sizeof *all, e);
    char why[WHY_MAX];
    uint64_t total = 0;
    size_t n = 0;
    int rc = all ? 0 : FM_ESYS;

    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        struct fm_answer *a = &c->answer[i];
        const struct fm_part *part = &c->part[a->first];

        if (a->verdict != FM_COUNTS || a->n == 0)
            continue;
        all[n] = (struct load){a, part->client, 0};
        for (size_t k = 0; k < a->n; k++)
            all[n].weight += part[k].weight; /* at most 2^18 times 2^32 */
        total += all[n++].weight;
    }
    if (total > FM_TOTAL_MAX)
        qsort(all, n, sizeof *all, by_weight);
    for (size_t i = 0; rc == 0 && total > FM_TOTAL_MAX; i++) {
        snprintf(why, sizeof why,
                 "the %llu samples of client %s bring the round above %llu, "
                 "and it is the heaviest",
                 (unsigned long long)all[i].weight, all[i].client,
                 (unsigned long long)FM_TOTAL_MAX);
        total -= all[i].weight;
        rc = judge(all[i].answer, FM_REFUSED, why, e);
    }
    free(all);
    return rc;
}

int
fm_claims_decide(struct fm_claims *c, struct fm_err *e)
{
    struct claim *all;
    size_t n;
    int rc = 0;

    all = list(c, &n, e);
    if (!all)
        return FM_ESYS;
    for (size_t i = 0; i < n && rc == 0; i += same_place(all + i, n - i))
        rc = mark_place(all + i, same_place(all + i, n - i), e);
    if (rc == 0)
        rc = mark_all_twins(all, n, e);
    for (size_t i = 0; i < c->n && rc == 0; i++)
        if (c->answer[i].verdict == FM_COUNTS && c->answer[i].why)
            c->answer[i].verdict = FM_REFUSED;
    for (size_t i = 0; i < n && rc == 0; i += same_place(all + i, n - i))
        rc = choose(all + i, same_place(all + i, n - i), e);
    free(all);
    return rc ? rc : lighten(c, e);
}
