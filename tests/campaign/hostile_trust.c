/* Hostile rosters, signatures, keys, ledgers, checkpoints, and what sites and
 * other programs hand out: sums, tables, residuals, updates. */
#include "../unit/ledgerfix.h"
#include "../unit/signfix.h"
#include "hostile.h"
#include "trust/roster.h"

#define TEXT(reader, name, reason, s)                                          \
    hostile_text(reader, name, reason, s, sizeof(s) - 1)
#define ESCAPES "\033[31m\r\007"

static void
hostile_text(enum reader reader, const char *name, const char *reason,
             const char *s, size_t n)
{
    struct fm_buf b = text(s, n);

    hostile(reader, name, reason, &b);
    fm_buf_free(&b);
}

/* --- The roster -------------------------------------------------------------
 */

static void
rosters(void)
{
    char key[FM_PUBKEY_TEXT], line[2 * FM_ROSTER_LINE_MAX];
    struct sf_key k = sf_key(0);

    fm_pubkey_text(key, &k.key);
#define GOOD "good " SF_PUBLIC " 5\n"
    TEXT(READ_ROSTER, "no roster", "no client has a key", "");
    TEXT(READ_ROSTER, "a roster of comments", "no client has a key",
         "# " GOOD "\n \t\n");
    TEXT(READ_ROSTER, "a roster of revoked keys", "no client has a key",
         "good " SF_PUBLIC " revoked\n");
    TEXT(READ_ROSTER, "escapes in a client", "line 1: '?[31m?\?' is not",
         ESCAPES " " SF_PUBLIC " 5\n");
    TEXT(READ_ROSTER, "escapes in a key", "line 1: not a public key",
         "good " ESCAPES " 5\n");
    TEXT(READ_ROSTER, "escapes in samples", "'?[31m?\?' is neither a number",
         "good " SF_PUBLIC " " ESCAPES "\n");
    TEXT(READ_ROSTER, "a path as client", "is not a client id",
         "../../etc/x " SF_PUBLIC " 5\n");
    TEXT(READ_ROSTER, "0 samples", "is neither", "good " SF_PUBLIC " 0\n");
    TEXT(READ_ROSTER, "samples below 0", "neither", "good " SF_PUBLIC " -1\n");
    TEXT(READ_ROSTER, "samples beyond 2^32", "is neither",
         "good " SF_PUBLIC " 4294967297\n");
    TEXT(READ_ROSTER, "samples beyond 2^64", "is neither",
         "good " SF_PUBLIC " 18446744073709551617\n");
    TEXT(READ_ROSTER, "no samples", "a line is a client",
         "good " SF_PUBLIC "\n");
    TEXT(READ_ROSTER, "a field more", "a line is a client",
         "good " SF_PUBLIC " 5 6\n");
    TEXT(READ_ROSTER, "a NUL in a roster", "line 2: a zero byte",
         GOOD "x\0" SF_PUBLIC " 5\n");
    TEXT(READ_ROSTER, "a client twice", "line 2: ", GOOD GOOD);
    TEXT(READ_ROSTER, "a key of two clients", "line 2: the same key",
         GOOD "other " SF_PUBLIC " 5\n");
    TEXT(READ_ROSTER, "a key cut short", "not a public key",
         "good RWRw8jdNChDxFJwX 5\n");
    TEXT(READ_ROSTER, "a key that is longer", "not a public key",
         "good " SF_PUBLIC "AAAA 5\n");
    snprintf(line, sizeof line, "good %s 5\nother %s 5\n", SF_PUBLIC, key);
    memcpy(line + 5 + 2, key + 2, 11); /* the other key's id */
    hostile_text(READ_ROSTER, "a roster that lists nobody who signed", "", line,
                 strlen(line));
    memset(line, ' ', sizeof line);
    hostile_text(READ_ROSTER, "a line too long", "line 1: too long", line,
                 sizeof line);
}

/* --- Signatures and keys ----------------------------------------------------
 */

static void
signature(const char *name, const char *reason, const struct fm_signature *s)
{
    struct fm_buf b = {0};

    CHECK(fm_signature_write(&b, s, NULL) == 0, "memory");
    hostile(READ_SIGNATURE, name, reason, &b);
    fm_buf_free(&b);
}

/* Client "good", number 0, and "other", number 1, are in the roster; 2 is
 * revoked, and 3 a stranger's. */
static void
signatures(const struct fm_buf *good)
{
    static const char *const whose[] = {
        NULL, "says it is from client good, but client other signed it",
        "which is revoked", "which is not in the roster"};
    struct sf_key k = sf_key(0);
    struct fm_signature s = sf_sign(&k, true, good->data, good->len, "x"), bad;
    struct fm_buf two = {0};

    for (unsigned i = 1; i < 4; i++) {
        struct sf_key other = sf_key(i);

        bad = sf_sign(&other, true, good->data, good->len, "x");
        signature("the key of somebody else", whose[i], &bad);
        bad = sf_sign(&other, true, good->data, good->len, "x");
        memcpy(bad.key_id, s.key_id, sizeof bad.key_id);
        signature("the same under another id", "does not hold", &bad);
    }
    bad = s;
    memset(bad.sig, 0, sizeof bad.sig);
    signature("a signature of zeros", "is all zeros", &bad);
    bad = sf_sign(&k, true, good->data, good->len - 1, "x");
    signature("a signature of other bytes", "does not hold", &bad);
    bad = s;
    bad.prehashed = false;
    signature("a signature by the other algorithm", "does not hold", &bad);
    bad = s;
    strcpy(bad.trusted, ESCAPES);
    signature("escapes in the trusted comment", "", &bad);
    bad = s;
    strcpy(bad.trusted, "y");
    signature("another trusted comment", "trusted comment was changed", &bad);
    memset(bad.global, 0, sizeof bad.global);
    signature("a global signature of zeros", "", &bad);
    CHECK(fm_signature_write(&two, &s, NULL) == 0 &&
              fm_signature_write(&two, &s, NULL) == 0,
          "memory");
    hostile(READ_SIGNATURE, "a signature too many", "more signatures than",
            &two);
    fm_buf_free(&two);
    TEXT(READ_SIGNATURE, "no signature", "no signature: ", "");
    TEXT(READ_SIGNATURE, "escapes for a signature", "",
         "untrusted comment: " ESCAPES "\n" ESCAPES "\n");
    TEXT(READ_SIGNATURE, "escapes for a comment", "", ESCAPES "\n");
    TEXT(READ_SIGNATURE, "the signature of another file", "not in the roster",
         SF_SIGNATURE);
    TEXT(READ_SIGNATURE, "NULs for a signature", "",
         "untrusted comment: \0\n\0\0\0\n");
}

static void
secrets(void)
{
    static char large[8192];

    TEXT(READ_KEY, "no key", "not a minisign secret key", "");
    TEXT(READ_KEY, "a public key", "this is a public key",
         "untrusted comment: x\n" SF_PUBLIC "\n");
    TEXT(READ_KEY, "escapes in a key", "not a minisign secret key",
         "untrusted comment: " ESCAPES "\n" ESCAPES "\n");
    TEXT(READ_KEY, "escapes before a key", "not a minisign secret key",
         ESCAPES "\n" SF_PLAIN "\n");
    TEXT(READ_KEY, "a key and more", "not a minisign secret key",
         SF_HEAD SF_PLAIN "\nx\n");
    hostile_text(READ_KEY, "a key too large", "too large", large, sizeof large);
}

/* --- The ledger -------------------------------------------------------------
 */

/* The first of two lines with `from` as `to`; with the hash that it then has,
 * when asked. */
static void
line(const char *name, const char *reason, const char *from, const char *to,
     bool hashed)
{
    struct fm_buf b = lf_text(1), out;
    uint8_t hash[FM_BLAKE_256];
    char hex[FM_LEDGER_HEX];
    uint8_t *at;

    out = swapped(b.data, b.len, from, to);
    at = memmem(out.data, out.len, ",\"hash\":\"", 9);
    CHECK(at, "no hash");
    if (hashed) {
        fm_blake(hash, sizeof hash, out.data, (size_t)(at - out.data));
        memcpy(at + 9, fm_ledger_hex(hex, hash), FM_LEDGER_HEX - 1);
    }
    hostile(READ_LEDGER, name, reason, &out);
    fm_buf_free(&out);
    fm_buf_free(&b);
}

static void
ledgers(void)
{
    static const struct {
        const char *name, *reason, *from, *to;
    } row[] = {
        {"another format", "format 2", "\"ledger\":1", "\"ledger\":2"},
        {"escapes in the tool", "line 1: ", "\"tool\":\"test 1\"",
         "\"tool\":\"\033[31m\007\""},
        {"a tool too long", "line 1: \"tool\"", "\"tool\":\"test 1\"",
         "\"tool\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaa\""},
        {"a tool that is no text", "line 1: \"tool\"", "\"tool\":\"test 1\"",
         "\"tool\":1"},
        {"line 0", "line 1: ", "\"line\":1", "\"line\":0"},
        {"line 2 first", "line 1: it does not follow", "\"line\":1",
         "\"line\":2"},
        {"a line before the first", "line 1: it does not follow",
         "\"previous\":\"00", "\"previous\":\"11"},
        {"escapes in a client", "line 1: ", "\"client\":\"a\"",
         "\"client\":\"\\u001b[31m\""},
        {"a path as client", "line 1: ", "\"client\":\"a\"",
         "\"client\":\"../x\""},
        {"clients in another order", "line 1: ", "\"client\":\"a\"",
         "\"client\":\"c\""},
        {"weights by no policy", "line 1: ", "\"weights\":\"samples:100\"",
         "\"weights\":\"\\u001b[31m\""},
        {"white space", "line 1: ", "\"line\":1", "\"line\": 1"},
        {"a key more", "line 1: ", "\"line\":1", "\"x\":2,\"line\":1"},
        {"a key twice", "line 1: ", "\"line\":1", "\"line\":1,\"line\":1"},
        {"a real number", "line 1: ", "\"line\":1", "\"line\":1.0"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        line(row[i].name, row[i].reason, row[i].from, row[i].to, true);
        line(row[i].name, "line 1: ", row[i].from, row[i].to, false);
    }
    TEXT(READ_LEDGER, "escapes for a ledger", "line 1: ", ESCAPES "\n");
    TEXT(READ_LEDGER, "an empty line", "line 1: ", "\n");
    TEXT(READ_LEDGER, "a ledger nested deep", "line 1: ",
         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n");
    TEXT(READ_LEDGER, "a ledger with a NUL", "line 1: ", "{\"ledger\":1\0}\n");
}

/* --- Checkpoints and residuals ----------------------------------------------
 */

/* The good file with `from` as `to`, its checksum made right. */
static void
unsealed(enum reader reader, const char *file, const char *name,
         const char *reason, const char *from, const char *to)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_buf b = {0}, head, out = {0};
    struct fm_id id;
    size_t n;

    CHECK(fm_file_read(&b, file, 1 << 20, NULL) == 0, "%s", file);
    CHECK(fm_checksum_open(m, &n, &id, b.data, b.len, NULL) == 0, "open");
    head = swapped(m[0].data, m[0].size, from, to);
    m[0].data = head.data;
    m[0].size = head.len;
    CHECK(fm_checksum_seal(&out, m, n, &id, NULL) == 0, "seal");
    hostile(reader, name, reason, &out);
    fm_buf_free(&out);
    fm_buf_free(&head);
    fm_buf_free(&b);
}

static void
checkpoints(void)
{
    static const struct {
        const char *name, *reason, *from, *to;
    } row[] = {
        {"another format", "format 2", "\"fedmrn\":1", "\"fedmrn\":2"},
        {"another client", "it is client b's", "\"client\":\"a\"",
         "\"client\":\"b\""},
        {"escapes in the client", "\"client\" is not an id", "\"client\":\"a\"",
         "\"client\":\"\\u001b[31m\\u0007\\r\""},
        {"another round", "it is of round 2", "\"round\":1", "\"round\":2"},
        {"round 0", "\"round\" is not", "\"round\":1", "\"round\":0"},
        {"other rows", "", "\"samples\":2", "\"samples\":3"},
        {"escapes in a setting", "its lr was ?[31m??, not", "\"lr\":\"",
         "\"lr\":\"\\u001b[31m\\u0007\\r\",\"l\":\""},
        {"a seed that is none", "\"seed\" is not 16 hex digits", "\"seed\":\"",
         "\"seed\":\"x"},
        {"steps beyond the end", "\"step\" is not",
         "\"step\":", "\"step\":99999"},
        {"a step below 0", "\"step\" is not", "\"step\":", "\"step\":-"},
        {"absurd steps", "", "\"steps\":", "\"steps\":9999999999999999"},
        {"a state that is not there", "it goes on with a --state",
         "\"state\":false", "\"state\":true"},
        {"white space", "", "\"round\":1", "\"round\": 1"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        unsealed(READ_CHECKPOINT, "point", row[i].name, row[i].reason,
                 row[i].from, row[i].to);
    TEXT(READ_CHECKPOINT, "an empty checkpoint", "it is empty", "");
    TEXT(READ_CHECKPOINT, "escapes for a checkpoint", "", ESCAPES "\n");
}

static void
residuals(void)
{
    static const struct {
        const char *name, *reason, *from, *to;
    } row[] = {
        {"another format", "not a residual", "\"fedmrn.residual\":\"1\"",
         "\"fedmrn.residual\":\"2\""},
        {"another client's", "the residual of another client",
         "\"fedmrn.client\":\"a\"", "\"fedmrn.client\":\"b\""},
        {"escapes in the client", "", "\"fedmrn.client\":\"a\"",
         "\"fedmrn.client\":\"\\u001b\""},
        {"another round", "", "\"fedmrn.round\":\"1\"",
         "\"fedmrn.round\":\"x\""},
        {"another sum", "", "\"fedmrn.checksum\":\"",
         "\"fedmrn.checksum\":\"\033"},
        {"another shape", "", "\"shape\":[", "\"shape\":[9"},
    };
    struct fm_buf b = {0};

    CHECK(fm_file_read(&b, "residual", 1 << 20, NULL) == 0, "residual");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_buf bad = swapped(b.data, b.len, row[i].from, row[i].to);

        hostile(READ_RESIDUAL, row[i].name, row[i].reason, &bad);
        fm_buf_free(&bad);
    }
    b.len -= 4;
    hostile(READ_RESIDUAL, "a residual cut short", "", &b);
    fm_buf_free(&b);
    TEXT(READ_RESIDUAL, "escapes for a residual", "", ESCAPES);
}

/* --- Sums, tables, updates --------------------------------------------------
 */

/* These lines, and an end with the checksum that they should have. */
static void
summed(const char *name, const char *reason, const char *lines)
{
    struct fm_buf b = text(lines, strlen(lines));
    struct fm_id id = fm_hash128(b.data, b.len);
    char hex[FM_ID_HEX], end[64];

    snprintf(end, sizeof end, "end\t%s\n", fm_id_hex(hex, &id));
    CHECK(fm_buf_add(&b, end, strlen(end), NULL) == 0, "memory");
    hostile(READ_SUMS, name, reason, &b);
    fm_buf_free(&b);
}

static void
sums(void)
{
#define HEAD "fedmrn-stats\t1\ttable\t"
    TEXT(READ_SUMS, "no sums", "", "");
    TEXT(READ_SUMS, "escapes for sums", "", ESCAPES "\n");
    summed("another version", "version '2'", "fedmrn-stats\t2\ttable\t1\t0\n");
    summed("escapes in the version", "version '?[31m?\?'",
           "fedmrn-stats\t" ESCAPES "\ttable\t1\t0\n");
    summed("escapes in the kind", "not a head of sums",
           "fedmrn-stats\t1\t" ESCAPES "\t1\t0\n");
    summed("more values than may be", "not a head",
           HEAD "1099511627777\t1\na\t0x1p+0\t0x1p+0\n");
    summed("absurdly many features", "the file is shorter",
           HEAD "1\t16777216\na\t0x1p+0\t0x1p+0\n");
    summed("features beyond 2^64", "not a head",
           HEAD "1\t18446744073709551617\na\t0x1p+0\t0x1p+0\n");
    summed("a name with escapes",
           "line 2: ", HEAD "1\t1\n" ESCAPES "\t0x1p+0\t0x1p+0\n");
    summed("a sum of an absurd size", "not an exact sum",
           HEAD "1\t1\na\t0x1p+99999999999\t0x1p+0\n");
    summed("a sum that is not canonical", "not an exact sum",
           HEAD "1\t1\na\t0x2p+0\t0x1p+0\n");
    summed("a sum of nothing known", "not an exact sum",
           HEAD "1\t1\na\tnan\t0x1p+0\n");
    summed("sums that no numbers have", "no 1 numbers have these",
           HEAD "1\t1\na\t0x1p+1\t0x1p+0\n");
    summed("squares below 0", "", HEAD "1\t1\na\t0x1p+0\t-0x1p+0\n");
    summed("a feature less", "", HEAD "1\t2\na\t0x1p+0\t0x1p+0\n");
    summed("a feature more", "",
           HEAD "1\t1\na\t0x1p+0\t0x1p+0\nb\t0x1p+0\t0x1p+0\n");
}

static void
tables(void)
{
    TEXT(READ_TABLE, "no table", "an empty file", "");
    TEXT(READ_TABLE, "a table of a header", "no rows", "a,y\n");
    TEXT(READ_TABLE, "escapes in a header", "no column 'y'",
         ESCAPES ",b\n1,0\n");
    TEXT(READ_TABLE, "escapes in a field", "line 2, column 'a': ",
         "a,y\n"
         "\"\033[31m\007\",0\n");
    TEXT(READ_TABLE, "escapes in the column of a bad field",
         "line 2, column '?[31m?': ", "\033[31m\007,y\nx,0\n");
    TEXT(READ_TABLE, "a quote that is not closed", "a quote is not closed",
         "a,y\n\"1,0\n");
    TEXT(READ_TABLE, "a field more", "line 2: ", "a,y\n1,0,2\n");
    TEXT(READ_TABLE, "a field less", "line 2: ", "a,b,y\n1,0\n");
    TEXT(READ_TABLE, "an infinite field",
         "line 2, column 'a': ", "a,y\ninf,0\n");
    TEXT(READ_TABLE, "a field beyond float",
         "line 2, column 'a': ", "a,y\n1e99,0\n");
    TEXT(READ_TABLE, "a NUL in a table", "not a text", "a,y\n1\0,0\n");
    TEXT(READ_TABLE, "the label alone", "the only column", "y\n0\n");
}

static void
updates(void)
{
    TEXT(READ_UPDATE, "no update", "", "");
    TEXT(READ_UPDATE, "an update of nothing", "", "\2\0\0\0\0\0\0\0{}");
    TEXT(READ_UPDATE, "a header beyond its file", "",
         "\377\377\377\377\0\0\0\0{}");
    TEXT(READ_UPDATE, "a header beyond 2^63", "",
         "\377\377\377\377\377\377\377\377{}");
    TEXT(READ_UPDATE, "escapes in a tensor's name", "",
         "\105\0\0\0\0\0\0\0{\"\\u001b[31m\\u0007\":{\"dtype\":\"F32\","
         "\"shape\":[1],\"data_offsets\":[0,4]}}    xxxx");
    TEXT(READ_UPDATE, "an overflow in a shape", "",
         "\135\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,"
         "4294967296,4294967296],\"data_offsets\":[0,4]}}        xxxx");
}

void
hostile_trust(const struct fm_buf *good)
{
    rosters();
    signatures(good);
    secrets();
    ledgers();
    checkpoints();
    residuals();
    sums();
    tables();
    updates();
}
