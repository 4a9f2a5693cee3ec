/* roundlook: what comes, and which of it counts. */
#include "roundfix.h"

#include "bundle/item.h"
#include "fed/round_impl.h"

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
    rf_said("");
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
    rf_said("d: another bundle of client d than D: both are refused\n"
            "D: another bundle of client d than d: both are refused\n");
    rf_same(m, &three, "D a b d c D", abc);
    rf_refused(m, &four, "a b d c D", "3 clients count");
    rf_refused(m, &none, "a b d c D", "another bundle of client d");

    /* A sum with d goes with it; what it shares with none, too. */
    rf_partial(m, "d e", "de");
    rf_same(m, &three, "a de b c D", abc);
    rf_said("de: another bundle of client d than D: both are refused\n"
            "D: another bundle of client d than de: both are refused\n");
    rf_partial(m, "a b", "ab");
    rf_same(m, &three, "ab c b", abc);
    rf_said("b: the same bundle as ab, counted once\n");
    rf_same(m, &three, "b c ab", abc);
    rf_partial(m, "b e", "be");
    rf_refused(m, &three, "ab be c", "1 client counts");
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
    rf_partial(m, "d e", "de");
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
    rf_said("b: client b is excluded\n");
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
    fm_model_free(abc);
    fm_model_free(other);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
