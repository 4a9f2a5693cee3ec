/* roundsettle: what is read again, to be added. */
#include "roundfix.h"

#include "agg/robust.h"
#include "bundle/coded.h"
#include "fed/round_impl.h"

#include <sys/stat.h>

static const struct fm_policy none, three = {.quorum = 3};

static int
allow_source(void *ctx, const char *path, struct fm_err *e)
{
    (void)ctx, (void)path, (void)e;
    return 0;
}

static int
allow_bytes(void *ctx, bool round_file, const uint8_t *p, size_t n,
            struct fm_err *e)
{
    (void)ctx, (void)round_file, (void)p, (void)n, (void)e;
    return 0;
}

static int
allow_claim(void *ctx, const struct fm_bundle *b, struct fm_err *e)
{
    (void)ctx, (void)b, (void)e;
    return 0;
}

static int
allow_end(void *ctx, struct fm_err *e)
{
    (void)ctx, (void)e;
    return 0;
}

/* Close a round over "a" as `was`, which becomes `is` before it is read again;
 * 0 or a code. */
static int
swapped(const struct fm_model *m, const struct fm_guard *g,
        const struct fm_buf *was, const struct fm_buf *is, struct fm_err *e)
{
    static const struct fm_policy one = {.quorum = 1};
    struct fm_model *base = rf_copy(m);
    static const struct fm_round_hooks hooks = {.note = rf_note};
    struct fm_round *r = fm_round_new(base, NULL, &one, &hooks, NULL);
    struct fm_buf head = {0};
    int rc;

    *e = (struct fm_err){0};
    fx_save("a", was);
    CHECK(r, "memory");
    fm_round_guard(r, g);
    CHECK(fm_round_take(r, "a", e) == 0, "%s", e->msg);
    fx_save("a", is);
    rc = fm_round_next(&head, r, base, e);
    fm_round_free(r);
    fm_buf_free(&head);
    fm_model_free(base);
    return rc;
}

/* Nothing gets between the look and the sum: where a guard vouched for the
 * bytes, not even another form of the same answer. */
static void
swaps(const struct fm_model *m)
{
    const struct fm_guard g = {allow_source, allow_bytes, allow_claim,
                               allow_end, NULL};
    struct fm_bundle b = fx_answer(m, "a", 10, 1);
    struct fm_buf raw = {0}, coded = {0}, other = {0};
    struct fm_err e;

    CHECK(fm_bundle_write(&raw, &b, NULL) == 0, "raw");
    CHECK(fm_coded_encode(&b, NULL, NULL, NULL) == 0, "code");
    CHECK(fm_bundle_write(&coded, &b, NULL) == 0, "coded");
    fx_file(&other, m, "a", 10, 2);
    CHECK(!swapped(m, &g, &raw, &raw, &e), "%s", e.msg);
    CHECK(!swapped(m, &g, &coded, &coded, &e), "%s", e.msg);
    CHECK(!swapped(m, NULL, &raw, &coded, &e), "%s", e.msg);
    rf_notes[0] = '\0';
    CHECK(swapped(m, &g, &raw, &coded, &e) == FM_EINPUT &&
              strstr(e.msg, "0 clients count"),
          "%s", e.msg);
    CHECK(swapped(m, NULL, &raw, &other, &e) == FM_EINPUT &&
              strstr(e.msg, "0 clients count"),
          "%s", e.msg);
    rf_said("a: it changed while it was read\n"
            "a: it changed while it was read\n");
    /* Nor another sum. */
    fx_save("b1", &other);
    rf_partial(m, "b1", "sum");
    other.len = 0;
    CHECK(fm_file_read(&other, "sum", 1 << 24, NULL) == 0, "sum");
    fx_save("b1", &raw);
    rf_partial(m, "b1", "sum");
    raw.len = 0;
    CHECK(fm_file_read(&raw, "sum", 1 << 24, NULL) == 0, "sum");
    CHECK(!swapped(m, NULL, &raw, &raw, &e), "%s", e.msg);
    CHECK(swapped(m, NULL, &raw, &other, &e) == FM_EINPUT, "another sum");
    fm_buf_free(&raw);
    fm_buf_free(&coded);
    fm_buf_free(&other);
    fm_bundle_free(&b);
}

static int
one_more(void *ctx, const struct fm_part *part, uint64_t round,
         const uint8_t *digest, struct fm_err *e)
{
    (void)e;
    CHECK(round == 1 && digest && part->weight, "client %s", part->client);
    ++*(int *)ctx;
    return 0;
}

/* Of a sum that changes while it is read nothing stays, and nobody counts
 * twice, whatever was added before it. */
static void
spoils(const struct fm_model *m, const struct fm_model *abc)
{
    struct fm_buf was = {0}, is = {0}, head = {0};
    int rounds = 0, told = 0;

    rf_answer(m, "z", "z", 10);
    rf_partial(m, "z", "sum");
    CHECK(fm_file_read(&was, "sum", 1 << 24, NULL) == 0, "sum");
    rf_answer(m, "z", "y", 70);
    rf_partial(m, "z", "sum");
    CHECK(fm_file_read(&is, "sum", 1 << 24, NULL) == 0, "sum");
    for (size_t cut = 0; cut < is.len; cut += is.len / 7, rounds++) {
        const struct fm_round_hooks hooks = {
            .note = rf_note, .count = one_more, .ctx = &told};
        struct fm_model *base = rf_copy(m);
        struct fm_round *r = fm_round_new(base, NULL, &three, &hooks, NULL);
        struct fm_buf now = {.data = is.data, .len = is.len - cut};
        struct fm_err e = {0};

        rf_notes[0] = '\0';
        fx_save("sum", &was);
        CHECK(r && !fm_round_take(r, "a", &e) && !fm_round_take(r, "b", &e) &&
                  !fm_round_take(r, "sum", &e) && !fm_round_take(r, "c", &e),
              "%s", e.msg);
        fx_save("sum", &now);
        CHECK(!fm_round_next(&head, r, base, &e) &&
                  !fm_model_identify(base, &e),
              "%s", e.msg);
        CHECK(fm_id_cmp(&base->id, &abc->id) == 0, "another model");
        rf_said("sum: it changed while it was read\n");
        CHECK(told == 3 * (rounds + 1), "%d told", told);
        fm_buf_free(&head);
        fm_round_free(r);
        fm_model_free(base);
    }
    fm_buf_free(&was);
    fm_buf_free(&is);
}

/* What goes while it is read goes alone, and is not missed in the report. */
static void
vanishes(const struct fm_model *m, const struct fm_model *abc)
{
    static const struct fm_policy told = {.quorum = 3, .report = true};
    static const struct fm_round_hooks hooks = {.note = rf_note};
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, &told, &hooks, NULL);
    struct fm_buf head = {0};
    struct fm_err e = {0};

    rf_notes[0] = '\0';
    rf_answer(m, "gone", "z", 10);
    CHECK(r && mkdir("dir", 0700) == 0, "dir");
    CHECK(!fm_round_take(r, "a", &e) && !fm_round_take(r, "gone", &e) &&
              !fm_round_take(r, "dir", &e) && !fm_round_take(r, "b", &e) &&
              !fm_round_take(r, "/dev/zero", &e) && !fm_round_take(r, "c", &e),
          "%s", e.msg);
    CHECK(remove("gone") == 0, "remove");
    CHECK(!fm_round_next(&head, r, base, &e) && !fm_model_identify(base, &e),
          "%s", e.msg);
    CHECK(fm_id_cmp(&base->id, &abc->id) == 0, "another model");
    rf_said("dir: Is a directory\n"
            "/dev/zero: not a bundle, round file or partial sum\n"
            "gone: it changed while it was read\n");
    fm_buf_free(&head);
    fm_round_free(r);
    fm_model_free(base);
}

/* What the rule has no room for is nobody's own fault, quorum or not. */
static void
too_many(void)
{
    static const struct fm_policy krum = {.quorum = 1,
                                          .weighting = {FM_BY_CLIENT, 0},
                                          .rule = {FM_RULE_KRUM, 1, 1}};
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRNS, FM_UNIFORM), *base;
    struct fm_buf all = {0}, head = {0};
    struct fm_err e = {0};
    struct fm_round *r;

    m->set.noise_key = FM_NOISE_ROUND;
    CHECK(!fm_model_identify(m, &e), "%s", e.msg);
    for (int k = 0; k < FM_ROBUST_KRUM + FM_ROUND_BATCH; k++) {
        char name[8];

        snprintf(name, sizeof name, "%d", k);
        fx_file(&all, m, name, 1, (uint64_t)k);
    }
    fx_save("all", &all);
    CHECK(freopen("all", "rb", stdin), "all");
    base = rf_copy(m);
    r = fm_round_new(base, NULL, &krum, NULL, &e);
    CHECK(r, "%s", e.msg);
    CHECK(!fm_round_take(r, "-", &e), "%s", e.msg);
    CHECK(fm_round_next(&head, r, base, &e) == FM_EINPUT &&
              strstr(e.msg, "krum"),
          "%s", e.msg);
    fm_round_free(r);
    fm_buf_free(&head);
    fm_buf_free(&all);
    fm_model_free(base);
    fm_model_free(m);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM), *abc;
    struct fm_err e = {0};
    char dir[32];

    fx_enter(dir);
    rf_answer(m, "a", "a", 10);
    rf_answer(m, "b", "b", 20);
    rf_answer(m, "c", "c", 30);
    abc = rf_round(m, &none, "a b c", &e);
    CHECK(abc, "%s", e.msg);
    vanishes(m, abc);
    spoils(m, abc);
    swaps(m);
    too_many();
    fm_model_free(abc);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
