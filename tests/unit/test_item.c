#include "bundle/item.h"
#include "check.h"
#include "fixture.h"
#include "partial_file.h"

enum { LIMIT = 1 << 20 };

/* Read all of a file; the number of bundles, or -1 with the message in e. */
static int
count(const struct fm_buf *bytes, const char *path, const struct fm_model *m,
      struct fm_err *e)
{
    struct fm_items it;
    struct fm_item item;
    int n = 0, rc;

    *e = (struct fm_err){0};
    if (bytes)
        fx_save(path, bytes);
    rc = fm_items_open(&it, path, m, LIMIT, e);
    if (rc)
        return -1;
    while ((rc = fm_items_next(&it, &item, e)) == 0 &&
           item.kind != FM_ITEM_NONE) {
        n++;
        fm_item_free(&item);
    }
    fm_items_close(&it);
    CHECK(rc == 0 || rc == FM_EINPUT, "code %d: %s", rc, e->msg);
    return rc ? -1 : n;
}

/* The same on standard input. */
static int
count_stdin(const struct fm_buf *bytes, const struct fm_model *m,
            struct fm_err *e)
{
    fx_save("in", bytes);
    CHECK(freopen("in", "rb", stdin), "freopen");
    return count(NULL, "-", m, e);
}

static void
round_file(struct fm_buf *out, const struct fm_model *m, size_t n)
{
    struct fm_id id[8];
    struct fm_buf b = {0};
    char name[8];

    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "c%zu", i);
        id[i] = fx_file(&b, m, name, 10 + i, i);
    }
    CHECK(fm_index_write(out, id, n, NULL) == 0, "index");
    CHECK(fm_buf_add(out, b.data, b.len, NULL) == 0, "memory");
    fm_buf_free(&b);
}

/* The index by hand: one member of 8 + 16 n bytes and the checksum. */
static void
golden(void)
{
    const struct fm_id id[2] = {{{1, 2, 3}}, {{4, 5, 6}}};
    const uint8_t want[24] = {2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3};
    struct fm_buf b = {0};

    CHECK(fm_index_write(&b, id, 2, NULL) == 0, "write");
    CHECK(b.len == (76 + 6 + 40) + (76 + 9 + 16) + 87, "%zu bytes", b.len);
    CHECK(strcmp((char *)b.data + 76, "index") == 0, "name");
    CHECK(memcmp(b.data + 82, want, sizeof want) == 0, "data");
    CHECK(b.data[82 + 24] == 4, "second id");
    fm_buf_free(&b);
}

static void
streams(const struct fm_model *m)
{
    struct fm_buf one = {0}, round = {0}, cat = {0};
    struct fm_err e;

    fx_file(&one, m, "a", 1, 1);
    CHECK(count(&one, "f", m, &e) == 1, "%s", e.msg);
    CHECK(count_stdin(&one, m, &e) == 1, "%s", e.msg);

    round_file(&round, m, 3);
    CHECK(count(&round, "f", m, &e) == 3, "%s", e.msg);
    CHECK(count(&round, "f", NULL, &e) == 3, "%s", e.msg);
    CHECK(count_stdin(&round, m, &e) == 3, "%s", e.msg);

    /* Anything back to back is a stream, but a file must have one index. */
    for (int i = 0; i < 2; i++) {
        CHECK(fm_buf_add(&cat, one.data, one.len, NULL) == 0, "memory");
        CHECK(fm_buf_add(&cat, round.data, round.len, NULL) == 0, "memory");
    }
    CHECK(count_stdin(&cat, m, &e) == 8, "%s", e.msg);
    CHECK(count(&cat, "f", m, &e) == -1, "several items in a file");
    CHECK(strstr(e.msg, "f: item at byte ") && strstr(e.msg, "fedmrn-pack"),
          "%s", e.msg);
    cat.len = 0;
    CHECK(fm_buf_add(&cat, round.data, round.len, NULL) == 0, "memory");
    CHECK(fm_buf_add(&cat, one.data, one.len, NULL) == 0, "memory");
    CHECK(count(&cat, "f", m, &e) == -1, "a bundle after a round file");
    cat.len = round.len;
    CHECK(fm_buf_add(&cat, round.data, round.len, NULL) == 0, "memory");
    CHECK(count(&cat, "f", m, &e) == -1, "two round files in a file");
    fm_buf_free(&cat);
    fm_buf_free(&round);
    fm_buf_free(&one);
}

/* Every cut of a round file is noticed, as file and on a pipe. */
static void
cuts(const struct fm_model *m)
{
    struct fm_buf round = {0};
    struct fm_err e;
    size_t all, one = 0;

    round_file(&round, m, 3);
    all = round.len;
    for (round.len = 0; round.len < all; round.len++)
        CHECK(count(&round, "f", m, &e) == -1, "%zu bytes", round.len);

    /* Between two bundles it is the index that knows. */
    fx_file(&round, m, "c2", 12, 2);
    one = round.len - all;
    round.len = all - one;
    CHECK(count_stdin(&round, m, &e) == -1, "cut between bundles");
    CHECK(strstr(e.msg, "<stdin>: cut short: the index lists 3 bundles, and 2"),
          "%s", e.msg);
    fm_buf_free(&round);
}

static void
flips(const struct fm_model *m)
{
    struct fm_buf round = {0};
    struct fm_err e;

    round_file(&round, m, 2);
    for (size_t bit = 0; bit < 8 * round.len; bit += 5) {
        round.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(count(&round, "f", m, &e) == -1, "bit %zu", bit);
        CHECK(strncmp(e.msg, "f: ", 3) == 0, "not named: %s", e.msg);
        round.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(count(&round, "f", m, &e) == 2, "%s", e.msg);
    fm_buf_free(&round);
}

/* Items that are whole, but not what the index says. */
static void
wrong_order(const struct fm_model *m)
{
    struct fm_buf a = {0}, b = {0}, out = {0};
    struct fm_id id[2];
    struct fm_err e;

    id[0] = fx_file(&a, m, "a", 1, 1);
    id[1] = fx_file(&b, m, "b", 1, 2);
    CHECK(fm_index_write(&out, id, 2, NULL) == 0, "index");
    fm_buf_add(&out, b.data, b.len, NULL);
    fm_buf_add(&out, a.data, a.len, NULL);
    CHECK(count_stdin(&out, m, &e) == -1, "swapped");
    CHECK(strstr(e.msg, "<stdin>: item at byte ") &&
              strstr(e.msg, "the index lists bundle"),
          "%s", e.msg);
    out.len = 0;
    CHECK(fm_index_write(&out, id, 2, NULL) == 0, "index");
    CHECK(fm_index_write(&out, id, 2, NULL) == 0, "index");
    CHECK(count_stdin(&out, m, &e) == -1, "index in index");
    CHECK(strstr(e.msg, "index inside a round file"), "%s", e.msg);
    fm_buf_free(&a);
    fm_buf_free(&b);
    fm_buf_free(&out);
}

static void
hostile_index(void)
{
    uint8_t data[40] = {3}; /* three ids announced, two there */
    struct fm_member m[FM_MEMBERS_MAX] = {{"index", data, sizeof data}};
    struct fm_buf out = {0};
    struct fm_err e;
    struct fm_id id;

    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "count");
    CHECK(strstr(e.msg, "f: index: 40 bytes do not hold 3"), "%s", e.msg);
    memset(data, 0xff, 8);
    out.len = 0;
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "huge count");
    memset(data, 0, 8);
    m[0].size = 8;
    out.len = 0;
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "no bundles");
    data[0] = 1;
    m[0].size = 8 + 16 + 1;
    out.len = 0;
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "a part of an id");
    CHECK(strstr(e.msg, "f: index: 25 bytes do not hold 1"), "%s", e.msg);
    m[0].size = 7;
    out.len = 0;
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "short");
    CHECK(strstr(e.msg, "index: too short"), "%s", e.msg);
    strcpy(m[0].name, "other");
    out.len = 0;
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    CHECK(count(&out, "f", NULL, &e) == -1, "unknown kind");
    CHECK(strstr(e.msg, "not a bundle"), "%s", e.msg);
    fm_buf_free(&out);
}

/*
 * A partial sum whose first name is `parti`, and goes on to be its name in the
 * data: framed whole, and nothing that begins a sum.
 */
static void
short_name(void)
{
    enum { NAME_AT = 59, LESS = 7 };
    uint8_t data[40] = "{}";
    struct fm_member m[FM_MEMBERS_MAX] = {{"partial.json", data, sizeof data}};
    struct fm_buf out = {0};
    char sizes[18];
    struct fm_err e;
    struct fm_id id;

    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    snprintf(sizes, sizeof sizes, "%06o%011o",
             (unsigned)sizeof "partial.json" - LESS,
             (unsigned)sizeof data + LESS);
    memcpy(out.data + NAME_AT, sizes, sizeof sizes - 1);
    CHECK(count(&out, "f", NULL, &e) == -1, "a short name");
    CHECK(strstr(e.msg, "f: an archive, but not a bundle, round file"), "%s",
          e.msg);
    fm_buf_free(&out);
}

static void
other(const struct fm_model *m)
{
    struct fm_buf b = {0};
    struct fm_err e;

    CHECK(count(NULL, "nosuch", m, &e) == -1, "missing");
    CHECK(strstr(e.msg, "nosuch"), "%s", e.msg);
    CHECK(count(&b, "f", m, &e) == -1, "empty");
    CHECK(strcmp(e.msg, "f: empty") == 0, "%s", e.msg);
    fm_buf_add(&b, "hello, world\n", 13, NULL);
    CHECK(count(&b, "f", m, &e) == -1, "text");
    CHECK(strcmp(e.msg, "f: not a bundle, round file or partial sum") == 0,
          "%s", e.msg);
    fm_buf_free(&b);
}

/* --- A guard ----------------------------------------------------------- */

/* What it was asked, a letter each, and which question it answers with no. */
static struct {
    char log[32];
    char no;
} asked;

static int
answer(char question, struct fm_err *e)
{
    size_t n = strlen(asked.log);

    CHECK(n + 1 < sizeof asked.log, "asked too often");
    asked.log[n] = question;
    return question == asked.no ? fm_err_set(e, FM_EINPUT, "no") : 0;
}

static int
on_begin(void *ctx, const char *path, struct fm_err *e)
{
    CHECK(ctx == &asked && strcmp(path, "f") == 0, "%s", path);
    memset(asked.log, 0, sizeof asked.log);
    return answer('(', e);
}

/* A partial sum has no id, and stands for none in an index. */
static void
listed_sum(const struct fm_model *m)
{
    const struct fm_id none = {{0}};
    struct fm_partial sum = pf_sum(m, 0, 2);
    struct fm_buf b = {0};
    struct fm_err e;

    CHECK(fm_index_write(&b, &none, 1, NULL) == 0, "index");
    CHECK(pf_write(&b, &sum, NULL) == 0, "sum");
    CHECK(count(&b, "f", m, &e) == -1 &&
              strstr(e.msg, "the index lists bundle 0000") &&
              strstr(e.msg, "here, not a partial sum"),
          "%s", e.msg);
    pf_sum_free(&sum);
    fm_buf_free(&b);
}

static int
on_bytes(void *ctx, bool round_file, const uint8_t *p, size_t n,
         struct fm_err *e)
{
    CHECK(ctx == &asked && n > 100 && memcmp(p, "070707", 6) == 0, "bytes");
    return answer(round_file ? 'r' : 'b', e);
}

static int
on_claim(void *ctx, const struct fm_bundle *b, struct fm_err *e)
{
    CHECK(ctx == &asked && b->samples > 0, "claim");
    return answer('c', e);
}

static int
on_end(void *ctx, struct fm_err *e)
{
    CHECK(ctx == &asked, "context");
    return answer(')', e);
}

static const struct fm_guard guard = {on_begin, on_bytes, on_claim, on_end,
                                      &asked};

/* Read `bytes` under the guard, which says no to `no`. */
static int
guarded(const struct fm_buf *bytes, char no, struct fm_err *e)
{
    struct fm_items it;
    struct fm_item item;
    int rc;

    *e = (struct fm_err){0};
    asked.no = no;
    fx_save("f", bytes);
    CHECK(fm_items_open(&it, "f", NULL, LIMIT, e) == 0, "%s", e->msg);
    rc = fm_items_guard(&it, &guard, "f", e);
    while (rc == 0 && (rc = fm_items_next(&it, &item, e)) == 0 &&
           item.kind != FM_ITEM_NONE)
        fm_item_free(&item);
    fm_items_close(&it);
    return rc;
}

static void
guards(const struct fm_model *m)
{
    struct fm_buf b = {0};
    struct fm_err e;

    fx_file(&b, m, "a", 5, 1);
    CHECK(guarded(&b, 0, &e) == 0, "%s", e.msg);
    CHECK(strcmp(asked.log, "(bc)") == 0, "%s", asked.log);
    for (const char *no = "(bc)"; *no; no++) {
        CHECK(guarded(&b, *no, &e) == FM_EINPUT, "no to %c", *no);
        CHECK(strcmp(e.msg, "f: no") == 0, "%s", e.msg);
        CHECK(asked.log[strlen(asked.log) - 1] == *no, "%s", asked.log);
    }
    /* Damaged: its guard is asked first, and the damage is found after. */
    b.data[200] ^= 1;
    CHECK(guarded(&b, 'b', &e) == FM_EINPUT && strcmp(e.msg, "f: no") == 0,
          "%s", e.msg);
    CHECK(guarded(&b, 0, &e) == FM_EINPUT && strstr(e.msg, "damaged"), "%s",
          e.msg);
    CHECK(strcmp(asked.log, "(b") == 0, "%s", asked.log);
    b.len = 0;
    round_file(&b, m, 2);
    CHECK(guarded(&b, 0, &e) == 0, "%s", e.msg);
    CHECK(strcmp(asked.log, "(rcrc)") == 0, "%s", asked.log);
    fm_buf_free(&b);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    char dir[32];

    fx_enter(dir);
    golden();
    streams(m);
    cuts(m);
    flips(m);
    wrong_order(m);
    hostile_index();
    short_name();
    other(m);
    guards(m);
    listed_sum(m);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
