/*
 * crc32: the checksum inside gzip files.
 */
#ifndef FM_BASE_CRC32_H
#define FM_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * fm_crc32 - the CRC-32 of `n` bytes as in RFC 1952: polynomial 0x04c11db7,
 * bits reversed, all ones before and after.  `p` may be NULL when n is 0.
 * Cannot fail.
 */
uint32_t fm_crc32(const uint8_t *p, size_t n);

#endif
