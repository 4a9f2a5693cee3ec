#include "fed/round_impl.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
fm_round_note(struct fm_round *r, const struct fm_answer *a,
              const struct fm_part *part, size_t n, const char *why,
              struct fm_err *e)
{
    struct fm_answer noted = *a;

    if (why)
        fm_round_say(r, a->file, a->offset, why);
    noted.said = why != NULL;
    return fm_claims_add(&r->claims, &noted, part, n, why, e);
}

/*
 * The reason without the place where it was found, which goes before it again:
 * what `why` says after "FILE: ", and "item at byte N: ".
 */
const char *
fm_round_bare(const struct fm_err *why, const char *file)
{
    const size_t n = strlen(file);
    const char *text = why->msg, *item = "item at byte ";

    if (strncmp(text, file, n) == 0 && strncmp(text + n, ": ", 2) == 0)
        text += n + 2;
    if (strncmp(text, item, strlen(item)) == 0 && strstr(text, ": "))
        text = strstr(text, ": ") + 2;
    return text;
}

bool
fm_round_alone(const struct fm_round *r, int rc, const struct fm_err *why)
{
    return rc == FM_EINPUT || (rc && why->unread && r->policy.quorum);
}

void
fm_round_digest(const struct fm_round *r, struct fm_answer *a,
                const struct fm_bundle *b)
{
    /* Who vouches, and who keeps a book, means these very bytes. */
    if (r->guard || r->hooks.count)
        fm_blake(a->digest, sizeof a->digest, b->bytes.data, b->bytes.len);
}

/* What is in a bundle, as far as it was parsed. */
static size_t
part_of(struct fm_part *part, const struct fm_bundle *b)
{
    *part = (struct fm_part){.bundle = b->id, .samples = b->samples};
    memcpy(part->client, b->client, sizeof part->client);
    return b->round > 0; /* else it was not even looked at */
}

static int
look_bundle(struct fm_round *r, struct fm_answer *a, const struct fm_bundle *b,
            struct fm_err *e)
{
    struct fm_err why = {0};
    struct fm_part part;
    size_t n = part_of(&part, b);

    if (r->hooks.wanted && !r->hooks.wanted(r->hooks.ctx, b))
        return 0;
    a->id = b->id;
    a->round = b->round;
    fm_round_digest(r, a, b);
    if (fm_round_excludes(r, b->client)) {
        a->verdict = FM_EXCLUDED;
        fm_err_set(&why, FM_EINPUT, "client %s is excluded", b->client);
    } else if (fm_policy_weigh(&part.weight, &r->policy, b->client, b->samples,
                               &why) ||
               fm_round_once(r, b, &why)) {
        a->verdict = FM_REFUSED;
    }
    return fm_round_note(r, a, &part, n, a->verdict ? why.msg : NULL, e);
}

static int
look_sum(struct fm_round *r, struct fm_items *it, const struct fm_item *item,
         struct fm_answer *a, struct fm_err *e)
{
    struct fm_err why = {0};
    struct fm_partial_info info;
    int rc;

    a->summed = true;
    rc = fm_partial_read(&info, it, item, NULL, &why);
    if (rc && (rc == FM_ESYS || !it->passable))
        return fm_err_pass(e, &why);
    if (rc && r->waits)
        return fm_round_wait(r, a, item, e);
    if (rc == 0 && fm_round_sums(r, &why) == 0)
        fm_partial_policy(&info, &r->policy.weighting, &why);
    a->id = info.id;
    a->round = info.round;
    for (size_t i = 0; i < info.n && why.code == FM_OK; i++)
        fm_round_part(r, &info.part[i], &why);
    if (why.code)
        a->verdict = FM_REFUSED;
    rc = fm_round_note(r, a, info.part, info.n, why.code ? why.msg : NULL, e);
    free(info.part);
    it->passable = true;
    return rc;
}

int
fm_round_item(struct fm_round *r, struct fm_items *it, struct fm_item *item,
              struct fm_answer *a, const struct fm_err *why, struct fm_err *e)
{
    struct fm_part part;
    size_t n;

    if (item->kind == FM_ITEM_PARTIAL && !why->code)
        return look_sum(r, it, item, a, e);
    if (!why->code)
        return look_bundle(r, a, &item->bundle, e);
    if (r->waits)
        return fm_round_wait(r, a, item, e);
    a->verdict = FM_REFUSED;
    a->id = item->bundle.id;
    a->round = item->bundle.round;
    n = part_of(&part, &item->bundle);
    return fm_round_note(r, a, &part, n, fm_round_bare(why, a->file), e);
}

/* A source that is damaged is refused whole, with all that was read of it. */
static int
refuse_source(struct fm_round *r, const struct fm_err *why, struct fm_err *e)
{
    const size_t source = r->nspool - 1;
    const char *file = r->spool[source].name, *what = fm_round_bare(why, file);
    const struct fm_answer a = {
        .file = file, .source = source, .verdict = FM_REFUSED};
    char text[sizeof why->msg + 64];
    int rc;

    snprintf(text, sizeof text, "in a damaged source: %s", what);
    for (size_t i = 0; i < r->claims.n; i++)
        if (r->claims.answer[i].source == source &&
            r->claims.answer[i].verdict == FM_COUNTS &&
            (rc = fm_claims_refuse(&r->claims, i, text, e)))
            return rc;
    for (size_t i = 0; i < r->later.n; i++)
        if (r->later.answer[i].source == source &&
            (rc = fm_claims_refuse(&r->later, i, text, e)))
            return rc;
    return fm_round_note(r, &a, NULL, 0, what, e);
}

/* A source of more answers than there may be goes without a trace of them. */
static void
forget_source(struct fm_round *r)
{
    struct fm_claims *const list[] = {&r->claims, &r->later};

    for (size_t k = 0; k < 2; k++) {
        size_t n = list[k]->n;

        while (n && list[k]->answer[n - 1].source == r->nspool - 1)
            n--;
        fm_claims_cut(list[k], n);
    }
}

static int
new_spool(struct fm_round *r, const char *path, struct fm_err *e)
{
    if (r->nspool == r->spool_room) {
        void *p =
            fm_grow(r->spool, r->nspool, &r->spool_room, sizeof *r->spool, e);

        if (!p)
            return FM_ESYS;
        r->spool = p;
    }
    return fm_spool_init(&r->spool[r->nspool++], path, e);
}

/* All items of a source.  FM_EINPUT: it is damaged, or `failed`. */
static int
look_items(struct fm_round *r, struct fm_items *it, struct fm_err *e)
{
    struct fm_item item;
    size_t steps = r->steps, n = 0;
    int rc = 0;

    while (rc == 0) {
        struct fm_err why = {0};
        struct fm_answer a = {.file = r->spool[r->nspool - 1].name,
                              .source = r->nspool - 1};

        r->waits = false;
        rc = fm_items_next(it, &item, &why);
        if (rc && (rc == FM_ESYS || r->failed || !it->passable))
            return fm_err_pass(e, &why);
        if (rc == 0 && item.kind == FM_ITEM_NONE)
            return 0;
        a.offset = item.offset;
        if (r->steps > steps)
            n = 0;
        steps = r->steps;
        r->full = ++n > r->most;
        rc = r->full ? fm_err_set(e, FM_EINPUT,
                                  "more than %zu answers in one file", r->most)
                     : fm_round_item(r, it, &item, &a, &why, e);
        fm_item_free(&item);
        if (r->hooks.progress)
            r->hooks.progress(r->hooks.ctx, r->ended + r->claims.n);
    }
    return rc;
}

/* A pipe is copied, to be read again; but not what is no answer from its first
 * byte on and might never end. */
static int
keep_source(struct fm_round *r, struct fm_source *s, struct fm_err *e)
{
    uint8_t head[FM_ARCHIVE_MAGIC];
    size_t got;
    int rc = fm_source_peek(s, head, sizeof head, &got, e);

    if (rc || got < sizeof head || memcmp(head, "070707", sizeof head) != 0)
        return rc;
    return fm_spool_take(&r->spool[r->nspool - 1], s, e);
}

int
fm_round_look(struct fm_round *r, const char *path, struct fm_err *e)
{
    const size_t steps = r->steps;
    struct fm_err why = {0};
    struct fm_items it;
    int rc;

    if ((rc = new_spool(r, path, e)))
        return rc;
    rc = fm_round_open(r, &it, path, &why);
    if (rc == 0) {
        it.lenient = true;
        rc = keep_source(r, &it.src, &why);
        if (rc == 0)
            rc = look_items(r, &it, &why);
        fm_items_close(&it);
    }
    if (rc == 0)
        return 0;
    /* What has ended a round cannot be taken back. */
    if (!fm_round_alone(r, rc, &why) || r->failed || r->steps > steps)
        return fm_err_pass(e, &why);
    if (r->full)
        forget_source(r);
    r->full = false;
    return refuse_source(r, &why, e);
}
