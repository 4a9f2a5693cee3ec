/* crc32: the published check value, and that every bit counts. */
#include "base/crc32.h"
#include "check.h"

int
main(void)
{
    uint8_t p[67] = {0};
    uint32_t whole;

    /* "123456789" is the check string of the catalogues; zeros by gzip. */
    CHECK(fm_crc32((const uint8_t *)"123456789", 9) == 0xcbf43926, "check");
    CHECK(fm_crc32(NULL, 0) == 0, "nothing");
    CHECK(fm_crc32(p, 1) == 0xd202ef8d, "a zero");

    whole = fm_crc32(p, sizeof p);
    for (size_t i = 0; i < 8 * sizeof p; i++) {
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK(fm_crc32(p, sizeof p) != whole, "bit %zu", i);
        p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    CHECK(fm_crc32(p, sizeof p - 1) != whole, "length");
    return 0;
}
