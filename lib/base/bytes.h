/*
 * bytes: little-endian integers, and a buffer that grows.
 *
 * Every integer and float in our files is little-endian and passes through
 * here; structs are never written to disk.  Floats are IEEE 754 binary32.
 */
#ifndef FM_BASE_BYTES_H
#define FM_BASE_BYTES_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Written out, since gcc -O2 makes one store of this but not of a loop. */
static inline void
fm_put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static inline void
fm_put64(uint8_t *p, uint64_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    p[4] = (uint8_t)(v >> 32);
    p[5] = (uint8_t)(v >> 40);
    p[6] = (uint8_t)(v >> 48);
    p[7] = (uint8_t)(v >> 56);
}

static inline void
fm_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline uint16_t
fm_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
fm_get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t
fm_get64(const uint8_t *p)
{
    return (uint64_t)fm_get32(p) | (uint64_t)fm_get32(p + 4) << 32;
}

static inline float
fm_getf(const uint8_t *p)
{
    uint32_t v = fm_get32(p);
    float f;

    memcpy(&f, &v, sizeof f);
    return f;
}

static inline void
fm_putf(uint8_t *p, float f)
{
    uint32_t v;

    memcpy(&v, &f, sizeof v);
    fm_put32(p, v);
}

/*
 * A buffer.  Start from {0}; `data` is 64-byte aligned once it is not NULL;
 * fm_buf_free leaves it {0} again.  The bytes beyond `len` are unspecified.
 */
struct fm_buf {
    uint8_t *data;
    size_t len, cap;
};

/*
 * fm_buf_reserve - make room for `more` bytes after `len`, which stays.  The
 * room is not touched, so that it costs no memory before it is filled.
 * fm_buf_add - append `n` bytes; `p` may be NULL when n is 0, and must not
 * point into the buffer.
 * Both return 0 or FM_ESYS; the buffer is unchanged after a failure.
 */
int fm_buf_reserve(struct fm_buf *b, size_t more, struct fm_err *e);
int fm_buf_add(struct fm_buf *b, const void *p, size_t n, struct fm_err *e);

/* fm_buf_free - release what a buffer holds; harmless on {0}. */
void fm_buf_free(struct fm_buf *b);

#endif
