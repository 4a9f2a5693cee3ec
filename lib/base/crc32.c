#include "base/crc32.h"

uint32_t
fm_crc32(const uint8_t *p, size_t n)
{
    uint32_t table[256], c;

    /* A data set is large and read once: the table need not be kept. */
    for (uint32_t i = 0; i < 256; i++) {
        c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        table[i] = c;
    }
    c = ~(uint32_t)0;
    for (size_t i = 0; i < n; i++)
        c = c >> 8 ^ table[(c ^ p[i]) & 0xff];
    return ~c;
}
