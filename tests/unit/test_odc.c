/* odc: what a header says, and every way in which it may lie. */
#include "base/odc.h"
#include "guard.h"

/* One member `a` with the data `hi`, by hand from the POSIX cpio format. */
static const char sample[] = "070707"
                             "000000000001100644000000000000000001000000"
                             "00000000000"
                             "000002"
                             "00000000002"
                             "a\0hi";

enum { SIZE = sizeof sample - 1 };

static void
golden(void)
{
    struct fm_member m = {.size = 99};
    uint8_t end[FM_ODC_TRAILER];
    size_t at = 0, name;
    uint64_t data;
    bool done = true;

    CHECK(SIZE == FM_ODC_HEADER + 2 + 2, "the sample has %d bytes", SIZE);
    CHECK(!fm_odc_sizes((const uint8_t *)sample, &name, &data), "sizes");
    CHECK(name == 2 && data == 2, "%zu %d", name, (int)data);
    CHECK(fm_odc_next(&m, (const uint8_t *)sample, SIZE, &at, &done, NULL) == 0,
          "next");
    CHECK(!done && at == SIZE && m.size == 2, "%zu", at);
    CHECK(strcmp(m.name, "a") == 0 && memcmp(m.data, "hi", 2) == 0, "member");

    memcpy(end, sample, FM_ODC_HEADER);
    memcpy(end + 59, "00001300000000000", 17);
    memcpy(end + FM_ODC_HEADER, "TRAILER!!!", 11);
    at = 0;
    CHECK(fm_odc_next(&m, end, sizeof end, &at, &done, NULL) == 0, "trailer");
    CHECK(done && at == 0, "trailer: %zu", at);
    CHECK(fm_odc_is_trailer((const uint8_t *)"TRAILER!!!", 11), "trailer");
    CHECK(!fm_odc_is_trailer((const uint8_t *)"TRAILER!!!", 10), "trailer");
}

/* Headers as they must be: the sample's, and the trailer's. */
static void
headers(void)
{
    uint8_t head[FM_ODC_HEAD_MAX], end[FM_ODC_TRAILER];

    CHECK(fm_odc_header(head, 1, "a", 2) == FM_ODC_HEADER + 2, "length");
    CHECK(memcmp(head + 6,
                 "000000000001100644000000000000000001000000"
                 "00000000000"
                 "000002"
                 "00000000002"
                 "a",
                 FM_ODC_HEADER + 2 - 6) == 0,
          "%.78s", head);
    CHECK(memcmp(head, "070707", 6) == 0, "magic");
    CHECK(fm_odc_header(end, 0, NULL, 0) == sizeof end, "length");
    CHECK(memcmp(end,
                 "070707000000000000000000000000000000000001000000"
                 "0000000000000001300000000000TRAILER!!!",
                 sizeof end) == 0,
          "%.87s", end);
    fm_odc_header(head, 8, "a", FM_ODC_DATA_MAX);
    CHECK(memcmp(head + 65, "77777777777", 11) == 0, "%.78s", head);
}

static void
names(void)
{
    CHECK(fm_odc_name_ok("manifest.json") && fm_odc_name_ok("a"), "good");
    CHECK(fm_odc_name_ok("abcdefghijklmnopqrstuvwxyz.abcd"), "31 letters");
    CHECK(!fm_odc_name_ok("abcdefghijklmnopqrstuvwxyz.abcde"), "32 letters");
    CHECK(!fm_odc_name_ok("") && !fm_odc_name_ok("A"), "bad");
    CHECK(!fm_odc_name_ok("a/b") && !fm_odc_name_ok("a\xc3\xa9"), "bad");
}

static void
refused(size_t at, const char *put, const char *why)
{
    uint8_t p[SIZE];
    struct fm_member m;
    struct fm_err e = {0};
    size_t pos = 0;
    bool done;

    memcpy(p, sample, SIZE);
    memcpy(p + at, put, strlen(put));
    CHECK(fm_odc_next(&m, p, SIZE, &pos, &done, &e) == FM_EINPUT, "%s", put);
    CHECK(strstr(e.msg, why), "%s: %s", put, e.msg);
}

static void
hostile(void)
{
    uint8_t p[SIZE];
    struct fm_member m;
    size_t at, name;
    uint64_t data;
    bool done;

    refused(0, "070701", "no archive header");
    refused(59, "000000", "empty or too long");
    refused(59, "000001", "empty or too long");
    refused(59, "000041", "empty or too long");
    refused(59, "777777", "empty or too long");
    refused(59, "00000 ", "not octal");
    refused(59, "000008", "not octal");
    refused(59, "-00001", "not octal");
    refused(65, "0000000000x", "not octal");
    refused(65, "00000000003", "byte 0: cut short in a member");
    refused(65, "77777777777", "byte 0: cut short in a member");
    refused(76, "ab", "not a member's name");
    refused(76, "/", "not a member's name");
    memcpy(p, sample, SIZE);
    p[76] = 0;
    at = 0;
    CHECK(fm_odc_next(&m, p, SIZE, &at, &done, NULL) == FM_EINPUT, "NUL NUL");
    for (size_t n = 0; n < SIZE; n++) {
        at = 0;
        CHECK(fm_odc_next(&m, gd_copy(sample, n), n, &at, &done, NULL) ==
                  FM_EINPUT,
              "cut to %zu", n);
    }
    memcpy(p, sample, SIZE);
    memcpy(p + 65, "77777777777", 11);
    CHECK(!fm_odc_sizes(p, &name, &data) && data == FM_ODC_DATA_MAX, "most");
}

int
main(void)
{
    golden();
    headers();
    names();
    hostile();
    return 0;
}
