#include "data/wide.h"

#include "guard.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

static void
says(const struct fm_wide *w, const char *want)
{
    char text[FM_WIDE_TEXT];
    struct fm_wide again;

    fm_wide_text(text, w);
    CHECK(strcmp(text, want) == 0, "%s, not %s", text, want);
    CHECK(fm_wide_parse(&again, text), "%s", text);
    CHECK(memcmp(&again, w, sizeof again) == 0, "%s", text);
}

/* Worked by hand: 1 is 0x1p+0, FLT_TRUE_MIN 2^-149, FLT_MAX (2^24 - 1) 2^104.
 */
static void
golden(void)
{
    static const struct {
        float v;
        const char *text, *square;
    } one[] = {
        {0, "0x0p+0", "0x0p+0"},
        {-0.0f, "0x0p+0", "0x0p+0"},
        {1, "0x1p+0", "0x1p+0"},
        {-1.5f, "-0x3p-1", "0x9p-2"},
        {FLT_TRUE_MIN, "0x1p-149", "0x1p-298"},
        {-FLT_MIN, "-0x1p-126", "0x1p-252"},
        {FLT_MAX, "0xffffffp+104", "0xfffffe000001p+208"},
    };

    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct fm_wide w = {0}, s = {0};

        fm_wide_float(&w, one[i].v);
        says(&w, one[i].text);
        CHECK(fm_wide_double(&w) == (double)one[i].v, "%a", (double)one[i].v);
        fm_wide_square(&s, one[i].v);
        says(&s, one[i].square);
        fm_wide_float(&w, -one[i].v);
        says(&w, "0x0p+0");
    }
}

/* What doubles would lose is still there, in any order. */
static void
exact(void)
{
    static const float v[] = {FLT_MAX, FLT_TRUE_MIN, 1, -FLT_MAX, -1, 0.1f};
    struct fm_wide up = {0}, down = {0}, halves[2] = {{{0}}};

    for (size_t i = 0; i < 6; i++) {
        fm_wide_float(&up, v[i]);
        fm_wide_float(&down, v[5 - i]);
        fm_wide_float(&halves[i % 2], v[i]);
    }
    fm_wide_add(&halves[0], &halves[1]);
    /* 0.1f is 0xcccccd 2^-27, and 2^-149 is 122 bits below that. */
    says(&up, "0x3333334000000000000000000000000000001p-149");
    CHECK(memcmp(&up, &down, sizeof up) == 0, "order");
    CHECK(memcmp(&up, &halves[0], sizeof up) == 0, "grouping");
    CHECK(fm_wide_double(&up) == (double)0.1f, "leading bits");
    up = (struct fm_wide){0};
    fm_wide_count(&up, UINT64_MAX);
    fm_wide_count(&up, UINT64_MAX);
    says(&up, "0xffffffffffffffffp+1");
}

/* 1 2 3 -6: the sum is 0, the squares 50, and 4*50 = 200; of v v v it is 0,
 * also for the largest and the smallest. */
static void
spread(void)
{
    static const float v[] = {1, 2, 3, -6},
                       same[] = {FLT_MAX, FLT_TRUE_MIN, -0.1f};
    struct fm_wide sum = {0}, squares = {0}, out;

    for (size_t i = 0; i < 4; i++) {
        fm_wide_float(&sum, v[i]);
        fm_wide_square(&squares, v[i]);
    }
    CHECK(fm_wide_spread(&out, &sum, &squares, 4), "spread");
    says(&out, "0x19p+3");
    fm_wide_count(&sum, 15);
    CHECK(!fm_wide_spread(&out, &sum, &squares, 4), "15*15 > 4*50");
    for (size_t k = 0; k < 3; k++) {
        sum = squares = (struct fm_wide){0};
        for (size_t i = 0; i < 3; i++) {
            fm_wide_float(&sum, same[k]);
            fm_wide_square(&squares, same[k]);
        }
        CHECK(fm_wide_spread(&out, &sum, &squares, 3), "same");
        says(&out, "0x0p+0");
    }
    fm_wide_parse(&sum, "-0x5p+3");
    CHECK(fm_wide_within(&sum, 6, 3) && !fm_wide_within(&sum, 5, 3) &&
              !fm_wide_within(&sum, 6, 4),
          "within");
}

static void
hostile(void)
{
    static const char *const bad[] = {
        "",         "0",        "0x",
        "0xp+0",    "1p+0",     "0x1",
        "0x1p",     "0x1p0",    "0x2p+0",
        "0x01p+0",  "0x1P+0",   "0xAp+0",
        "-0x0p+0",  "0x0p+1",   "0x1p-299",
        "0x1p+342", "0x3p+340", "+0x1p+0",
        "0x1p+0 ",  "0x1.8p+0", "0x1p+99999999999999999999",
        "--0x1p+0",
    };
    struct fm_wide w;
    char text[FM_WIDE_TEXT + 40];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_wide_parse(&w, (char *)gd_copy(bad[i], strlen(bad[i]) + 1)),
              "%s", bad[i]);
    CHECK(fm_wide_parse(&w, "0x1p+340"), "the largest power");
    memset(text, '1', sizeof text);
    memcpy(text, "0x", 2);
    memcpy(text + sizeof text - 6, "p-298", 6);
    CHECK(!fm_wide_parse(&w, text), "too many digits");
}

int
main(void)
{
    golden();
    exact();
    spread();
    hostile();
    return 0;
}
