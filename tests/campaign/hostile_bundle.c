/* Hostile bundles, round files and partial sums.  All have the checksum that
 * their bytes should have: what is tried is what comes behind it. */
#include "../unit/partial_file.h"
#include "hostile.h"

#include <math.h>

enum {
    CHECKSUM_BACK = 87 + 16 + 9 + 76, /* its header, from the end */
    TEXT = 1024,
    ESC_NAME = 76, /* where the first member's name is */
};

static struct fm_buf good;
static struct fm_member part[FM_MEMBERS_MAX]; /* of `good` */

/* What the checksum should be, after bytes were changed by hand. */
static void
seal(struct fm_buf *b)
{
    size_t at = b->len - CHECKSUM_BACK;
    struct fm_id sum = fm_hash128(b->data, at);

    memcpy(b->data + at + 76 + 9, sum.b, sizeof sum.b);
}

static void
members(enum reader reader, const char *name, const char *reason,
        const struct fm_member *m, size_t n)
{
    struct fm_member all[FM_MEMBERS_MAX];
    struct fm_buf out = {0};
    struct fm_id id;

    memcpy(all, m, n * sizeof *m);
    CHECK(fm_checksum_seal(&out, all, n, &id, NULL) == 0, "seal");
    hostile(reader, name, reason, &out);
    fm_buf_free(&out);
}

/* --- The manifest ---------------------------------------------------------
 */

/* One that is these bytes. */
static void
manifest(enum reader reader, const char *name, const char *reason,
         const void *p, size_t n)
{
    struct fm_member m[3];

    memcpy(m, part, sizeof m);
    m[0].data = p;
    m[0].size = n;
    members(reader, name, reason, m, 3);
}

/* One in which `from` is `to`. */
static void
says(enum reader reader, const char *name, const char *reason, const char *from,
     const char *to)
{
    struct fm_buf b = swapped(part[0].data, part[0].size, from, to);

    manifest(reader, name, reason, b.data, b.len);
    fm_buf_free(&b);
}

static void
other_model(void)
{
    struct fm_buf b = text((const char *)part[0].data, part[0].size);
    uint8_t *at = memmem(b.data, b.len, "\"base\":\"", 8);

    CHECK(at, "no base");
    memset(at + 8, 'a', 32);
    manifest(READ_CLAIM, "another model", "but the model given is", b.data,
             b.len);
    fm_buf_free(&b);
}

static void
manifests(void)
{
    static const struct {
        const char *name, *reason, *from, *to;
    } row[] = {
        {"another format", "format 2, and this fedmrn knows only 1",
         "\"fedmrn\":1", "\"fedmrn\":2"},
        {"no format", "no integer \"fedmrn\"", "\"fedmrn\":1", "\"f\":1"},
        {"format as text", "no integer \"fedmrn\"", "\"fedmrn\":1",
         "\"fedmrn\":\"1\""},
        {"unknown method", "method \"fedsgd\" is not known",
         "\"method\":\"fedmrn\"", "\"method\":\"fedsgd\""},
        {"escapes in the method", "method \"?[31m??\" is not known",
         "\"method\":\"fedmrn\"", "\"method\":\"\\u001b[31m\\u0007\\r\""},
        {"unknown coder", "coder \"zip\" is not known", "\"coder\":\"raw\"",
         "\"coder\":\"zip\""},
        {"escapes in the coder", "coder \"?[2J\" is not known",
         "\"coder\":\"raw\"", "\"coder\":\"\\u001b[2J\""},
        {"unknown dither", "dither \"some\" is not known",
         "\"dither\":\"shared\"", "\"dither\":\"some\""},
        {"client with a path", "client \"../../etc/x\" is not", "\"good\"",
         "\"../../etc/x\""},
        {"client in capitals", "client \"Good\" is not", "\"good\"",
         "\"Good\""},
        {"client without a name", "client \"\" is not", "\"good\"", "\"\""},
        {"client too long", "client \"aaaaaaaa", "\"good\"",
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "\""},
        {"escapes in the client", "client \"?[31m??\" is not", "\"good\"",
         "\"\\u001b[31m\\u0007\\r\""},
        {"C1 controls in the client", "client \"??31m\" is not", "\"good\"",
         "\"\xc2\x9b\x33\x31m\""},
        {"a NUL in the client", "NUL", "\"good\"", "\"go\\u0000od\""},
        {"client as a number", "no text \"client\"", "\"good\"", "7"},
        {"round 0", "\"round\" is not an integer", "\"round\":1",
         "\"round\":0"},
        {"a negative round", "\"round\" is not an integer", "\"round\":1",
         "\"round\":-1"},
        {"a round beyond 2^32", "\"round\" is not an integer", "\"round\":1",
         "\"round\":4294967297"},
        {"a round beyond 2^64", "manifest.json", "\"round\":1",
         "\"round\":18446744073709551617"},
        {"a real round", "\"round\" is not an integer", "\"round\":1",
         "\"round\":1.0"},
        {"samples 0", "\"samples\" is not an integer", "\"samples\":3",
         "\"samples\":0"},
        {"samples beyond 2^32", "\"samples\" is not an integer",
         "\"samples\":3", "\"samples\":4294967297"},
        {"a base that is no id", "base \"x\" is not an id", "\"base\":\"",
         "\"base\":\"x\",\"old\":\""},
        {"escapes in the base", "base \"?[31m\" is not an id", "\"base\":\"",
         "\"base\":\"\\u001b[31m\",\"old\":\""},
        {"masked absurd", "", "\"masked\":", "\"masked\":9007199254740"},
        {"full absurd", "", "\"full\":", "\"full\":9007199254740"},
        {"masked negative", "\"masked\" is not an integer",
         "\"masked\":", "\"masked\":-"},
        {"the same key twice", "manifest.json", "\"samples\":3",
         "\"samples\":3,\"samples\":3"},
        {"the same key twice, escaped", "manifest.json", "\"samples\":3",
         "\"samples\":3,\"s\\u0061mples\":3"},
        {"one key more", "not the canonical text", "\"samples\":3",
         "\"samples\":3,\"x\":3"},
        {"white space", "not the canonical text", "\"samples\":3",
         "\"samples\": 3"},
        {"another order", "not the canonical text",
         "{\"fedmrn\":1,\"method\":\"fedmrn\"",
         "{\"method\":\"fedmrn\",\"fedmrn\":1"},
        {"an escape that is not needed", "not the canonical text", "\"good\"",
         "\"g\\u006fod\""},
        {"text that is no UTF-8", "manifest.json", "\"good\"", "\"g\xff\xfe\""},
        {"not an object", "", "{", "[{"},
        {"something behind it", "manifest.json", "\"samples\"",
         "\"masked\":1}{\"samples\""},
    };
    char deep[TEXT];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        says(READ_BUNDLE | READ_CLAIM, row[i].name, row[i].reason, row[i].from,
             row[i].to);
    says(READ_CLAIM, "another round", "says round 2, but its model leads to",
         "\"round\":1", "\"round\":2");
    says(READ_CLAIM, "samples that the sum cannot hold", "", "\"round\":1",
         "\"round\":3");
    says(READ_CLAIM, "another method", "says method fedmrns",
         "\"method\":\"fedmrn\"", "\"method\":\"fedmrns\"");
    other_model();

    manifest(READ_BUNDLE | READ_CLAIM, "an empty manifest",
             "manifest.json: ", "", 0);
    manifest(READ_BUNDLE | READ_CLAIM, "a NUL as manifest",
             "manifest.json: ", "\0", 1);
    memset(deep, '[', sizeof deep);
    manifest(READ_BUNDLE | READ_CLAIM, "a manifest nested deep",
             "nested deeper", deep, 40);
    manifest(READ_BUNDLE | READ_CLAIM, "a manifest too long",
             "bytes, and at most 512 fit", deep, sizeof deep);
}

/* --- Masks and deltas ------------------------------------------------------
 */

static void
values(void)
{
    static const float bad[] = {NAN,     INFINITY, -INFINITY,
                                0x1p38f, -0x1p38f, 3e38f};
    struct fm_member m[3];
    uint8_t masks[64] = {0}, dense[1024] = {0};
    size_t n = part[2].size / 4;

    memcpy(m, part, sizeof m);
    CHECK(part[1].size < sizeof masks && part[2].size < sizeof dense, "room");
    m[1].data = masks;
    m[2].data = dense;
    memcpy(masks, part[1].data, part[1].size);
    for (size_t at = 0; at < n; at += (n - 1) / 2)
        for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
            char name[64], reason[64];

            memcpy(dense, part[2].data, part[2].size);
            fm_putf(dense + 4 * at, bad[k]);
            snprintf(name, sizeof name, "delta %zu is %g", at, (double)bad[k]);
            snprintf(reason, sizeof reason, "delta %zu is not finite", at);
            members(READ_BUNDLE | READ_CLAIM, name, reason, m, 3);
        }
    memcpy(dense, part[2].data, part[2].size);
    for (int d = -1; d <= 1; d += 2) {
        m[1].size = part[1].size + (size_t)d;
        members(READ_BUNDLE | READ_CLAIM, "masks of another size", "masks: ", m,
                3);
        m[1].size = part[1].size;
        m[2].size = part[2].size + (size_t)(4 * d);
        members(READ_BUNDLE | READ_CLAIM, "deltas of another size",
                "dense: ", m, 3);
        m[2].size = part[2].size + (size_t)d;
        members(READ_BUNDLE | READ_CLAIM, "a part of a delta", "dense: ", m, 3);
        m[2].size = part[2].size;
    }
    if (w0->masked % 8) {
        masks[part[1].size - 1] |= 0x80;
        members(READ_BUNDLE | READ_CLAIM, "a pad bit", "masks: ", m, 3);
    }
}

/* --- The archive -----------------------------------------------------------
 */

/* Bytes `at` of the first header become `to`; "" is a NUL. */
static void
header(const char *name, size_t at, const char *to)
{
    struct fm_buf b = text((char *)good.data, good.len);

    memcpy(b.data + at, to, *to ? strlen(to) : 1);
    seal(&b);
    hostile(READ_BUNDLE | READ_CLAIM, name, "", &b);
    fm_buf_free(&b);
}

static void
archives(void)
{
    struct fm_member m[FM_MEMBERS_MAX] = {part[0], part[1], part[2], part[1]};
    struct fm_buf b = {0};

    members(READ_BUNDLE | READ_CLAIM, "a member twice", "", m, 4);
    strcpy(m[3].name, "virus");
    members(READ_BUNDLE | READ_CLAIM, "a member more", "", m, 4);
    m[3] = part[1];
    strcpy(m[1].name, "mask");
    members(READ_BUNDLE | READ_CLAIM, "a member by another name",
            "member 2 is not masks", m, 3);
    m[1] = part[2];
    m[2] = part[1];
    members(READ_BUNDLE | READ_CLAIM, "members in another order",
            "member 2 is not masks", m, 3);
    members(READ_BUNDLE | READ_CLAIM, "a member missing", "", m, 2);

    /* Fields of 6 octal digits: dev ino mode uid gid nlink rdev; mtime 11. */
    header("a symbolic link", 18, "120777");
    header("a directory", 18, "040755");
    header("a device", 18, "020666");
    header("a pipe", 18, "010644");
    header("set-uid", 18, "104755");
    header("an owner", 24, "001750");
    header("a group", 30, "001750");
    header("a hard link", 36, "000002");
    header("a device number", 42, "000401");
    header("a time", 48, "00000000001");
    header("an inode", 12, "000007");
    header("a name's size that is no number", 59, "00001x");
    header("a name of size 0", 59, "000000");
    header("a name of size 1", 59, "000001");
    header("a name of 256 KiB", 59, "777777");
    header("a member of 8 GiB", 65, "77777777777");
    header("another magic", 0, "070701");
    header("a path as name", ESC_NAME, "../../etc/x.y");
    header("an absolute name", ESC_NAME, "/etc/passwd.x");
    header("escapes in the name", ESC_NAME, "\033[31m\r\007est.js");
    header("a name with a NUL", ESC_NAME + 3, "");

    b = text((char *)good.data, good.len);
    CHECK(fm_buf_add(&b, "\0\0\0\0\0\0\0\0", 8, NULL) == 0, "memory");
    hostile(READ_BUNDLE | READ_CLAIM, "zeros after the end", "", &b);
    b.len = good.len - 87;
    hostile(READ_BUNDLE | READ_CLAIM, "no trailer", "", &b);
    b.len = 0;
    hostile(READ_BUNDLE | READ_CLAIM, "an empty file", "", &b);
    CHECK(fm_buf_add(&b, good.data, good.len, NULL) == 0 &&
              fm_buf_add(&b, good.data, good.len, NULL) == 0,
          "memory");
    hostile(READ_BUNDLE | READ_CLAIM, "two bundles without an index",
            "without one index", &b);
    fm_buf_free(&b);
    b = text("\37\213\10\0\0\0\0\0\0\3", 10);
    hostile(READ_BUNDLE | READ_CLAIM, "a gzip file", "", &b);
    fm_buf_free(&b);
    b = text("\033[31mhello\007\r\n", 13);
    hostile(READ_BUNDLE | READ_CLAIM, "a text with escapes", "", &b);
    fm_buf_free(&b);
}

/* --- Codes -----------------------------------------------------------------
 */

static void
codes(void)
{
    struct fm_member m[3];
    struct fm_buf head = swapped(part[0].data, part[0].size, "raw", "rans"),
                  all;
    uint8_t code[8], masks[8] = {0};

    head.data[head.len - 1] = ',';
    CHECK(fm_buf_add(&head, "\"id\":\"", 6, NULL) == 0 &&
              fm_buf_add(&head, "0123456789abcdef0123456789abcdef\"}", 34,
                         NULL) == 0,
          "memory");
    all = text((char *)head.data, head.len);
    memcpy(m, part, sizeof m);
    m[0].data = all.data;
    m[0].size = all.len;
    m[1].data = masks;
    m[2].data = code;
    for (unsigned form = 0; form < 8; form++)
        for (size_t n = 0; n <= 3; n++) {
            memset(code, 0xff, sizeof code);
            memset(masks, 0x5a, sizeof masks);
            masks[0] = (uint8_t)form;
            m[1].size = n < part[1].size ? n : part[1].size;
            m[2].size = n;
            members(READ_CLAIM, "codes that are noise", "", m, 3);
        }
    fm_buf_free(&head);
    fm_buf_free(&all);
}

/* --- Round files and partial sums ------------------------------------------
 */

static void
index_of(const char *name, const char *reason, uint64_t count, size_t ids,
         size_t bundles, bool same)
{
    uint8_t bytes[8 + 16 * 8] = {0};
    struct fm_member m[2] = {{"index", bytes, 8 + 16 * ids}};
    struct fm_err e = {0};
    struct fm_bundle b;
    struct fm_buf out = {0}, copy = text((char *)good.data, good.len);
    struct fm_id id;

    CHECK(fm_bundle_parse(&b, &copy, NULL, &e) == 0, "%s", e.msg);
    fm_put64(bytes, count);
    for (size_t i = 0; i < ids; i++) {
        memcpy(bytes + 8 + 16 * i, b.id.b, 16);
        bytes[8 + 16 * i] ^= same ? 0 : 1;
    }
    CHECK(fm_checksum_seal(&out, m, 1, &id, NULL) == 0, "seal");
    for (size_t i = 0; i < bundles; i++)
        CHECK(fm_buf_add(&out, good.data, good.len, NULL) == 0, "memory");
    hostile(READ_BUNDLE | READ_CLAIM, name, reason, &out);
    fm_bundle_free(&b);
    fm_buf_free(&out);
}

static void
rounds(void)
{
    index_of("an index of no bundles", "do not hold 0", 0, 0, 0, true);
    index_of("an index that counts more than it lists", "do not hold 2", 2, 1,
             2, true);
    index_of("an absurd count", "do not hold 1152921504606846976", 1ull << 60,
             1, 1, true);
    index_of("a count that wraps", "do not hold 1152921504606846977",
             (1ull << 60) + 1, 1, 1, true);
    index_of("a bundle that is not listed", "the index lists bundle", 1, 1, 1,
             false);
    index_of("a bundle missing", "cut short: the index lists 2", 2, 2, 1, true);
    index_of("a bundle more", "without one index", 1, 1, 2, true);
    index_of("an index alone", "cut short: the index lists 1", 1, 1, 0, true);
}

static struct fm_member sum[FM_MEMBERS_MAX];

/* A partial sum with a member's bytes changed: all of it, or 8 at `at`. */
static void
sums(enum reader reader, const char *name, const char *reason, size_t member,
     size_t at, uint64_t value)
{
    struct fm_member m[3];
    struct fm_buf b;

    memcpy(m, sum, sizeof m);
    b = text((char *)sum[member].data, sum[member].size);
    fm_put64(b.data + at, value);
    m[member].data = b.data;
    members(reader, name, reason, m, 3);
    fm_buf_free(&b);
}

static void
sum_says(const char *name, const char *reason, const char *from, const char *to)
{
    struct fm_member m[3];
    struct fm_buf b = swapped(sum[0].data, sum[0].size, from, to);

    memcpy(m, sum, sizeof m);
    m[0].data = b.data;
    m[0].size = b.len;
    members(READ_SUM | READ_SUM_CLAIM, name, reason, m, 3);
    fm_buf_free(&b);
}

/* A sum where the index lists a bundle, of the id that a sum seems to have. */
static void
in_round(const struct fm_buf *file)
{
    const struct fm_id none = {{0}};
    struct fm_buf out = {0};

    CHECK(fm_index_write(&out, &none, 1, NULL) == 0 &&
              fm_buf_add(&out, file->data, file->len, NULL) == 0,
          "memory");
    hostile(READ_BUNDLE | READ_CLAIM, "a sum in a round file",
            "here, not a partial sum", &out);
    fm_buf_free(&out);
}

/* Its first name is `parti` only; what the name was goes on in the data. */
static void
short_name(const struct fm_buf *good_sum)
{
    enum { NAME_AT = 59, LESS = 7 };
    struct fm_buf b = text((char *)good_sum->data, good_sum->len);
    unsigned name, data;
    char sizes[18];

    memcpy(sizes, b.data + NAME_AT, sizeof sizes - 1);
    sizes[sizeof sizes - 1] = '\0';
    CHECK(sscanf(sizes, "%6o%11o", &name, &data) == 2, "%s", sizes);
    snprintf(sizes, sizeof sizes, "%06o%011o", name - LESS, data + LESS);
    memcpy(b.data + NAME_AT, sizes, sizeof sizes - 1);
    seal(&b);
    hostile(READ_BUNDLE | READ_SUM, "a sum whose name goes on in its data",
            "an archive, but not a bundle", &b);
    fm_buf_free(&b);
}

static void
partials(void)
{
    struct fm_partial p = {.sum = fm_accum_new(w0, NULL), .n = 2};
    struct fm_bundle b[2] = {fx_answer(w0, "a", 7, 1),
                             fx_answer(w0, "b", 5, 2)};
    const struct fm_bundle *list[2] = {&b[0], &b[1]};
    struct fm_buf out = {0};
    struct fm_member m[3];
    struct fm_id id;
    size_t n, last;

    p.part = fm_alloc(2, sizeof *p.part, NULL);
    CHECK(p.sum && p.part, "memory");
    CHECK(fm_accum_add(p.sum, list, 2, NULL, NULL) == 0, "add");
    for (size_t i = 0; i < 2; i++) {
        p.part[i].samples = p.part[i].weight = b[i].samples;
        p.part[i].bundle.b[3] = (uint8_t)i;
        strcpy(p.part[i].client, b[i].client);
    }
    CHECK(pf_write(&out, &p, NULL) == 0, "write");
    CHECK(fm_checksum_open(sum, &n, &id, out.data, out.len, NULL) == 0, "open");

    in_round(&out);
    short_name(&out);
    sum_says("a sum by another policy", "a weighs what its policy cannot give",
             "\"samples\",", "\"uniform\",");
    sum_says("a sum by no policy", "weights", "\"samples\",", "\"zigzag\",");
    sum_says("a sum by a policy with ESC", "weights", "\"samples\",",
             "\"\\u001b[31m\",");
    sum_says("a sum of a weight beyond the bound",
             "\"weight\" is not an integer", "\"weight\":12",
             "\"weight\":8589934592");
    sum_says("a sum of no clients", "\"clients\" is not an integer",
             "\"clients\":2", "\"clients\":0");
    sum_says("a sum of more clients", "clients: ", "\"clients\":2",
             "\"clients\":3");
    sum_says("a sum of absurdly many clients", "\"clients\" is not an integer",
             "\"clients\":2", "\"clients\":1152921504606846976");
    sum_says("a sum of other samples", "their samples add up to 12, not 13",
             "\"samples\":12", "\"samples\":13");
    sum_says("a sum of samples beyond the bound", "their samples add up to 12",
             "\"samples\":12", "\"samples\":8589934592");
    sum_says("a sum of absurdly many parameters", "",
             "\"masked\":", "\"masked\":90071992547409");
    sums(READ_SUM | READ_SUM_CLAIM, "a client's name with ESC",
         "number 0 has no valid id", 1, 0, 0x1b5b33316d0d07);
    sums(READ_SUM | READ_SUM_CLAIM, "a client's name behind its end",
         "not padded with NUL", 1, 8, 'x');
    sums(READ_SUM | READ_SUM_CLAIM, "a client twice", "are not in order", 1, 96,
         'a');
    sums(READ_SUM | READ_SUM_CLAIM, "clients in another order",
         "are not in order", 1, 0, 'c');
    sums(READ_SUM | READ_SUM_CLAIM, "a client without samples",
         "samples of a are not in", 1, 80, 0);
    sums(READ_SUM | READ_SUM_CLAIM, "a client with absurd samples",
         "samples of a are not in", 1, 80, UINT64_MAX);
    last = w0->masked * 8;
    sums(READ_SUM_CLAIM, "the first masked sum absurd",
         "masked parameter 0 is beyond", 2, 0, INT64_MAX);
    sums(READ_SUM_CLAIM, "the last masked sum absurd",
         "is beyond what its clients", 2, last - 8, (uint64_t)INT64_MIN);
    sums(READ_SUM_CLAIM, "the first full sum absurd",
         "full parameter 0 is beyond", 2, last + 8, INT64_MAX);
    sums(READ_SUM_CLAIM, "the last full sum absurd",
         "is beyond what its clients", 2, sum[2].size - 8, (uint64_t)INT64_MIN);
    memcpy(m, sum, sizeof m);
    m[2].size -= 8;
    members(READ_SUM | READ_SUM_CLAIM, "a sum cut short", "sums: ", m, 3);
    m[2].size = 0;
    members(READ_SUM | READ_SUM_CLAIM, "a sum of nothing", "sums: ", m, 3);
    members(READ_SUM | READ_SUM_CLAIM, "a sum without its last member", "", sum,
            2);
    fm_buf_free(&out);
    free(p.part);
    fm_accum_free(p.sum);
    fm_bundle_free(&b[0]);
    fm_bundle_free(&b[1]);
}

void
hostile_bundles(void)
{
    struct fm_id id;
    size_t n;

    fx_file(&good, w0, "good", 3, 1);
    CHECK(fm_checksum_open(part, &n, &id, good.data, good.len, NULL) == 0,
          "the good bundle");
    manifests();
    values();
    archives();
    codes();
    rounds();
    partials();
    fm_buf_free(&good);
}
