#include "check.h"
#include "fed/tally.h"

#include <string.h>

static struct fm_counted
entry(const char *client, uint8_t bundle, uint64_t samples, const char *file)
{
    struct fm_counted c = {.file = file};

    snprintf(c.part.client, sizeof c.part.client, "%s", client);
    c.part.bundle.b[0] = bundle;
    c.part.samples = c.part.weight = samples;
    return c;
}

static void
rules(void)
{
    struct fm_counted a = entry("a", 1, 10, "a.mrn");
    struct fm_counted twin = entry("a", 1, 10, "b.mrn");
    struct fm_counted other = entry("a", 2, 10, "c.mrn");
    struct fm_counted sum = entry("a", 1, 10, "s.sum");
    struct fm_counted s2 = entry("s", 3, 5, "s.sum");
    const struct fm_counted *old;
    struct fm_err e = {0};
    struct fm_tally t = {0};

    sum.summed = s2.summed = true;
    CHECK(fm_tally_count(&t, &a, &old, &e) == 0 && !old, "first");
    CHECK(fm_tally_count(&t, &twin, &old, &e) == 0, "twin");
    CHECK(old && strcmp(old->file, "a.mrn") == 0, "not named");
    CHECK(t.n == 1 && t.weight == 10, "counted twice");

    other.offset = 77;
    CHECK(fm_tally_count(&t, &other, &old, &e) == FM_EINPUT, "other");
    CHECK(strstr(e.msg, "another bundle of client a than a.mrn"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_tally_count(&t, &sum, &old, &e) == FM_EINPUT, "sum");
    CHECK(strstr(e.msg, "a is already counted by a.mrn"), "%s", e.msg);

    CHECK(fm_tally_count(&t, &s2, &old, NULL) == 0 && !old, "sum's");
    s2.summed = false;
    CHECK(fm_tally_count(&t, &s2, &old, NULL) == FM_EINPUT, "after a sum");
    CHECK(t.n == 2 && t.weight == 15, "%zu clients", t.n);
    fm_tally_free(&t);
}

static void
bounds(void)
{
    const struct fm_counted *old;
    struct fm_err e = {0};
    struct fm_tally t = {0};
    struct fm_counted a = entry("a", 1, FM_SAMPLES_MAX, "a");
    struct fm_counted b = entry("b", 2, FM_SAMPLES_MAX - 1, "b");
    struct fm_counted c = entry("c", 3, 1, "c");

    CHECK(fm_tally_count(&t, &a, &old, NULL) == 0, "a");
    CHECK(fm_tally_count(&t, &b, &old, NULL) == 0, "b");
    CHECK(t.weight == FM_TOTAL_MAX, "total");
    CHECK(fm_tally_count(&t, &c, &old, &e) == FM_EINPUT, "c");
    CHECK(strstr(e.msg, "samples of client c"), "%s", e.msg);
    fm_tally_free(&t);
    for (int i = 0; i <= FM_PARTS_MAX; i++) {
        char name[16];

        snprintf(name, sizeof name, "%d", i);
        a = entry(name, (uint8_t)i, 1, "a");
        e = (struct fm_err){0};
        CHECK(fm_tally_count(&t, &a, &old, &e) ==
                  (i < FM_PARTS_MAX ? 0 : FM_EINPUT),
              "client %d: %s", i, e.msg);
    }
    CHECK(strstr(e.msg, "clients in one round"), "%s", e.msg);
    fm_tally_free(&t);
}

/* Many clients: all are found again, sorted lists are sorted. */
static void
many(void)
{
    enum { N = 3000 };
    const struct fm_counted *old;
    struct fm_err e = {0};
    struct fm_tally t = {0};
    struct fm_part *part;
    struct fm_id *id;
    char name[16];

    for (int i = 0; i < N; i++) {
        struct fm_counted c;

        snprintf(name, sizeof name, "%d", i * 7919 % N);
        c = entry(name, 0, 1, "f");
        fm_put64(c.part.bundle.b, (uint64_t)(i * 7919 % N));
        CHECK(fm_tally_count(&t, &c, &old, NULL) == 0 && !old, "%s", name);
    }
    CHECK(t.n == N, "%zu", t.n);
    part = fm_tally_parts(&t, NULL);
    id = fm_tally_ids(&t, NULL);
    CHECK(part && id, "no memory");
    for (size_t i = 1; i < N; i++) {
        CHECK(strcmp(part[i - 1].client, part[i].client) < 0, "part %zu", i);
        CHECK(fm_id_cmp(&id[i - 1], &id[i]) < 0, "id %zu", i);
    }
    for (size_t i = 0; i < N; i++) {
        struct fm_counted c = {.part = part[i], .file = "g"};

        CHECK(fm_tally_count(&t, &c, &old, NULL) == 0 && old, "lost %zu", i);
    }
    free(part);
    free(id);

    /* Two clients in sums that claim one bundle. */
    t.client[5].part.bundle = t.client[N - 1].part.bundle;
    CHECK(!fm_tally_ids(&t, &e) && e.code == FM_EINPUT, "one id for two");
    CHECK(strstr(e.msg, "two of them claim bundle"), "%s", e.msg);
    fm_tally_free(&t);
}

/*
 * Client ids whose plain hashes all start at one slot: were that hash the
 * table's, each would be compared with all before it, and a list of a quarter
 * million clients would take hours.
 */
static void
crowd(void)
{
    enum { N = 2000, SLOTS = 4096, LONGEST = 400 };
    const struct fm_counted *old;
    struct fm_tally t = {0};
    size_t run = 0;
    char name[16];

    for (int i = 0; t.n < N; i++) {
        struct fm_counted c;

        snprintf(name, sizeof name, "%d", i);
        if (fm_hash64(name, strlen(name)) % SLOTS >= 16)
            continue;
        c = entry(name, 1, 1, "f");
        CHECK(fm_tally_count(&t, &c, &old, NULL) == 0 && !old, "%s", name);
    }
    CHECK(t.nslots == SLOTS, "%zu slots", t.nslots);
    for (size_t i = 0; i < t.nslots; i++) {
        run = t.slot[i] ? run + 1 : 0;
        CHECK(run < LONGEST, "%zu clients in a row", run);
    }
    fm_tally_free(&t);
}

static void
places(void)
{
    struct fm_counted c = entry("a", 1, 1, "<stdin>");
    struct fm_tally t = {0};
    char out[FM_PLACE_MAX], name[8] = "x.mrn";
    const char *kept;

    CHECK(strcmp(fm_tally_place(out, &c), "<stdin>") == 0, "%s", out);
    c.offset = 1234;
    CHECK(strcmp(fm_tally_place(out, &c), "<stdin> (at byte 1234)") == 0, "%s",
          out);
    kept = fm_tally_file(&t, name, NULL);
    name[0] = 'y';
    for (int i = 0; i < 200; i++)
        CHECK(fm_tally_file(&t, "other", NULL), "no memory");
    CHECK(kept && strcmp(kept, "x.mrn") == 0, "not a copy");
    fm_tally_free(&t);
}

int
main(void)
{
    rules();
    bounds();
    many();
    crowd();
    places();
    return 0;
}
