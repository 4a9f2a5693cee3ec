#include "fed/round_impl.h"

#include "agg/magnitude.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

/* What the policy's rule needs for another round. */
static int
new_rule(struct fm_round *r, struct fm_err *e)
{
    fm_robust_free(r->robust);
    r->robust = NULL;
    if (r->policy.rule.kind == FM_RULE_MEAN)
        return 0;
    r->robust = fm_robust_new(&r->policy.rule, r->base, e);
    return r->robust ? 0 : FM_ESYS;
}

struct fm_round *
fm_round_new(struct fm_model *base, struct fm_pool *pool,
             const struct fm_policy *policy, const struct fm_round_hooks *hooks,
             struct fm_err *e)
{
    const enum fm_method method = base->set.method;
    struct fm_round *r;

    if (policy && fm_policy_check(policy, &base->set, e))
        return NULL;
    r = fm_alloc(1, sizeof *r, e);
    if (!r)
        return NULL;
    r->base = base;
    r->policy = policy ? *policy : fm_policy_default(method);
    r->looks = r->policy.quorum > 0 || r->policy.report;
    r->most = FM_PARTS_MAX;
    r->first = base->round;
    r->known = base->round + 1; /* nothing before, but by fm_round_seen */
    r->pool = pool;
    if (hooks)
        r->hooks = *hooks;
    r->sum = fm_accum_new(base, e);
    r->came = fm_alloc(r->policy.nexclude, sizeof *r->came, e);
    if (!r->sum || !r->came) {
        fm_round_free(r);
        return NULL;
    }
    r->sum->weighting = r->policy.weighting;
    if (new_rule(r, e)) {
        fm_round_free(r);
        return NULL;
    }
    return r;
}

void
fm_round_free(struct fm_round *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->nwait; i++)
        fm_item_free(&r->wait[i]);
    fm_tally_free(&r->tally);
    fm_claims_free(&r->claims);
    fm_claims_free(&r->later);
    fm_claims_free(&r->next);
    fm_seen_free(&r->seen);
    fm_buf_free(&r->report);
    for (size_t i = 0; i < r->nspool; i++)
        fm_spool_free(&r->spool[i]);
    free(r->spool);
    free(r->came);
    fm_accum_free(r->sum);
    fm_robust_free(r->robust);
    free(r);
}

void
fm_round_guard(struct fm_round *r, const struct fm_guard *g)
{
    r->guard = g;
}

int
fm_round_seen(struct fm_round *r, const char *client, uint64_t round,
              struct fm_err *e)
{
    return fm_seen_add(&r->seen, client, round, e);
}

void
fm_round_known(struct fm_round *r, uint64_t first)
{
    r->known = first < r->known ? first : r->known;
}

size_t
fm_round_unsure(const struct fm_round *r)
{
    return r->unsure;
}

bool
fm_round_came(const struct fm_round *r, size_t i)
{
    assert(i < r->policy.nexclude);
    return r->came[i];
}

size_t
fm_round_clients(const struct fm_round *r)
{
    return r->ended + (r->looks ? fm_claims_clients(&r->claims) : r->tally.n);
}

/* Everything that waits is added; and there is something.  *ids receives the
 * bundles' sorted ids, to be freed. */
static int
complete(struct fm_round *r, struct fm_id **ids, struct fm_err *e)
{
    uint64_t weight = 0;
    int rc;

    *ids = NULL;
    if (r->looks && (rc = fm_round_settle(r, e)))
        return rc;
    if (r->tally.n == 0)
        return fm_err_set(e, FM_EINPUT, "no bundle to aggregate");
    if ((rc = fm_round_flush(r, e)))
        return rc;
    for (const struct fm_accum *a = r->sum; a; a = a->older)
        weight += a->weight;
    assert(weight == r->tally.weight);
    *ids = fm_tally_ids(&r->tally, e);
    return *ids ? 0 : e ? (int)e->code : FM_ESYS;
}

/* The base becomes what its answers make of it. */
static int
step(struct fm_round *r, struct fm_err *e)
{
    struct fm_model *base = r->base;
    struct fm_id *ids;
    int rc;

    if (base->round >= FM_ROUND_MAX)
        return fm_err_set(e, FM_EINPUT, "round %llu is the last there can be",
                          (unsigned long long)base->round);
    if ((rc = complete(r, &ids, e)))
        return rc;
    if (r->robust &&
        (rc = fm_robust_apply(r->robust, r->sum, r->tally.n, r->pool, e))) {
        free(ids);
        return rc;
    }
    if ((rc = fm_accum_finish(r->sum, base, r->pool, e))) {
        free(ids);
        return rc;
    }
    if (base->set.noise_scale > 0)
        fm_magnitude_next(r->sum, base);
    return fm_model_succeed(base, ids, r->tally.n, e);
}

/* The same, and whatever comes of it is told. */
static int
close_round(struct fm_round *r, struct fm_err *e)
{
    const uint64_t round = r->base->round + 1;
    const struct fm_id base = r->base->id;
    struct fm_err why = {0};
    int rc = step(r, &why), told = 0;

    if (rc == 0 && r->later.n)
        rc = fm_round_follow(r, &why);
    else if (rc == FM_EINPUT && r->later.n)
        told = fm_round_dismiss(r, "no model came of the round before", e);
    if (r->policy.report && told == 0)
        told = fm_verdicts_add(&r->report, round, &base, &r->policy, &r->claims,
                               rc ? why.msg : NULL, e);
    return rc ? fm_err_pass(e, &why) : told;
}

/* Who counted is remembered for as long as a late answer may come. */
static int
remember(struct fm_round *r, struct fm_err *e)
{
    const uint64_t now = r->base->round + 1, most = r->policy.max_stale;
    int rc = 0;

    if (most == 0)
        return 0;
    fm_seen_forget(&r->seen, now > most ? now - most : 0);
    for (size_t i = 0; i < r->tally.n && rc == 0; i++)
        rc = fm_seen_add(&r->seen, r->tally.client[i].part.client,
                         r->tally.client[i].round, e);
    return rc;
}

int
fm_round_restart(struct fm_round *r, struct fm_err *e)
{
    for (size_t i = 0; i < r->nwait; i++)
        fm_item_free(&r->wait[i]);
    r->nwait = r->bytes = 0;
    return new_rule(r, e) ? FM_ESYS : fm_accum_reset(r->sum, e);
}

/* The round at work is over, and another begins. */
static int
begin(struct fm_round *r, struct fm_err *e)
{
    r->ended = fm_round_clients(r);
    r->steps++;
    if (remember(r, e))
        return FM_ESYS;
    fm_claims_free(&r->claims);
    fm_tally_free(&r->tally);
    r->claims = r->next;
    r->next = (struct fm_claims){0};
    if (!r->looks) { /* which has names of its own */
        r->name = fm_tally_file(&r->tally, r->source, e);
        if (!r->name) {
            r->name = r->source;
            return FM_ESYS;
        }
    }
    return fm_round_restart(r, e);
}

int
fm_round_follows(const struct fm_round *r, const struct fm_id *from,
                 struct fm_err *e)
{
    char mine[FM_ID_HEX], theirs[FM_ID_HEX];

    if (fm_id_cmp(from, &r->base->id) == 0)
        return 0;
    return fm_err_set(
        e, FM_EINPUT,
        "made for round %llu from model %s, but the answers to "
        "round %llu here make model %s: is one missing, or too "
        "many, or was the policy another?",
        (unsigned long long)r->base->round + 1, fm_id_hex(theirs, from),
        (unsigned long long)r->base->round, fm_id_hex(mine, &r->base->id));
}

/* An answer to another round than the one at work, which is over when this one
 * follows it. */
int
fm_round_turn(void *ctx, uint64_t round, const struct fm_id *from,
              struct fm_err *e)
{
    struct fm_round *r = ctx;
    const uint64_t now = r->base->round + 1;
    const uint64_t due = now + (fm_round_clients(r) > r->ended);
    int rc;

    /* A late answer, which counts in the round at work. */
    if (round < now && now - round <= r->policy.max_stale)
        return 0;
    if (round > now && r->policy.quorum) {
        r->waits = true;
        r->round = round;
        r->from = *from;
        return fm_err_set(e, FM_EINPUT, "answers a later round");
    }
    if (round < due && round > r->first)
        return fm_err_set(e, FM_EINPUT,
                          "answers round %llu, which answers to round %llu "
                          "have ended: rounds must come in order",
                          (unsigned long long)round,
                          (unsigned long long)r->base->round + 1);
    /* Another model was meant, or the bundle lies: the next check says so. */
    if (round < due || fm_id_cmp(from, &r->base->id) == 0)
        return 0;
    if (round > due)
        return fm_err_set(e, FM_EINPUT,
                          "answers round %llu, but round %llu is missing: "
                          "nothing before it answers that",
                          (unsigned long long)round, (unsigned long long)due);
    r->failed = true; /* unless all goes well */
    if ((rc = close_round(r, e)) || (rc = fm_model_identify(r->base, e)) ||
        (rc = fm_round_follows(r, from, e)) || (rc = begin(r, e)))
        return rc;
    r->failed = false;
    return 0;
}

int
fm_round_next(struct fm_buf *head, struct fm_round *r, struct fm_model *base,
              struct fm_err *e)
{
    int rc;

    assert(base == r->base);
    while ((rc = close_round(r, e)) == 0 && r->next.n)
        if ((rc = begin(r, e)))
            break;
    if (rc)
        return rc;
    fm_accum_free(r->sum);
    r->sum = NULL;
    return fm_model_head(head, base, e);
}

/* The round at work in a sum, without a step. */
static int
sum_up(struct fm_round *r, struct fm_err *e)
{
    struct fm_err why = {0};
    struct fm_id *ids;
    int rc = complete(r, &ids, &why), told = 0;

    free(ids);
    if (rc != FM_ESYS && r->later.n)
        told = fm_round_dismiss(r,
                                "a partial sum under a quorum is of the "
                                "round that the model leads to",
                                e);
    if (r->policy.report && told == 0)
        told = fm_verdicts_add(&r->report, r->base->round + 1, &r->base->id,
                               &r->policy, &r->claims, rc ? why.msg : NULL, e);
    return rc ? fm_err_pass(e, &why) : told;
}

int
fm_round_sum(struct fm_partial *p, struct fm_round *r, struct fm_err *e)
{
    int rc;

    assert(r->sum);
    *p = (struct fm_partial){0};
    if ((rc = sum_up(r, e)))
        return rc;
    p->part = fm_tally_parts(&r->tally, e);
    if (!p->part)
        return FM_ESYS;
    p->n = r->tally.n;
    p->sum = r->sum;
    return 0;
}
