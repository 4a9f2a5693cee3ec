#include "fed/round_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Do those suffice that count? */
static int
check_quorum(const struct fm_round *r, struct fm_err *e)
{
    const size_t clients = fm_claims_clients(&r->claims),
                 refused = fm_claims_having(&r->claims, FM_REFUSED);

    if (refused && r->policy.quorum == 0)
        return fm_err_set(e, FM_EINPUT,
                          "%zu of %zu answers are refused, and no quorum says "
                          "that the others suffice",
                          refused, r->claims.n);
    if (clients < r->policy.quorum)
        return fm_err_set(
            e, FM_EINPUT, "%zu client%s in round %llu, and the quorum is %zu",
            clients, clients == 1 ? " counts" : "s count",
            (unsigned long long)r->base->round + 1, r->policy.quorum);
    return 0;
}

/* What was refused since it was read; and whether the rest suffices. */
static int
say_refused(struct fm_round *r, struct fm_err *e)
{
    for (size_t i = 0; i < r->claims.n; i++) {
        struct fm_answer *a = &r->claims.answer[i];

        if (a->verdict == FM_COUNTS || a->said)
            continue;
        fm_round_say(r, a->file, a->offset, a->why);
        a->said = true;
    }
    return check_quorum(r, e);
}

static int
decide(struct fm_round *r, struct fm_err *e)
{
    const int rc = fm_claims_decide(&r->claims, e);

    return rc ? rc : say_refused(r, e);
}

static int
changed(const struct fm_answer *a, struct fm_err *e)
{
    char where[FM_PLACE_MAX];

    return fm_err_set(e, FM_EINPUT, "%s: it changed while it was read",
                      fm_place(where, a->file, a->offset));
}

/* Is it what it was?  An id is no proof against who wants another content to
 * have it. */
static bool
same_bundle(const struct fm_round *r, const struct fm_answer *a,
            const struct fm_bundle *b)
{
    struct fm_answer now = *a;

    fm_round_digest(r, &now, b);
    return fm_id_cmp(&b->id, &a->id) == 0 &&
           memcmp(now.digest, a->digest, sizeof now.digest) == 0;
}

/* Read an answer that was read before. */
int
fm_round_again(struct fm_round *r, const struct fm_answer *a,
               struct fm_items *it, struct fm_item *item, struct fm_err *e)
{
    struct fm_source src;
    int rc;

    if ((rc = fm_spool_open(&r->spool[a->source], &src, a->offset, e)))
        return rc;
    fm_items_again(it, &src, r->base, fm_round_item_max(r->base));
    it->pool = r->pool;
    it->max_late = r->policy.max_stale;
    rc = fm_items_next(it, item, e);
    if (rc == 0 && (item->kind == FM_ITEM_PARTIAL) == a->summed &&
        (a->summed || same_bundle(r, a, &item->bundle)))
        return 0;
    if (rc == 0)
        rc = changed(a, e);
    fm_item_free(item);
    fm_items_close(it);
    return rc;
}

/* What counts, for the names in the next model and for who keeps a book. */
static int
count(struct fm_round *r, const struct fm_answer *a, struct fm_err *e)
{
    struct fm_counted c = {.file = a->file,
                           .offset = a->offset,
                           .round = a->round,
                           .summed = a->summed};
    const struct fm_counted *old;
    int rc = 0;

    for (size_t i = 0; i < a->n && rc == 0; i++) {
        c.part = r->claims.part[a->first + i];
        rc = fm_tally_count(&r->tally, &c, &old, e);
        assert(rc || !old);
        if (rc == 0)
            rc = fm_round_tell(r, &c.part, a->round,
                               a->summed ? NULL : a->digest, e);
    }
    return rc;
}

static int
add_sum(struct fm_round *r, const struct fm_answer *a, struct fm_items *it,
        const struct fm_item *item, struct fm_err *e)
{
    struct fm_partial_info info;
    int rc = fm_partial_read(&info, it, item, r->sum, e);

    if (rc)
        return rc;
    free(info.part);
    return fm_id_cmp(&info.id, &a->id) == 0 ? 0 : changed(a, e);
}

/* Read answer `a` again, and add it.  That it cannot be read is in `why`, all
 * else in `e`; *spoilt: a part of it is in the sum. */
static int
add(struct fm_round *r, const struct fm_answer *a, bool *spoilt,
    struct fm_err *why, struct fm_err *e)
{
    struct fm_items it;
    struct fm_item item;
    int rc = fm_round_again(r, a, &it, &item, why);

    if (rc)
        return rc;
    if (a->summed) {
        rc = add_sum(r, a, &it, &item, why);
        *spoilt = rc != 0;
    } else {
        item.bundle.weight = r->claims.part[a->first].weight;
        rc = fm_round_add(r, &item, e);
    }
    fm_item_free(&item);
    fm_items_close(&it);
    return rc;
}

/* An answer that counts could not be read again. */
static int
leave_out(struct fm_round *r, size_t i, int rc, const struct fm_err *why,
          struct fm_err *e)
{
    if (!r->policy.quorum || !fm_round_alone(r, rc, why))
        return fm_err_pass(e, why);
    return fm_claims_refuse(&r->claims, i,
                            why->unread
                                ? fm_round_bare(why, r->claims.answer[i].file)
                                : "it changed while it was read",
                            e);
}

/*
 * Add all that count.  Under a quorum an answer that is not there any more, or
 * is another, goes alone; and when a part of it is in the sum, all the others
 * are added again.
 */
static int
add_all(struct fm_round *r, struct fm_err *e)
{
    size_t i = 0;
    int rc = 0;

    while (i < r->claims.n && rc == 0) {
        struct fm_err why = {0};
        bool spoilt = false;

        if (r->claims.answer[i].verdict == FM_COUNTS)
            rc = add(r, &r->claims.answer[i], &spoilt, &why, e);
        i++;
        if (!why.code)
            continue;
        rc = leave_out(r, i - 1, rc, &why, e);
        if (rc == 0 && spoilt) {
            rc = fm_round_restart(r, e);
            i = 0;
        }
    }
    return rc ? rc : fm_round_flush(r, e);
}

int
fm_round_settle(struct fm_round *r, struct fm_err *e)
{
    const struct fm_claims *c = &r->claims;
    int rc;

    if ((rc = decide(r, e)) || (rc = add_all(r, e)) || (rc = say_refused(r, e)))
        return rc;
    for (size_t i = 0; i < c->n && rc == 0; i++)
        if (c->answer[i].verdict == FM_COUNTS)
            rc = count(r, &c->answer[i], e);
    if (rc)
        return rc;
    return r->policy.report ? fm_round_judge(r, e) : 0;
}
