/* digest: XXH3 of the published sanity vectors, and ids as text. */
#include "base/digest.h"
#include "check.h"

#include <string.h>

/*
 * The hashes of no bytes and of one, with seed 0, from the sanity tests that
 * xxHash 0.8 ships (its buffer starts with the byte 0).
 */
static void
golden(void)
{
    char hex[FM_ID_HEX];
    struct fm_id id = fm_hash128(NULL, 0);

    CHECK(fm_hash64(NULL, 0) == 0x2d06800538d394c2, "XXH3-64 of nothing");
    CHECK(fm_hash64("", 1) == 0xc44bdff4074eecdb, "XXH3-64 of a zero: %llx",
          (unsigned long long)fm_hash64("", 1));
    CHECK(strcmp(fm_id_hex(hex, &id), "99aa06d3014798d86001c324468d497f") == 0,
          "%s", hex);
    id = fm_hash128("", 1);
    CHECK(strcmp(fm_id_hex(hex, &id), "a6cd5e9392000f6ac44bdff4074eecdb") == 0,
          "%s", hex);
}

/* Pieces hash as what they add up to, wherever they are cut. */
static void
join(void)
{
    uint8_t p[700];
    struct fm_id whole, parts;

    for (size_t i = 0; i < sizeof p; i++)
        p[i] = (uint8_t)(i * i);
    whole = fm_hash128(p, sizeof p);
    for (size_t cut = 0; cut <= sizeof p; cut += 7) {
        struct fm_piece piece[] = {
            {p, cut}, {NULL, 0}, {p + cut, sizeof p - cut}};

        CHECK(fm_hash128_join(&parts, piece, 3, NULL) == 0, "cut %zu", cut);
        CHECK(fm_id_cmp(&whole, &parts) == 0, "cut %zu", cut);
    }
    whole = fm_hash128(NULL, 0);
    CHECK(fm_hash128_join(&parts, NULL, 0, NULL) == 0, "no pieces");
    CHECK(fm_id_cmp(&whole, &parts) == 0, "no pieces");
}

static void
text(void)
{
    struct fm_id a = {{0}}, b;
    char hex[FM_ID_HEX];

    for (size_t i = 0; i < sizeof a.b; i++)
        a.b[i] = (uint8_t)(17 * i);
    fm_id_hex(hex, &a);
    CHECK(strcmp(hex, "00112233445566778899aabbccddeeff") == 0, "%s", hex);
    memset(&b, 0xff, sizeof b);
    CHECK(fm_id_parse(&b, hex) && fm_id_cmp(&a, &b) == 0, "round trip");
    b.b[15]++;
    CHECK(fm_id_cmp(&a, &b) > 0 && fm_id_cmp(&b, &a) < 0, "order");
}

/* Another seed, another hash; and seed 0 is the unseeded one. */
static void
seeded(void)
{
    CHECK(fm_hash64_seeded("abc", 3, 0) == fm_hash64("abc", 3), "seed 0");
    CHECK(fm_hash64_seeded("abc", 3, 1) != fm_hash64("abc", 3), "seed 1");
}

static void
hostile(void)
{
    static const char *const bad[] = {
        "",
        "00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff0",
        "00112233445566778899AABBCCDDEEFF",
        "00112233445566778899aabbccddeefg",
        " 0112233445566778899aabbccddeeff",
        "0x112233445566778899aabbccddeeff",
    };
    struct fm_id id;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_id_parse(&id, bad[i]), "accepted: %s", bad[i]);
}

/* Piece by piece it is the hash of the whole. */
static void
hasher(void)
{
    uint8_t p[5000];
    struct fm_hasher *h = fm_hasher_new(NULL);
    struct fm_id got, want;

    CHECK(h, "memory");
    for (size_t i = 0; i < sizeof p; i++)
        p[i] = (uint8_t)(i * i >> 3);
    for (size_t at = 0, n = 0; at < sizeof p; at += n, n = (n * 7 + 1) % 300) {
        n = n < sizeof p - at ? n : sizeof p - at;
        fm_hasher_add(h, p + at, n);
        got = fm_hasher_id(h);
        want = fm_hash128(p, at + n);
        CHECK(fm_id_cmp(&got, &want) == 0, "%zu bytes", at + n);
    }
    fm_hasher_free(h);
    fm_hasher_free(NULL);
}

int
main(void)
{
    golden();
    join();
    text();
    seeded();
    hostile();
    hasher();
    return 0;
}
