#include "bundle/sealed.h"

#include "base/odc.h"
#include "check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 70000 }; /* more than is read at a time */

static uint8_t data[MOST];

static void
fill(struct fm_member m[FM_MEMBERS_MAX])
{
    for (size_t i = 0; i < MOST; i++)
        data[i] = (uint8_t)(i * 2654435761u >> 24);
    m[0] = (struct fm_member){"one", data, 5};
    m[1] = (struct fm_member){"none", NULL, 0};
    m[2] = (struct fm_member){"large.one", data + 1, MOST - 1};
}

/* What is written in pieces is what libarchive writes. */
static struct fm_id
write_one(struct fm_buf *out)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_sealing s;
    struct fm_buf want = {0};
    struct fm_id id, got;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    fill(m);
    CHECK(f && fm_checksum_seal(&want, m, 3, &id, NULL) == 0, "seal");
    CHECK(fm_sealing_open(&s, f, NULL) == 0, "open");
    for (int i = 0; i < 3; i++) {
        size_t half = m[i].size / 2;

        CHECK(fm_sealing_member(&s, m[i].name, m[i].size, NULL) == 0, "member");
        fm_sealing_put(&s, m[i].data, half);
        fm_sealing_put(&s, m[i].data + half, m[i].size - half);
    }
    got = fm_sealing_end(&s);
    fm_sealing_close(&s);
    fm_sealing_close(&s);
    CHECK(fclose(f) == 0 && n == want.len, "%zu bytes, not %zu", n, want.len);
    CHECK(memcmp(text, want.data, n) == 0, "other bytes");
    CHECK(fm_id_cmp(&got, &id) == 0, "another checksum");
    CHECK(fm_buf_add(out, text, n, NULL) == 0, "memory");
    fm_buf_free(&want);
    free(text);
    return id;
}

static void
too_large(void)
{
    struct fm_err e = {0};
    struct fm_sealing s;
    FILE *f = tmpfile();

    CHECK(f && fm_sealing_open(&s, f, NULL) == 0, "open");
    CHECK(fm_sealing_member(&s, "a", (uint64_t)1 << 33, &e) == FM_EINPUT, "8G");
    CHECK(strstr(e.msg, "a: 8589934592 bytes are too many"), "%s", e.msg);
    fm_sealing_close(&s);
    fclose(f);
}

/* Read the archive in `b`, and then `after` bytes; the first failure. */
static int
read_one(const struct fm_buf *b, struct fm_id *id, struct fm_err *e)
{
    static uint8_t p[MOST];
    static int fd = -1;
    char path[64], first;
    struct fm_buf begun = {0};
    struct fm_sealed s = {0};
    struct fm_source src;
    struct fm_member m;
    size_t got;
    int rc;

    if (fd < 0)
        fd = memfd_create("sealed", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0, "memfd");
    CHECK(pwrite(fd, b->data, b->len, 0) == (ssize_t)b->len, "memfd");
    CHECK(fm_source_open(&src, path, e) == 0, "open");
    rc = fm_archive_begin(&begun, &src, 1 << 20, e);
    if (rc == 0)
        rc = fm_sealed_open(&s, &src, &begun, &m, e);
    if (rc == 0 && m.size == 5 && (rc = fm_sealed_read(&s, p, 5, e)) == 0)
        CHECK(s.left == 0, "left");
    /* The second is empty; of the third only some is looked at. */
    if (rc == 0 && (rc = fm_sealed_next(&s, &m, e)) == 0)
        rc = fm_sealed_next(&s, &m, e);
    if (rc == 0 && m.size > 9)
        rc = fm_sealed_read(&s, p, 9, e);
    if (rc == 0)
        rc = fm_sealed_end(&s, id, e);
    if (rc == 0) {
        CHECK(s.members == 4 && s.bytes == b->len, "%zu members", s.members);
        CHECK(strcmp(m.name, "large.one") == 0 && m.size == MOST - 1, "third");
        CHECK(memcmp(p, data + 1, 9) == 0, "its data");
        CHECK(fm_source_some(&src, &first, 1, &got, e) == 0 && !got, "rest");
    }
    fm_sealed_close(&s);
    fm_source_close(&src);
    fm_buf_free(&begun);
    return rc;
}

/* Every flipped bit of the headers and the ends of data, and every cut. */
static void
hostile(struct fm_buf *b)
{
    struct fm_err e;
    struct fm_id id;
    struct fm_buf cut;

    for (size_t i = 0; i < b->len; i++) {
        if (i == 600) /* amid the large member */
            i = b->len - 600;
        for (int bit = 0; bit < 8; bit++) {
            b->data[i] ^= (uint8_t)(1 << bit);
            e = (struct fm_err){0};
            /* The reader's caller knows which names there must be. */
            CHECK(read_one(b, &id, &e) == FM_EINPUT, "bit %d of byte %zu", bit,
                  i);
            b->data[i] ^= (uint8_t)(1 << bit);
        }
    }
    cut = *b;
    for (cut.len = 1; cut.len < b->len; cut.len += 1 + cut.len / 40)
        CHECK(read_one(&cut, &id, NULL) == FM_EINPUT, "%zu bytes", cut.len);
    for (cut.len = b->len - 110; cut.len < b->len; cut.len++)
        CHECK(read_one(&cut, &id, NULL) == FM_EINPUT, "%zu bytes", cut.len);
    e = (struct fm_err){0};
    b->data[300] ^= 1;
    CHECK(read_one(b, &id, &e) == FM_EINPUT, "damage");
    CHECK(strstr(e.msg, "damaged: the checksum of its bytes is"), "%s", e.msg);
    b->data[300] ^= 1;
}

/* --- By hand -------------------------------------------------------------
 */

/* Append a member; number 0 is the trailer. */
static void
put(struct fm_buf *b, size_t number, const char *name, const void *p, size_t n)
{
    uint8_t head[FM_ODC_HEAD_MAX];

    CHECK(!fm_buf_add(b, head, fm_odc_header(head, number, name, n), NULL) &&
              !fm_buf_add(b, p, n, NULL),
          "memory");
}

static void
refused(const struct fm_buf *b, const char *message)
{
    struct fm_err e = {0};
    struct fm_id id;

    CHECK(read_one(b, &id, &e) == FM_EINPUT, "accepted: %s", message);
    CHECK(strstr(e.msg, message), "%s: %s", message, e.msg);
}

/* `n` members, and a checksum of so many bytes that begins rightly. */
static struct fm_buf
made(size_t n, size_t size)
{
    struct fm_buf b = {0};
    uint8_t sum[32] = {0};
    struct fm_id id;

    for (size_t i = 1; i <= n; i++)
        put(&b, i, "one", data, 5);
    id = fm_hash128(b.data, b.len);
    memcpy(sum, id.b, sizeof id.b);
    put(&b, n + 1, "checksum", sum, size);
    put(&b, 0, NULL, "", 0);
    return b;
}

/* One fault each, and its reason. */
static void
one_fault(void)
{
    struct fm_buf b = made(FM_MEMBERS_MAX, 16);

    refused(&b, "too many members");
    fm_buf_free(&b);
    b = made(3, 17);
    refused(&b, "its last member is not a checksum");
    fm_buf_free(&b);
    b = made(3, 16);
    b.data[FM_ODC_HEADER + 1] = '\0';
    refused(&b, "byte 0: not a member's name");
    b.data[FM_ODC_HEADER + 1] = 'N';
    refused(&b, "byte 0: not a member's name");
    b.data[FM_ODC_HEADER + 1] = 'n';
    b.data[18] = '2'; /* its mode */
    refused(&b, "byte 0: not what this archive must have here");
    b.data[18] = '1';
    b.data[FM_ODC_HEADER + 4 + 5] = '1'; /* the second's magic */
    refused(&b, "byte 85: no archive header here");
    fm_buf_free(&b);
}

int
main(void)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};
    struct fm_id id, got;

    id = write_one(&b);
    CHECK(read_one(&b, &got, &e) == 0, "%s", e.msg);
    CHECK(fm_id_cmp(&id, &got) == 0, "another checksum");
    too_large();
    hostile(&b);
    one_fault();
    fm_buf_free(&b);
    return 0;
}
