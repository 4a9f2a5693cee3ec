#include "mask/bits.h"

#include "check.h"

#include <stdbool.h>
#include <string.h>

enum { N = 300 };

/* Worked by hand from the header: least significant bit first. */
static void
golden(void)
{
    const uint8_t m[10] = {1, 0, 0, 0, 0, 0, 0, 1, 0, 1};
    uint8_t bits[2] = {0, 0};

    fm_bits_put(bits, 0, m, 10);
    CHECK(bits[0] == 0x81 && bits[1] == 0x02, "%02x %02x", bits[0], bits[1]);
    CHECK(fm_bits_count(bits, 0, 10) == 3, "%zu", fm_bits_count(bits, 0, 10));
    CHECK(fm_bits_size(0) == 0 && fm_bits_size(1) == 1 &&
              fm_bits_size(8) == 1 && fm_bits_size(9) == 2,
          "sizes");
    CHECK(fm_bits_size(SIZE_MAX) == SIZE_MAX / 8 + 1, "size of the largest");
}

/* Every start and length, against one bit at a time; what stands beside the
 * range stays. */
static void
ranges(void)
{
    uint8_t before[N / 8 + 1], bits[N / 8 + 1], m[N], got[N + 1];
    unsigned x = 1;

    for (size_t i = 0; i < N; i++) {
        x = x * 1664525u + 1013904223u;
        m[i] = (uint8_t)(x >> 31);
    }
    for (size_t first = 0; first < 20; first++)
        for (size_t count = 0; first + count <= N; count++) {
            size_t sum = 0;

            memset(before, first % 2 ? 0xff : 0x5a, sizeof before);
            memcpy(bits, before, sizeof bits);
            fm_bits_put(bits, first, m, count);
            for (size_t i = 0; i < 8 * sizeof bits; i++) {
                bool inside = i >= first && i < first + count;
                int was = before[i / 8] >> (i % 8) & 1;

                CHECK((bits[i / 8] >> (i % 8) & 1) ==
                          (inside ? m[i - first] : was),
                      "put %zu+%zu: bit %zu", first, count, i);
                sum += inside && m[i - first];
            }
            memset(got, 7, sizeof got);
            fm_bits_get(got, bits, first, count);
            CHECK(memcmp(got, m, count) == 0 && got[count] == 7, "get %zu+%zu",
                  first, count);
            CHECK(fm_bits_count(bits, first, count) == sum, "count %zu+%zu",
                  first, count);
        }
}

static void
hostile(void)
{
    const uint8_t bits[2] = {0xff, 0x05};
    struct fm_err e = {0};

    CHECK(fm_bits_check(bits, 2, 11, &e) == 0, "%s", e.msg);
    CHECK(fm_bits_check(bits, 1, 8, &e) == 0, "%s", e.msg);
    CHECK(fm_bits_check(NULL, 0, 0, &e) == 0, "%s", e.msg);
    CHECK(fm_bits_check(bits, 2, 10, &e) == FM_EINPUT, "pad bit accepted");
    CHECK(strcmp(e.msg, "masks: a pad bit of byte 1 is set") == 0, "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_bits_check(bits, 2, 17, &e) == FM_EINPUT, "short mask accepted");
    CHECK(strcmp(e.msg, "masks: 2 bytes, not the 3 of 17 entries") == 0, "%s",
          e.msg);
    CHECK(fm_bits_check(bits, 2, 8, NULL) == FM_EINPUT, "long mask accepted");
}

int
main(void)
{
    golden();
    ranges();
    hostile();
    return 0;
}
