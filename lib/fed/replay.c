#include "fed/replay.h"

#include "base/mem.h"
#include "fed/depot.h"
#include "fed/order.h"
#include "fed/record.h"
#include "fed/round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A replay, and the line at work. */
struct replay {
    const struct fm_ledger *ledger;
    const char *dir;
    struct fm_depot depot;
    struct fm_pool *pool;
    const struct fm_vouch *vouch; /* who has the roster; or NULL */
    struct fm_model *model;       /* that the last line made; or NULL */
    struct fm_ledger_model is;
    const struct fm_ledger_entry *line;
    /* The line's inputs in another order, of each client the one that weighs
     * most, and how many were met again. */
    const struct fm_ledger_input **by_id, **by_client;
    size_t nclients, seen;
    char note[160]; /* the first answer that the round at work left out */
};

static int
compare_ids(const void *a, const void *b)
{
    const struct fm_ledger_input *const *x = a, *const *y = b;

    return fm_id_cmp(&(*x)->part.bundle, &(*y)->part.bundle);
}

static int
compare_clients(const void *a, const void *b)
{
    const struct fm_ledger_input *const *x = a, *const *y = b;

    return strcmp((*x)->part.client, (*y)->part.client);
}

/* By client, and of one client's the heaviest first. */
static int
compare_weights(const void *a, const void *b)
{
    const struct fm_ledger_input *const *x = a, *const *y = b;
    const uint64_t v = (*x)->part.weight, w = (*y)->part.weight;
    int order = compare_clients(a, b);

    return order ? order : v < w ? 1 : v > w ? -1 : 0;
}

/* The input that `like` is by `compare`, or NULL. */
static const struct fm_ledger_input *
find(const struct fm_ledger_input **list, size_t n,
     const struct fm_ledger_input *like,
     int (*compare)(const void *a, const void *b))
{
    const struct fm_ledger_input *const *at =
        n ? bsearch(&like, list, n, sizeof *list, compare) : NULL;

    return at ? *at : NULL;
}

/* --- What the round asks -------------------------------------------------
 */

/* The roster that was: whoever answered several rounds with more samples than
 * it allowed weighs in one of them what it says, and less in none. */
static uint64_t
listed(const void *roster, const char *client)
{
    const struct replay *r = roster;
    struct fm_ledger_input like = {.summed = true};
    const struct fm_ledger_input *in;

    strcpy(like.part.client, client);
    in = find(r->by_client, r->nclients, &like, compare_clients);
    /* Under a policy that gives each client one, the weight says nothing. */
    return !in                                            ? 0
           : r->line->policy.weighting.by == FM_BY_CLIENT ? FM_SAMPLES_MAX
                                                          : in->part.weight;
}

static bool
wanted(void *ctx, const struct fm_bundle *b)
{
    const struct replay *r = ctx;
    struct fm_ledger_input like = {.part.bundle = b->id};

    return find(r->by_id, r->line->n, &like, compare_ids) != NULL;
}

static int
count(void *ctx, const struct fm_part *part, uint64_t round,
      const uint8_t *digest, struct fm_err *e)
{
    struct replay *r = ctx;
    struct fm_ledger_input like = {.part = *part};
    const struct fm_ledger_input *in =
        find(r->by_id, r->line->n, &like, compare_ids);

    (void)digest;
    if (!in || strcmp(in->part.client, part->client) != 0 ||
        in->round != round || in->part.samples != part->samples ||
        in->part.weight != part->weight)
        return fm_err_set(e, FM_EINPUT,
                          "client %s answers round %llu with %llu samples and "
                          "weighs %llu, which is not what the ledger says",
                          part->client, (unsigned long long)round,
                          (unsigned long long)part->samples,
                          (unsigned long long)part->weight);
    r->seen++;
    return 0;
}

static void
note(void *ctx, const char *text)
{
    struct replay *r = ctx;

    if (!*r->note)
        snprintf(r->note, sizeof r->note, "%s", text);
}

/* --- One line ------------------------------------------------------------
 */

static int
sort_inputs(struct replay *r, struct fm_err *e)
{
    const struct fm_ledger_entry *t = r->line;

    free(r->by_id);
    free(r->by_client);
    r->by_client = NULL;
    r->by_id = fm_alloc(t->n, sizeof *r->by_id, e);
    if (r->by_id)
        r->by_client = fm_alloc(t->n, sizeof *r->by_client, e);
    if (!r->by_client)
        return FM_ESYS;
    for (size_t i = 0; i < t->n; i++)
        r->by_id[i] = r->by_client[i] = &t->input[i];
    if (t->n) {
        qsort(r->by_id, t->n, sizeof *r->by_id, compare_ids);
        qsort(r->by_client, t->n, sizeof *r->by_client, compare_weights);
    }
    r->nclients = 0;
    for (size_t i = 0; i < t->n; i++)
        if (i == 0 ||
            compare_clients(&r->by_client[r->nclients - 1], &r->by_client[i]))
            r->by_client[r->nclients++] = r->by_client[i];
    for (size_t i = 1; i < t->n; i++)
        if (compare_ids(&r->by_id[i - 1], &r->by_id[i]) == 0)
            return fm_err_set(e, FM_EINPUT, "a bundle counts twice");
    return 0;
}

/* Something is not there; a bad file may be why. */
static int
missing(const struct replay *r, const char *what, struct fm_err *e)
{
    const char *bad = r->depot.bad.code ? r->depot.bad.msg : NULL;

    return fm_err_set(e, FM_EINPUT, "%s is not in %s%s%.160s%s", what, r->dir,
                      bad ? " (there is a bad file: " : "", bad ? bad : "",
                      bad ? ")" : "");
}

/* The model that the line starts from, as r->model. */
static int
start(struct replay *r, struct fm_err *e)
{
    const struct fm_ledger_model *want = &r->line->base;
    const struct fm_depot_model *found;
    char what[80], hex[FM_ID_HEX];

    if (!r->model || fm_id_cmp(&r->is.id, &want->id) != 0) {
        fm_model_free(r->model);
        r->model = NULL;
        found = fm_depot_model(&r->depot, &want->id);
        if (!found) {
            snprintf(what, sizeof what, "its model %s of round %llu",
                     fm_id_hex(hex, &want->id),
                     (unsigned long long)want->round);
            return missing(r, what, e);
        }
        r->model = fm_model_read(r->depot.path[found->file], e);
        if (!r->model)
            return e ? (int)e->code : FM_ESYS;
        r->is = found->is;
    }
    if (r->is.round != want->round ||
        fm_id_cmp(&r->model->id, &want->id) != 0 ||
        memcmp(r->is.digest, want->digest, sizeof want->digest) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "the model that it starts from is not the one that "
                          "was used");
    return 0;
}

static int
by_number(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return x < y ? -1 : x > y;
}

/* The files that the line's bundles are in, each once, in the rounds' order. */
static int
files(char ***path, size_t *n, const struct replay *r, struct fm_err *e)
{
    const struct fm_ledger_entry *t = r->line;
    size_t *file = fm_alloc(t->n, sizeof *file, e), k = 0;
    char what[160], hex[FM_ID_HEX];
    int rc = 0;

    *path = NULL;
    if (!file)
        return FM_ESYS;
    for (size_t i = 0; i < t->n && rc == 0; i++) {
        const struct fm_depot_bundle *b =
            fm_depot_bundle(&r->depot, &t->input[i].part.bundle);

        if (b)
            file[i] = b->file;
        else {
            snprintf(what, sizeof what, "bundle %s of client %s",
                     fm_id_hex(hex, &t->input[i].part.bundle),
                     t->input[i].part.client);
            rc = missing(r, what, e);
        }
    }
    if (rc == 0 && !(*path = fm_alloc(t->n, sizeof **path, e)))
        rc = FM_ESYS;
    if (rc == 0 && t->n)
        qsort(file, t->n, sizeof *file, by_number);
    for (size_t i = 0; rc == 0 && i < t->n; i++)
        if (i == 0 || file[i] != file[i - 1])
            (*path)[k++] = r->depot.path[file[i]];
    *n = k;
    free(file);
    return rc ? rc : fm_order_files(*path, k, e);
}

/* The model that came out, against the ledger's. */
static int
check_output(struct replay *r, const struct fm_buf *head, struct fm_err *e)
{
    const struct fm_model_file f = {*head, r->model};
    const struct fm_ledger_model *want = &r->line->output;
    char is[FM_ID_HEX], says[FM_ID_HEX];
    int rc = fm_ledger_describe(&r->is, &f, e);

    if (rc)
        return rc;
    r->model->id = r->is.id;
    if (r->is.round == want->round && fm_id_cmp(&r->is.id, &want->id) == 0 &&
        memcmp(r->is.digest, want->digest, sizeof want->digest) == 0)
        return 0;
    if (fm_id_cmp(&r->is.id, &want->id) == 0)
        return fm_err_set(e, FM_EINPUT,
                          "its bundles make model %s, whose round or digest is "
                          "not the ledger's",
                          fm_id_hex(is, &r->is.id));
    return fm_err_set(e, FM_EINPUT,
                      "its bundles make model %s, and the ledger says %s",
                      fm_id_hex(is, &r->is.id), fm_id_hex(says, &want->id));
}

/* As many as the quorum asks answer each round of a line, or are late for it.
 * There are no more rounds than inputs. */
static int
check_quorum(const struct fm_ledger_entry *t, struct fm_err *e)
{
    const uint64_t late = t->policy.max_stale;
    size_t from = 0, to = 0;

    for (uint64_t r = t->base.round + 1; r <= t->output.round; r++) {
        while (from < t->n && t->input[from].round + late < r)
            from++;
        while (to < t->n && t->input[to].round <= r)
            to++;
        if (to - from < t->policy.quorum)
            return fm_err_set(e, FM_EINPUT,
                              "%zu clients answer round %llu, and its quorum "
                              "is %zu",
                              to - from, (unsigned long long)r,
                              t->policy.quorum);
    }
    return 0;
}

/* What the line says of itself: nobody counts whom it excludes, or whom nobody
 * can have signed for, and as many as its quorum asks of each round. */
static int
check_policy(const struct fm_ledger_entry *t, struct fm_err *e)
{
    const uint64_t rounds = t->output.round - t->base.round;

    if (t->output.round <= t->base.round)
        return fm_err_set(e, FM_EINPUT, "it closes no round");
    for (size_t i = 0; i < t->n; i++) {
        const char *client = t->input[i].part.client;

        if (fm_policy_excludes(&t->policy, client))
            return fm_err_set(e, FM_EINPUT,
                              "client %s counts, whom its policy excludes",
                              client);
        if (t->policy.rostered && t->input[i].summed)
            return fm_err_set(e, FM_EINPUT,
                              "client %s counts inside a partial sum, which "
                              "a roster does not admit",
                              client);
    }
    if (t->policy.quorum && t->n / t->policy.quorum < rounds)
        return fm_err_set(e, FM_EINPUT,
                          "%zu clients count, and its quorum is %zu for each "
                          "of %llu rounds",
                          t->n, t->policy.quorum, (unsigned long long)rounds);
    return t->policy.quorum ? check_quorum(t, e) : 0;
}

/* The roster of the line at work: the one that somebody has, or what the ledger
 * tells of it.  Without one nobody weighs less than the policy says. */
static void
set_roster(struct fm_policy *p, const struct replay *r)
{
    p->listed = p->rostered ? listed : NULL;
    p->roster = r;
    if (r->vouch) {
        p->listed = fm_roster_listed;
        p->roster = fm_vouch_roster(r->vouch);
    }
}

/* The answers, into the round that the line says, and its model. */
static int
answers(struct replay *r, struct fm_round *round, char **path, size_t n,
        struct fm_err *e)
{
    struct fm_buf head = {0};
    int rc;

    if (r->vouch)
        fm_round_guard(round, fm_vouch_guard(r->vouch));
    /* Of a client one bundle counts in a round, as the lines before tell. */
    if ((rc = fm_record_past(r->ledger, (size_t)(r->line - r->ledger->entry),
                             &r->line->base, round, r->line->policy.max_stale,
                             e)))
        return rc;
    for (size_t i = 0; i < n; i++)
        if ((rc = fm_round_take(round, path[i], e)))
            return rc;
    if ((rc = fm_round_next(&head, round, r->model, e)))
        goto out;
    if (r->seen != r->line->n)
        rc = fm_err_set(e, FM_EINPUT, "%zu client%s, and the ledger has %zu",
                        r->seen, r->seen == 1 ? " counts" : "s count",
                        r->line->n);
    else
        rc = check_output(r, &head, e);
out:
    fm_buf_free(&head);
    return rc;
}

static int
close_round(struct replay *r, struct fm_err *e)
{
    const struct fm_round_hooks hooks = {
        .note = note, .count = count, .wanted = wanted, .ctx = r};
    struct fm_policy policy = r->line->policy;
    struct fm_round *round = NULL;
    struct fm_err why = {0};
    char **path = NULL;
    size_t n = 0;
    int rc;

    /* Who was excluded is over: check_policy.  Under a quorum one file may have
     * what counts beside what was refused. */
    policy.nexclude = 0;
    set_roster(&policy, r);
    r->seen = 0;
    *r->note = '\0';
    if ((rc = files(&path, &n, r, &why)) == 0) {
        round = fm_round_new(r->model, r->pool, &policy, &hooks, &why);
        rc = round ? answers(r, round, path, n, &why) : (int)why.code;
    }
    fm_round_free(round);
    free(path);
    if (rc == FM_EINPUT && *r->note)
        return fm_err_set(e, FM_EINPUT, "%.200s (%s)", why.msg, r->note);
    return rc ? fm_err_pass(e, &why) : 0;
}

static int
replay_line(struct replay *r, size_t i, struct fm_err *e)
{
    char where[64];
    int rc;

    r->line = &r->ledger->entry[i];
    if ((rc = check_policy(r->line, e)) == 0 && (rc = sort_inputs(r, e)) == 0 &&
        (rc = start(r, e)) == 0)
        rc = close_round(r, e);
    if (rc) {
        snprintf(where, sizeof where, "round %llu (line %zu) does not follow",
                 (unsigned long long)r->line->output.round, i + 1);
        fm_err_where(e, where);
    }
    return rc;
}

/* --- The models that are there -------------------------------------------
 */

/* It came from a model of the ledger, which does not know it. */
static int
stranger(const struct replay *r, const struct fm_depot_model *m,
         struct fm_err *e)
{
    const struct fm_ledger *l = r->ledger;
    const uint64_t last = l->entry[l->n - 1].output.round;
    const char *path = r->depot.path[m->file];

    if (m->is.round > last)
        return fm_err_set(
            e, FM_EINPUT,
            "round %llu does not follow: %.160s is of that round, "
            "and the ledger ends with round %llu: it was cut "
            "short, or the round was closed without it",
            (unsigned long long)m->is.round, path, (unsigned long long)last);
    return fm_err_set(
        e, FM_EINPUT,
        "round %llu does not follow: %.160s is of that round, and "
        "no line of the ledger made it",
        (unsigned long long)m->is.round, path);
}

/* The model of a line that has this id. */
static const struct fm_ledger_model *
of_line(const struct fm_ledger *l, size_t line, const struct fm_id *id)
{
    const struct fm_ledger_entry *t = &l->entry[line - 1];

    return fm_id_cmp(&t->output.id, id) == 0 ? &t->output : &t->base;
}

static int
check_models(const struct replay *r, struct fm_err *e)
{
    const struct fm_ledger *l = r->ledger;
    const struct fm_depot_model *first = NULL;

    for (size_t i = 0; i < r->depot.nmodels; i++) {
        const struct fm_depot_model *m = &r->depot.model[i];
        size_t line = fm_ledger_knows(l, &m->is.id);

        /* An id can be forged, a digest not. */
        if (line && memcmp(of_line(l, line, &m->is.id)->digest, m->is.digest,
                           FM_BLAKE_256) == 0)
            continue;
        if ((line || (m->is.round > 0 && fm_ledger_knows(l, &m->parent) > 0)) &&
            (!first || m->is.round < first->is.round))
            first = m;
    }
    if (first)
        return stranger(r, first, e);
    if (r->depot.bad_model.code)
        return fm_err_set(e, FM_EINPUT,
                          "a model that may be of a line is bad: %.300s",
                          r->depot.bad_model.msg);
    return 0;
}

int
fm_replay(const struct fm_ledger *l, const char *dir, struct fm_pool *pool,
          const struct fm_vouch *vouch,
          void (*done)(void *ctx, const struct fm_ledger_entry *t,
                       const char *path),
          void *ctx, struct fm_err *e)
{
    struct replay r = {.ledger = l, .dir = dir, .pool = pool, .vouch = vouch};
    int rc =
        fm_depot_open(&r.depot, dir, vouch ? fm_vouch_guard(vouch) : NULL, e);

    for (size_t i = 0; i < l->n && rc == 0; i++) {
        const struct fm_ledger_entry *t = &l->entry[i];
        const struct fm_depot_model *m =
            fm_depot_model(&r.depot, &t->output.id);

        rc = replay_line(&r, i, e);
        if (rc == 0 && done)
            done(ctx, t, m ? r.depot.path[m->file] : NULL);
    }
    if (rc == 0 && l->n)
        rc = check_models(&r, e);
    free(r.by_id);
    free(r.by_client);
    fm_model_free(r.model);
    fm_depot_close(&r.depot);
    return rc;
}
