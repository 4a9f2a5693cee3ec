#include "check.h"
#include "trust/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Answers as texts: a bundle "a1" is client a's with id 1, a sum "+a1b2" has
 * two; a digit in front is the round that it answers, 7 unless given.
 */
static void
add(struct fm_claims *c, const char *text, const char *file)
{
    struct fm_answer a = {.file = file, .round = 7};
    struct fm_part part[8] = {{.weight = 1}};
    size_t n = 0;

    if (*text >= '0' && *text <= '9')
        a.round = (uint64_t)(*text++ - '0');
    if (*text == '+') {
        a.summed = true;
        text++;
    }
    for (; *text; text += 2, n++) {
        part[n].client[0] = text[0];
        part[n].bundle.b[0] = (uint8_t)text[1];
        /* But for a letter, which is one id whoever claims it. */
        part[n].bundle.b[1] = text[1] < 'A' ? (uint8_t)text[0] : 0;
    }
    CHECK(fm_claims_add(c, &a, part, n, NULL, NULL) == 0, "add");
}

/* c, twice or refused, as letters, in the order of `text`. */
static void
verdicts(const char *const *text, size_t n, const char *want)
{
    for (size_t turn = 0; turn < n; turn++) {
        struct fm_claims c = {0};
        char names[8][24];

        for (size_t i = 0; i < n; i++) {
            snprintf(names[i], sizeof names[i], "f%zu", (i + turn) % n);
            add(&c, text[(i + turn) % n], names[i]);
        }
        CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
        for (size_t i = 0; i < n; i++) {
            const struct fm_answer *a = &c.answer[i];
            char got = *fm_verdict_name(a->verdict);
            char should = want[(i + turn) % n];

            /* Which of two equal ones counts is no matter. */
            if (should == '?')
                continue;
            CHECK(got == should, "%s, turned by %zu: %s is %c", want, turn,
                  text[(i + turn) % n], got);
            CHECK((a->why == NULL) == (got == 'c'), "why");
        }
        fm_claims_free(&c);
    }
}

#define VERDICTS(want, ...)                                                    \
    do {                                                                       \
        static const char *const text[] = {__VA_ARGS__};                       \
        verdicts(text, sizeof text / sizeof *text, want);                      \
    } while (0)

static void
rules(void)
{
    VERDICTS("ccc", "a1", "b1", "c1");
    VERDICTS("rrc", "a1", "a2", "b1");
    VERDICTS("rrr", "a1", "a2", "a1");
    VERDICTS("ct", "+a1", "a1");
    VERDICTS("cc", "a1", "6a2");  /* a late one, and a current one */
    VERDICTS("rr", "6a1", "6a2"); /* two late ones */
    /* Sums that share a client; their others are lost with them. */
    VERDICTS("rrc", "+a1b1", "+b1c1", "d1");
    VERDICTS("rr", "+a1b1", "+a1b1");
    /* A bundle that is in a refused sum, too, still counts. */
    VERDICTS("rrc", "+a1b1", "+b1c1", "a1");
    /* One that differs from what a sum holds takes the sum with it. */
    VERDICTS("rrcc", "+a1b1", "b2", "a1", "c1");
    VERDICTS("rrr", "+a1b1", "b2", "b1");
    /* Who claims another's bundle: a sum is not believed, and of two bundles
     * with one id nobody knows whose it is. */
    VERDICTS("crc", "aX", "+bXc1", "d1");
    VERDICTS("rrc", "+aXb1", "+cXd1", "e1");
    VERDICTS("rrrc", "aX", "bX", "aX", "c1");
    VERDICTS("rr", "aX", "6aX");
}

static void
twins(void)
{
    struct fm_claims c = {0};

    add(&c, "a1", "x");
    add(&c, "b1", "y");
    add(&c, "a1", "z");
    CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
    CHECK(fm_claims_clients(&c) == 2, "clients");
    CHECK(fm_claims_having(&c, FM_TWICE) == 1, "twice");
    CHECK(c.answer[0].verdict == FM_COUNTS && c.answer[2].why, "the first");
    CHECK(strcmp(c.answer[2].why, "the same bundle as x, counted once") == 0,
          "%s", c.answer[2].why);
    fm_claims_free(&c);

    add(&c, "a1", "x");
    c.answer[0].offset = 1234;
    add(&c, "a2", "y");
    CHECK(fm_claims_refuse(&c, 1, "no signature", NULL) == 0, "refuse");
    CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
    CHECK(c.answer[0].verdict == FM_COUNTS, "what is refused hurts nobody");
    add(&c, "+a3", "s");
    CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
    CHECK(strcmp(c.answer[2].why, "another bundle of client a than x (at byte "
                                  "1234): both are refused") == 0,
          "%s", c.answer[2].why);
    fm_claims_free(&c);
    fm_claims_free(&c);
}

/* More than any array begins with. */
static void
many(void)
{
    struct fm_claims c = {0};

    for (int i = 0; i < 3000; i++) {
        struct fm_answer a = {.file = "f", .round = 1};
        struct fm_part part = {.weight = 1};

        snprintf(part.client, sizeof part.client, "%d", i % 2990);
        memcpy(part.bundle.b, &i, sizeof i);
        CHECK(fm_claims_add(&c, &a, &part, 1, NULL, NULL) == 0, "add");
    }
    CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
    CHECK(fm_claims_clients(&c) == 2980, "%zu", fm_claims_clients(&c));
    CHECK(fm_claims_having(&c, FM_REFUSED) == 20, "refused");
    fm_claims_free(&c);
}

/* Whoever claims more samples than all may have together goes, and alone. */
static void
heavy(void)
{
    static const struct {
        const char *client;
        uint64_t weight, round;
        bool stays;
    } row[] = {
        {"a", FM_TOTAL_MAX / 2, 6, true},
        {"b", FM_TOTAL_MAX / 2, 7, true},
        {"big", FM_TOTAL_MAX / 2 + 1, 6, false},
        {"big", FM_TOTAL_MAX / 2 + 1, 7, false},
        {"c", 1, 7, true},
    };
    const size_t n = sizeof row / sizeof *row;

    for (size_t turn = 0; turn < n; turn++) {
        struct fm_claims c = {0};

        for (size_t k = 0; k < n; k++) {
            const size_t i = (k + turn) % n;
            struct fm_answer a = {.file = "f", .round = row[i].round};
            struct fm_part part = {.weight = row[i].weight};

            part.bundle.b[0] = (uint8_t)i;
            strcpy(part.client, row[i].client);
            CHECK(fm_claims_add(&c, &a, &part, 1, NULL, NULL) == 0, "add");
        }
        CHECK(fm_claims_decide(&c, NULL) == 0, "decide");
        for (size_t k = 0; k < n; k++) {
            const size_t i = (k + turn) % n;

            CHECK((c.answer[k].verdict == FM_COUNTS) == row[i].stays, "%s",
                  row[i].client);
            CHECK(row[i].stays ||
                      strcmp(c.answer[k].why,
                             "the 4294967296 samples of client big bring the "
                             "round above 8589934591, and it is the "
                             "heaviest") == 0,
                  "%s", c.answer[k].why);
        }
        fm_claims_free(&c);
    }
}

/* What a source brought too much of is forgotten as if it had not come. */
static void
cut(void)
{
    struct fm_claims c = {0};

    add(&c, "a1", "x");
    add(&c, "+b1c1", "y");
    CHECK(fm_claims_refuse(&c, 1, "no", NULL) == 0, "refuse");
    fm_claims_cut(&c, 1);
    CHECK(c.n == 1 && c.nparts == 1, "%zu answers, %zu parts", c.n, c.nparts);
    fm_claims_cut(&c, 1);
    add(&c, "d1", "z");
    CHECK(strcmp(c.part[1].client, "d") == 0, "%s", c.part[1].client);
    fm_claims_free(&c);
}

int
main(void)
{
    heavy();
    cut();
    rules();
    twins();
    many();
    return 0;
}
