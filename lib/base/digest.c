#include "base/digest.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

uint64_t
fm_hash64(const void *p, size_t n)
{
    return XXH3_64bits(p, n);
}

uint64_t
fm_hash64_seeded(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

static struct fm_id
canonical(XXH128_hash_t h)
{
    XXH128_canonical_t c;
    struct fm_id id;

    XXH128_canonicalFromHash(&c, h);
    memcpy(id.b, c.digest, sizeof id.b);
    return id;
}

struct fm_id
fm_hash128(const void *p, size_t n)
{
    return canonical(XXH3_128bits(p, n));
}

/* The library's state under our name. */
static XXH3_state_t *
state(struct fm_hasher *h)
{
    return (XXH3_state_t *)(void *)h;
}

struct fm_hasher *
fm_hasher_new(struct fm_err *e)
{
    XXH3_state_t *s = XXH3_createState();

    if (!s) {
        fm_err_nomem(e);
        return NULL;
    }
    XXH3_128bits_reset(s);
    return (struct fm_hasher *)(void *)s;
}

void
fm_hasher_add(struct fm_hasher *h, const void *p, size_t n)
{
    if (n)
        XXH3_128bits_update(state(h), p, n);
}

struct fm_id
fm_hasher_id(const struct fm_hasher *h)
{
    return canonical(
        XXH3_128bits_digest((const XXH3_state_t *)(const void *)h));
}

void
fm_hasher_free(struct fm_hasher *h)
{
    XXH3_freeState(state(h));
}

int
fm_hash128_join(struct fm_id *id, const struct fm_piece *piece, size_t n,
                struct fm_err *e)
{
    struct fm_hasher *h = fm_hasher_new(e);

    if (!h)
        return FM_ESYS;
    for (size_t i = 0; i < n; i++)
        fm_hasher_add(h, piece[i].p, piece[i].n);
    *id = fm_hasher_id(h);
    fm_hasher_free(h);
    return 0;
}

char *
fm_id_hex(char *out, const struct fm_id *id)
{
    for (size_t i = 0; i < sizeof id->b; i++)
        snprintf(out + 2 * i, 3, "%02x", id->b[i]);
    return out;
}

bool
fm_id_parse(struct fm_id *id, const char *s)
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(s) != 2 * sizeof id->b)
        return false;
    for (size_t i = 0; i < 2 * sizeof id->b; i++) {
        const char *d = strchr(digits, s[i]);

        if (!d)
            return false;
        id->b[i / 2] = (uint8_t)(id->b[i / 2] << 4 | (d - digits));
    }
    return true;
}

int
fm_id_cmp(const struct fm_id *a, const struct fm_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}
