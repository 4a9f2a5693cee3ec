#include "tensor/schedule.h"

#include "check.h"

#include <math.h>
#include <string.h>

static struct fm_noise_schedule
noise(const char *text)
{
    struct fm_noise_schedule s;

    memset(&s, 0xff, sizeof s);
    CHECK(fm_schedule_noise_parse(&s, text), "%s", text);
    return s;
}

/* By hand: a line from 100 to 20 over 5 rounds has steps of 20; from 10 to 20
 * over 4 rounds it is at 13 1/3 and 16 2/3; from 3 to 4 over 3 it is at 3.5. */
static void
lines(void)
{
    static const struct {
        const char *text;
        uint32_t a, want[6];
    } row[] = {
        {"constant", 100, {100, 100, 100, 100, 100, 100}},
        {"linear:5:20*2^-24", 100, {100, 80, 60, 40, 20, 20}},
        {"linear:4:20*2^-24", 10, {10, 13, 17, 20, 20, 20}},
        {"linear:3:4*2^-24", 3, {3, 4, 4, 4, 4, 4}},
        {"linear:2:4294967295*2^-24", 1, {1, UINT32_MAX, UINT32_MAX}},
        {"geometric:5:16*2^-24", 1, {1, 2, 4, 8, 16, 16}},
        {"geometric:5:1*2^-24", 16, {16, 8, 4, 2, 1, 1}},
        {"geometric:3:3*2^-24", 1, {1, 2, 3, 3, 3, 3}},
        {"list:1=5*2^-24", 9, {5, 5, 5, 5, 5, 5}},
        {"list:2=5*2^-24,5=8*2^-24", 9, {9, 5, 5, 5, 8, 8}},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_noise_schedule s = noise(row[i].text);

        for (uint64_t r = 1; r <= 6 && row[i].want[r - 1]; r++)
            CHECK(fm_schedule_noise(&s, row[i].a, r) == row[i].want[r - 1],
                  "%s, round %d: %u", row[i].text, (int)r,
                  fm_schedule_noise(&s, row[i].a, r));
    }
}

/* Against libm; ends are exact, and no value is outside them. */
static void
curves(void)
{
    struct fm_noise_schedule s = noise("geometric:1000:1*2^-24"),
                             l = noise("linear:1000000000:1*2^-24");
    uint32_t last = UINT32_MAX;

    CHECK(fm_schedule_noise(&s, UINT32_MAX, 1) == UINT32_MAX &&
              fm_schedule_noise(&s, UINT32_MAX, 1000) == 1,
          "ends");
    for (uint64_t r = 2; r < 1000; r++) {
        uint32_t a = fm_schedule_noise(&s, UINT32_MAX, r);
        double want = pow(UINT32_MAX, 1 - (double)(r - 1) / 999);

        CHECK(fabs(a - want) < 0.501 && a <= last, "round %d: %u", (int)r, a);
        last = a;
    }
    /* 2^32-1 less (2^32-2) * 500000000/999999999: 2147483645.85. */
    CHECK(fm_schedule_noise(&l, UINT32_MAX, 500000001) == 2147483646 &&
              fm_schedule_noise(&l, UINT32_MAX, UINT64_MAX) == 1,
          "a long line: %u", fm_schedule_noise(&l, UINT32_MAX, 500000001));
}

/* A text, and the canonical text that it is read as. */
static void
canonical(void)
{
    static const char *const good[][2] = {
        {"constant", "constant"},
        {"linear:012:0.01", "linear:12:167772*2^-24"},
        {"geometric:2:1e-2", "geometric:2:167772*2^-24"},
        {"geometric:1000000000:9*2^-24", "geometric:1000000000:9*2^-24"},
        {"list:1=0.01,7=1*2^-24", "list:1=167772*2^-24,7=1*2^-24"},
    };
    static const char *const rate[][2] = {
        {"step:30:0.10", "step:30:0.1"},  {"step:1:1", "step:1:1"},
        {"cosine:200", "cosine:200"},     {"cosine:200:0", "cosine:200"},
        {"cosine:2:0.5", "cosine:2:0.5"}, {"constant", "constant"},
    };
    char got[FM_SCHEDULE_TEXT];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct fm_noise_schedule s = noise(good[i][0]);

        fm_schedule_noise_text(got, sizeof got, &s);
        CHECK(strcmp(got, good[i][1]) == 0, "%s", got);
    }
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++) {
        struct fm_lr_schedule s;

        CHECK(fm_schedule_lr_parse(&s, rate[i][0]), "%s", rate[i][0]);
        fm_schedule_lr_text(got, sizeof got, &s);
        CHECK(strcmp(got, rate[i][1]) == 0, "%s", got);
    }
}

/* The longest list, and one entry more. */
static void
longest(void)
{
    char text[FM_SCHEDULE_TEXT + 64] = "list", got[FM_SCHEDULE_TEXT];
    struct fm_noise_schedule s;
    size_t at = 4;

    for (unsigned i = 0; i <= FM_SCHEDULE_LIST_MAX; i++) {
        if (i == FM_SCHEDULE_LIST_MAX) {
            s = noise(text);
            fm_schedule_noise_text(got, sizeof got, &s);
            CHECK(strcmp(got, text) == 0, "%s", got);
        }
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%c%u=4294967295*2^-24", i ? ',' : ':',
                               999999000 + i);
    }
    CHECK(!fm_schedule_noise_parse(&s, text), "33 entries");
}

static void
hostile(void)
{
    static const char *const bad[] = {
        "",
        "constant:",
        "linear",
        "linear:",
        "linear:5",
        "linear:5:",
        "linear:1:0.1",
        "linear:1000000001:0.1",
        "linear:5:0",
        "linear:5:256",
        "linear:5:0*2^-24",
        "linear:5:4294967296*2^-24",
        "linear:5:1*2^-23",
        "linear:5:*2^-24",
        "linear:5:0.1:2",
        "geometric:-5:0.1",
        "cosine:5:0.1",
        "list:",
        "list:1",
        "list:1=",
        "list:0=0.1",
        "list:1=0.1,",
        "list:2=0.1,2=0.2",
        "list:2=0.1,1=0.2",
        "list:1:0.1",
        "list:=0.1",
        "linear:00000000000000000000000000000000000000000000000000000000000000"
        "00000005"
        ":0.1",
        "linear:5:00000000000000000001*2^-24",
        "list",
    };
    static const char *const rate[] = {
        "step",       "step:",        "step:3",   "step:0:0.5", "step:3:0",
        "step:3:1.1", "step:3:0.5:1", "cosine",   "cosine:1",   "cosine:9:",
        "cosine:9:2", "constant:",    "linear:9", "",
    };
    struct fm_noise_schedule s = noise("linear:5:0.1"), before = s;
    struct fm_lr_schedule l, old;

    memset(&l, 0, sizeof l);
    CHECK(fm_schedule_lr_parse(&l, "step:3:0.5"), "step");
    old = l;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_schedule_noise_parse(&s, bad[i]) &&
                  memcmp(&s, &before, sizeof s) == 0,
              "%s", bad[i]);
    for (size_t i = 0; i < sizeof rate / sizeof *rate; i++)
        CHECK(!fm_schedule_lr_parse(&l, rate[i]) &&
                  memcmp(&l, &old, sizeof l) == 0,
              "%s", rate[i]);
}

/* Against libm, which this module does without. */
static void
rates(void)
{
    struct fm_lr_schedule s;

    CHECK(fm_schedule_lr_parse(&s, "constant"), "constant");
    CHECK(fm_schedule_lr(&s, 0.1, 1) == 0.1 &&
              fm_schedule_lr(&s, 0.1, 99) == 0.1,
          "constant");
    CHECK(fm_schedule_lr_parse(&s, "step:10:0.5"), "step");
    CHECK(fm_schedule_lr(&s, 0.1, 10) == 0.1 &&
              fm_schedule_lr(&s, 0.1, 11) == 0.05 &&
              fm_schedule_lr(&s, 0.1, 31) == 0.0125,
          "step");
    CHECK(fm_schedule_lr(&s, 0.1, UINT64_MAX) == 0, "in the far future");
    CHECK(fm_schedule_lr_parse(&s, "cosine:101:0.2"), "cosine");
    CHECK(fm_schedule_lr(&s, 0.1, 1) == 0.1, "start of the wave");
    CHECK(fm_schedule_lr(&s, 0.1, 101) == 0.1 * 0.2 &&
              fm_schedule_lr(&s, 0.1, 500) == 0.1 * 0.2,
          "end of the wave");
    for (uint64_t r = 1; r <= 101; r++) {
        double wave = cos(acos(-1) * (double)(r - 1) / 100);
        double want = 0.1 * (0.2 + 0.8 * (1 + wave) / 2);

        CHECK(fabs(fm_schedule_lr(&s, 0.1, r) - want) < 1e-16,
              "round %d: %.17g", (int)r, fm_schedule_lr(&s, 0.1, r));
    }
}

int
main(void)
{
    lines();
    curves();
    canonical();
    longest();
    hostile();
    rates();
    return 0;
}
