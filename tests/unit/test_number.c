#include "tensor/number.h"

#include "check.h"

#include <string.h>

static void
counts(void)
{
    static const char *const bad[] = {
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "18446744073709551616",
        "30000000000000000000",
    };
    uint64_t v;

    CHECK(fm_count_parse(&v, "0", 0, 9) && v == 0, "0");
    CHECK(fm_count_parse(&v, "18446744073709551615", 0, UINT64_MAX) &&
              v == UINT64_MAX,
          "2^64 - 1");
    CHECK(!fm_count_parse(&v, "10", 0, 9), "above max");
    CHECK(!fm_count_parse(&v, "1", 2, 9), "below min");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_count_parse(&v, bad[i], 0, UINT64_MAX), "%s", bad[i]);
}

static void
doubles(void)
{
    static const char *const bad[] = {
        "",
        "-",
        ".",
        "-.",
        ".e1",
        "1.2.3",
        "1e",
        "1e+",
        "inf",
        "nan",
        "0x1p3",
        " 1",
        "1 ",
        "1,5",
        "1e999",
        "1f",
        "--1",
        "1e1e1",
        "0.0000000000000000000000000000000000000000000000001",
    };
    static const struct {
        const char *in;
        const char *canonical;
    } good[] = {
        {"0.1", "0.1"},
        {"1e-5", "1e-05"},
        {"+3", "3"},
        {"-0", "0"},
        {"-2.50", "-2.5"},
        {".1", "0.1"},
        {"-.5e1", "-5"},
        {"5.", "5"},
        {"5.e-1", "0.5"},
        {"100000", "1e+05"},
        {"0.30000000000000004", "0.30000000000000004"},
    };
    char text[FM_DOUBLE_TEXT];
    double v;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_double_parse(&v, bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(fm_double_parse(&v, good[i].in), "%s", good[i].in);
        fm_double_text(text, v);
        CHECK(strcmp(text, good[i].canonical) == 0, "%s -> %s", good[i].in,
              text);
    }
    fm_float_text(text, 0.2860f);
    CHECK(strcmp(text, "0.286") == 0, "%s", text);
}

/* Every text reads back as the number it stands for. */
static void
round_trip(void)
{
    uint64_t x = 1;

    for (int i = 0; i < 20000; i++) {
        char text[FM_DOUBLE_TEXT];
        double d, back = -1;
        float f;
        uint32_t half;

        x = x * 6364136223846793005u + 1442695040888963407u;
        memcpy(&d, &x, sizeof d);
        if (d - d == 0) {
            fm_double_text(text, d);
            CHECK(fm_double_parse(&back, text) && back == d, "%s", text);
        }
        half = (uint32_t)(x >> 32);
        memcpy(&f, &half, sizeof f);
        if (f - f == 0) {
            fm_float_text(text, f);
            CHECK(fm_double_parse(&back, text) && (float)back == f, "%s", text);
        }
    }
}

int
main(void)
{
    counts();
    doubles();
    round_trip();
    return 0;
}
