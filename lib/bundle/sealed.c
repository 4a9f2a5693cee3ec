#include "bundle/sealed.h"

#include "base/odc.h"

#include <assert.h>

enum { STEP = 1 << 16 };

static const char checksum[] = "checksum";

/* Exactly `n` bytes of the source. */
static int
get(struct fm_sealed *s, void *p, size_t n, struct fm_err *e)
{
    uint8_t *to = p;

    while (n) {
        size_t got;
        int rc = fm_source_some(s->src, to, n, &got, e);

        s->broken = rc || got == 0;
        if (rc)
            return rc;
        if (got == 0)
            return fm_err_set(
                e, FM_EINPUT,
                "byte %llu: cut short in the middle of an archive",
                (unsigned long long)s->bytes);
        to += got;
        n -= got;
        s->bytes += got;
    }
    return 0;
}

static int
broken(struct fm_sealed *s, uint64_t at, const char *why, struct fm_err *e)
{
    s->broken = true;
    return fm_err_set(e, FM_EINPUT, "byte %llu: %s", (unsigned long long)at,
                      why);
}

/*
 * What stands in a header besides the name and the size, which were found good
 * before, has one right value.  A header that is `checksum`'s ends what is
 * hashed.
 */
static int
take_header(struct fm_sealed *s, const uint8_t *head, size_t n,
            struct fm_member *m, struct fm_err *e)
{
    const uint64_t at = s->bytes - n;
    uint8_t want[FM_ODC_HEAD_MAX];
    const char *bad;
    uint64_t size;
    size_t name;

    bad = fm_odc_sizes(head, &name, &size);
    assert(!bad && n == FM_ODC_HEADER + name);
    memcpy(m->name, head + FM_ODC_HEADER, name);
    if (memchr(m->name, '\0', name) != m->name + name - 1 ||
        !fm_odc_name_ok(m->name))
        return broken(s, at, "not a member's name", e);
    if (++s->members > FM_MEMBERS_MAX)
        return broken(s, at, "too many members", e);
    fm_odc_header(want, s->members, m->name, size);
    if (memcmp(want, head, n) != 0)
        return broken(s, at, "not what this archive must have here", e);
    m->data = NULL;
    m->size = (size_t)size;
    s->left = size;
    if (strcmp(m->name, checksum) != 0)
        fm_hasher_add(s->hash, head, n);
    return 0;
}

int
fm_sealed_open(struct fm_sealed *s, struct fm_source *src,
               const struct fm_buf *begun, struct fm_member *m,
               struct fm_err *e)
{
    *s = (struct fm_sealed){.src = src, .bytes = begun->len};
    s->hash = fm_hasher_new(e);
    if (!s->hash)
        return FM_ESYS;
    return take_header(s, begun->data, begun->len, m, e);
}

void
fm_sealed_close(struct fm_sealed *s)
{
    fm_hasher_free(s->hash);
    s->hash = NULL;
}

int
fm_sealed_read(struct fm_sealed *s, void *p, size_t n, struct fm_err *e)
{
    int rc;

    assert(n <= s->left);
    if ((rc = get(s, p, n, e)))
        return rc;
    fm_hasher_add(s->hash, p, n);
    s->left -= n;
    return 0;
}

int
fm_sealed_next(struct fm_sealed *s, struct fm_member *m, struct fm_err *e)
{
    uint8_t p[STEP];
    const char *bad;
    uint64_t size;
    size_t name;
    int rc;

    while (s->left)
        if ((rc = fm_sealed_read(s, p, s->left < STEP ? (size_t)s->left : STEP,
                                 e)))
            return rc;
    if ((rc = get(s, p, FM_ODC_HEADER, e)))
        return rc;
    bad = fm_odc_sizes(p, &name, &size);
    if (bad)
        return broken(s, s->bytes - FM_ODC_HEADER, bad, e);
    if ((rc = get(s, p + FM_ODC_HEADER, name, e)))
        return rc;
    return take_header(s, p, FM_ODC_HEADER + name, m, e);
}

int
fm_sealed_end(struct fm_sealed *s, struct fm_id *id, struct fm_err *e)
{
    uint8_t trailer[FM_ODC_HEAD_MAX], got[FM_ODC_HEAD_MAX];
    const size_t n = fm_odc_header(trailer, 0, NULL, 0);
    struct fm_member m = {0};
    struct fm_id want;
    char hex[FM_ID_HEX];
    int rc;

    do
        if ((rc = fm_sealed_next(s, &m, e)))
            return rc;
    while (strcmp(m.name, checksum) != 0);
    if (m.size != sizeof want.b)
        return fm_err_set(e, FM_EINPUT,
                          "not a file of fedmrn: its last member is not a "
                          "checksum");
    if ((rc = get(s, want.b, sizeof want.b, e)) || (rc = get(s, got, n, e)))
        return rc;
    *id = fm_hasher_id(s->hash);
    if (fm_id_cmp(id, &want) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "damaged: the checksum of its bytes is %s, not what "
                          "it says",
                          fm_id_hex(hex, id));
    if (memcmp(got, trailer, n) != 0)
        return broken(s, s->bytes - n, "not what this archive must have here",
                      e);
    return 0;
}

int
fm_sealing_open(struct fm_sealing *s, FILE *out, struct fm_err *e)
{
    *s = (struct fm_sealing){.out = out, .hash = fm_hasher_new(e)};
    return s->hash ? 0 : FM_ESYS;
}

static void
header(struct fm_sealing *s, const char *name, uint64_t size, bool hashed)
{
    uint8_t head[FM_ODC_HEAD_MAX];
    size_t n = fm_odc_header(head, name ? ++s->members : 0, name, size);

    assert(s->left == 0 && s->members <= FM_MEMBERS_MAX);
    fwrite(head, 1, n, s->out);
    if (hashed)
        fm_hasher_add(s->hash, head, n);
    s->left = size;
}

int
fm_sealing_member(struct fm_sealing *s, const char *name, uint64_t size,
                  struct fm_err *e)
{
    if (size > FM_ODC_DATA_MAX)
        return fm_err_set(e, FM_EINPUT, "%s: %llu bytes are too many", name,
                          (unsigned long long)size);
    header(s, name, size, true);
    return 0;
}

void
fm_sealing_put(struct fm_sealing *s, const void *p, size_t n)
{
    assert(n <= s->left);
    if (n)
        fwrite(p, 1, n, s->out);
    fm_hasher_add(s->hash, p, n);
    s->left -= n;
}

struct fm_id
fm_sealing_end(struct fm_sealing *s)
{
    struct fm_id id = fm_hasher_id(s->hash);

    header(s, checksum, sizeof id.b, false);
    fwrite(id.b, 1, sizeof id.b, s->out);
    s->left = 0;
    header(s, NULL, 0, false);
    return id;
}

void
fm_sealing_close(struct fm_sealing *s)
{
    fm_hasher_free(s->hash);
    s->hash = NULL;
}
