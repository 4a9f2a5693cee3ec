#include "data/split.h"

#include "base/bytes.h"
#include "base/digest.h"

#include "check.h"

#include <math.h>

enum { ROWS = 60, BIG = 20000, CLASSES = 10, CLIENTS = 50 };

/* Parts as text: rows by blanks, one part a line; -1 ends a part. */
static void
expect(const char *scheme, size_t clients, size_t min_rows, const int *want)
{
    uint8_t y[ROWS];
    struct fm_split s;
    struct fm_err e = {0};

    for (size_t i = 0; i < ROWS; i++)
        y[i] = (uint8_t)(i * i % 7);
    CHECK(!fm_split_make(&s, y, ROWS, scheme, clients, min_rows, 1234, &e),
          "%s: %s", scheme, e.msg);
    for (size_t k = 0; k < clients; k++, want++)
        for (size_t i = s.start[k]; *want >= 0 || i < s.start[k + 1];
             i++, want++)
            CHECK(i < s.start[k + 1] && s.row[i] == (uint32_t)*want,
                  "%s: client %zu, place %zu", scheme, k, i - s.start[k]);
    fm_split_free(&s);
}

/* From tests/unit/split_answers.py, an implementation in Python. */
static void
known_answers(void)
{
    static const int iid[] = {
        31, 56, 30, 35, 36, 45, 42, 5,  32, -1, 34, 21, 23, 3,  33, 59, 4,
        11, 6,  -1, 47, 22, 29, 24, 40, 26, 38, 41, 51, -1, 46, 16, 58, 52,
        13, 2,  55, 17, 43, -1, 49, 25, 19, 8,  0,  39, 44, 12, -1, 9,  48,
        15, 54, 7,  53, 18, 14, -1, 28, 10, 1,  27, 50, 20, 37, 57, -1};
    static const int labels[] = {
        28, 7,  21, 50, 55, 41, 29, 27, 43, -1, 46, 11, 38, 3,  24, 25, 10,
        53, 17, 51, 40, 47, 30, 37, 54, 16, 58, 23, -1, 0,  42, 49, 22, 36,
        34, 48, 6,  57, -1, 45, 32, 52, 59, 4,  39, 31, 18, 9,  44, 26, 12,
        33, 19, 5,  2,  -1, 14, 35, 56, 1,  8,  13, 20, 15, -1};
    static const int dirichlet[] = {
        35, 21, 1,  22, 27, 55, 57, 15, 48, 53, 59, 11, 32, 24, 31, -1, 8,
        41, 18, 38, 25, 4,  -1, 42, 7,  28, 34, 3,  45, 47, 40, 37, 44, 5,
        9,  2,  -1, 56, 0,  50, 6,  36, 17, 52, 46, 39, -1, 49, 14, 20, 43,
        29, 13, 10, 23, 33, 58, 19, 30, 51, 26, 54, 12, 16, -1};
    /* Here most gammas, and sometimes all of a class, underflow. */
    static const int spikes[] = {
        51, 40, 47, 30, 37, 54, 16, 58, 23, 9,  44, 26, 12, 33, 19, 5,
        2,  -1, 50, 55, 41, 29, 27, 43, 22, 36, 34, 48, 6,  57, 1,  8,
        13, 20, 15, -1, 28, 7,  21, 0,  42, 49, 14, 35, 56, 46, 11, 38,
        3,  24, 25, 10, 53, 17, 45, 32, 52, 59, 4,  39, 31, 18, -1};

    expect("iid", 7, 10, iid);
    expect("labels:0.5", 5, 10, labels);
    expect("dirichlet:0.3", 5, 5, dirichlet);
    expect("dirichlet:1e-5", 3, 1, spikes);
}

/* One partition of BIG rows, with its digest and how it was asked for. */
struct big {
    uint8_t y[BIG];
    struct fm_split s;
    size_t has[CLIENTS][CLASSES];
};

static uint64_t
digest(const struct fm_split *s, size_t n)
{
    static uint8_t bytes[4 * BIG + 8 * (CLIENTS + 1)];

    for (size_t i = 0; i < n; i++)
        fm_put32(bytes + 4 * i, s->row[i]);
    for (size_t k = 0; k <= s->clients; k++)
        fm_put64(bytes + 4 * n + 8 * k, s->start[k]);
    return fm_hash64(bytes, 4 * n + 8 * (s->clients + 1));
}

static uint64_t
make_big(struct big *b, const char *scheme, size_t min_rows, uint64_t seed)
{
    static uint8_t seen[BIG];
    struct fm_err e = {0};
    uint64_t d;

    for (size_t i = 0; i < BIG; i++)
        b->y[i] = (uint8_t)(i * 7 % CLASSES);
    CHECK(!fm_split_make(&b->s, b->y, BIG, scheme, CLIENTS, min_rows, seed, &e),
          "%s: %s", scheme, e.msg);
    memset(seen, 0, sizeof seen);
    memset(b->has, 0, sizeof b->has);
    CHECK(b->s.start[0] == 0 && b->s.start[CLIENTS] == BIG, "%s", scheme);
    for (size_t k = 0; k < CLIENTS; k++)
        for (size_t i = b->s.start[k]; i < b->s.start[k + 1]; i++) {
            CHECK(b->s.row[i] < BIG && !seen[b->s.row[i]]++, "%s: row %u",
                  scheme, b->s.row[i]);
            b->has[k][b->y[b->s.row[i]]]++;
        }
    d = digest(&b->s, BIG);
    fm_split_free(&b->s);
    return d;
}

static size_t
rows_of(const struct big *b, size_t k)
{
    size_t n = 0;

    for (size_t c = 0; c < CLASSES; c++)
        n += b->has[k][c];
    return n;
}

/* Properties that the header promises, on 20,000 rows over 50 clients. */
static void
properties(void)
{
    static struct big b;
    uint64_t d;

    d = make_big(&b, "iid", 0, 5);
    for (size_t k = 0; k < CLIENTS; k++)
        CHECK(rows_of(&b, k) == BIG / CLIENTS, "client %zu", k);
    CHECK(d == make_big(&b, "iid", 0, 5), "not the same again");
    CHECK(d != make_big(&b, "iid", 0, 6), "the seed says nothing");

    d = make_big(&b, "labels:0.3", 0, 5);
    for (size_t k = 0; k < CLIENTS; k++) {
        size_t held = 0;

        for (size_t c = 0; c < CLASSES; c++) {
            held += b.has[k][c] > 0;
            /* 50 clients hold 3 of 10 classes: 15 holders, 2000 rows. */
            CHECK(!b.has[k][c] || b.has[k][c] == 2000 / 15 ||
                      b.has[k][c] == 2000 / 15 + 1,
                  "client %zu has %zu of class %zu", k, b.has[k][c], c);
        }
        CHECK(held == 3, "client %zu holds %zu classes", k, held);
    }
    CHECK(d == make_big(&b, "labels:0.3", 0, 5), "not the same again");
    for (size_t c = 0; c < CLASSES; c++) {
        size_t holders = 0;

        for (size_t k = 0; k < CLIENTS; k++)
            holders += b.has[k][c] > 0;
        CHECK(holders == 15, "class %zu has %zu holders", c, holders);
    }
}

/*
 * Dir(B): with B = 1000 everybody has nearly its fair share of every class;
 * with B = 0.1 a few clients hold most of a class.
 */
static void
dirichlet_shape(void)
{
    static struct big b;
    uint64_t d;

    d = make_big(&b, "dirichlet:0.1", 20, 5);
    CHECK(d == make_big(&b, "dirichlet:0.1", 20, 5), "not the same again");
    for (size_t k = 0; k < CLIENTS; k++)
        CHECK(rows_of(&b, k) >= 20, "client %zu has too few rows", k);
    for (size_t c = 0; c < CLASSES; c++) {
        size_t most = 0;

        for (size_t k = 0; k < CLIENTS; k++)
            most = b.has[k][c] > most ? b.has[k][c] : most;
        CHECK(most > 5 * BIG / CLASSES / CLIENTS, "class %zu is even", c);
    }
    make_big(&b, "dirichlet:1000", 20, 5);
    /* The first class, before anyone is full: 40 +- 3 sigma and rounding. */
    for (size_t k = 0; k < CLIENTS; k++)
        CHECK(b.has[k][0] >= 34 && b.has[k][0] <= 46, "client %zu has %zu", k,
              b.has[k][0]);
}

static void
refuse(const char *scheme, size_t n, size_t clients, size_t min_rows,
       const char *part)
{
    uint8_t y[100];
    struct fm_split s;
    struct fm_err e = {0};

    for (size_t i = 0; i < 100; i++)
        y[i] = (uint8_t)(i / 10);
    CHECK(fm_split_make(&s, y, n, scheme, clients, min_rows, 1, &e) ==
              FM_EINPUT,
          "%s accepted", scheme);
    CHECK(strstr(e.msg, part), "%s: %s", scheme, e.msg);
    CHECK(!s.row && !s.start, "%s left memory", scheme);
    /* What a scheme's text alone says is said without labels, too. */
    if (strstr(part, "is not a")) {
        CHECK(fm_split_check(scheme, NULL) == FM_EINPUT, "%s", scheme);
    } else {
        CHECK(!fm_split_check(scheme, NULL), "%s", scheme);
    }
}

static void
hostile(void)
{
    refuse("", 100, 5, 1, "is not a scheme");
    refuse("iid:1", 100, 5, 1, "is not a scheme");
    refuse("dirichlet", 100, 5, 1, "is not a scheme");
    refuse("iid", 4, 5, 1, "4 rows for 5 clients");
    refuse("dirichlet:", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:0", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:nan", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:inf", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:0.3x", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:0x1p-1", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet: 0.3", 100, 5, 1, "is not a number above 0");
    refuse("dirichlet:0.3", 100, 11, 10, "100 rows cannot give 11 clients 10");
    refuse("dirichlet:1e-300", 10, 2, 5, "no partition in 10000 draws");
    refuse("labels:1.5", 100, 5, 1, "is not a number above 0 and at most 1");
    refuse("labels:-0.5", 100, 5, 1, "is not a number above 0");
    refuse("labels:0.1", 100, 5, 1, "leave some of 10 classes to nobody");
    refuse("labels:1", 30, 30, 1, "client 10 would get no row");
}

/* Without classes there is iid, as if there were some. */
static void
numbers(void)
{
    static const uint8_t y[20] = {0};
    struct fm_err e = {0};
    struct fm_split s, with;

    CHECK(!fm_split_make(&s, NULL, 20, "iid", 3, 1, 7, &e) &&
              !fm_split_make(&with, y, 20, "iid", 3, 1, 7, &e),
          "%s", e.msg);
    CHECK(memcmp(s.row, with.row, 20 * sizeof *s.row) == 0 &&
              memcmp(s.start, with.start, 4 * sizeof *s.start) == 0,
          "another partition");
    fm_split_free(&s);
    fm_split_free(&with);
    CHECK(fm_split_make(&s, NULL, 20, "labels:0.5", 3, 1, 7, &e) == FM_EINPUT &&
              strcmp(e.msg, "its labels are numbers and not classes, which "
                            "only iid can part") == 0,
          "%s", e.msg);
}

static void
natural(void)
{
    static const size_t first[] = {0, 3, 3, 5, 10};
    struct fm_err e = {0};
    struct fm_split s;

    CHECK(!fm_split_natural(&s, first, 4, 0, &e), "%s", e.msg);
    CHECK(s.clients == 3 && s.user[0] == 0 && s.user[1] == 2 &&
              s.user[2] == 3 && s.start[3] == 10 && s.row[9] == 9,
          "the empty one is left out");
    fm_split_free(&s);
    CHECK(!fm_split_natural(&s, first, 4, 3, &e), "%s", e.msg);
    CHECK(s.clients == 2 && s.user[1] == 3 && s.start[1] == 3 &&
              s.start[2] == 8 && s.row[3] == 5,
          "at least three rows");
    fm_split_free(&s);
    CHECK(fm_split_natural(&s, first, 4, 6, &e) == FM_EINPUT &&
              strstr(e.msg, "none of 4 users has 6 rows"),
          "%s", e.msg);
    {
        const size_t users = FM_SPLIT_CLIENTS_MAX + 1;
        size_t *many = malloc((users + 1) * sizeof *many);

        CHECK(many, "memory");
        for (size_t i = 0; i <= users; i++)
            many[i] = i;
        e = (struct fm_err){0};
        CHECK(fm_split_natural(&s, many, users, 0, &e) == FM_EINPUT &&
                  strstr(e.msg, "1000001 users are more than 1000000"),
              "%s", e.msg);
        free(many);
    }
    CHECK(fm_split_is_natural("natural") && !fm_split_is_natural("iid") &&
              !fm_split_check("natural", NULL),
          "its name");
}

int
main(void)
{
    known_answers();
    properties();
    dirichlet_shape();
    hostile();
    natural();
    numbers();
    return 0;
}
