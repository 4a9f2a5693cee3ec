#include "bundle/item.h"

#include "base/mem.h"
#include "base/odc.h"
#include "bundle/coded.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_BYTES = 8, ID_BYTES = sizeof((struct fm_id *)0)->b };

static const char *const index_names[] = {"index", NULL};

int
fm_items_open(struct fm_items *it, const char *path,
              const struct fm_model *base, size_t limit, struct fm_err *e)
{
    *it = (struct fm_items){.limit = limit, .base = base};
    it->stream = strcmp(path, "-") == 0;
    return fm_source_open(&it->src, path, e);
}

void
fm_items_again(struct fm_items *it, const struct fm_source *src,
               const struct fm_model *base, size_t limit)
{
    *it = (struct fm_items){.src = *src, .limit = limit, .base = base};
}

void
fm_items_close(struct fm_items *it)
{
    fm_source_close(&it->src);
    free(it->listed);
    it->listed = NULL;
}

int
fm_items_guard(struct fm_items *it, const struct fm_guard *g, const char *path,
               struct fm_err *e)
{
    int rc = g ? g->begin(g->ctx, path, e) : 0;

    it->guard = g;
    if (rc)
        fm_err_where(e, it->src.name);
    return rc;
}

void
fm_item_free(struct fm_item *item)
{
    fm_bundle_free(&item->bundle);
    fm_buf_free(&item->bytes);
    *item = (struct fm_item){0};
}

/*
 * Is it the name of the first member, which was read already?  The name ends
 * where its size says: a shorter one may go on as the text `name` in its data.
 */
static bool
opens_with(const struct fm_buf *b, const char *name)
{
    const size_t n = strlen(name) + 1;
    uint64_t data;
    size_t size;

    return !fm_odc_sizes(b->data, &size, &data) && size == n &&
           memcmp(b->data + FM_ODC_HEADER, name, n) == 0;
}

/* An index: what the next bundles must be. */
static int
read_index(struct fm_items *it, const struct fm_buf *b, struct fm_err *e)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_id id;
    uint64_t count;
    size_t n;
    int rc;

    if ((rc = fm_checksum_open(m, &n, &id, b->data, b->len, e)) ||
        (rc = fm_checksum_members(m, n, index_names, e)))
        return rc;
    if (m[0].size < COUNT_BYTES)
        return fm_err_set(e, FM_EINPUT, "index: too short");
    count = fm_get64(m[0].data);
    if (count == 0 || (m[0].size - COUNT_BYTES) % ID_BYTES ||
        count != (m[0].size - COUNT_BYTES) / ID_BYTES)
        return fm_err_set(e, FM_EINPUT,
                          "index: %zu bytes do not hold %llu bundles' ids",
                          m[0].size, (unsigned long long)count);
    free(it->listed);
    it->nlisted = it->taken = 0;
    it->listed = fm_alloc((size_t)count, sizeof *it->listed, e);
    if (!it->listed)
        return FM_ESYS;
    for (size_t i = 0; i < count; i++)
        memcpy(it->listed[i].b, m[0].data + COUNT_BYTES + i * ID_BYTES,
               ID_BYTES);
    it->nlisted = (size_t)count;
    return 0;
}

/* Inside a round file only the bundle that is listed next may follow. */
static int
check_listed(struct fm_items *it, const struct fm_item *item, struct fm_err *e)
{
    char got[FM_ID_HEX], want[FM_ID_HEX];

    if (item->kind != FM_ITEM_BUNDLE ||
        fm_id_cmp(&item->bundle.id, &it->listed[it->taken]) != 0)
        return fm_err_set(
            e, FM_EINPUT, "the index lists bundle %s here, not %s",
            fm_id_hex(want, &it->listed[it->taken]),
            item->kind == FM_ITEM_BUNDLE ? fm_id_hex(got, &item->bundle.id)
                                         : "a partial sum");
    it->taken++;
    return 0;
}

/*
 * What stands loose in a stream could be cut between two items without a
 * trace.  From a pipe that is the user's wish (`cat` made it); a file that was
 * carried somewhere must be able to say that it is whole.
 */
static int
check_alone(const struct fm_items *it, struct fm_err *e)
{
    if (it->stream || (it->loose == 0 && it->nlisted == 0))
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "a file of several items without one index for all; "
                      "make it with fedmrn-pack, or pipe it to standard input");
}

int
fm_items_turn(const struct fm_items *it, uint64_t round,
              const struct fm_id *from, struct fm_err *e)
{
    if (!it->turn || round == it->base->round + 1)
        return 0;
    return it->turn(it->turn_ctx, round, from, e);
}

/* A bundle: the bytes that the guard has seen are those that are parsed. */
static int
read_bundle(struct fm_items *it, struct fm_bundle *bundle, struct fm_buf *b,
            struct fm_err *e)
{
    const struct fm_guard *g = it->guard;
    int rc;

    if (g &&
        (rc = g->bytes(g->ctx, it->taken < it->nlisted, b->data, b->len, e))) {
        it->passable = rc == FM_EINPUT;
        return rc;
    }
    if ((rc = fm_bundle_parse(bundle, b, NULL, e)))
        return rc;
    if (!(g && (rc = g->claim(g->ctx, bundle, e))) &&
        !(rc = fm_items_turn(it, bundle->round, &bundle->base, e)) &&
        !(it->base &&
          (rc = fm_bundle_check_late(bundle, it->base, it->max_late, e))) &&
        (it->base || fm_coded_alone(bundle)))
        rc = fm_coded_decode(bundle, it->base, it->pool, e);
    it->passable = rc == FM_EINPUT;
    return rc;
}

/* A bundle was refused: does the source hold what it must, nevertheless? */
static void
pass(struct fm_items *it, const struct fm_item *item)
{
    const struct fm_bundle *b = &item->bundle;

    it->count++;
    if (it->taken < it->nlisted) {
        /* What nobody vouches for was not parsed, and has no id. */
        it->passable =
            b->round == 0 || fm_id_cmp(&b->id, &it->listed[it->taken]) == 0;
        it->taken++;
        return;
    }
    it->passable = check_alone(it, NULL) == 0;
    it->loose++;
}

/* Take the framed archive in `b` for what its first member says it is. */
static int
classify(struct fm_items *it, struct fm_item *item, struct fm_buf *b,
         struct fm_err *e)
{
    int rc;

    if (opens_with(b, "manifest.json")) {
        item->kind = FM_ITEM_BUNDLE;
        if ((rc = read_bundle(it, &item->bundle, b, e))) {
            if (it->passable)
                pass(it, item);
            return rc;
        }
    } else if (opens_with(b, "partial.json")) {
        if (it->guard)
            return fm_err_set(e, FM_EINPUT,
                              "a partial sum: of the bundles in it no "
                              "signature can be checked; give the bundles");
        item->kind = FM_ITEM_PARTIAL;
        item->bytes = *b; /* its beginning */
        *b = (struct fm_buf){0};
    } else if (opens_with(b, "index")) {
        if (it->taken < it->nlisted)
            return fm_err_set(e, FM_EINPUT, "an index inside a round file");
        rc = check_alone(it, e);
        return rc ? rc : read_index(it, b, e);
    } else {
        return fm_err_set(e, FM_EINPUT,
                          "an archive, but not a bundle, round file or partial "
                          "sum");
    }
    if (it->taken < it->nlisted)
        return check_listed(it, item, e);
    rc = check_alone(it, e);
    it->loose++;
    return rc;
}

static int
at_end(struct fm_items *it, struct fm_err *e)
{
    int rc = 0;

    if (it->taken < it->nlisted)
        return fm_err_set(e, FM_EINPUT,
                          "%s: cut short: the index lists %zu bundles, and "
                          "%zu are here",
                          it->src.name, it->nlisted, it->taken);
    if (it->count == 0)
        return fm_err_set(e, FM_EINPUT, "%s: empty", it->src.name);
    if (it->guard && (rc = it->guard->end(it->guard->ctx, e)))
        fm_err_where(e, it->src.name);
    return rc;
}

static int
say_where(const struct fm_items *it, uint64_t offset, int rc, struct fm_err *e)
{
    char at[48];

    if (offset) {
        snprintf(at, sizeof at, "item at byte %llu",
                 (unsigned long long)offset);
        fm_err_where(e, at);
    }
    fm_err_where(e, it->src.name);
    return rc;
}

/*
 * The next archive, or the beginning of a partial sum.  What is none from its
 * first byte on gets a better word than that a header is missing.
 */
static int
frame(struct fm_buf *b, struct fm_items *it, struct fm_err *e)
{
    bool first = it->src.offset == 0;
    struct fm_err why = {0};
    int rc = fm_archive_begin(b, &it->src, it->limit, &why);

    if (rc == FM_EINPUT && first && b->len >= FM_ARCHIVE_MAGIC &&
        memcmp(b->data, "070707", FM_ARCHIVE_MAGIC) != 0)
        return fm_err_set(e, FM_EINPUT, "%s: %s", it->src.name,
                          b->len > 8 && b->data[8] == '{'
                              ? "a model or other safetensors file, and not a "
                                "bundle: are the two mixed up?"
                              : "not a bundle, round file or partial sum");
    if (rc == 0 && b->len && !opens_with(b, "partial.json"))
        rc = fm_archive_rest(b, 0, &it->src, it->limit, &why);
    return rc ? fm_err_pass(e, &why) : 0;
}

int
fm_items_next(struct fm_items *it, struct fm_item *item, struct fm_err *e)
{
    struct fm_buf b = {0};
    int rc;

    *item = (struct fm_item){0};
    it->passable = false;
    do {
        fm_buf_free(&b);
        item->offset = it->src.offset;
        if ((rc = frame(&b, it, e)))
            goto out;
        if (b.len == 0) {
            rc = at_end(it, e);
            goto out;
        }
        if ((rc = classify(it, item, &b, e))) {
            rc = say_where(it, item->offset, rc, e);
            goto out;
        }
    } while (item->kind == FM_ITEM_NONE);
    it->count++;
out:
    fm_buf_free(&b);
    if (rc && !(it->lenient && it->passable))
        fm_item_free(item);
    return rc;
}

int
fm_index_write(struct fm_buf *out, const struct fm_id *id, size_t n,
               struct fm_err *e)
{
    struct fm_member m[FM_MEMBERS_MAX] = {{"index", NULL, 0}};
    struct fm_buf b = {0};
    struct fm_id sum;
    uint8_t count[COUNT_BYTES];
    int rc;

    assert(n > 0);
    fm_put64(count, n);
    if ((rc = fm_buf_add(&b, count, sizeof count, e)))
        goto out;
    for (size_t i = 0; i < n; i++)
        if ((rc = fm_buf_add(&b, id[i].b, sizeof id[i].b, e)))
            goto out;
    m[0].data = b.data;
    m[0].size = b.len;
    rc = fm_checksum_seal(out, m, 1, &sum, e);
out:
    fm_buf_free(&b);
    return rc;
}
