#include "mask/bits.h"

#include "base/bytes.h"

/* Eight entries at a time as a 64-bit number, entry 0 in its low byte. */
#define ONES 0x0101010101010101u

/* Gather bit 8j of x into bit j.  Bit 8i of the first factor times bit
 * 56 - 7j of the second lands on 56 + 8i - 7j; no two pairs meet, so nothing
 * carries, and in the top byte only the pairs i = j are left. */
static uint8_t
gather(uint64_t x)
{
    return (uint8_t)(x * 0x0102040810204080u >> 56);
}

/* The inverse: bit j of b as byte j, 0 or 1. */
static uint64_t
spread(uint8_t b)
{
    uint64_t x = b * ONES & 0x8040201008040201u; /* bit j stays in byte j */

    return (x + 0x7f7f7f7f7f7f7f7fu) >> 7 & ONES;
}

static void
put_one(uint8_t *bits, size_t i, uint8_t m)
{
    uint8_t bit = (uint8_t)(1u << (i % 8));

    bits[i / 8] = (uint8_t)((bits[i / 8] & ~bit) | (m ? bit : 0));
}

void
fm_bits_put(uint8_t *bits, size_t first, const uint8_t *m, size_t count)
{
    size_t i = 0;

    for (; i < count && (first + i) % 8 != 0; i++)
        put_one(bits, first + i, m[i]);
    for (; i + 8 <= count; i += 8)
        bits[(first + i) / 8] = gather(fm_get64(m + i));
    for (; i < count; i++)
        put_one(bits, first + i, m[i]);
}

void
fm_bits_get(uint8_t *m, const uint8_t *bits, size_t first, size_t count)
{
    size_t i = 0;

    for (; i < count && (first + i) % 8 != 0; i++)
        m[i] = bits[(first + i) / 8] >> ((first + i) % 8) & 1;
    for (; i + 8 <= count; i += 8)
        fm_put64(m + i, spread(bits[(first + i) / 8]));
    for (; i < count; i++)
        m[i] = bits[(first + i) / 8] >> ((first + i) % 8) & 1;
}

/* Bits of x that are 1: sums of two, four and eight neighbours, then all. */
static size_t
ones(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (size_t)(x * ONES >> 56);
}

size_t
fm_bits_count(const uint8_t *bits, size_t first, size_t count)
{
    size_t i = first, end = first + count, sum = 0;

    for (; i < end && i % 8 != 0; i++)
        sum += bits[i / 8] >> (i % 8) & 1;
    for (; i + 64 <= end; i += 64)
        sum += ones(fm_get64(bits + i / 8));
    for (; i < end; i++)
        sum += bits[i / 8] >> (i % 8) & 1;
    return sum;
}

int
fm_bits_check(const uint8_t *bits, size_t size, size_t n, struct fm_err *e)
{
    if (size != fm_bits_size(n))
        return fm_err_set(e, FM_EINPUT,
                          "masks: %zu bytes, not the %zu of %zu entries", size,
                          fm_bits_size(n), n);
    if (n % 8 != 0 && bits[size - 1] >> (n % 8) != 0)
        return fm_err_set(e, FM_EINPUT, "masks: a pad bit of byte %zu is set",
                          size - 1);
    return 0;
}
