#include "agg/votes.h"

#include "fixture.h"
#include "partial_file.h"

/* 5 clients, tensors that start inside a byte, several tiles. */
static const char net[] = "input 1x6x6\nconv 3 3x3\nrelu\nlinear 121\nrelu\n"
                          "linear 5\n";
enum { CLIENTS = 5 };

static struct fm_model *
model(uint32_t reset, uint64_t round, uint32_t votes)
{
    struct fm_model *m = fx_fedpm(net, votes, 1);

    m->set.reset = reset;
    m->round = round;
    return m;
}

/* One of each client, and a list of them. */
static void
answers(struct fm_bundle b[CLIENTS], const struct fm_bundle *list[CLIENTS],
        const struct fm_model *m)
{
    for (int k = 0; k < CLIENTS; k++) {
        char name[8];

        snprintf(name, sizeof name, "c%d", k);
        /* Samples differ, and do not matter. */
        b[k] = fx_answer(m, name, 1 + (uint64_t)k * 1000, (uint64_t)k);
        list[k] = &b[k];
    }
}

static void
release(struct fm_bundle b[CLIENTS])
{
    for (int k = 0; k < CLIENTS; k++)
        fm_bundle_free(&b[k]);
}

static uint32_t
kept_by(const struct fm_bundle *b, size_t i)
{
    uint32_t n = 0;

    for (int k = 0; k < CLIENTS; k++)
        n += b[k].masks[i / 8] >> i % 8 & 1;
    return n;
}

/* Every count, bit by bit, in one call or in several. */
static void
exact(struct fm_pool *pool)
{
    struct fm_model *m = model(1, 0, 0), *next = model(1, 0, 0);
    struct fm_bundle b[CLIENTS];
    const struct fm_bundle *list[CLIENTS];
    struct fm_err e = {0};
    struct fm_votes *all = fm_votes_new(m, &e), *one = fm_votes_new(m, &e);

    CHECK(all && one, "%s", e.msg);
    answers(b, list, m);
    for (int k = 0; k < CLIENTS; k++)
        list[k] = &b[CLIENTS - 1 - k];
    CHECK(!fm_votes_add(all, list, CLIENTS, pool, &e), "%s", e.msg);
    CHECK(!fm_votes_add(one, list + 3, 1, NULL, &e), "%s", e.msg);
    CHECK(!fm_votes_add(one, list, 3, pool, &e), "%s", e.msg);
    CHECK(!fm_votes_add(one, list + 4, 1, pool, &e), "%s", e.msg);
    CHECK(all->n == CLIENTS && one->n == CLIENTS, "%u %u", all->n, one->n);
    CHECK(memcmp(all->ones, one->ones, m->masked * sizeof *all->ones) == 0,
          "the grouping changed the counts");
    for (size_t i = 0; i < m->masked; i++)
        CHECK(all->ones[i] == kept_by(b, i), "%zu: %u", i, all->ones[i]);
    CHECK(!fm_votes_finish(all, next, &e), "%s", e.msg);
    CHECK(next->votes == CLIENTS && next->dtype == FM_U8, "%u votes",
          next->votes);
    for (size_t t = 0, i = 0; t < m->arch->ntensors; t++)
        for (size_t j = 0; j < m->tensor[t].spec->count; j++, i++)
            CHECK(fm_model_ones(next, t, j) == kept_by(b, i), "next %zu", i);
    release(b);
    fm_votes_free(all);
    fm_votes_free(one);
    fm_model_free(next);
    fm_model_free(m);
}

/* More masks in a call than a byte counts. */
static void
crowd(void)
{
    enum { MANY = 600 };
    static const struct fm_bundle *list[MANY];
    struct fm_model *m = model(1, 0, 0);
    struct fm_bundle b[CLIENTS];
    struct fm_err e = {0};
    struct fm_votes *v = fm_votes_new(m, &e);

    answers(b, list, m);
    for (int k = 0; k < MANY; k++)
        list[k] = &b[k % CLIENTS];
    CHECK(!fm_votes_add(v, list, MANY, NULL, &e), "%s", e.msg);
    for (size_t i = 0; i < m->masked; i++)
        CHECK(v->ones[i] == MANY / CLIENTS * kept_by(b, i), "%zu", i);
    CHECK(!fm_votes_finish(v, m, &e) && m->dtype == FM_U16, "%s", e.msg);
    release(b);
    fm_votes_free(v);
    fm_model_free(m);
}

/* Which votes of the base still count: reset r forgets before rounds 1, 1 + r,
 * 1 + 2 r, ... */
static void
resets(void)
{
    static const struct {
        uint32_t reset;
        uint64_t round; /* of the base */
        bool kept;
    } rule[] = {{1, 1, false}, {1, 7, false}, {3, 1, true}, {3, 2, true},
                {3, 3, false}, {3, 4, true},  {0, 1, true}, {0, 1000, true}};

    for (size_t r = 0; r < sizeof rule / sizeof *rule; r++) {
        struct fm_model *m = model(rule[r].reset, rule[r].round, 9);
        struct fm_bundle b[CLIENTS];
        const struct fm_bundle *list[CLIENTS];
        struct fm_err e = {0};
        struct fm_votes *v = fm_votes_new(m, &e);

        answers(b, list, m);
        CHECK(!fm_votes_add(v, list, CLIENTS, NULL, &e), "%s", e.msg);
        CHECK(!fm_votes_finish(v, m, &e), "%s", e.msg);
        CHECK(m->votes == CLIENTS + (rule[r].kept ? 9u : 0), "%zu: %u votes", r,
              m->votes);
        for (size_t t = 0, i = 0; t < m->arch->ntensors; t++)
            for (size_t j = 0; j < m->tensor[t].spec->count; j++, i++) {
                uint32_t old = rule[r].kept ? (uint32_t)(i % 10) : 0;

                CHECK(fm_model_ones(m, t, j) == old + kept_by(b, i), "%zu: %zu",
                      r, i);
            }
        release(b);
        fm_votes_free(v);
        fm_model_free(m);
    }
}

static void
limits(void)
{
    struct fm_model *m = model(0, 1, INT32_MAX - 4);
    struct fm_bundle b[CLIENTS];
    const struct fm_bundle *list[CLIENTS];
    struct fm_err e = {0};
    struct fm_votes *v = fm_votes_new(m, &e);

    answers(b, list, m);
    CHECK(fm_votes_add(v, list, CLIENTS, NULL, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, "more than 2147483647 votes"), "%s", e.msg);
    CHECK(v->n == 0 && fm_votes_finish(v, m, NULL) == FM_EINPUT, "no votes");
    CHECK(!fm_votes_add(v, list, CLIENTS - 1, NULL, NULL), "as many as fit");
    release(b);
    fm_votes_free(v);
    fm_model_free(m);
}

/* A partial sum as a file: back again, and with a vote too many. */
static void
partial(void)
{
    struct fm_model *m = model(1, 0, 0);
    struct fm_bundle b[CLIENTS];
    const struct fm_bundle *list[CLIENTS];
    struct fm_part part[CLIENTS] = {0};
    struct fm_partial p = {.part = part, .n = CLIENTS};
    struct fm_accum *back;
    struct fm_partial_info info;
    struct fm_err e = {0};
    struct fm_buf file = {0};

    p.sum = fm_accum_new(m, &e);
    back = fm_accum_new(m, &e);
    CHECK(p.sum && p.sum->votes && back, "%s", e.msg);
    answers(b, list, m);
    for (int k = 0; k < CLIENTS; k++) {
        strcpy(part[k].client, b[k].client);
        part[k].bundle.b[0] = (uint8_t)(k + 1);
        part[k].samples = b[k].samples;
        part[k].weight = b[k].weight = 1;
    }
    CHECK(!fm_accum_add(p.sum, list, CLIENTS, NULL, &e), "%s", e.msg);
    CHECK(!pf_write(&file, &p, &e), "%s", e.msg);
    CHECK(memmem(file.data, file.len, "\"weights\":\"uniform\"", 19), "policy");
    CHECK(!pf_read(&info, file.data, file.len, m, back, &e), "%s", e.msg);
    free(info.part);
    CHECK(back->votes->n == CLIENTS &&
              memcmp(back->votes->ones, p.sum->votes->ones,
                     m->masked * sizeof(uint32_t)) == 0,
          "read back");
    fm_accum_free(back);
    file.len = 0;
    p.sum->votes->ones[7] = CLIENTS + 1;
    CHECK(!pf_write(&file, &p, &e), "%s", e.msg);
    CHECK(pf_read(&info, file.data, file.len, m, NULL, &e) == FM_EINPUT,
          "accepted");
    CHECK(strstr(e.msg, "parameter 7 has more votes"), "%s", e.msg);
    fm_buf_free(&file);
    release(b);
    fm_accum_free(p.sum);
    fm_model_free(m);
}

int
main(void)
{
    struct fm_pool *pool = fm_pool_new(3, NULL);

    exact(NULL);
    exact(pool);
    crowd();
    resets();
    limits();
    partial();
    fm_pool_free(pool);
    return 0;
}
