#include "data/split.h"

#include "base/mem.h"
#include "rand/stream.h"
#include "tensor/number.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 256, PERMUTE = 0, GAMMA = 1 };

/* What every scheme works on. */
struct job {
    struct fm_split *s;
    const uint8_t *y;
    size_t n, clients, min_rows;
    uint64_t seed;
    size_t count[LABELS]; /* rows of each label */
    size_t classes;       /* labels that occur */
    size_t *size;         /* per client: rows it has so far */
    uint32_t *row;        /* room for the rows of one class */
    double *gamma;        /* per client: its proportion of a class */
};

/* The rows of one class in increasing order, shuffled. */
static void
class_rows(const struct job *j, size_t label, struct fm_stream *st)
{
    size_t k = 0;

    for (size_t i = 0; i < j->n; i++)
        if (j->y[i] == label)
            j->row[k++] = (uint32_t)i;
    fm_stream_shuffle(st, j->row, k);
}

/* From the clients' sizes to where their lists start; sizes start again. */
static void
lay_out(struct job *j)
{
    j->s->start[0] = 0;
    for (size_t k = 0; k < j->clients; k++) {
        j->s->start[k + 1] = j->s->start[k] + j->size[k];
        j->size[k] = 0;
    }
    assert(j->s->start[j->clients] == j->n);
}

/* Give rows from..to-1 of the current class to a client. */
static void
give(struct job *j, size_t client, size_t from, size_t to, bool place)
{
    if (place && to > from)
        memcpy(j->s->row + j->s->start[client] + j->size[client], j->row + from,
               (to - from) * sizeof *j->row);
    j->size[client] += to - from;
}

/* Where piece i of n things cut into k pieces starts: sizes differ by at most
 * one, the larger first. */
static size_t
cut(size_t n, size_t k, size_t i)
{
    size_t more = n % k;

    return i * (n / k) + (i < more ? i : more);
}

static int
iid(struct job *j)
{
    struct fm_stream st;

    for (size_t i = 0; i < j->n; i++)
        j->s->row[i] = (uint32_t)i;
    fm_stream_start(&st, j->seed, 0, PERMUTE, FM_FOR_SPLIT);
    fm_stream_shuffle(&st, j->s->row, j->n);
    for (size_t k = 0; k <= j->clients; k++)
        j->s->start[k] = cut(j->n, j->clients, k);
    return 0;
}

/*
 * Taking the class held least so far, lowest first, deals the classes out in
 * turn: pick number t (client t / held) is class t mod classes.
 */
static void
labels_pass(struct job *j, size_t held, bool place)
{
    size_t picks = j->clients * held, class = 0;
    struct fm_stream st;

    fm_stream_start(&st, j->seed, 0, PERMUTE, FM_FOR_SPLIT);
    for (size_t label = 0; label < LABELS; label++) {
        size_t n = j->count[label], holders, t = class;

        if (n == 0)
            continue;
        if (place)
            class_rows(j, label, &st);
        holders = (picks - class + j->classes - 1) / j->classes;
        for (size_t i = 0; i < holders; i++, t += j->classes)
            give(j, t / held, cut(n, holders, i), cut(n, holders, i + 1),
                 place);
        class ++;
    }
}

static int
labels(struct job *j, double share, struct fm_err *e)
{
    size_t held = (size_t)(share * (double)j->classes + 0.5);

    if (held == 0)
        held = 1;
    if (j->clients * held < j->classes)
        return fm_err_set(e, FM_EINPUT,
                          "%zu clients with %zu classes each leave some of %zu "
                          "classes to nobody; more clients or a larger share "
                          "would do",
                          j->clients, held, j->classes);
    labels_pass(j, held, false);
    for (size_t k = 0; k < j->clients; k++)
        if (j->size[k] == 0)
            return fm_err_set(e, FM_EINPUT,
                              "client %zu would get no row: its classes have "
                              "fewer rows than holders",
                              k);
    lay_out(j);
    labels_pass(j, held, true);
    return 0;
}

/* The proportions of one class, and their sum; 0 for those with their share. */
static double
proportions(struct job *j, struct fm_stream *st, double beta)
{
    double sum = 0;

    for (size_t k = 0; k < j->clients; k++) {
        double g = fm_stream_gamma(st, beta);

        /* size >= n / clients, without the rounding of the division */
        j->gamma[k] = j->size[k] * j->clients >= j->n ? 0 : g;
        sum += j->gamma[k];
    }
    return sum;
}

/* All gammas underflowed: one client, drawn from those below their share. */
static double
one_hot(struct job *j, struct fm_stream *st)
{
    size_t open = 0, pick;

    for (size_t k = 0; k < j->clients; k++)
        open += j->size[k] * j->clients < j->n;
    assert(open > 0); /* the class's own rows are still missing */
    pick = fm_stream_below(st, (uint32_t)open);
    for (size_t k = 0; k < j->clients; k++)
        if (j->size[k] * j->clients < j->n && pick-- == 0)
            j->gamma[k] = 1;
    return 1;
}

/*
 * One draw of all classes.  The sizes need no permutation, so that a draw that
 * is refused costs only its gammas; the accepted one is drawn again to place
 * the rows.
 */
static void
dirichlet_pass(struct job *j, double beta, uint32_t draw, bool place)
{
    struct fm_stream st, order;

    fm_stream_start(&st, j->seed, draw, GAMMA, FM_FOR_SPLIT);
    fm_stream_start(&order, j->seed, draw, PERMUTE, FM_FOR_SPLIT);
    memset(j->size, 0, j->clients * sizeof *j->size);
    for (size_t label = 0; label < LABELS; label++) {
        size_t n = j->count[label], from = 0;
        double sum, cum = 0;

        if (n == 0)
            continue;
        if (place)
            class_rows(j, label, &order);
        sum = proportions(j, &st, beta);
        if (!(sum > 0))
            sum = one_hot(j, &st);
        for (size_t k = 0; k < j->clients; k++) {
            size_t to;

            /* The last client's cum is sum itself, added in the same order,
             * so the last cut is n. */
            cum += j->gamma[k];
            to = (size_t)(cum / sum * (double)n);
            give(j, k, from, to, place);
            from = to;
        }
        assert(from == n);
    }
}

static int
dirichlet(struct job *j, double beta, struct fm_err *e)
{
    for (uint32_t draw = 0; draw < FM_SPLIT_REDRAWS; draw++) {
        size_t k = 0;

        dirichlet_pass(j, beta, draw, false);
        while (k < j->clients && j->size[k] >= j->min_rows)
            k++;
        if (k < j->clients)
            continue;
        lay_out(j);
        dirichlet_pass(j, beta, draw, true);
        return 0;
    }
    return fm_err_set(e, FM_EINPUT,
                      "no partition in %d draws gave every client %zu rows; "
                      "fewer clients, a larger dirichlet parameter or a "
                      "smaller minimum would do",
                      FM_SPLIT_REDRAWS, j->min_rows);
}

/* A scheme's text, read. */
enum kind { IID, DIRICHLET, LABELS_SHARE, NATURAL };

static int
parameter(double *v, const char *name, const char *text, double max,
          struct fm_err *e)
{
    if (!fm_double_parse(v, text) || !(*v > 0 && *v <= max))
        return fm_err_set(e, FM_EINPUT,
                          "%s:'%s' is not a number above 0 and at most %g",
                          name, text, max);
    return 0;
}

static int
parse(enum kind *kind, double *v, const char *scheme, struct fm_err *e)
{
    *kind = IID;
    if (strcmp(scheme, "iid") == 0)
        return 0;
    *kind = DIRICHLET;
    if (strncmp(scheme, "dirichlet:", 10) == 0)
        return parameter(v, "dirichlet", scheme + 10, 1e6, e);
    *kind = LABELS_SHARE;
    if (strncmp(scheme, "labels:", 7) == 0)
        return parameter(v, "labels", scheme + 7, 1, e);
    *kind = NATURAL;
    if (strcmp(scheme, "natural") == 0)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "'%s' is not a scheme; iid, dirichlet:B, labels:F and "
                      "natural are",
                      scheme);
}

int
fm_split_check(const char *scheme, struct fm_err *e)
{
    enum kind kind;
    double v;

    return parse(&kind, &v, scheme, e);
}

bool
fm_split_is_natural(const char *scheme)
{
    return strcmp(scheme, "natural") == 0;
}

static int
run(struct job *j, const char *scheme, struct fm_err *e)
{
    enum kind kind;
    double v = 0;
    int rc = parse(&kind, &v, scheme, e);

    if (rc)
        return rc;
    assert(kind != NATURAL); /* has no labels to look at */
    if (kind == IID)
        return iid(j);
    if (kind == LABELS_SHARE)
        return labels(j, v, e);
    if (j->n / j->clients < j->min_rows)
        return fm_err_set(e, FM_EINPUT,
                          "%zu rows cannot give %zu clients %zu rows each",
                          j->n, j->clients, j->min_rows);
    return dirichlet(j, v, e);
}

int
fm_split_make(struct fm_split *s, const uint8_t *y, size_t n,
              const char *scheme, size_t clients, size_t min_rows,
              uint64_t seed, struct fm_err *e)
{
    struct job j = {.s = s,
                    .y = y,
                    .n = n,
                    .clients = clients,
                    .min_rows = min_rows ? min_rows : 1,
                    .seed = seed};
    int rc = FM_ESYS;

    assert(clients >= 1 && clients <= FM_SPLIT_CLIENTS_MAX);
    assert(n >= 1 && n <= UINT32_MAX);
    *s = (struct fm_split){.clients = clients};
    if (n < clients)
        return fm_err_set(e, FM_EINPUT, "%zu rows for %zu clients", n, clients);
    if (!y && strcmp(scheme, "iid") != 0)
        return fm_err_set(e, FM_EINPUT,
                          "its labels are numbers and not classes, which only "
                          "iid can part");
    for (size_t i = 0; y && i < n; i++)
        j.classes += j.count[y[i]]++ == 0;
    s->row = fm_alloc(n, sizeof *s->row, e);
    s->start = fm_alloc(clients + 1, sizeof *s->start, e);
    j.size = fm_alloc(clients, sizeof *j.size, e);
    j.row = fm_alloc(n, sizeof *j.row, e);
    j.gamma = fm_alloc(clients, sizeof *j.gamma, e);
    if (s->row && s->start && j.size && j.row && j.gamma)
        rc = run(&j, scheme, e);
    free(j.size);
    free(j.row);
    free(j.gamma);
    if (rc)
        fm_split_free(s);
    return rc;
}

int
fm_split_natural(struct fm_split *s, const size_t *first, size_t users,
                 size_t min_rows, struct fm_err *e)
{
    size_t n = 0;

    if (min_rows == 0)
        min_rows = 1;
    assert(first[users] <= UINT32_MAX);
    *s = (struct fm_split){0};
    s->row = fm_alloc(first[users], sizeof *s->row, e);
    s->start = fm_alloc(users + 1, sizeof *s->start, e);
    s->user = fm_alloc(users, sizeof *s->user, e);
    if (!s->row || !s->start || !s->user) {
        fm_split_free(s);
        return FM_ESYS;
    }
    for (size_t u = 0; u < users; u++) {
        if (first[u + 1] - first[u] < min_rows)
            continue;
        for (size_t i = first[u]; i < first[u + 1]; i++)
            s->row[n++] = (uint32_t)i;
        s->user[s->clients++] = u;
        s->start[s->clients] = n;
    }
    if (s->clients > 0 && s->clients <= FM_SPLIT_CLIENTS_MAX)
        return 0;
    n = s->clients;
    fm_split_free(s);
    if (n)
        return fm_err_set(e, FM_EINPUT, "%zu users are more than %d", n,
                          FM_SPLIT_CLIENTS_MAX);
    return fm_err_set(e, FM_EINPUT, "none of %zu users has %zu rows", users,
                      min_rows);
}

void
fm_split_free(struct fm_split *s)
{
    free(s->user);
    free(s->row);
    free(s->start);
    *s = (struct fm_split){0};
}
