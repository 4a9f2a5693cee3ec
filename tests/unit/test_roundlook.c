#include "roundfix.h"

#include "bundle/coded.h"
#include "bundle/item.h"
#include "fed/round_impl.h"
#include "partial_file.h"

#include <sys/stat.h>

static const struct fm_policy none, three = {.quorum = 3}, four = {.quorum = 4};

/* The files of `names`, back to back, as `to`; with an index when `ids`. */
static void
join(const char *to, const char *names, const struct fm_id *id, size_t n)
{
    struct fm_buf b = {0};
    char name[64];
    int at;

    CHECK(!n || fm_index_write(&b, id, n, NULL) == 0, "index");
    for (; sscanf(names, " %63s%n", name, &at) == 1; names += at)
        CHECK(fm_file_read(&b, name, 1 << 24, NULL) == 0, "%s", name);
    fx_save(to, &b);
    fm_buf_free(&b);
}

static void
flip(const char *from, const char *to, size_t at)
{
    struct fm_buf b = {0};

    CHECK(fm_file_read(&b, from, 1 << 24, NULL) == 0, "%s", from);
    b.data[at] ^= 4;
    fx_save(to, &b);
    fm_buf_free(&b);
}

static void
partial(const struct fm_model *m, const char *names, const char *to)
{
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, NULL, NULL, NULL);
    struct fm_partial p;
    struct fm_buf b = {0};
    char name[64];
    int n;

    CHECK(r, "memory");
    for (; sscanf(names, " %63s%n", name, &n) == 1; names += n)
        CHECK(fm_round_take(r, name, NULL) == 0, "%s", name);
    CHECK(fm_round_sum(&p, r, NULL) == 0, "sum");
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    fx_save(to, &b);
    free(p.part);
    fm_buf_free(&b);
    fm_round_free(r);
    fm_model_free(base);
}

static void
said(const char *want)
{
    CHECK(strcmp(rf_notes, want) == 0, "%s, not: %s", want, rf_notes);
}

/* Who sends answers without end takes no place from the others. */
static void
crowd(const struct fm_model *m, const struct fm_id *foreign,
      const struct fm_model *abc)
{
    static const struct fm_round_hooks hooks = {.note = rf_note};
    const struct fm_id id[] = {*foreign, *foreign, *foreign};
    static const char *const path[] = {"crowd", "a", "b", "c"};

    join("crowd", "foreign foreign foreign", id, 3);
    for (size_t most = 2; most <= 3; most++) {
        struct fm_model *base = rf_copy(m);
        struct fm_round *r = fm_round_new(base, NULL, &three, &hooks, NULL);
        struct fm_err e = {0};
        struct fm_buf head = {0};

        CHECK(r, "memory");
        r->most = most;
        rf_notes[0] = '\0';
        for (size_t i = 0; i < 4; i++)
            CHECK(!fm_round_take(r, path[i], &e), "%s", e.msg);
        CHECK(!fm_round_next(&head, r, base, &e), "%s", e.msg);
        CHECK(!fm_model_identify(base, &e) &&
                  fm_id_cmp(&base->id, &abc->id) == 0,
              "another model");
        CHECK((most == 2) ==
                  (strstr(rf_notes, "crowd: more than 2 answers") != NULL),
              "%s", rf_notes);
        fm_round_free(r);
        fm_buf_free(&head);
        fm_model_free(base);
    }
}

/* Both sides of N. */
static void
quorum(const struct fm_model *m, const struct fm_model *abc)
{
    rf_same(m, &three, "a b c", abc);
    said("");
    rf_refused(m, &four, "a b c",
               "3 clients count in round 1, and the quorum "
               "is 4");
    rf_same(m, &three, "a bad b c", abc);
    CHECK(strncmp(rf_notes, "bad: ", 5) == 0, "%s", rf_notes);
    rf_refused(m, &four, "a bad b c",
               "3 clients count in round 1, and the "
               "quorum is 4");
    rf_same(m, &three, "c nosuch b foreign a a", abc);
    CHECK(strstr(rf_notes, "nosuch: No such file"), "%s", rf_notes);
    CHECK(strstr(rf_notes, "foreign: made for round 1 from model"), "%s",
          rf_notes);
    CHECK(strstr(rf_notes, "a: the same bundle as a, counted once\n"), "%s",
          rf_notes);
    rf_refused(m, &three, "", "0 clients count");
}

/* Two different bundles of one client: none of them counts. */
static void
conflicts(const struct fm_model *m, const struct fm_model *abc)
{
    rf_same(m, &three, "a b d c D", abc);
    said("d: another bundle of client d than D: both are refused\n"
         "D: another bundle of client d than d: both are refused\n");
    rf_same(m, &three, "D a b d c D", abc);
    rf_refused(m, &four, "a b d c D", "3 clients count");
    rf_refused(m, &none, "a b d c D", "another bundle of client d");

    /* A sum with d goes with it; what it shares with none, too. */
    partial(m, "d e", "de");
    rf_same(m, &three, "a de b c D", abc);
    said("de: another bundle of client d than D: both are refused\n"
         "D: another bundle of client d than de: both are refused\n");
    partial(m, "a b", "ab");
    rf_same(m, &three, "ab c b", abc);
    said("b: the same bundle as ab, counted once\n");
    rf_same(m, &three, "b c ab", abc);
    partial(m, "b e", "be");
    rf_refused(m, &three, "ab be c", "1 clients count");
    CHECK(strstr(rf_notes, "ab: client b is in be, too"), "%s", rf_notes);
}

/* A damaged stream is rejected whole, wherever the damage is. */
static void
streams(const struct fm_model *m, const struct fm_model *abc,
        const struct fm_id id[2])
{
    struct fm_buf b = {0};

    join("de.round", "d e", id, 2);
    CHECK(fm_file_read(&b, "de.round", 1 << 24, NULL) == 0, "read");
    for (size_t cut = 1; cut < b.len; cut += b.len / 7) {
        struct fm_buf part = {b.data, b.len - cut, 0};

        fx_save("cut", &part);
        rf_same(m, &three, "a cut b c", abc);
        CHECK(strncmp(rf_notes, "cut: ", 5) == 0, "%s", rf_notes);
    }
    for (size_t at = 0; at < b.len; at += b.len / 23) {
        flip("de.round", "cut", at);
        rf_same(m, &three, "a b c cut", abc);
        CHECK(strncmp(rf_notes, "cut: ", 5) == 0, "%s", rf_notes);
    }
    partial(m, "d e", "de");
    b.len = 0;
    CHECK(fm_file_read(&b, "de", 1 << 24, NULL) == 0, "read");
    for (size_t at = 0; at < b.len; at += b.len / 23) {
        flip("de", "cut", at);
        rf_same(m, &three, "a b c cut", abc);
    }
    fm_buf_free(&b);
    /* A bundle that means something else is left out alone. */
    join("mixed", "a foreign b c", NULL, 0);
    CHECK(freopen("mixed", "rb", stdin), "mixed");
    rf_same(m, &three, "-", abc);
    CHECK(strncmp(rf_notes, "<stdin> (at byte ", 17) == 0, "%s", rf_notes);
    join("mixed", "d e", NULL, 0);
    rf_same(m, &three, "a b c mixed", abc);
    CHECK(strstr(rf_notes, "mixed: a file of several items"), "%s", rf_notes);
}

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
    said("a: it changed while it was read\n"
         "a: it changed while it was read\n");
    /* Nor another sum. */
    fx_save("b1", &other);
    partial(m, "b1", "sum");
    other.len = 0;
    CHECK(fm_file_read(&other, "sum", 1 << 24, NULL) == 0, "sum");
    fx_save("b1", &raw);
    partial(m, "b1", "sum");
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
    partial(m, "z", "sum");
    CHECK(fm_file_read(&was, "sum", 1 << 24, NULL) == 0, "sum");
    rf_answer(m, "z", "y", 70);
    partial(m, "z", "sum");
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
        said("sum: it changed while it was read\n");
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
    said("dir: Is a directory\n"
         "/dev/zero: not a bundle, round file or partial sum\n"
         "gone: it changed while it was read\n");
    fm_buf_free(&head);
    fm_round_free(r);
    fm_model_free(base);
}

/* Whom a policy excludes does not count under a quorum either. */
static void
excludes(const struct fm_model *m)
{
    static const char *const who[] = {"b"};
    static const struct fm_policy but = {
        .quorum = 2, .exclude = who, .nexclude = 1};
    struct fm_err e = {0};
    struct fm_model *ac = rf_round(m, &none, "a c", &e);

    CHECK(ac, "%s", e.msg);
    rf_same(m, &but, "a b c", ac);
    said("b: client b is excluded\n");
    fm_model_free(ac);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM), *other, *abc;
    struct fm_err e = {0};
    struct fm_id id[2], foreign;
    char dir[32];

    fx_enter(dir);
    rf_answer(m, "a", "a", 10);
    rf_answer(m, "b", "b", 20);
    rf_answer(m, "c", "c", 30);
    id[0] = rf_answer(m, "d", "d", 40);
    rf_answer(m, "D", "d", 40);
    id[1] = rf_answer(m, "e", "e", 50);
    flip("a", "bad", 700);
    other = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    other->seed++;
    CHECK(fm_model_identify(other, &e) == 0, "%s", e.msg);
    foreign = rf_answer(other, "foreign", "f", 1);
    abc = rf_round(m, &none, "a b c", &e);
    CHECK(abc, "%s", e.msg);
    quorum(m, abc);
    excludes(m);
    crowd(m, &foreign, abc);
    conflicts(m, abc);
    streams(m, abc, id);
    vanishes(m, abc);
    spoils(m, abc);
    swaps(m);
    fm_model_free(abc);
    fm_model_free(other);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
