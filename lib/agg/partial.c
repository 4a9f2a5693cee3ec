#include "agg/partial.h"

#include "base/mem.h"
#include "bundle/checksum.h"
#include "bundle/manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "partial.json";
static const char *const names[] = {what, "clients", "sums", NULL};
enum { HEAD, CLIENTS, SUMS };

enum {
    PART = FM_CLIENT_MAX + 16 + 8, /* bytes of a client */
    MASKED = 8,                    /* bytes of an accumulator */
    FULL = 16,
    SLACK = 1024, /* the archive's headers and its checksum */
};

/* The weighting policy: one for each sample, or for each client. */
static const char *
policy_of(enum fm_method m)
{
    return m == FM_FEDPM ? "clients" : "samples";
}

/* A sum of FM_PARTS_MAX clients; saturates. */
size_t
fm_partial_max(const struct fm_model *base)
{
    size_t masked, full, max;

    if (!fm_mul_ok(base->masked, MASKED, &masked) ||
        !fm_mul_ok(base->full, FULL, &full) || !fm_add_ok(masked, full, &max) ||
        !fm_add_ok(max, FM_MANIFEST_MAX + SLACK + (size_t)FM_PARTS_MAX * PART,
                   &max))
        return SIZE_MAX;
    return max;
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
put_sums(uint8_t *p, const struct fm_accum *a)
{
    for (size_t i = 0; i < a->base->masked; i++, p += MASKED)
        fm_put64(p, a->votes ? a->votes->ones[i] : (uint64_t)a->masked[i]);
    for (size_t i = 0; i < a->base->full; i++, p += FULL)
        put_full(p, a->full[i]);
}

int
fm_partial_write(struct fm_buf *out, const struct fm_partial *p,
                 struct fm_err *e)
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
    struct fm_member m[FM_MEMBERS_MAX];
    size_t size = MASKED * base->masked + FULL * base->full;
    uint8_t *clients = NULL, *sums = NULL;
    struct fm_buf head = {0};
    struct fm_id id;
    int rc;

    assert(p->n > 0 && p->n <= FM_PARTS_MAX);
    clients = fm_alloc(p->n, PART, e);
    sums = fm_alloc(size, 1, e);
    if (!clients || !sums) {
        rc = FM_ESYS;
        goto out;
    }
    if ((rc = write_head(&head, &info, e)))
        goto out;
    put_clients(clients, p);
    put_sums(sums, p->sum);
    m[HEAD] = (struct fm_member){"partial.json", head.data, head.len};
    m[CLIENTS] = (struct fm_member){"clients", clients, p->n * PART};
    m[SUMS] = (struct fm_member){"sums", sums, size};
    rc = fm_checksum_seal(out, m, 3, &id, e);
out:
    fm_buf_free(&head);
    free(sums);
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
read_head(struct fm_partial_info *i, const struct fm_member *m,
          struct fm_err *e)
{
    struct fm_buf again = {0};
    struct fm_json *j = NULL;
    int rc;

    if (m->size > FM_MANIFEST_MAX)
        return fm_err_set(e, FM_EINPUT, "%s: %zu bytes, and at most %d fit",
                          what, m->size, FM_MANIFEST_MAX);
    j = fm_json_parse(m->data, m->size, what, e);
    if (!j) {
        rc = e ? (int)e->code : FM_EINPUT;
        goto out;
    }
    if ((rc = read_fields(i, j, e)) || (rc = write_head(&again, i, e)))
        goto out;
    rc = fm_manifest_same(&again, m->data, m->size, what, e);
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

static int
read_clients(struct fm_partial_info *info, const struct fm_member *m,
             struct fm_err *e)
{
    uint64_t total = 0;
    struct fm_id *id;
    int rc;

    if (m->size != info->n * PART)
        return fm_err_set(e, FM_EINPUT,
                          "clients: %zu bytes, but %zu clients are announced",
                          m->size, info->n);
    info->part = fm_alloc(info->n, sizeof *info->part, e);
    if (!info->part)
        return FM_ESYS;
    for (size_t i = 0; i < info->n; i++) {
        struct fm_part *part = &info->part[i];

        if ((rc = read_client(part, m->data + i * PART, i, e)))
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

/* All but the accumulators; *sums receives where they are. */
static int
peek(struct fm_partial_info *info, const uint8_t **sums, const uint8_t *bytes,
     size_t size, struct fm_err *e)
{
    struct fm_member m[FM_MEMBERS_MAX];
    size_t n;
    int rc;

    *info = (struct fm_partial_info){0};
    if ((rc = fm_checksum_open(m, &n, &info->id, bytes, size, e)) ||
        (rc = fm_checksum_members(m, n, names, e)) ||
        (rc = read_head(info, &m[HEAD], e)))
        return rc;
    if (m[SUMS].size != info->masked * MASKED + info->full * FULL)
        return fm_err_set(e, FM_EINPUT,
                          "sums: %zu bytes, but %zu masked and %zu full "
                          "parameters are announced",
                          m[SUMS].size, info->masked, info->full);
    *sums = m[SUMS].data;
    return read_clients(info, &m[CLIENTS], e);
}

int
fm_partial_peek(struct fm_partial_info *info, const uint8_t *bytes, size_t size,
                struct fm_err *e)
{
    const uint8_t *sums;
    int rc = peek(info, &sums, bytes, size, e);

    if (rc) {
        free(info->part);
        info->part = NULL;
    }
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
read_votes(struct fm_votes *v, const uint8_t *p, struct fm_err *e)
{
    for (size_t i = 0; i < v->base->masked; i++, p += MASKED) {
        uint64_t ones = fm_get64(p);

        if (ones > v->n)
            return fm_err_set(e, FM_EINPUT,
                              "sums: masked parameter %zu has more votes than "
                              "there are clients",
                              i);
        v->ones[i] = (uint32_t)ones;
    }
    return 0;
}

static int
read_sums(struct fm_accum *a, const uint8_t *p, struct fm_err *e)
{
    const struct fm_model *base = a->base;
    const __int128 total = (__int128)a->samples;
    const __int128 most = total * fm_noise_max(base->set.dist);
    const __int128 most_full = total << 86;

    for (size_t i = 0; i < base->masked; i++, p += MASKED) {
        a->masked[i] = (int64_t)fm_get64(p);
        if (a->masked[i] > most || a->masked[i] < -most)
            return fm_err_set(e, FM_EINPUT,
                              "sums: masked parameter %zu is beyond what its "
                              "samples can reach",
                              i);
    }
    for (size_t i = 0; i < base->full; i++, p += FULL) {
        a->full[i] = get_full(p);
        if (a->full[i] > most_full || a->full[i] < -most_full)
            return fm_err_set(e, FM_EINPUT,
                              "sums: full parameter %zu is beyond what its "
                              "samples can reach",
                              i);
    }
    return 0;
}

int
fm_partial_parse(struct fm_partial *p, const uint8_t *bytes, size_t size,
                 const struct fm_model *base, struct fm_err *e)
{
    struct fm_partial_info info;
    const uint8_t *sums;
    int rc;

    *p = (struct fm_partial){0};
    rc = peek(&info, &sums, bytes, size, e);
    p->part = info.part;
    p->n = info.n;
    if (rc || (rc = check_base(&info, base, e)))
        return rc;
    p->sum = fm_accum_new(base, e);
    if (!p->sum)
        return FM_ESYS;
    p->sum->samples = info.samples;
    if (p->sum->votes) {
        p->sum->votes->n = (uint32_t)info.n;
        return read_votes(p->sum->votes, sums, e);
    }
    return read_sums(p->sum, sums, e);
}

void
fm_partial_free(struct fm_partial *p)
{
    free(p->part);
    fm_accum_free(p->sum);
    *p = (struct fm_partial){0};
}
