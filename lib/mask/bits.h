/*
 * bits: masks as bits.  Exact.
 *
 * Entry i of a mask is bit (i mod 8) of byte (i div 8), least significant
 * first.  All masked tensors of a bundle stand back to back in one bit string
 * without gaps, so a tensor may start inside a byte.  The pad bits of the last
 * byte are 0, and a reader refuses others: equal masks have equal bytes.
 *
 * A 1 bit means that the noise is taken (binary) or taken with sign + (signed;
 * a 0 bit is then sign -).
 */
#ifndef FM_MASK_BITS_H
#define FM_MASK_BITS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* fm_bits_size - bytes of a mask of `n` entries. */
static inline size_t
fm_bits_size(size_t n)
{
    return n / 8 + (n % 8 != 0);
}

/*
 * fm_bits_put - write entries first .. first+count-1.
 *
 *   bits  the mask; bits outside the range keep their value
 *   m     count bytes, each 0 or 1
 */
void fm_bits_put(uint8_t *bits, size_t first, const uint8_t *m, size_t count);

/* fm_bits_get - read entries first .. first+count-1 as bytes 0 or 1. */
void fm_bits_get(uint8_t *m, const uint8_t *bits, size_t first, size_t count);

/* fm_bits_count - how many entries of first .. first+count-1 are 1. */
size_t fm_bits_count(const uint8_t *bits, size_t first, size_t count);

/*
 * fm_bits_check - for bytes from outside: 0, or FM_EINPUT when `size` is not
 * fm_bits_size(n) or a pad bit is set.
 */
int fm_bits_check(const uint8_t *bits, size_t size, size_t n, struct fm_err *e);

#endif
