/* mem: sizes that do not fit are refused, memory is aligned and clean. */
#include "base/mem.h"
#include "check.h"

#include <stdint.h>
#include <string.h>

static void
sizes(void)
{
    size_t v = 1;

    CHECK(fm_mul_ok(6, 7, &v) && v == 42, "%zu", v);
    CHECK(fm_mul_ok(SIZE_MAX, 1, &v) && v == SIZE_MAX, "%zu", v);
    CHECK(fm_mul_ok(SIZE_MAX, 0, &v) && v == 0, "%zu", v);
    CHECK(!fm_mul_ok(SIZE_MAX / 2 + 1, 2, &v), "product accepted");
    CHECK(fm_add_ok(SIZE_MAX, 0, &v) && v == SIZE_MAX, "%zu", v);
    CHECK(!fm_add_ok(SIZE_MAX, 1, &v), "sum accepted");
}

static void
clean(void)
{
    for (size_t n = 0; n < 200; n++) {
        uint8_t *p = fm_alloc(n, 3, NULL);

        CHECK(p, "n = %zu", n);
        CHECK((uintptr_t)p % 64 == 0, "n = %zu: %p", n, (void *)p);
        for (size_t i = 0; i < 3 * n; i++)
            CHECK(p[i] == 0, "n = %zu, byte %zu", n, i);
        memset(p, 0xff, 3 * n);
        free(p);
    }
}

/* Aligned as well, and all of it ours to write. */
static void
dirty(void)
{
    for (size_t n = 0; n < 200; n++) {
        uint8_t *p = fm_alloc_dirty(n, 3, NULL);

        CHECK(p && (uintptr_t)p % 64 == 0, "n = %zu: %p", n, (void *)p);
        memset(p, 0xff, 3 * n);
        free(p);
    }
}

/* The sizes around where large pages are asked for, clean to the last byte. */
static void
large(void)
{
    const size_t from = (size_t)4 << 20;

    for (size_t n = from - 65; n <= from + 65; n += 13) {
        uint8_t *p = fm_alloc(n, 1, NULL);

        CHECK(p && (uintptr_t)p % 64 == 0, "n = %zu: %p", n, (void *)p);
        for (size_t i = 0; i < n; i++)
            CHECK(p[i] == 0, "n = %zu, byte %zu", n, i);
        memset(p, 0xff, n);
        free(p);
    }
}

static void
hostile(void)
{
    static const size_t bad[][2] = {
        {SIZE_MAX, 2},      {SIZE_MAX / 2, 3},    {SIZE_MAX, 1},
        {SIZE_MAX - 63, 1}, {(size_t)1 << 62, 4}, {SIZE_MAX / 2, 1},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_err e = {0};

        CHECK(!fm_alloc(bad[i][0], bad[i][1], &e), "row %zu", i);
        CHECK(e.code == FM_ESYS && strcmp(e.msg, "out of memory") == 0,
              "row %zu: %d %s", i, (int)e.code, e.msg);
        CHECK(!fm_alloc_dirty(bad[i][0], bad[i][1], NULL), "row %zu", i);
    }
}

int
main(void)
{
    sizes();
    clean();
    dirty();
    large();
    hostile();
    return 0;
}
