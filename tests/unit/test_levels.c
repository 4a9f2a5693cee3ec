#include "codec/levels.h"

#include "guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40000 };

static uint32_t
draw(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

/* Code and decode; the size of the code. */
static size_t
pass(const int32_t *level, size_t n, int32_t most)
{
    int32_t *got = malloc(n * sizeof *got + 1);
    struct fm_err e = {0};
    struct fm_buf out = {0};
    size_t size;

    CHECK(got && fm_levels_encode(&out, level, n, most, &e) == 0, "%s", e.msg);
    CHECK(fm_levels_decode(got, n, most, out.data, out.len, &e) == 0, "%s",
          e.msg);
    CHECK(n == 0 || !memcmp(got, level, n * sizeof *got), "%zu up to %d", n,
          most);
    size = out.len;
    free(got);
    fm_buf_free(&out);
    return size;
}

/* By hand, the bits behind the planes: -3 is 1 and the bit 1, then 1 is 0. */
static void
golden(void)
{
    const int32_t level[] = {0, -3, 1};
    struct fm_buf out = {0};

    CHECK(fm_levels_encode(&out, level, 3, 3, NULL) == 0, "encode");
    CHECK(fm_get16(out.data) == 21845, "p = 32768 * 2/3, not %u",
          fm_get16(out.data));
    CHECK(out.data[out.len - 1] == 3, "%02x", out.data[out.len - 1]);
    fm_buf_free(&out);
}

/* Every length with a tail, every number of planes. */
static void
round_trips(void)
{
    static int32_t level[N];
    static const size_t n[] = {0,    1,    2,     31,    33, 4095,
                               4096, 4097, 32767, 32768, N};
    uint32_t x = 1;

    for (size_t k = 0; k < sizeof n / sizeof *n; k++)
        for (int32_t most = 1; most <= FM_LEVELS_MOST; most = most * 14 + 1) {
            for (size_t i = 0; i < n[k]; i++) {
                level[i] =
                    (int32_t)(draw(&x) % 5 ? 0
                                           : draw(&x) % ((uint32_t)most + 1));
                level[i] = draw(&x) & 1 ? -level[i] : level[i];
            }
            pass(level, n[k], most);
        }
}

/* Within 2 % of the entropy of ternary symbols, and half a byte a run. */
static void
entropy(void)
{
    static int32_t level[N];
    uint32_t x = 5;

    for (unsigned percent = 1; percent < 60; percent += 7) {
        double p = 0, want;
        size_t size;

        for (size_t i = 0; i < N; i++) {
            level[i] = draw(&x) % 100 < percent;
            p += (double)level[i] / N;
            if (draw(&x) & 1)
                level[i] = -level[i];
        }
        want = p - p * log2(p) - (1 - p) * log2(1 - p);
        size = pass(level, N, 1);
        CHECK((double)size < 1.02 * want * N / 8 + 160, "%u %%: %zu bytes",
              percent, size);
    }
}

/* One level of 0 or 1, with a p of 0 or 1, which no code has: states that never
 * change.  And a state that ends as none does. */
static void
certain(void)
{
    int32_t level, got;

    for (int32_t want = 0; want < 2; want++) {
        struct fm_buf out = {0};

        level = want;
        CHECK(fm_levels_encode(&out, &level, 1, 1, NULL) == 0, "encode");
        CHECK(fm_levels_decode(&got, 1, 1, out.data, out.len, NULL) == 0, "1");
        out.data[6] ^= 1;
        CHECK(fm_levels_decode(&got, 1, 1, out.data, out.len, NULL) ==
                  FM_EINPUT,
              "a state of %d", want);
        fm_put16(out.data, want ? 32768 : 0);
        for (size_t i = 0; i < 4; i++)
            fm_put32(out.data + 6 + 4 * i, 1 << 16);
        CHECK(fm_levels_decode(&got, 1, 1, out.data, out.len, NULL) ==
                  FM_EINPUT,
              "p = %d", want);
        fm_buf_free(&out);
    }
}

static void
hostile(void)
{
    static int32_t level[N], got[N];
    struct fm_err e = {0};
    struct fm_buf out = {0};
    uint32_t x = 3;

    for (size_t i = 0; i < 5000; i++)
        level[i] = (int32_t)(draw(&x) % 6) - 2;
    CHECK(fm_levels_encode(&out, level, 5000, 3, NULL) == 0, "encode");
    for (size_t n = 0; n < out.len; n++) {
        CHECK(fm_levels_decode(got, 5000, 3, gd_copy(out.data, n), n, NULL) ==
                  FM_EINPUT,
              "%zu of %zu bytes", n, out.len);
    }
    for (size_t i = 0; i < out.len; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            out.data[i] ^= (uint8_t)(1 << bit);
            (void)fm_levels_decode(got, 5000, 3, out.data, out.len, NULL);
            out.data[i] ^= (uint8_t)(1 << bit);
        }
    certain();
    /* 3, where 2 is the most: as many planes. */
    out.len = 0;
    level[0] = 3;
    CHECK(fm_levels_encode(&out, level, 1, 3, NULL) == 0, "encode");
    CHECK(fm_levels_decode(got, 1, 2, out.data, out.len, &e) == FM_EINPUT,
          "3 of 2");
    CHECK(strstr(e.msg, "1 levels are above 2"), "%s", e.msg);
    fm_buf_free(&out);
}

int
main(void)
{
    golden();
    round_trips();
    entropy();
    hostile();
    return 0;
}
