/* bytes: little-endian on every host, and a buffer that only grows. */
#include "base/bytes.h"
#include "check.h"

#include <math.h>

/* By hand, from the definition; 1.5f and -2^-149 from IEEE 754. */
static void
golden(void)
{
    static const uint8_t one_and_half[4] = {0, 0, 0xc0, 0x3f};
    static const uint8_t least[4] = {1, 0, 0, 0x80};
    uint8_t b[8];

    fm_put32(b, 0x01020384);
    CHECK(memcmp(b, "\x84\x03\x02\x01", 4) == 0, "%02x", b[0]);
    CHECK(fm_get32(b) == 0x01020384, "%x", fm_get32(b));
    fm_put64(b, 0x01020304050607f8);
    CHECK(memcmp(b, "\xf8\7\6\5\4\3\2\1", 8) == 0, "%02x", b[0]);
    CHECK(fm_get64(b) == 0x01020304050607f8, "get64");
    fm_put64(b, UINT64_MAX);
    CHECK(fm_get64(b) == UINT64_MAX, "get64");
    fm_putf(b, 1.5f);
    CHECK(memcmp(b, one_and_half, 4) == 0, "%02x %02x", b[2], b[3]);
    CHECK(fm_getf(one_and_half) == 1.5f, "getf");
    CHECK(fm_getf(least) == -0x1p-149f, "getf");
    fm_putf(b, -0x1p-149f);
    CHECK(memcmp(b, least, 4) == 0, "%02x", b[0]);
}

/* A NaN's payload survives: bytes are bytes. */
static void
nan_payload(void)
{
    static const uint8_t odd[4] = {0x34, 0x12, 0xc1, 0xff};
    uint8_t b[4];

    CHECK(isnan(fm_getf(odd)), "not a NaN");
    fm_putf(b, fm_getf(odd));
    CHECK(memcmp(b, odd, 4) == 0, "payload");
}

static void
growth(void)
{
    struct fm_buf b = {0};
    uint8_t byte;

    for (unsigned i = 0; i < 5000; i++) {
        byte = (uint8_t)(i * 7);
        CHECK(fm_buf_add(&b, &byte, 1, NULL) == 0, "add %u", i);
        CHECK(b.len == i + 1u && b.cap >= b.len, "len %zu", b.len);
        CHECK((uintptr_t)b.data % 64 == 0, "alignment");
    }
    for (unsigned i = 0; i < 5000; i++)
        CHECK(b.data[i] == (uint8_t)(i * 7), "byte %u", i);
    CHECK(fm_buf_add(&b, NULL, 0, NULL) == 0 && b.len == 5000, "none");
    fm_buf_free(&b);
    CHECK(!b.data && b.len == 0 && b.cap == 0, "not {0} again");
    fm_buf_free(&b);

    /* An exact request is met exactly: a large file costs its size. */
    CHECK(fm_buf_reserve(&b, 100000, NULL) == 0, "reserve");
    CHECK(b.cap == 100000 && b.len == 0, "cap %zu", b.cap);
    fm_buf_free(&b);
}

static void
hostile(void)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    uint8_t *was;

    CHECK(fm_buf_add(&b, "abc", 3, &e) == 0, "add");
    was = b.data;
    CHECK(fm_buf_reserve(&b, SIZE_MAX - 2, &e) == FM_ESYS, "wrapped");
    CHECK(strcmp(e.msg, "out of memory") == 0, "%s", e.msg);
    CHECK(fm_buf_reserve(&b, SIZE_MAX / 2, NULL) == FM_ESYS, "too much");
    CHECK(b.data == was && b.len == 3 && memcmp(b.data, "abc", 3) == 0,
          "changed by a failure");
    fm_buf_free(&b);
}

int
main(void)
{
    golden();
    nan_payload();
    growth();
    hostile();
    return 0;
}
