#include "agg/partial.h"

#include "base/mem.h"
#include "bundle/manifest.h"
#include "bundle/sealed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "partial.json";

enum {
    PART = FM_CLIENT_MAX + 16 + 8, /* bytes of a client */
    MASKED = 8,                    /* bytes of an accumulator */
    FULL = 16,
    STEP = 1 << 16, /* accumulators at a time */
};

/* The weighting policy: one for each sample, or for each client. */
static const char *
policy_of(enum fm_method m)
{
    return m == FM_FEDPM ? "clients" : "samples";
}

static int
by_id(const void *a, const void *b)
{
    return fm_id_cmp(a, b);
}

struct fm_id *
fm_parts_ids(const struct fm_part *part, size_t n, struct fm_err *e)
{
    struct fm_id *id = fm_alloc(n, sizeof *id, e);
    char hex[FM_ID_HEX];

    if (!id)
        return NULL;
    for (size_t i = 0; i < n; i++)
        id[i] = part[i].bundle;
    qsort(id, n, sizeof *id, by_id);
    for (size_t i = 1; i < n; i++)
        if (fm_id_cmp(&id[i - 1], &id[i]) == 0) {
            fm_err_set(e, FM_EINPUT, "clients: two of them claim bundle %s",
                       fm_id_hex(hex, &id[i]));
            free(id);
            return NULL;
        }
    return id;
}

static int
write_head(struct fm_buf *out, const struct fm_partial_info *i,
           struct fm_err *e)
{
    struct fm_json *j = fm_json_object();
    char hex[FM_ID_HEX];
    int rc;

    fm_json_add_int(j, "fedmrn", 1);
    fm_json_add_str(j, "method", fm_manifest_method(i->method));
    fm_json_add_str(j, "weights", policy_of(i->method));
    fm_json_add_int(j, "round", i->round);
    fm_json_add_str(j, "base", fm_id_hex(hex, &i->base));
    fm_json_add_int(j, "samples", i->samples);
    fm_json_add_int(j, "masked", i->masked);
    fm_json_add_int(j, "full", i->full);
    fm_json_add_int(j, "clients", i->n);
    rc = fm_json_dump(out, j, e);
    fm_json_free(j);
    return rc;
}

static void
put_full(uint8_t *p, __int128 v)
{
    fm_put64(p, (uint64_t)v);
    fm_put64(p + 8, (uint64_t)((unsigned __int128)v >> 64));
}

static __int128
get_full(const uint8_t *p)
{
    unsigned __int128 v =
        (unsigned __int128)fm_get64(p + 8) << 64 | fm_get64(p);

    return (__int128)v;
}

static void
put_clients(uint8_t *p, const struct fm_partial *sum)
{
    memset(p, 0, sum->n * PART);
    for (size_t i = 0; i < sum->n; i++, p += PART) {
        const struct fm_part *part = &sum->part[i];

        assert(i == 0 || strcmp(part[-1].client, part->client) < 0);
        memcpy(p, part->client, strlen(part->client));
        memcpy(p + FM_CLIENT_MAX, part->bundle.b, sizeof part->bundle.b);
        fm_put64(p + FM_CLIENT_MAX + 16, part->samples);
    }
}

static void
put_sums(struct fm_sealing *s, const struct fm_accum *a, uint8_t *p)
{
    const size_t masked = a->base->masked, full = a->base->full;

    for (size_t i = 0; i < masked; i += STEP) {
        size_t n = masked - i < STEP ? masked - i : STEP;

        for (size_t k = 0; k < n; k++)
            fm_put64(p + MASKED * k, a->votes ? a->votes->ones[i + k]
                                              : (uint64_t)a->masked[i + k]);
        fm_sealing_put(s, p, MASKED * n);
    }
    for (size_t i = 0; i < full; i += STEP) {
        size_t n = full - i < STEP ? full - i : STEP;

        for (size_t k = 0; k < n; k++)
            put_full(p + FULL * k, a->full[i + k]);
        fm_sealing_put(s, p, FULL * n);
    }
}

static int
write_members(struct fm_sealing *s, const struct fm_partial *p,
              const struct fm_buf *head, const uint8_t *clients, uint8_t *step,
              struct fm_err *e)
{
    const struct fm_model *base = p->sum->base;
    const uint64_t size =
        MASKED * (uint64_t)base->masked + FULL * (uint64_t)base->full;
    int rc;

    if ((rc = fm_sealing_member(s, what, head->len, e)))
        return rc;
    fm_sealing_put(s, head->data, head->len);
    if ((rc = fm_sealing_member(s, "clients", p->n * PART, e)))
        return rc;
    fm_sealing_put(s, clients, p->n * PART);
    if ((rc = fm_sealing_member(s, "sums", size, e)))
        return rc;
    put_sums(s, p->sum, step);
    fm_sealing_end(s);
    return 0;
}

int
fm_partial_write(FILE *out, const struct fm_partial *p, struct fm_err *e)
{
    const struct fm_model *base = p->sum->base;
    const struct fm_partial_info info = {
        .method = base->set.method,
        .round = base->round + 1,
        .samples = p->sum->samples,
        .base = base->id,
        .masked = base->masked,
        .full = base->full,
        .n = p->n,
    };
    uint8_t *clients = NULL, *step = NULL;
    struct fm_sealing s = {0};
    struct fm_buf head = {0};
    int rc;

    assert(p->n > 0 && p->n <= FM_PARTS_MAX);
    clients = fm_alloc(p->n, PART, e);
    step = fm_alloc_dirty(STEP, FULL, e);
    if (!clients || !step) {
        rc = FM_ESYS;
        goto out;
    }
    put_clients(clients, p);
    if ((rc = write_head(&head, &info, e)) ||
        (rc = fm_sealing_open(&s, out, e)))
        goto out;
    rc = write_members(&s, p, &head, clients, step, e);
out:
    fm_sealing_close(&s);
    fm_buf_free(&head);
    free(step);
    free(clients);
    return rc;
}

static int
read_fields(struct fm_partial_info *i, const struct fm_json *j,
            struct fm_err *e)
{
    const uint64_t most = SIZE_MAX / (2 * FULL);
    uint64_t masked, full, n;
    const char *policy;
    int rc;

    if ((rc = fm_manifest_format(j, what, e)) ||
        (rc = fm_manifest_get_method(&i->method, j, what, e)))
        return rc;
    if (!fm_json_str(j, "weights", &policy) ||
        strcmp(policy, policy_of(i->method)) != 0)
        return fm_err_set(e, FM_EINPUT, "%s: \"weights\" is not \"%s\"", what,
                          policy_of(i->method));
    if ((rc = fm_manifest_get_int(&i->round, j, "round", 1, FM_ROUND_MAX, what,
                                  e)) ||
        (rc = fm_manifest_get_id(&i->base, j, "base", what, e)) ||
        (rc = fm_manifest_get_int(&i->samples, j, "samples", 1, FM_TOTAL_MAX,
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
    if ((rc = read_fields(i, j, e)) || (rc = write_head(&again, i, e)))
        goto out;
    rc = fm_manifest_same(&again, text, size, what, e);
out:
    fm_buf_free(&again);
    fm_json_free(j);
    return rc;
}

static int
read_client(struct fm_part *part, const uint8_t *p, size_t i, struct fm_err *e)
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
    return 0;
}

/* The clients in `p`, info->n of them. */
static int
parse_clients(struct fm_partial_info *info, const uint8_t *p, struct fm_err *e)
{
    uint64_t total = 0;
    struct fm_id *id;
    int rc;

    info->part = fm_alloc(info->n, sizeof *info->part, e);
    if (!info->part)
        return FM_ESYS;
    for (size_t i = 0; i < info->n; i++) {
        struct fm_part *part = &info->part[i];

        if ((rc = read_client(part, p + i * PART, i, e)))
            return rc;
        if (i && strcmp(part[-1].client, part->client) >= 0)
            return fm_err_set(e, FM_EINPUT,
                              "clients: %s and %s are not in order",
                              part[-1].client, part->client);
        total += part->samples; /* at most 2^18 * 2^32 */
    }
    if (total != info->samples)
        return fm_err_set(
            e, FM_EINPUT, "clients: their samples add up to %llu, not %llu",
            (unsigned long long)total, (unsigned long long)info->samples);
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

static int
beyond(const char *kind, size_t i, struct fm_err *e)
{
    return fm_err_set(e, FM_EINPUT,
                      "sums: %s parameter %zu is beyond what its samples can "
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
take_masked(const uint8_t *p, size_t first, size_t n, int64_t most,
            struct fm_accum *sum, struct fm_err *e)
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = (int64_t)fm_get64(p + MASKED * i);

        if (v > most || v < -most)
            return beyond("masked", first + i, e);
        if (sum)
            sum->masked[first + i] += v;
    }
    return 0;
}

static int
take_full(const uint8_t *p, size_t first, size_t n, __int128 most,
          struct fm_accum *sum, struct fm_err *e)
{
    for (size_t i = 0; i < n; i++) {
        __int128 v = get_full(p + FULL * i);

        if (v > most || v < -most)
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
    /* At most 2^33 * 283438 and 2^119: no sum of them wraps, see accum.h. */
    const int64_t most = (int64_t)info->samples * fm_noise_max(base->set.dist);
    const __int128 most_full = (__int128)info->samples << 86;
    uint8_t *p = fm_alloc_dirty(STEP, FULL, e);
    int rc = p ? 0 : FM_ESYS;

    for (size_t i = 0, n; rc == 0 && i < info->masked; i += n) {
        n = info->masked - i < STEP ? info->masked - i : STEP;
        rc = fm_sealed_read(s, p, MASKED * n, e);
        if (rc == 0 && info->method == FM_FEDPM)
            rc = take_votes(p, i, n, info->n, sum ? sum->votes : NULL, e);
        else if (rc == 0)
            rc = take_masked(p, i, n, most, sum, e);
    }
    for (size_t i = 0, n; rc == 0 && i < info->full; i += n) {
        n = info->full - i < STEP ? info->full - i : STEP;
        rc = fm_sealed_read(s, p, FULL * n, e);
        if (rc == 0)
            rc = take_full(p, i, n, most_full, sum, e);
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
        (sum && (rc = fm_accum_room(sum, info->samples, info->n, e))))
        return rc;
    return read_sums(info, s, it->base, sum, e);
}

int
fm_partial_read(struct fm_partial_info *info, struct fm_items *it,
                const struct fm_item *item, struct fm_accum *sum,
                struct fm_err *e)
{
    enum { MEMBERS = 4 };
    struct fm_err why = {FM_OK, ""};
    struct fm_member m = {0};
    struct fm_sealed s;
    int rc;

    assert(item->kind == FM_ITEM_PARTIAL);
    assert(!sum || sum->base == it->base);
    *info = (struct fm_partial_info){0};
    rc = fm_sealed_open(&s, &it->src, &item->bytes, &m, &why);
    if (rc == 0)
        rc = read_members(info, &s, &m, it, sum, &why);
    /* That it is damaged explains more than what the damage looks like. */
    if (rc != FM_ESYS && !s.broken) {
        int end = fm_sealed_end(&s, &info->id, e);

        rc = end ? end : rc;
        if (rc == 0 && s.members != MEMBERS)
            rc = fm_err_set(e, FM_EINPUT, "member %d is not checksum", MEMBERS);
    }
    info->bytes = s.bytes;
    if (rc)
        rc = fm_err_set(e, why.code ? why.code : (enum fm_code)rc, "%s",
                        why.msg);
    else if (sum)
        sum->samples += info->samples;
    if (rc == 0 && sum && sum->votes)
        sum->votes->n += (uint32_t)info->n;
    fm_sealed_close(&s);
    if (rc) {
        free(info->part);
        *info = (struct fm_partial_info){0};
    }
    return rc;
}
