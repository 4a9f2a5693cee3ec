#include "roundfix.h"

#include "partial_file.h"

/* Answers to rounds 1 and 2, and the models before rounds 1, 2 and 3. */
static struct fm_model *w[3];

static const struct fm_policy none,
    one = {.max_stale = 1},
    half = {.max_stale = 1, .staleness = {FM_STALE_POLY, 1, 0}};

static void
make(uint32_t lineage)
{
    struct fm_err e = {0};

    w[0] = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    w[0]->set.lineage = lineage;
    CHECK(fm_model_identify(w[0], &e) == 0, "%s", e.msg);
    rf_answer(w[0], "a1", "a", 100);
    rf_answer(w[0], "b1", "b", 50);
    rf_answer(w[0], "c1", "c", 30);
    w[1] = rf_round(w[0], &none, "a1 b1", &e);
    CHECK(w[1], "%s", e.msg);
    rf_answer(w[1], "a2", "a", 100);
    rf_answer(w[1], "d2", "d", 70);
    rf_answer(w[1], "e2", "c", 44); /* client c again, to its own round */
    w[2] = rf_round(w[1], &none, "a2 d2", &e);
    CHECK(w[2], "%s", e.msg);
    rf_answer(w[2], "a3", "a", 100);
}

static void
forget(void)
{
    for (size_t i = 0; i < 3; i++)
        fm_model_free(w[i]);
}

/* One answer's a * s * n * m, which the sum must have. */
static int64_t
term(const struct fm_bundle *b, size_t t, size_t i, const int32_t *noise,
     uint32_t s)
{
    const size_t at = w[1]->tensor[t].at + i;

    if (!(b->masks[at / 8] >> at % 8 & 1))
        return 0;
    return (int64_t)fm_model_noise_a(w[1], b->round, t) * s *
           (int64_t)b->samples * noise[i];
}

/* A late bundle changes the model by exactly its weighted masked noise. */
static void
exact(void)
{
    struct fm_bundle b[3] = {fx_answer(w[1], "a", 100, 'a' * 7),
                             fx_answer(w[1], "d", 70, 'd' * 7),
                             fx_answer(w[0], "c", 30, 'c' * 7)};
    static const uint32_t s[3] = {256, 256, 128};
    struct fm_err e = {0};
    struct fm_model *next = rf_round(w[1], &half, "a2 c1 d2", &e);
    size_t moved = 0;

    CHECK(next, "%s", e.msg);
    CHECK(next->nbundles == 3 && next->round == 2, "bundles");
    for (size_t t = 0; t < next->arch->ntensors; t++) {
        const struct fm_model_tensor *x = &next->tensor[t];
        int32_t *n[3];

        if (!x->masked)
            continue;
        for (size_t k = 0; k < 3; k++) {
            n[k] = malloc(x->spec->count * sizeof *n[k]);
            CHECK(n[k], "memory");
            fm_noise_fill(n[k],
                          fm_model_noise_key(w[1], b[k].round, b[k].client),
                          FM_UNIFORM, (uint32_t)t, 0, x->spec->count);
        }
        for (size_t i = 0; i < x->spec->count; i++) {
            int64_t sum = 0;
            float want;

            for (size_t k = 0; k < 3; k++)
                sum += term(&b[k], t, i, n[k], s[k]);
            want = (float)((double)w[1]->tensor[t].value[i] +
                           (double)sum / (200 * 0x1p48));
            CHECK(memcmp(&want, &x->value[i], sizeof want) == 0, "%s[%zu]",
                  x->spec->name, i);
            moved += term(&b[2], t, i, n[2], s[2]) != 0;
        }
        for (size_t k = 0; k < 3; k++)
            free(n[k]);
    }
    CHECK(moved > 100, "the late one does nothing");
    rf_same(w[1], &half, "c1 d2 a2", next);
    rf_same(w[1], &half, "d2 a2 c1 c1", next);
    CHECK(strstr(rf_notes, "c1: the same bundle as c1, counted once"), "%s",
          rf_notes);
    for (size_t k = 0; k < 3; k++)
        fm_bundle_free(&b[k]);
    fm_model_free(next);
}

static void
refusals(void)
{
    static const struct fm_policy two = {.max_stale = 2};
    struct fm_model *other, *next;
    struct fm_err e = {0};

    /* One client, two rounds: two answers. */
    next = rf_round(w[1], &one, "a2 c1 e2", &e);
    CHECK(next && next->nbundles == 3, "%s", e.msg);
    fm_model_free(next);

    rf_refused(w[1], &none, "a2 c1", "c1: made for round 1 from model");
    rf_refused(w[1], &one, "a2 a1",
               "a1: answers round 1, and has counted in "
               "round 1");
    rf_refused(w[2], &one, "a3 c1", "c1: made for round 1 from model");
    rf_refused(w[2], &two, "a3 c1",
               "c1: answers round 1, and is 2 late, but the model knows no "
               "more than 1 rounds back");

    other = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    other->seed++;
    CHECK(fm_model_identify(other, &e) == 0, "%s", e.msg);
    rf_answer(other, "x1", "x", 9);
    rf_refused(w[1], &one, "a2 x1", "x1: made for round 1 from model");
    fm_model_free(other);
}

/* Two rounds late, under a lineage that knows them. */
static void
two_late(void)
{
    static const struct fm_policy two = {.max_stale = 2};
    struct fm_err e = {0};
    struct fm_model *next = rf_round(w[2], &two, "a3 c1 e2", &e), *last;

    CHECK(next && next->nbundles == 3, "%s", e.msg);
    rf_same(w[2], &two, "e2 c1 a3", next);
    rf_refused(w[2], &two, "a3 b1",
               "b1: answers round 1, and has counted in "
               "round 1");
    /* A late one that counted late does not count again. */
    last = rf_round(w[1], &two, "a2 c1", &e);
    CHECK(last, "%s", e.msg);
    rf_answer(last, "z3", "z", 5);
    rf_refused(last, &two, "z3 c1",
               "c1: answers round 1, and has counted in "
               "round 2");
    fm_model_free(last);
    fm_model_free(next);
}

/* Round by round, or in one go: each late answer in the round of its file. */
static void
replay(void)
{
    static const struct fm_policy two = {.max_stale = 2};
    struct fm_err e = {0};
    struct fm_model *w2, *w3;

    w2 = rf_round(w[1], &two, "a2 c1 d2", &e);
    CHECK(w2, "%s", e.msg);
    rf_answer(w2, "y3", "y", 12);
    w3 = rf_round(w2, &two, "y3 e2", &e);
    CHECK(w3, "%s", e.msg);
    rf_same(w[0], &two, "a1 b1 a2 c1 d2 y3 e2", w3);
    rf_refused(w[0], &two, "a1 b1 c1 a2 d2 y3", "or was the policy another?");
    fm_model_free(w2);
    fm_model_free(w3);
}

/* The model after "names", with what is known of who counted before. */
static struct fm_model *
knowing(const struct fm_model *m, const struct fm_policy *policy,
        const char *names, const char *seen, uint64_t round, size_t unsure,
        struct fm_err *e)
{
    static const struct fm_round_hooks hooks = {.note = rf_note};
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, policy, &hooks, e);
    struct fm_buf head = {0};
    char name[64];
    int rc = r ? 0 : (int)e->code, n;

    rf_notes[0] = '\0';
    if (seen) {
        CHECK(!fm_round_seen(r, seen, round, e), "%s", e->msg);
        fm_round_known(r, round);
    }
    for (; rc == 0 && sscanf(names, " %63s%n", name, &n) == 1; names += n)
        rc = fm_round_take(r, name, e);
    if (rc == 0)
        rc = fm_round_next(&head, r, base, e);
    if (rc == 0) {
        CHECK(fm_round_unsure(r) == unsure, "%zu unsure", fm_round_unsure(r));
        rc = fm_model_identify(base, e);
    }
    fm_round_free(r);
    fm_buf_free(&head);
    if (rc == 0)
        return base;
    fm_model_free(base);
    return NULL;
}

/* Of a client one bundle counts in each round, as far as somebody knows. */
static void
once(void)
{
    static const struct fm_policy two = {.max_stale = 2},
                                  quorum = {.max_stale = 2, .quorum = 1};
    struct fm_err e = {0};
    struct fm_model *next, *want;

    rf_answer(w[0], "Another", "a", 77); /* than a1, which counted */
    next = knowing(w[1], &two, "a2 Another", NULL, 0, 1, &e);
    CHECK(next, "%s", e.msg);
    fm_model_free(next);
    CHECK(!knowing(w[1], &two, "a2 Another", "a", 1, 0, &e), "twice");
    CHECK(strcmp(e.msg, "Another: answers round 1, in which client a has "
                        "counted already, by another bundle") == 0,
          "%s", e.msg);
    e = (struct fm_err){0};
    want = knowing(w[1], &two, "a2 c1", "b", 1, 0, &e);
    CHECK(want, "%s", e.msg);
    /* Under a quorum it alone is refused. */
    next = knowing(w[1], &quorum, "Another a2 c1", "a", 1, 0, &e);
    CHECK(next && fm_id_cmp(&next->id, &want->id) == 0, "%s", e.msg);
    CHECK(strstr(rf_notes, "Another: answers round 1, in which client a"), "%s",
          rf_notes);
    fm_model_free(next);
    fm_model_free(want);
    /* What this very run has closed, it knows itself. */
    rf_refused(w[0], &two, "a1 b1 a2 Another",
               "in which client a has counted already");
    next = knowing(w[0], &two, "a1 b1 a2 c1", NULL, 0, 0, &e);
    CHECK(next, "%s", e.msg);
    fm_model_free(next);
}

static uint64_t
listed(const void *roster, const char *client)
{
    (void)client;
    return *(const uint64_t *)roster;
}

/* A partial sum's weights are what the roster here allows, too. */
static void
rosters(void)
{
    static const uint64_t five = 5, seven = 7;
    static const struct fm_policy theirs = {.listed = listed, .roster = &five},
                                  ours = {.listed = listed, .roster = &seven};
    struct fm_model *base = rf_copy(w[0]);
    struct fm_err e = {0};
    struct fm_round *r = fm_round_new(base, NULL, &theirs, NULL, &e);
    struct fm_partial p;
    struct fm_buf b = {0};

    CHECK(r && !fm_round_take(r, "a1", &e) && !fm_round_sum(&p, r, &e) &&
              !pf_write(&b, &p, &e),
          "%s", e.msg);
    fx_save("sum", &b);
    rf_refused(w[0], &ours, "sum",
               "client a weighs 5 in it, and would weigh 7 here: was the");
    free(p.part);
    fm_buf_free(&b);
    fm_round_free(r);
    fm_model_free(base);
}

static void
weights(void)
{
    static const struct fm_policy even = {.weighting.by = FM_BY_CLIENT},
                                  cap = {.weighting.cap = 1},
                                  roster = {.weighting.by = FM_BY_ROSTER};
    static const char *const who[] = {"b"};
    static const struct fm_policy but = {.exclude = who, .nexclude = 1};
    struct fm_err e = {0};
    struct fm_model *next = rf_round(w[0], &even, "a1 b1 c1", &e);

    CHECK(next, "%s", e.msg);
    rf_same(w[0], &cap, "c1 a1 b1", next);
    fm_model_free(next);
    next = rf_round(w[0], &none, "a1 c1", &e);
    CHECK(next, "%s", e.msg);
    rf_same(w[0], &but, "a1 b1 c1", next);
    CHECK(strcmp(rf_notes, "b1: client b is excluded\n") == 0, "%s", rf_notes);
    fm_model_free(next);
    rf_refused(w[0], &roster, "a1", "there is no roster");
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    make(1);
    exact();
    refusals();
    weights();
    rosters();
    forget();
    make(2);
    two_late();
    replay();
    once();
    forget();
    fx_leave(dir);
    return 0;
}
