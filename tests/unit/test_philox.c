#include "rand/philox.h"

#include "base/cpu.h"
#include "check.h"

#include <string.h>

/* Known answers of Random123 1.14, kat_vectors, "philox4x32 10". */
static void
golden(void)
{
    static const struct {
        uint32_t ctr[4];
        uint64_t key;
        uint32_t out[4];
    } kat[] = {
        {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         0xffffffffffffffff,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         0x299f31d0a4093822,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        uint32_t out[4];

        fm_philox_block(out, kat[i].key, kat[i].ctr);
        CHECK(memcmp(out, kat[i].out, sizeof out) == 0,
              "answer %zu: %08x %08x %08x %08x", i, out[0], out[1], out[2],
              out[3]);
    }
}

/* Lanes are the words of the block function, low half first. */
static void
lanes_from_blocks(void)
{
    const struct fm_place at = {0x299f31d0a4093822, 0x85a308d3, 0x13198a2e,
                                0x03707344};
    const uint16_t want[8] = {0xfe09, 0xd16c, 0xcceb, 0x94fd,
                              0xe420, 0x5001, 0x6ea1, 0x2412};
    uint16_t got[8];

    fm_philox_lanes(got, &at, 0x243f6a88, 1);
    CHECK(memcmp(got, want, sizeof want) == 0, "%04x %04x", got[0], got[1]);
}

enum { MAX = 300 };

/* Each variant against the block function, at every number of blocks. */
static void
variant(enum fm_cpu_level level)
{
    static uint16_t got[8 * MAX + 16], want[8 * MAX];
    const uint32_t firsts[] = {0, 7, 0xffffffffu - MAX};
    const struct fm_place at = {0xfedcba9876543210, 3, 0xffffffff, 5};

    fm_cpu_cap(level);
    if (fm_cpu() != level) {
        SKIP("philox: this host cannot run %s", fm_cpu_name(level));
        return;
    }
    for (size_t f = 0; f < 3; f++) {
        for (uint32_t i = 0; i < MAX; i++) {
            const uint32_t ctr[4] = {firsts[f] + i, at.high, at.ordinal,
                                     at.purpose};
            uint32_t w[4];

            fm_philox_block(w, at.key, ctr);
            for (size_t j = 0; j < 8; j++)
                want[8 * i + j] = (uint16_t)(w[j / 2] >> (16 * (j % 2)));
        }
        for (size_t n = 0; n <= MAX; n++) {
            uint16_t *p = got + n % 7; /* lanes need no alignment */

            memset(got, 0xa5, sizeof got);
            fm_philox_lanes(p, &at, firsts[f], n);
            CHECK(memcmp(p, want, 16 * n) == 0, "%s: first %x, %zu blocks",
                  fm_cpu_name(level), firsts[f], n);
            CHECK(p[8 * n] == 0xa5a5, "%s: %zu blocks: wrote too far",
                  fm_cpu_name(level), n);
        }
    }
}

/* The last block has counter 2^32 - 1, and may be asked for. */
static void
last_block(void)
{
    const struct fm_place at = {1, 2, 3, 4};
    const uint32_t ctr[4] = {0xffffffff, 2, 3, 4};
    uint16_t got[8 * 40];
    uint32_t w[4];

    fm_cpu_cap(FM_CPU_AVX512);
    fm_philox_block(w, at.key, ctr);
    fm_philox_lanes(got, &at, 0xffffffff - 39, 40);
    CHECK(got[8 * 39] == (uint16_t)w[0], "%04x", got[8 * 39]);
}

int
main(void)
{
    golden();
    lanes_from_blocks();
    for (int l = FM_CPU_PORTABLE; l <= FM_CPU_AVX512; l++)
        variant((enum fm_cpu_level)l);
    last_block();
    return 0;
}
