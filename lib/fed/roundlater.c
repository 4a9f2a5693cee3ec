#include "fed/round_impl.h"

#include <stdio.h>

int
fm_round_wait(struct fm_round *r, const struct fm_answer *a,
              const struct fm_item *item, struct fm_err *e)
{
    const struct fm_bundle *b = &item->bundle;
    struct fm_answer waits = *a;
    struct fm_part part = {.bundle = b->id, .samples = b->samples};

    if (!a->summed && r->hooks.wanted && !r->hooks.wanted(r->hooks.ctx, b))
        return 0;
    memcpy(part.client, b->client, sizeof part.client);
    waits.id = b->id;
    waits.round = r->round;
    waits.from = r->from;
    if (!a->summed)
        fm_round_digest(r, &waits, b);
    /* Who is in a sum is asked when its turn comes. */
    return fm_claims_add(&r->later, &waits, &part, !a->summed, NULL, e);
}

/* Note the `i`-th of `c` among those of the round at work as refused. */
static int
refuse(struct fm_round *r, const struct fm_claims *c, size_t i, const char *why,
       struct fm_err *e)
{
    struct fm_answer a = c->answer[i];

    a.verdict = FM_REFUSED;
    return fm_round_note(r, &a, c->n ? c->part + a.first : NULL, a.n,
                         a.why ? a.why : why, e);
}

int
fm_round_dismiss(struct fm_round *r, const char *why, struct fm_err *e)
{
    char text[sizeof e->msg];
    int rc = 0;

    for (size_t i = 0; i < r->later.n && rc == 0; i++) {
        snprintf(text, sizeof text, "answers round %llu: %s",
                 (unsigned long long)r->later.answer[i].round, why);
        rc = refuse(r, &r->later, i, text, e);
    }
    fm_claims_free(&r->later);
    return rc;
}

/* One that waited for the round that the base leads to now. */
static int
look(struct fm_round *r, size_t i, struct fm_err *e)
{
    const struct fm_answer *was = &r->later.answer[i];
    struct fm_answer a = {.file = was->file,
                          .source = was->source,
                          .offset = was->offset,
                          .summed = was->summed};
    const struct fm_err none = {0};
    struct fm_err why = none;
    struct fm_items it;
    struct fm_item item;
    int rc;

    if (was->why)
        return refuse(r, &r->later, i, NULL, e);
    if (fm_round_follows(r, &was->from, &why))
        return refuse(r, &r->later, i, why.msg, e);
    rc = fm_round_again(r, was, &it, &item, &why);
    if (fm_round_alone(r, rc, &why))
        return refuse(r, &r->later, i, fm_round_bare(&why, was->file), e);
    if (rc)
        return fm_err_pass(e, &why);
    rc = fm_round_item(r, &it, &item, &a, &none, &why);
    fm_item_free(&item);
    fm_items_close(&it);
    if (fm_round_alone(r, rc, &why))
        return refuse(r, &r->later, i, fm_round_bare(&why, was->file), e);
    return rc ? fm_err_pass(e, &why) : 0;
}

/* Those of the next round go into the claims, and from `later`. */
static int
gather(struct fm_round *r, struct fm_err *e)
{
    struct fm_claims rest = {0};
    int rc = 0;

    for (size_t i = 0; i < r->later.n && rc == 0; i++) {
        const struct fm_answer *a = &r->later.answer[i];

        if (a->round == r->base->round + 1)
            rc = look(r, i, e);
        else
            rc = fm_claims_add(&rest, a, r->later.part + a->first, a->n, a->why,
                               e);
    }
    fm_claims_free(&r->later);
    r->later = rest;
    return rc;
}

/* Too few: what answers the round joins what the one before refused. */
static int
give_up(struct fm_round *r, const struct fm_claims *few, struct fm_err *e)
{
    const size_t clients = fm_claims_clients(few);
    char why[sizeof e->msg];
    int rc = 0;

    snprintf(why, sizeof why,
             "answers round %llu, in which %zu client%s, and the quorum is %zu",
             (unsigned long long)r->base->round + 1, clients,
             clients == 1 ? " counts" : "s count", r->policy.quorum);
    for (size_t i = 0; i < few->n && rc == 0; i++) {
        struct fm_answer a = few->answer[i];
        const char *because = a.why ? a.why : why;

        if (a.verdict == FM_COUNTS)
            a.verdict = FM_REFUSED;
        if (!a.said)
            fm_round_say(r, a.file, a.offset, because);
        a.said = true;
        rc =
            fm_claims_add(&r->claims, &a, few->part + a.first, a.n, because, e);
    }
    return rc;
}

int
fm_round_follow(struct fm_round *r, struct fm_err *e)
{
    struct fm_claims closed = r->claims, next;
    int rc;

    r->claims = (struct fm_claims){0};
    r->waits = false;
    if ((rc = fm_model_identify(r->base, e)) == 0 && (rc = gather(r, e)) == 0)
        rc = fm_claims_decide(&r->claims, e);
    next = r->claims;
    r->claims = closed;
    if (rc == 0 && fm_claims_clients(&next) >= r->policy.quorum) {
        r->next = next;
        return 0;
    }
    if (rc == 0 && (rc = give_up(r, &next, e)) == 0)
        rc = fm_round_dismiss(r, "a round before it is missing", e);
    fm_claims_free(&next);
    return rc;
}
