#include "bundle/checksum.h"
#include "check.h"

#include <string.h>

static const uint8_t data[] = {1, 2, 3, 4, 5};

static void
seal(struct fm_buf *out, struct fm_id *id)
{
    struct fm_member m[FM_MEMBERS_MAX] = {{"one", data, sizeof data},
                                          {"two", NULL, 0}};

    CHECK(fm_checksum_seal(out, m, 2, id, NULL) == 0, "seal");
}

/* The layout by hand: headers of 76 + name + NUL, no padding, trailer 87. */
static void
layout(void)
{
    struct fm_buf b = {0};
    struct fm_id id, want;
    size_t before = (76 + 4 + 5) + (76 + 4);

    seal(&b, &id);
    CHECK(b.len == before + (76 + 9 + 16) + 87, "%zu bytes", b.len);
    want = fm_hash128(b.data, before);
    CHECK(fm_id_cmp(&id, &want) == 0, "id is not the hash of the prefix");
    CHECK(memcmp(b.data + before + 76 + 9, want.b, 16) == 0, "bytes");
    fm_buf_free(&b);
}

/* The same without the archive, also where a member has no bytes. */
static void
alone(void)
{
    const struct fm_member m[] = {{"one", data, sizeof data}, {"two", NULL, 0}};
    struct fm_buf b = {0};
    struct fm_id id, want;

    seal(&b, &want);
    CHECK(!fm_checksum_of(&id, m, 2, NULL), "of two");
    CHECK(fm_id_cmp(&id, &want) == 0, "another checksum of two members");
    CHECK(!fm_checksum_of(&id, m, 1, NULL), "of one");
    CHECK(fm_id_cmp(&id, &want) != 0, "one member has that of two");
    fm_buf_free(&b);
}

static void
round_trip(void)
{
    static const char *const names[] = {"one", "two", NULL};
    static const char *const fewer[] = {"one", NULL};
    static const char *const more[] = {"one", "two", "three", NULL};
    static const char *const other[] = {"one", "zwei", NULL};
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_buf b = {0};
    struct fm_id id, got;
    size_t n;

    /* Appended to what is there already, which it leaves alone. */
    CHECK(fm_buf_add(&b, "xyz", 3, NULL) == 0, "add");
    seal(&b, &id);
    CHECK(memcmp(b.data, "xyz", 3) == 0, "overwritten");
    CHECK(fm_checksum_open(m, &n, &got, b.data + 3, b.len - 3, NULL) == 0,
          "open");
    CHECK(n == 3 && fm_id_cmp(&id, &got) == 0, "n = %zu", n);
    CHECK(m[0].size == 5 && memcmp(m[0].data, data, 5) == 0, "member");
    CHECK(fm_checksum_members(m, n, names, NULL) == 0, "names");
    CHECK(fm_checksum_members(m, n, fewer, NULL) == FM_EINPUT, "fewer");
    CHECK(fm_checksum_members(m, n, more, NULL) == FM_EINPUT, "more");
    CHECK(fm_checksum_members(m, n, other, NULL) == FM_EINPUT, "other");
    fm_buf_free(&b);
}

/* No flipped bit and no cut passes. */
static void
damage(void)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_buf b = {0};
    struct fm_id id;
    size_t n;

    seal(&b, &id);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(fm_checksum_open(m, &n, &id, b.data, b.len, NULL) == FM_EINPUT,
              "bit %zu", bit);
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < b.len; len++)
        CHECK(fm_checksum_open(m, &n, &id, b.data, len, NULL) == FM_EINPUT,
              "length %zu", len);
    CHECK(fm_buf_add(&b, "", 1, NULL) == 0, "add");
    CHECK(fm_checksum_open(m, &n, &id, b.data, b.len, NULL) == FM_EINPUT,
          "a byte more");
    fm_buf_free(&b);
}

static void
nothing(void)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_err e = {0};
    struct fm_id id;
    size_t n;

    CHECK(fm_checksum_open(m, &n, &id, data, 0, &e) == FM_EINPUT, "nothing");
    CHECK(strcmp(e.msg, "empty") == 0, "%s", e.msg);
}

static void
hostile(void)
{
    struct fm_member m[FM_MEMBERS_MAX] = {{"one", data, sizeof data},
                                          {"checksum", data, sizeof data}};
    struct fm_member got[FM_MEMBERS_MAX]; /* will point into b */
    struct fm_buf b = {0};
    struct fm_err e = {0};
    struct fm_id id;
    size_t n;

    CHECK(fm_archive_write(&b, m, 2, NULL) == 0, "write");
    CHECK(fm_checksum_open(got, &n, &id, b.data, b.len, &e) == FM_EINPUT,
          "checksum of 5 bytes");
    CHECK(strstr(e.msg, "not a checksum"), "%s", e.msg);
    fm_buf_free(&b);

    e = (struct fm_err){0};
    CHECK(fm_archive_write(&b, m, 1, NULL) == 0, "write");
    CHECK(fm_checksum_open(got, &n, &id, b.data, b.len, &e) == FM_EINPUT,
          "one member");
    CHECK(strstr(e.msg, "1 member"), "%s", e.msg);
    fm_buf_free(&b);
}

int
main(void)
{
    layout();
    alone();
    round_trip();
    damage();
    nothing();
    hostile();
    return 0;
}
