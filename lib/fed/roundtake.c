#include "fed/round_impl.h"

#include <stdio.h>
#include <stdlib.h>

void
fm_round_say(const struct fm_round *r, const char *file, uint64_t offset,
             const char *what)
{
    char text[FM_PLACE_MAX + sizeof((struct fm_err *)0)->msg + 2];
    char here[FM_PLACE_MAX];

    if (!r->hooks.note)
        return;
    snprintf(text, sizeof text, "%s: %s", fm_place(here, file, offset), what);
    r->hooks.note(r->hooks.ctx, text);
}

struct fm_accum *
fm_round_older(struct fm_round *r, uint32_t late, struct fm_err *e)
{
    struct fm_accum *a = r->sum;

    while (a && a->late != late)
        a = a->older;
    if (a)
        return a;
    a = fm_accum_new(r->base, e);
    if (!a)
        return NULL;
    a->weighting = r->policy.weighting;
    a->late = late;
    a->s = fm_staleness_weight(&r->policy.staleness, late);
    a->older = r->sum->older;
    r->sum->older = a;
    return a;
}

/* How many rounds an answer is late. */
static uint32_t
late_by(const struct fm_round *r, uint64_t round)
{
    return (uint32_t)(r->base->round + 1 - round);
}

int
fm_round_flush(struct fm_round *r, struct fm_err *e)
{
    const struct fm_bundle *b[FM_ROUND_BATCH];
    bool done[FM_ROUND_BATCH] = {false};
    int rc = 0;

    /* Together, those that answer the same round. */
    for (size_t first = 0; first < r->nwait && rc == 0; first++) {
        const uint64_t round = r->wait[first].bundle.round;
        struct fm_accum *sum;
        size_t n = 0;

        if (done[first])
            continue;
        for (size_t i = first; i < r->nwait; i++)
            if (r->wait[i].bundle.round == round) {
                b[n++] = &r->wait[i].bundle;
                done[i] = true;
            }
        sum = fm_round_older(r, late_by(r, round), e);
        rc = sum ? fm_accum_add(sum, b, n, r->pool, e) : FM_ESYS;
        for (size_t i = 0; i < n && rc == 0 && r->robust; i++)
            rc = fm_robust_add(r->robust, b[i], e);
    }
    for (size_t i = 0; i < r->nwait; i++)
        fm_item_free(&r->wait[i]);
    r->nwait = r->bytes = 0;
    return rc;
}

/* What a bundle takes: its file, or what was decoded from it. */
static size_t
weight(const struct fm_bundle *b)
{
    return b->bytes.len + b->plain.len;
}

/*
 * Is there room for another like the last?  Of a large model only about four
 * wait, which is half a byte for each masked parameter: the sums take eight.
 */
static bool
has_room(const struct fm_round *r)
{
    size_t like = weight(&r->wait[r->nwait - 1].bundle);

    return r->nwait < FM_ROUND_BATCH &&
           r->bytes + like <= FM_ROUND_HOLD + r->base->masked / 2;
}

int
fm_round_add(struct fm_round *r, struct fm_item *item, struct fm_err *e)
{
    if (item->bundle.coder != FM_CODER_RAW) /* decoded: not wanted */
        fm_buf_free(&item->bundle.bytes);
    r->bytes += weight(&item->bundle);
    r->wait[r->nwait++] = *item;
    *item = (struct fm_item){0};
    return has_room(r) ? 0 : fm_round_flush(r, e);
}

int
fm_round_tell(struct fm_round *r, const struct fm_part *part, uint64_t round,
              const uint8_t *digest, struct fm_err *e)
{
    r->unsure += round < r->known;
    if (!r->hooks.count)
        return 0;
    return r->hooks.count(r->hooks.ctx, part, round, digest, e);
}

int
fm_round_once(struct fm_round *r, const struct fm_bundle *b, struct fm_err *e)
{
    if (b->round > r->base->round ||
        !fm_seen_has(&r->seen, b->client, b->round))
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "answers round %llu, in which client %s has counted "
                      "already, by another bundle",
                      (unsigned long long)b->round, b->client);
}

bool
fm_round_excludes(struct fm_round *r, const char *client)
{
    for (size_t i = 0; i < r->policy.nexclude; i++)
        if (strcmp(r->policy.exclude[i], client) == 0)
            return r->came[i] = true;
    return false;
}

/* Take over the item's bundle; `c` says where it came from. */
static int
take_bundle(struct fm_round *r, struct fm_item *item, struct fm_counted *c,
            struct fm_err *e)
{
    const struct fm_bundle *b = &item->bundle;
    const struct fm_counted *old;
    struct fm_answer a = {0};
    char text[FM_PLACE_MAX + 64], there[FM_PLACE_MAX];
    int rc;

    if (r->hooks.wanted && !r->hooks.wanted(r->hooks.ctx, b))
        return 0;
    memcpy(c->part.client, b->client, sizeof c->part.client);
    c->part.bundle = b->id;
    c->part.samples = b->samples;
    c->round = b->round;
    if (fm_round_excludes(r, b->client)) {
        snprintf(text, sizeof text, "client %s is excluded", b->client);
        fm_round_say(r, c->file, c->offset, text);
        return 0;
    }
    if ((rc = fm_policy_weigh(&c->part.weight, &r->policy, b->client,
                              b->samples, e)) ||
        (rc = fm_round_once(r, b, e)) ||
        (rc = fm_tally_count(&r->tally, c, &old, e)))
        return rc;
    if (old) {
        snprintf(text, sizeof text, "the same bundle as %s, counted once",
                 fm_tally_place(there, old));
        fm_round_say(r, c->file, c->offset, text);
        return 0;
    }
    fm_round_digest(r, &a, b);
    if ((rc = fm_round_tell(r, &c->part, b->round, a.digest, e)))
        return rc;
    item->bundle.weight = c->part.weight;
    return fm_round_add(r, item, e);
}

int
fm_round_sums(const struct fm_round *r, struct fm_err *e)
{
    char rule[FM_RULE_TEXT];

    if (!r->robust || !fm_robust_rows(r->robust))
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "a partial sum: rule %s needs %s of every client; give "
                      "the bundles",
                      fm_rule_text(rule, &r->policy.rule),
                      r->policy.rule.kind == FM_RULE_KRUM
                          ? "the mask"
                          : "what travels in full");
}

int
fm_round_part(struct fm_round *r, const struct fm_part *part, struct fm_err *e)
{
    uint64_t weight;
    int rc;

    if (fm_round_excludes(r, part->client))
        return fm_err_set(e, FM_EINPUT,
                          "client %s is excluded, and a partial sum cannot be "
                          "taken apart",
                          part->client);
    if ((rc = fm_policy_weigh(&weight, &r->policy, part->client, part->samples,
                              e)))
        return rc;
    if (weight != part->weight)
        return fm_err_set(e, FM_EINPUT,
                          "client %s weighs %llu in it, and would weigh %llu "
                          "here: was the roster another?",
                          part->client, (unsigned long long)part->weight,
                          (unsigned long long)weight);
    return 0;
}

/*
 * It is added while it is read: that one of its clients came before is seen
 * afterwards, but then the round has failed anyhow.
 */
static int
take_partial(struct fm_round *r, struct fm_items *it,
             const struct fm_item *item, struct fm_counted *c, struct fm_err *e)
{
    const struct fm_counted *old;
    struct fm_partial_info info;
    int rc;

    if ((rc = fm_round_sums(r, e)) ||
        (rc = fm_partial_read(&info, it, item, r->sum, e)))
        return rc;
    c->file = r->name; /* another, when the sum has begun a round */
    c->summed = true;
    c->round = info.round;
    for (size_t i = 0; i < info.n && rc == 0; i++) {
        c->part = info.part[i];
        rc = fm_round_part(r, &c->part, e);
        if (rc == 0)
            rc = fm_tally_count(&r->tally, c, &old, e);
        if (rc == 0)
            rc = fm_round_tell(r, &c->part, info.round, NULL, e);
    }
    free(info.part);
    return rc;
}

/* The largest item a stream may hold but for partial sums, which are not kept:
 * a bundle, or the index of as many as a round may have. */
size_t
fm_round_item_max(const struct fm_model *base)
{
    const size_t bundle = fm_model_max_bundle(base), index = FM_PARTS_MAX * 64;

    return bundle > index ? bundle : index;
}

int
fm_round_open(struct fm_round *r, struct fm_items *it, const char *path,
              struct fm_err *e)
{
    int rc = fm_items_open(it, path, r->base, fm_round_item_max(r->base), e);

    if (rc)
        return rc;
    if ((rc = fm_items_guard(it, r->guard, path, e))) {
        fm_items_close(it);
        return rc;
    }
    it->pool = r->pool;
    it->turn = fm_round_turn;
    it->turn_ctx = r;
    it->max_late = r->policy.max_stale;
    r->source = it->src.name;
    return 0;
}

int
fm_round_take(struct fm_round *r, const char *path, struct fm_err *e)
{
    struct fm_items it;
    struct fm_item item;
    char where[FM_PLACE_MAX];
    int rc;

    if (r->looks)
        return fm_round_look(r, path, e);
    if ((rc = fm_round_open(r, &it, path, e)))
        return rc;
    r->name = fm_tally_file(&r->tally, r->source, e);
    if (!r->name) {
        rc = FM_ESYS;
        goto out;
    }
    while ((rc = fm_items_next(&it, &item, e)) == 0 &&
           item.kind != FM_ITEM_NONE) {
        struct fm_counted c = {.file = r->name, .offset = item.offset};

        if (item.kind == FM_ITEM_BUNDLE)
            rc = take_bundle(r, &item, &c, e);
        else
            rc = take_partial(r, &it, &item, &c, e);
        fm_item_free(&item);
        if (rc) {
            c.file = r->name;
            fm_err_where(e, fm_tally_place(where, &c));
            goto out;
        }
        if (r->hooks.progress)
            r->hooks.progress(r->hooks.ctx, fm_round_clients(r));
    }
out:
    fm_items_close(&it);
    return rc;
}
