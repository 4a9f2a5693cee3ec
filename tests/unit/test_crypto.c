/* crypto: published vectors, joints, and what must not pass. */
#include "base/crypto.h"
#include "check.h"

#include <string.h>

static void
hex(char *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
from_hex(uint8_t *out, const char *s)
{
    unsigned v;

    for (; *s; s += 2) {
        CHECK(sscanf(s, "%2x", &v) == 1, "%s", s);
        *out++ = (uint8_t)v;
    }
}

#define SAME(p, n, want)                                                       \
    do {                                                                       \
        char got[2 * 128 + 1];                                                 \
        hex(got, p, n);                                                        \
        CHECK(strcmp(got, want) == 0, "%s", got);                              \
    } while (0)

/* RFC 7693, appendix A; the others by Python's hashlib.blake2b. */
static void
blake(void)
{
    uint8_t h[FM_BLAKE_MAX], part[FM_BLAKE_MAX], p[1000];
    struct fm_blaker *b;

    fm_blake(h, 64, "abc", 3);
    SAME(h, 64,
         "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
         "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    fm_blake(h, FM_BLAKE_256, "abc", 3);
    SAME(h, 32,
         "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    fm_blake(h, FM_BLAKE_256, NULL, 0);
    SAME(h, 32,
         "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");

    for (size_t i = 0; i < sizeof p; i++)
        p[i] = (uint8_t)(i * i >> 2);
    b = fm_blaker_new(FM_BLAKE_256, NULL);
    CHECK(b, "memory");
    for (size_t at = 0, n = 0; at < sizeof p; at += n, n = (n * 7 + 1) % 300) {
        n = n < sizeof p - at ? n : sizeof p - at;
        fm_blaker_add(b, p + at, n);
        fm_blaker_sum(part, b);
        fm_blake(h, FM_BLAKE_256, p, at + n);
        CHECK(memcmp(h, part, FM_BLAKE_256) == 0, "%zu bytes", at + n);
    }
    fm_blaker_free(b);
    fm_blaker_free(NULL);
}

/* RFC 8032, section 7.1, test 2. */
static void
sign(void)
{
    uint8_t seed[32], key[32], secret[64], sig[64], bad[64];
    const uint8_t text = 0x72;

    from_hex(
        seed,
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    fm_ed25519_public(key, NULL, seed);
    fm_ed25519_public(key, secret, seed);
    SAME(key, 32,
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    fm_ed25519_sign(sig, &text, 1, secret);
    SAME(sig, 64,
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    CHECK(fm_ed25519_verify(sig, &text, 1, key), "its own signature");
    CHECK(!fm_ed25519_verify(sig, "r!", 2, key), "another text");
    for (size_t i = 0; i < 8 * sizeof sig; i++) {
        memcpy(bad, sig, sizeof sig);
        bad[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK(!fm_ed25519_verify(bad, &text, 1, key), "bit %zu", i);
    }
    memset(bad, 0, sizeof bad);
    CHECK(!fm_ed25519_verify(bad, &text, 1, key), "a zero signature");
    /* A key of zeros is of small order: it would sign anything. */
    CHECK(!fm_ed25519_verify(bad, &text, 1, bad), "a zero key");
}

/*
 * Python's hashlib.scrypt(b"password", salt=bytes(range(32)), n=1024, r=8,
 * p=1, dklen=40), which the lowest limits come to.
 */
static void
scrypt(void)
{
    uint8_t salt[FM_SCRYPT_SALT], out[40];
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    CHECK(fm_scrypt(out, sizeof out, "password", 8, salt, 32768, 1 << 24, &e) ==
              0,
          "%s", e.msg);
    SAME(out, sizeof out,
         "6245efbb6c5c9d268dfbb2142d22614274ed722ee213a6ab"
         "6b35a04818f359cf7bef2a39ad313626");
    CHECK(fm_scrypt(out, sizeof out, "", 0, salt, UINT64_MAX / 2,
                    UINT64_MAX / 2, &e) == FM_ESYS,
          "more memory than there is");
    CHECK(strstr(e.msg, "MiB of memory"), "%s", e.msg);
}

/* RFC 4648, section 10; and texts that mean the same to a lax reader. */
static void
base64(void)
{
    static const char *const want[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    static const char *const bad[] = {
        "Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zm8=", "Z", "Zg-=", "===="};
    char text[16];
    uint8_t p[8];

    for (size_t n = 0; n < sizeof want / sizeof *want; n++) {
        CHECK(strcmp(fm_base64_write(text, "foobar", n), want[n]) == 0, "%s",
              text);
        CHECK(strlen(text) == fm_base64_size(n), "size of %zu", n);
        CHECK(fm_base64_read(p, n, text, strlen(text)) &&
                  memcmp(p, "foobar", n) == 0,
              "back: %s", text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fm_base64_read(p, 1, bad[i], strlen(bad[i])), "accepted %s",
              bad[i]);
    CHECK(!fm_base64_read(p, 3, "Zg\0=", 4), "a NUL inside");
}

static void
secrets(void)
{
    char *p = fm_secret_new(32, NULL), *q = fm_secret_new(32, NULL);

    CHECK(p && q, "memory");
    memset(p, 7, 32);
    memset(q, 7, 32);
    CHECK(fm_secret_same(p, q, 32), "equal");
    q[31] = 8;
    CHECK(!fm_secret_same(p, q, 32), "not equal");
    fm_secret_wipe(p, 32);
    for (int i = 0; i < 32; i++)
        CHECK(p[i] == 0, "byte %d", i);
    fm_secret_free(p);
    fm_secret_free(q);
    fm_secret_free(NULL);
}

int
main(void)
{
    blake();
    sign();
    scrypt();
    base64();
    secrets();
    return 0;
}
