/*
 * guard: bytes with nothing behind them, so that a step beyond ends the test.
 */
#ifndef FM_TESTS_GUARD_H
#define FM_TESTS_GUARD_H

#include "check.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A copy of `n` bytes that ends where memory does.  It stays until the next
 * call. */
static inline uint8_t *
gd_copy(const void *p, size_t n)
{
    static uint8_t *room;
    static size_t size;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (room)
        munmap(room, size);
    size = (n / page + 2) * page;
    room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    CHECK(room != MAP_FAILED && !mprotect(room + size - page, page, PROT_NONE),
          "memory");
    return memcpy(room + size - page - n, p, n);
}

#endif
