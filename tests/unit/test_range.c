#include "base/range.h"

#include "check.h"

#include <string.h>

enum { MODELS = 5 };

/* Worked by hand from range.h. */
static void
golden(void)
{
    static const struct {
        const char *bits; /* lower case: by one model; upper: without */
        const char *bytes;
        size_t n;
    } g[] = {
        {"", "", 0},
        /* [0, 7fffffff): 0 ends in the most zeros, and they are left out. */
        {"O", "", 0},
        {"o", "", 0},
        /* [7fffffff, fffffffe): 80000000. */
        {"I", "\x80", 1},
        {"i", "\x80", 1},
        /* Then P(0) = 1/4 of 80000000: [9fffffff, ffffffff). */
        {"ii", "\xa0", 1},
        /* [7fffffff, 9fffffff), and of that the upper half: P(0) = 1/2. */
        {"ioi", "\x90", 1},
    };

    for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
        struct fm_range_model m = {0};
        struct fm_range_out r;
        struct fm_buf b = {0};

        CHECK(fm_buf_add(&b, "x", 1, NULL) == 0, "memory");
        fm_range_begin(&r, &b);
        for (const char *p = g[i].bits; *p; p++)
            if (*p == 'o' || *p == 'i')
                fm_range_put(&r, &m, *p == 'i');
            else
                fm_range_put_bits(&r, *p == 'I', 1);
        CHECK(fm_range_finish(&r, NULL) == 0, "finish");
        CHECK(b.len == 1 + g[i].n && b.data[0] == 'x', "%zu: %zu bytes", i,
              b.len);
        CHECK(memcmp(b.data + 1, g[i].bytes, g[i].n) == 0, "%zu: %02x", i,
              b.data[1]);
        fm_buf_free(&b);
    }
}

static uint32_t
next(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

/* Bit i of round `seed`: 16 bits without a model now and then, and models from
 * even to nearly always 1, which makes long runs for a carry to go through. */
static void
round_trip(uint32_t seed, size_t n)
{
    struct fm_range_model out[MODELS] = {{0}}, in[MODELS] = {{0}};
    uint32_t x = seed, y = seed;
    struct fm_range_out w;
    struct fm_range_in r;
    struct fm_buf b = {0};

    fm_range_begin(&w, &b);
    for (size_t i = 0; i < n; i++) {
        unsigned m = next(&x) % MODELS, width = 1 + next(&x) % 16;
        bool bit = next(&x) % (1u << 2 * m) != 0;

        if (next(&x) % 8 == 0)
            fm_range_put_bits(&w, bit ? (1u << width) - 1 : 0, width);
        else
            fm_range_put(&w, &out[m], bit);
    }
    CHECK(fm_range_finish(&w, NULL) == 0, "finish");
    CHECK(b.len == 0 || b.data[b.len - 1], "zeros at the end");
    fm_range_open(&r, b.data, b.len);
    for (size_t i = 0; i < n; i++) {
        unsigned m = next(&y) % MODELS, width = 1 + next(&y) % 16;
        bool bit = next(&y) % (1u << 2 * m) != 0;

        if (next(&y) % 8 == 0)
            CHECK(fm_range_get_bits(&r, width) == (bit ? (1u << width) - 1 : 0),
                  "seed %u, bits %zu", seed, i);
        else
            CHECK(fm_range_get(&r, &in[m]) == bit, "seed %u, bit %zu", seed, i);
    }
    CHECK(fm_range_close(&r, NULL) == 0, "close");
    fm_buf_free(&b);
}

/* 10000 bits, of which one in 16 is 1: .3373 bits each, and what learning
 * costs. */
static void
short_enough(void)
{
    struct fm_range_model m = {0};
    struct fm_range_out r;
    struct fm_buf b = {0};

    fm_range_begin(&r, &b);
    for (int i = 0; i < 10000; i++)
        fm_range_put(&r, &m, i % 16 == 7);
    CHECK(fm_range_finish(&r, NULL) == 0, "finish");
    CHECK(b.len >= 421 && b.len <= 426, "%zu bytes", b.len);
    fm_buf_free(&b);
}

static void
hostile(void)
{
    static const uint8_t zero[] = {0x80, 0}, more[] = {0x80, 1, 2, 3, 4};
    struct fm_range_model m = {0};
    struct fm_err e = {0};
    struct fm_range_in r;
    uint8_t bytes[64];

    fm_range_open(&r, zero, sizeof zero);
    CHECK(fm_range_close(&r, &e) == FM_EINPUT, "a zero at the end");
    CHECK(strcmp(e.msg, "2 bytes, which is more than the code needs") == 0,
          "%s", e.msg);
    fm_range_open(&r, more, sizeof more);
    CHECK(fm_range_close(&r, NULL) == FM_EINPUT, "bytes that are left");
    /* Anything can be read, and values keep their width. */
    for (int c = 0; c < 256; c++) {
        memset(bytes, c, sizeof bytes);
        fm_range_open(&r, bytes, sizeof bytes);
        for (unsigned i = 0; i < 1000; i++) {
            fm_range_get(&r, &m);
            CHECK(fm_range_get_bits(&r, 1 + i % 16) >> (1 + i % 16) == 0,
                  "byte %d", c);
        }
    }
}

int
main(void)
{
    golden();
    for (uint32_t seed = 0; seed < 300; seed++)
        round_trip(seed, seed);
    round_trip(7, 200000);
    short_enough();
    hostile();
    return 0;
}
