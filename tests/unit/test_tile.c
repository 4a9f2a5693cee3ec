#include "agg/tile.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "check.h"
#include "mask/bits.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 6, ROOM = FM_TILE + 64 };

static uint64_t state = 88172645463325252u;

/* xorshift64: the test's own generator. */
static uint64_t
draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/*
 * By hand: the first eight uniform lanes of a key, one client of three samples
 * with the mask 1 0 1 1 0 0 1 0, that begins at bit 5.
 */
static void
golden(void)
{
    const uint8_t masks[2] = {0x4d << 5 & 0xff, 0x4d >> 3};
    const struct fm_tile_client c = {7, 3, masks};
    struct fm_tile t = {FM_UNIFORM, false, 2, 0, 5, 8};
    int64_t sum[8] = {10, 20, 30, 40, 50, 60, 70, 80}, twice[8] = {0};
    int32_t n[8];

    fm_noise_fill(n, 7, FM_UNIFORM, 2, 0, 8);
    fm_tile_add(sum, &t, &c, 1);
    t.signs = true;
    fm_tile_add(twice, &t, &c, 1);
    for (int i = 0; i < 8; i++) {
        int m = 0x4d >> i & 1;

        CHECK(sum[i] == 10 * (i + 1) + 3 * m * n[i], "binary %d", i);
        CHECK(twice[i] == 3 * (2 * m - 1) * n[i], "signed %d", i);
    }
}

/* The formula, one entry after the other. */
static void
naive(int64_t *sum, const struct fm_tile *t, const struct fm_tile_client *c,
      size_t n)
{
    static int32_t noise[FM_TILE];

    for (size_t k = 0; k < n; k++) {
        fm_noise_fill(noise, c[k].key, t->dist, t->ordinal, t->first, t->count);
        for (size_t i = 0; i < t->count; i++) {
            int bit = c[k].masks[(t->at + i) / 8] >> (t->at + i) % 8 & 1;

            sum[i] += (int64_t)c[k].samples * noise[i] *
                      (t->signs ? 2 * bit - 1 : bit);
        }
    }
}

/* Light, heavy and in between: what one run holds, and what ends it. */
static uint64_t
some_samples(void)
{
    static const uint64_t edge[] = {1,
                                    7576,
                                    7577,
                                    16384,
                                    32766,
                                    32767,
                                    32768,
                                    INT32_MAX,
                                    1u << 31,
                                    UINT32_MAX,
                                    (uint64_t)UINT32_MAX + 1};
    uint64_t x = draw();

    if (x % 4 == 0)
        return edge[x / 4 % (sizeof edge / sizeof *edge)];
    return 1 + x / 4 % (x % 4 == 1 ? 700 : 20000);
}

/* Every variant gives what the formula gives, and writes nothing else. */
static void
same(struct fm_tile *t)
{
    static int64_t want[ROOM], got[ROOM], start[ROOM];
    struct fm_tile_client c[CLIENTS];
    /* No byte after the last bit: a sanitizer sees who reads there. */
    const size_t bytes = fm_bits_size(t->at + t->count);
    const size_t n = 1 + draw() % CLIENTS;

    for (size_t k = 0; k < n; k++) {
        uint8_t *masks = malloc(bytes + 1);

        CHECK(masks, "memory");
        for (size_t i = 0; i < bytes; i++)
            masks[i] = (uint8_t)(draw() >> 20);
        masks = realloc(masks, bytes ? bytes : 1);
        c[k] = (struct fm_tile_client){draw(), some_samples(), masks};
    }
    for (size_t i = 0; i < ROOM; i++)
        start[i] = (int64_t)draw() >> 10;
    memcpy(want, start, sizeof want);
    naive(want, t, c, n);
    for (int level = FM_CPU_PORTABLE; level <= FM_CPU_AVX512; level++) {
        fm_cpu_cap((enum fm_cpu_level)level);
        memcpy(got, start, sizeof got);
        fm_tile_add(got, t, c, n);
        CHECK(memcmp(got, want, sizeof got) == 0,
              "%s: %s, %s, %zu entries from bit %zu, %zu clients",
              fm_cpu_name((enum fm_cpu_level)level), fm_dist_name(t->dist),
              t->signs ? "signed" : "binary", t->count, t->at, n);
    }
    fm_cpu_cap(FM_CPU_AVX512);
    for (size_t k = 0; k < n; k++)
        free((void *)c[k].masks);
}

static void
variants(enum fm_dist dist, bool signs)
{
    static const size_t large[] = {
        255, 256, 257, 1000, 2048, FM_TILE - 33, 4065, FM_TILE - 1, FM_TILE};
    struct fm_tile t = {.dist = dist, .signs = signs, .ordinal = 3};

    for (t.count = 0; t.count <= 130; t.count++)
        for (t.at = t.count % 3; t.at < 9; t.at += 3)
            same(&t);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        for (size_t at = 0; at < 8; at++) {
            t.at = at + 64 * i;
            t.count = large[i];
            t.first = draw() % 1000 * FM_TILE;
            same(&t);
        }
}

int
main(void)
{
    enum fm_cpu_level best = fm_cpu();

    if (best < FM_CPU_AVX512)
        printf("skip: variants above %s: not on this processor\n",
               fm_cpu_name(best));
    golden();
    for (int dist = FM_UNIFORM; dist <= FM_BERNOULLI; dist++) {
        variants((enum fm_dist)dist, false);
        variants((enum fm_dist)dist, true);
    }
    return 0;
}
