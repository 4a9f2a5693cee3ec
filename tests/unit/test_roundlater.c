#include "roundfix.h"

#include "partial_file.h"

/* Models before rounds 1, 2 and 3, of answers a1 b1 c1 and a2 b2 c2; and what
 * the run would have been of a1 alone. */
static struct fm_model *w[3], *wrong;

static const struct fm_policy none, two = {.quorum = 2}, three = {.quorum = 3},
                                    four = {.quorum = 4};

static void
make(void)
{
    static const char *const client[] = {"a", "b", "c"};
    struct fm_err e = {0};

    w[0] =
        fx_model("input 9\nlinear 20\nrelu\nlinear 5\n", FM_FEDMRN, FM_UNIFORM);
    for (int r = 0; r < 3; r++) {
        for (size_t i = 0; i < 3; i++) {
            char name[8];

            snprintf(name, sizeof name, "%s%d", client[i], r + 1);
            rf_answer(w[r], name, client[i], 10 + 7 * i);
        }
        if (r < 2)
            w[r + 1] = rf_round(w[r], &none, r ? "a2 b2 c2" : "a1 b1 c1", &e);
        CHECK(r == 2 || w[r + 1], "%s", e.msg);
    }
    rf_answer(w[0], "d1", "d", 5);
    wrong = rf_round(w[0], &none, "a1", &e);
    CHECK(wrong, "%s", e.msg);
    rf_answer(wrong, "h2", "h", 9);
    wrong->round = 7;
    rf_answer(wrong, "h8", "h", 9);
}

/* An answer to a later round is one refusal, wherever it comes. */
static void
hostile(void)
{
    static const char *const order[] = {"h2 a1 b1 c1", "a1 h2 b1 c1",
                                        "a1 b1 c1 h2"};

    for (size_t i = 0; i < 3; i++) {
        rf_same(w[0], &three, order[i], w[1]);
        CHECK(strncmp(rf_notes, "h2: made for round 2 from model ", 32) == 0 &&
                  strchr(rf_notes, '\n')[1] == '\0',
              "%s", rf_notes);
        rf_refused(w[0], &none, order[i], "round 2");
    }
    rf_same(w[0], &three, "h8 a1 b1 c1", w[1]);
    CHECK(strcmp(rf_notes, "h8: answers round 8: a round before it is "
                           "missing\n") == 0,
          "%s", rf_notes);
    rf_refused(w[0], &four, "a1 b1 c1 h2", "3 clients count in round 1");
    CHECK(strcmp(rf_notes, "h2: answers round 2: no model came of the round "
                           "before\n") == 0,
          "%s", rf_notes);
}

/* Rounds follow each other in any order, each with its quorum. */
static void
replay(void)
{
    struct fm_err e = {0};
    struct fm_model *w3 = rf_round(w[2], &none, "a3 b3 c3", &e);

    CHECK(w3, "%s", e.msg);
    rf_same(w[0], &three, "a1 b1 c1 a2 b2 c2 a3 b3 c3", w3);
    rf_same(w[0], &two, "c3 b1 h2 a2 a1 c2 b3 c1 a3 b2", w3);
    CHECK(strncmp(rf_notes, "h2: made for round 2 from model ", 32) == 0, "%s",
          rf_notes);
    /* One who knows the next model does not close the round by that. */
    rf_same(w[0], &two, "a1 b1 a2 c1", w[1]);
    CHECK(strcmp(rf_notes, "a2: answers round 2, in which 1 client counts, and "
                           "the quorum is 2\n") == 0,
          "%s", rf_notes);
    rf_same(w[0], &two, "a1 b1 a2 c1 a3 b3 c3", w[1]);
    CHECK(strstr(rf_notes, "c3: answers round 3: a round before it is missing"),
          "%s", rf_notes);
    fm_model_free(w3);
}

/* The report has each round, and what was refused where it stood. */
static void
report(void)
{
    static const struct fm_policy told = {.quorum = 3, .report = true};
    struct fm_model *base = rf_copy(w[0]);
    struct fm_round *r = fm_round_new(base, NULL, &told, NULL, NULL);
    struct fm_buf head = {0};
    struct fm_err e = {0};
    const struct fm_buf *text;
    const char *at;
    char *copy;

    for (const char *p = "a1 b1 h2 c1 a2 b2 c2 a3 "; *p; p += 3)
        CHECK(!fm_round_take(r, (char[]){p[0], p[1], 0}, &e), "%s", e.msg);
    CHECK(!fm_round_next(&head, r, base, &e), "%s", e.msg);
    text = fm_round_report(r, &e);
    CHECK(text, "%s", e.msg);
    at = copy = strndup((const char *)text->data, text->len);
    CHECK(copy, "memory");
    CHECK(strncmp(at, "{\"rounds\":[{\"round\":1,", 22) == 0, "%.60s", at);
    CHECK(strstr(at, "\"counted\":3,\"refused\":0,\"answers\""), "round 1");
    at = strstr(at, "{\"round\":2,");
    CHECK(at && strstr(at, "\"counted\":3,\"refused\":2,") &&
              strstr(at, "\"file\":\"h2\"") && strstr(at, "\"file\":\"a3\"") &&
              !strstr(at + 1, "{\"round\":3,"),
          "round 2");
    free(copy);
    fm_buf_free(&head);
    fm_round_free(r);
    fm_model_free(base);
}

/* A partial sum is of the round that the model leads to. */
static void
sums(void)
{
    struct fm_model *base = rf_copy(w[0]);
    struct fm_round *r = fm_round_new(base, NULL, &two, NULL, NULL);
    struct fm_err e = {0};
    struct fm_partial p;
    struct fm_buf b = {0};

    for (const char *s = "a2 a1 b2 b1 "; *s; s += 3)
        CHECK(!fm_round_take(r, (char[]){s[0], s[1], 0}, &e), "%s", e.msg);
    CHECK(!fm_round_sum(&p, r, &e) && p.n == 2, "%s", e.msg);
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    fx_save("ab1", &b);
    rf_same(w[0], &none, "ab1 c1", w[1]);
    /* It waits like any answer. */
    rf_same(w[0], &three, "c1 ab1", w[1]);
    fm_buf_free(&b);
    free(p.part);
    fm_round_free(r);
    fm_model_free(base);

    base = rf_copy(w[1]);
    r = fm_round_new(base, NULL, NULL, NULL, NULL);
    CHECK(!fm_round_take(r, "a2", &e) && !fm_round_take(r, "b2", &e) &&
              !fm_round_sum(&p, r, &e) && pf_write(&b, &p, NULL) == 0,
          "%s", e.msg);
    fx_save("ab2", &b);
    rf_same(w[0], &three, "ab2 a1 c2 b1 c1", w[2]);
    rf_same(w[0], &three, "ab2 a1 b1 c1", w[1]);
    CHECK(strcmp(rf_notes, "ab2: answers round 2, in which 2 clients count, "
                           "and the quorum is 3\n") == 0,
          "%s", rf_notes);
    fm_buf_free(&b);
    free(p.part);
    fm_round_free(r);
    fm_model_free(base);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    make();
    hostile();
    replay();
    report();
    sums();
    for (size_t i = 0; i < 3; i++)
        fm_model_free(w[i]);
    fm_model_free(wrong);
    fx_leave(dir);
    return 0;
}
