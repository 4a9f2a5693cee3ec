#include "agg/votes.h"

#include "base/mem.h"
#include "mask/bits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = 4096,  /* entries at a time; a multiple of 8 */
    STRIP = 64,   /* loops of a constant length vectorise best */
    AT_ONCE = 255 /* masks that a byte can count */
};

struct fm_votes *
fm_votes_new(const struct fm_model *base, struct fm_err *e)
{
    struct fm_votes *v = fm_alloc(1, sizeof *v, e);

    assert(base->set.method == FM_FEDPM && base->full == 0);
    if (!v)
        return NULL;
    v->base = base;
    v->ones = fm_alloc(base->masked, sizeof *v->ones, e);
    if (!v->ones) {
        fm_votes_free(v);
        return NULL;
    }
    return v;
}

void
fm_votes_free(struct fm_votes *v)
{
    if (!v)
        return;
    free(v->ones);
    free(v);
}

/* The votes of earlier rounds that still count in the next model. */
static uint32_t
kept(const struct fm_model *base)
{
    const uint32_t every = base->set.reset;

    return every && base->round % every == 0 ? 0 : base->votes;
}

int
fm_votes_room(const struct fm_votes *v, size_t more, struct fm_err *e)
{
    uint64_t total = (uint64_t)kept(v->base) + v->n;

    if (more > FM_VOTES_MAX - total)
        return fm_err_set(e, FM_EINPUT,
                          "more than %lu votes in one model; --reset forgets "
                          "old ones",
                          (unsigned long)FM_VOTES_MAX);
    return 0;
}

struct job {
    const struct fm_votes *v;
    const struct fm_bundle *const *b;
    size_t n;
};

static void
tile(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    const size_t first = i * TILE, left = j->v->base->masked - first;
    const size_t count = left < TILE ? left : TILE;
    uint32_t *ones = j->v->ones + first;
    uint8_t sum[TILE] = {0}, m[TILE] = {0};

    (void)worker;
    for (size_t k = 0; k < j->n; k++) {
        fm_bits_get(m, j->b[k]->masks, first, count);
        for (size_t at = 0; at < count; at += STRIP)
            for (size_t s = 0; s < STRIP; s++)
                sum[at + s] = (uint8_t)(sum[at + s] + m[at + s]);
    }
    for (size_t s = 0; s < count; s++)
        ones[s] += sum[s];
}

int
fm_votes_add(struct fm_votes *v, const struct fm_bundle *const *b, size_t n,
             struct fm_pool *pool, struct fm_err *e)
{
    const size_t tiles = (v->base->masked + TILE - 1) / TILE;
    int rc = fm_votes_room(v, n, e);

    if (rc)
        return rc;
    for (size_t at = 0; at < n; at += AT_ONCE) {
        struct job j = {v, b + at, n - at < AT_ONCE ? n - at : AT_ONCE};

        for (size_t k = 0; k < j.n; k++)
            assert(j.b[k]->method == FM_FEDPM &&
                   j.b[k]->masked == v->base->masked);
        fm_pool_run(pool, tiles, tile, &j);
    }
    v->n += (uint32_t)n;
    return 0;
}

int
fm_votes_finish(struct fm_votes *v, struct fm_model *next, struct fm_err *e)
{
    const struct fm_model *base = v->base;
    const uint32_t old = kept(base);

    if (v->n == 0)
        return fm_err_set(e, FM_EINPUT, "nothing to aggregate: no votes");
    for (size_t t = 0; old && t < base->arch->ntensors; t++) {
        uint32_t *ones = v->ones + base->tensor[t].at;

        for (size_t i = 0; i < base->tensor[t].spec->count; i++)
            ones[i] += fm_model_ones(base, t, i);
    }
    return fm_model_recount(next, v->ones, old + v->n, e);
}
