#include "agg/accum_impl.h"
#include "agg/partial_impl.h"

#include "base/mem.h"
#include "bundle/manifest.h"
#include "bundle/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Short names for what partial_impl.h lays out. */
enum {
    PART = FM_PARTIAL_CLIENT,
    MASKED = FM_PARTIAL_MASKED,
    FULL = FM_PARTIAL_FULL,
    STEP = FM_PARTIAL_STEP,
};

static const char what[] = FM_PARTIAL_HEAD;

static __int128
get_full(const uint8_t *p)
{
    unsigned __int128 v =
        (unsigned __int128)fm_get64(p + 8) << 64 | fm_get64(p);

    return (__int128)v;
}

static int
read_fields(struct fm_partial_info *i, const struct fm_json *j,
            struct fm_err *e)
{
    const uint64_t most = SIZE_MAX / (2 * FULL);
    uint64_t masked, full, n;
    int rc;

    if ((rc = fm_manifest_format(j, what, e)) ||
        (rc = fm_manifest_get_method(&i->method, j, what, e)))
        return rc;
    if (!fm_weighting_parse(&i->weighting, fm_json_word(j, "weights")) ||
        (i->method == FM_FEDPM && i->weighting.by != FM_BY_CLIENT))
        return fm_err_set(e, FM_EINPUT,
                          "%s: \"weights\" is no policy of this method", what);
    if ((rc = fm_manifest_get_int(&i->round, j, "round", 1, FM_ROUND_MAX, what,
                                  e)) ||
        (rc = fm_manifest_get_id(&i->base, j, "base", what, e)) ||
        (rc = fm_manifest_get_int(&i->samples, j, "samples", 1,
                                  FM_PARTS_MAX * FM_SAMPLES_MAX, what, e)) ||
        (rc = fm_manifest_get_int(&i->weight, j, "weight", 1, FM_TOTAL_MAX,
                                  what, e)) ||
        (rc = fm_manifest_get_int(&masked, j, "masked", 0, most, what, e)) ||
        (rc = fm_manifest_get_int(&full, j, "full", 0, most, what, e)) ||
        (rc = fm_manifest_get_int(&n, j, "clients", 1, FM_PARTS_MAX, what, e)))
        return rc;
    i->masked = (size_t)masked;
    i->full = (size_t)full;
    i->n = (size_t)n;
    return 0;
}

static int
read_head(struct fm_partial_info *i, struct fm_sealed *s, size_t size,
          struct fm_err *e)
{
    uint8_t text[FM_MANIFEST_MAX];
    struct fm_buf again = {0};
    struct fm_json *j = NULL;
    int rc;

    if (size > sizeof text)
        return fm_err_set(e, FM_EINPUT, "%s: %zu bytes, and at most %d fit",
                          what, size, FM_MANIFEST_MAX);
    if ((rc = fm_sealed_read(s, text, size, e)))
        return rc;
    j = fm_json_parse(text, size, what, e);
    if (!j) {
        rc = e ? (int)e->code : FM_EINPUT;
        goto out;
    }
    if ((rc = read_fields(i, j, e)) || (rc = fm_partial_head(&again, i, e)))
        goto out;
    rc = fm_manifest_same(&again, text, size, what, e);
out:
    fm_buf_free(&again);
    fm_json_free(j);
    return rc;
}

/* May the policy give that weight?  A roster may have said anything less. */
static bool
may_weigh(const struct fm_weighting *w, const struct fm_part *part)
{
    uint64_t most = fm_weighting_of(
        w, part->samples, w->by == FM_BY_ROSTER ? FM_SAMPLES_MAX : UINT64_MAX);

    return part->weight >= 1 && part->weight <= most;
}

static int
read_client(struct fm_part *part, const uint8_t *p, size_t i,
            const struct fm_weighting *w, struct fm_err *e)
{
    size_t len;

    memcpy(part->client, p, FM_CLIENT_MAX);
    part->client[FM_CLIENT_MAX] = '\0';
    len = strlen(part->client);
    for (size_t k = len; k < FM_CLIENT_MAX; k++)
        if (p[k])
            return fm_err_set(e, FM_EINPUT,
                              "clients: number %zu is not padded with NUL", i);
    if (!fm_client_ok(part->client))
        return fm_err_set(e, FM_EINPUT, "clients: number %zu has no valid id",
                          i);
    memcpy(part->bundle.b, p + FM_CLIENT_MAX, sizeof part->bundle.b);
    part->samples = fm_get64(p + FM_CLIENT_MAX + 16);
    if (part->samples == 0 || part->samples > FM_SAMPLES_MAX)
        return fm_err_set(e, FM_EINPUT,
                          "clients: samples of %s are not in 1..2^32",
                          part->client);
    part->weight = fm_get64(p + FM_CLIENT_MAX + 24);
    if (!may_weigh(w, part))
        return fm_err_set(e, FM_EINPUT,
                          "clients: %s weighs what its policy cannot give",
                          part->client);
    return 0;
}

/* The clients in `p`, info->n of them. */
static int
parse_clients(struct fm_partial_info *info, const uint8_t *p, struct fm_err *e)
{
    uint64_t samples = 0, weight = 0;
    struct fm_id *id;
    int rc;

    info->part = fm_alloc(info->n, sizeof *info->part, e);
    if (!info->part)
        return FM_ESYS;
    for (size_t i = 0; i < info->n; i++) {
        struct fm_part *part = &info->part[i];

        if ((rc = read_client(part, p + i * PART, i, &info->weighting, e)))
            return rc;
        if (i && strcmp(part[-1].client, part->client) >= 0)
            return fm_err_set(e, FM_EINPUT,
                              "clients: %s and %s are not in order",
                              part[-1].client, part->client);
        samples += part->samples; /* at most 2^18 * 2^32 */
        weight += part->weight;
    }
    if (samples != info->samples)
        return fm_err_set(
            e, FM_EINPUT, "clients: their samples add up to %llu, not %llu",
            (unsigned long long)samples, (unsigned long long)info->samples);
    if (weight != info->weight)
        return fm_err_set(
            e, FM_EINPUT, "clients: their weights add up to %llu, not %llu",
            (unsigned long long)weight, (unsigned long long)info->weight);
    id = fm_parts_ids(info->part, info->n, e);
    free(id);
    return id ? 0 : e ? (int)e->code : FM_EINPUT;
}

static int
read_clients(struct fm_partial_info *info, struct fm_sealed *s, size_t size,
             struct fm_err *e)
{
    uint8_t *p;
    int rc;

    if (size != info->n * PART)
        return fm_err_set(e, FM_EINPUT,
                          "clients: %zu bytes, but %zu clients are announced",
                          size, info->n);
    p = fm_alloc(info->n, PART, e);
    if (!p)
        return FM_ESYS;
    rc = fm_sealed_read(s, p, size, e);
    if (rc == 0)
        rc = parse_clients(info, p, e);
    free(p);
    return rc;
}

static int
check_base(const struct fm_partial_info *i, const struct fm_model *base,
           struct fm_err *e)
{
    /* A sum answers a model as a bundle does, and in the same words. */
    const struct fm_bundle like = {
        .method = i->method,
        .round = i->round,
        .base = i->base,
        .masked = i->masked,
        .full = i->full,
    };

    return fm_bundle_check_base(&like, base, e);
}

int
fm_partial_policy(const struct fm_partial_info *i,
                  const struct fm_weighting *here, struct fm_err *e)
{
    char theirs[FM_WEIGHTING_TEXT], mine[FM_WEIGHTING_TEXT];

    if (fm_weighting_same(&i->weighting, here))
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "its clients weigh by %s, and here by %s: sums of "
                      "different policies do not add up",
                      fm_weighting_text(theirs, &i->weighting),
                      fm_weighting_text(mine, here));
}

static int
beyond(const char *kind, size_t i, struct fm_err *e)
{
    return fm_err_set(e, FM_EINPUT,
                      "sums: %s parameter %zu is beyond what its clients can "
                      "reach",
                      kind, i);
}

/* Votes first .. first+n-1, of which nothing has more than `most`; added. */
static int
take_votes(const uint8_t *p, size_t first, size_t n, uint64_t most,
           struct fm_votes *votes, struct fm_err *e)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t ones = fm_get64(p + MASKED * i);

        if (ones > most)
            return fm_err_set(e, FM_EINPUT,
                              "sums: masked parameter %zu has more votes than "
                              "there are clients",
                              first + i);
        if (votes)
            votes->ones[first + i] += (uint32_t)ones;
    }
    return 0;
}

/* Masked accumulators first .. first+n-1, held against the bound and added. */
static int
take_masked(const uint8_t *p, size_t first, size_t n, int64_t least,
            int64_t most, struct fm_accum *sum, struct fm_err *e)
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = (int64_t)fm_get64(p + MASKED * i);

        if (v > most || v < least)
            return beyond("masked", first + i, e);
        if (sum)
            sum->masked[first + i] += v;
    }
    return 0;
}

/*
 * The same of full ones.  Where clients vote, each counts for no more than its
 * weight; elsewhere they reach so far times 2^86, and down to where a running
 * variance is 0.
 */
static int
take_full(const uint8_t *p, size_t first, size_t n, uint64_t weight,
          const struct fm_model *base, struct fm_accum *sum, struct fm_err *e)
{
    const struct fm_model_tensor *at = NULL;
    size_t tensor = 0, end = 0;
    __int128 most = 0, least;

    for (size_t i = 0; i < n; i++) {
        __int128 v = get_full(p + FULL * i);

        for (; first + i >= end && tensor < base->arch->ntensors; tensor++) {
            const struct fm_model_tensor *t = &base->tensor[tensor];

            if (t->masked)
                continue;
            at = t;
            end = t->at + t->spec->count;
            most = (__int128)weight << (fm_accum_voted(base, tensor) ? 0 : 86);
        }
        /* Behind the tensors fedbat has steps, which are not summed. */
        if (first + i >= end)
            most = base->set.method == FM_FEDBAT ? 0 : (__int128)weight << 86;
        least = -most;
        if (first + i < end && at->spec->role == FM_VAR)
            least =
                -(weight * fm_variance_units(at->value[first + i - at->at]));
        if (v > most || v < least)
            return beyond("full", first + i, e);
        if (sum)
            sum->full[first + i] += v;
    }
    return 0;
}

static int
read_sums(const struct fm_partial_info *info, struct fm_sealed *s,
          const struct fm_model *base, struct fm_accum *sum, struct fm_err *e)
{
    /* At most 2^33 * 2^24 and 2^119: no sum of them wraps, see accum.h. */
    const enum fm_method method = base->set.method;
    const int64_t most = (int64_t)info->weight *
                         (method == FM_FEDSPARSIFY ? 1
                          : method == FM_FEDBAT    ? FM_STEP_MAX
                                                : fm_noise_max(base->set.dist));
    const int64_t least = method == FM_FEDSPARSIFY ? 0 : -most;
    uint8_t *p = fm_alloc_dirty(STEP, FULL, e);
    int rc = p ? 0 : FM_ESYS;

    for (size_t i = 0, n; rc == 0 && i < info->masked; i += n) {
        n = info->masked - i < STEP ? info->masked - i : STEP;
        rc = fm_sealed_read(s, p, MASKED * n, e);
        if (rc == 0 && info->method == FM_FEDPM)
            rc = take_votes(p, i, n, info->n, sum ? sum->votes : NULL, e);
        else if (rc == 0)
            rc = take_masked(p, i, n, least, most, sum, e);
    }
    for (size_t i = 0, n; rc == 0 && i < info->full; i += n) {
        n = info->full - i < STEP ? info->full - i : STEP;
        rc = fm_sealed_read(s, p, FULL * n, e);
        if (rc == 0)
            rc = take_full(p, i, n, info->weight, base, sum, e);
    }
    free(p);
    return rc;
}

/* The next member, which must be the `i`-th of ours. */
static int
next(struct fm_sealed *s, struct fm_member *m, size_t i, struct fm_err *e)
{
    static const char *const names[] = {what, "clients", "sums"};
    int rc = i ? fm_sealed_next(s, m, e) : 0;

    if (rc == 0 && strcmp(m->name, names[i]) != 0)
        rc = fm_err_set(e, FM_EINPUT, "member %zu is not %s", i + 1, names[i]);
    return rc;
}

/* What the members say, before it is known whether they are whole. */
static int
read_members(struct fm_partial_info *info, struct fm_sealed *s,
             struct fm_member *m, const struct fm_items *it,
             struct fm_accum *sum, struct fm_err *e)
{
    int rc;

    if ((rc = next(s, m, 0, e)) || (rc = read_head(info, s, m->size, e)) ||
        (rc = next(s, m, 1, e)) || (rc = read_clients(info, s, m->size, e)) ||
        (rc = next(s, m, 2, e)))
        return rc;
    if (m->size != info->masked * MASKED + info->full * FULL)
        return fm_err_set(e, FM_EINPUT,
                          "sums: %zu bytes, but %zu masked and %zu full "
                          "parameters are announced",
                          m->size, info->masked, info->full);
    if (!it->base)
        return 0;
    if ((rc = fm_items_turn(it, info->round, &info->base, e)) ||
        (rc = check_base(info, it->base, e)) ||
        (sum && ((rc = fm_partial_policy(info, &sum->weighting, e)) ||
                 (rc = fm_accum_room(sum, info->weight, info->n, e)))))
        return rc;
    return read_sums(info, s, it->base, sum, e);
}

int
fm_partial_read(struct fm_partial_info *info, struct fm_items *it,
                const struct fm_item *item, struct fm_accum *sum,
                struct fm_err *e)
{
    enum { MEMBERS = 4 };
    struct fm_err why = {0};
    struct fm_member m = {0};
    struct fm_sealed s;
    int rc, end = 0;

    assert(item->kind == FM_ITEM_PARTIAL);
    assert(!sum || sum->base == it->base);
    *info = (struct fm_partial_info){0};
    rc = fm_sealed_open(&s, &it->src, &item->bytes, &m, &why);
    if (rc == 0)
        rc = read_members(info, &s, &m, it, sum, &why);
    /* That it is damaged explains more than what the damage looks like. */
    if (rc != FM_ESYS && !s.broken) {
        end = fm_sealed_end(&s, &info->id, e);
        it->passable = rc == FM_EINPUT && end == 0 && s.members == MEMBERS;
        rc = end ? end : rc;
        if (rc == 0 && s.members != MEMBERS)
            rc = fm_err_set(e, FM_EINPUT, "member %d is not checksum", MEMBERS);
    }
    info->bytes = s.bytes;
    if (why.code && !end)
        rc = fm_err_pass(e, &why);
    if (rc == 0 && sum)
        sum->weight += info->weight;
    if (rc == 0 && sum && sum->votes)
        sum->votes->n += (uint32_t)info->n;
    fm_sealed_close(&s);
    if (rc) {
        free(info->part);
        *info = (struct fm_partial_info){0};
    }
    return rc;
}
