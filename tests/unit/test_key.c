#include "rand/key.h"

#include "base/digest.h"
#include "check.h"
#include "manual.h"

#include <inttypes.h>
#include <string.h>

/* The words of a key are hashed little-endian, in the order of the header. */
static void
golden(void)
{
    /* Seed 1, round 2, client "7"; the id's hash is put in below. */
    uint8_t b[24] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
                     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    uint64_t id = fm_hash64("7", 1), got;

    for (int i = 0; i < 8; i++)
        b[16 + i] = (uint8_t)(id >> (8 * i));
    got = fm_key_client(1, 2, "7");
    CHECK(got == fm_hash64(b, 24), "%016" PRIx64, got);
    CHECK(got == 0x3e5a71de2ddc161a, "%016" PRIx64, got);
    got = fm_key_round(1, 2);
    CHECK(got == fm_hash64(b, 16), "%016" PRIx64, got);
    CHECK(got == 0x07ee86c281446bef, "%016" PRIx64, got);
}

static void
differs(void)
{
    uint64_t k = fm_key_client(1, 2, "7");

    CHECK(k != fm_key_client(2, 2, "7"), "seed ignored");
    CHECK(k != fm_key_client(1, 3, "7"), "round ignored");
    CHECK(k != fm_key_client(1, 2, "8"), "client ignored");
    CHECK(fm_key_client(2, 1, "7") != k, "seed and round exchanged");
}

static void
client_ids(void)
{
    static const char *const good[] = {"0", "a", "...", "a.b-c_9", "-"};
    static const char *const bad[] = {
        "",     ".",  "..", "A", "a b", "a/b", "a\n", "\x80", "client\xc3\xa9",
        "../a", "a:b"};
    char id[FM_CLIENT_MAX + 2];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(fm_client_ok(good[i]), "\"%s\" refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!fm_client_ok(bad[i]), "\"%s\" accepted", bad[i]);
    memset(id, 'x', sizeof id);
    id[FM_CLIENT_MAX + 1] = '\0';
    CHECK(!fm_client_ok(id), "65 characters accepted");
    id[FM_CLIENT_MAX] = '\0';
    CHECK(fm_client_ok(id), "64 characters refused");
}

/* What is wrong tells what would do. */
static void
hints(void)
{
    static const char wrong[] = " is not a client id: 1 to 64 of a-z, 0-9, "
                                "point, _ and -";
    static const struct {
        const char *id, *quoted, *hint;
    } bad[] = {
        {"North", "'North'", "; north is"},
        {"Site 1", "'Site 1'", "; site-1 is"},
        {"site/a", "'site/a'", ""},
        {"", "''", ""},
        {"..", "'..'", ""},
        {"\xc3\x84", "'\xc3\x84'", ""},
    };
    char want[FM_CLIENT_WHY], got[FM_CLIENT_WHY], id[200];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(want, sizeof want, "%s%s%s", bad[i].quoted, wrong,
                 bad[i].hint);
        CHECK(strcmp(fm_client_why(got, bad[i].id), want) == 0, "%s", got);
    }
    memset(id, 'Z', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    CHECK(strlen(fm_client_why(got, id)) == 80 + 2 + sizeof wrong - 1 + 5 + 64,
          "%s", got);
}

static void
private_seeds(void)
{
    struct fm_err e = {0};
    uint64_t a = 0, b = 0;

    CHECK(fm_key_private(&a, &e) == 0, "%s", e.msg);
    CHECK(fm_key_private(&b, &e) == 0, "%s", e.msg);
    CHECK(a != b, "the same private seed twice: %016" PRIx64, a);
}

/* fedmrn-noise(7) has these. */
static void
manual(void)
{
    char text[512];

    snprintf(text, sizeof text,
             "seed 1, round 2, client 7\n"
             "XXH3-64 of the id  %016" PRIx64 "\n"
             "client key         %016" PRIx64 "\n"
             "round key          %016" PRIx64 "\n",
             fm_hash64("7", 1), fm_key_client(1, 2, "7"), fm_key_round(1, 2));
    manual_check("man/fedmrn-noise.7", "keys", text);
}

int
main(void)
{
    golden();
    differs();
    client_ids();
    hints();
    private_seeds();
    manual();
    return 0;
}
