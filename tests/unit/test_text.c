#include "data/text.h"

#include "check.h"

#include <string.h>

/* Python's ALL_LETTERS.find(c) with LEAF's table; -1 is the last place. */
static void
known_answers(void)
{
    static const struct {
        const char *text;
        uint8_t want;
    } known[] = {
        {"\n", 0},
        {" ", 1},
        {"!", 2},
        {"\"", 3},
        {"&", 4},
        {"'", 5},
        {"(", 6},
        {")", 7},
        {",", 8},
        {"-", 9},
        {".", 10},
        {"0", 11},
        {"9", 20},
        {":", 21},
        {";", 22},
        {">", 23},
        {"?", 24},
        {"A", 25},
        {"Z", 50},
        {"[", 51},
        {"]", 52},
        {"a", 53},
        {"z", 78},
        {"}", 79},
        {"{", 79},
        {"*", 79},
        {"<", 79},
        {"\t", 79},
        {"/", 79},
        {"\xc3\xa9", 79},
        {"\xe2\x82\xac", 79},
    };
    uint8_t code[4];

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = fm_text_encode(code, known[i].text, strlen(known[i].text));

        CHECK(n == 1 && code[0] == known[i].want, "%s is %u, %zu characters",
              known[i].text, code[0], n);
    }
    CHECK(fm_text_encode(code, "", 0) == 0, "nothing");
}

static void
files(void)
{
    struct fm_err e = {0};
    char text[] = "A\r\nb\rc\n\xc3\xa9\r";
    size_t n = strlen(text);
    static const uint8_t want[] = {25, 0, 54, 79, 55, 0, 79, 79};

    CHECK(!fm_text_parse(text, &n, &e), "%s", e.msg);
    CHECK(n == sizeof want && memcmp(text, want, n) == 0, "%zu characters", n);
}

static void
hostile(void)
{
    struct fm_err e = {0};
    char text[] = "one\ntwo\n\0three";
    size_t n = sizeof text - 1;

    CHECK(fm_text_parse(text, &n, &e) == FM_EINPUT, "accepted");
    CHECK(strcmp(e.msg, "line 3: not a text: a NUL byte") == 0, "%s", e.msg);
}

int
main(void)
{
    known_answers();
    files();
    hostile();
    return 0;
}
