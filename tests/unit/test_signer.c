/* signer: keys of minisign 0.11, what they sign, and what is no key. */
#include "check.h"
#include "fixture.h"
#include "signfix.h"
#include "trust/signer.h"

static struct fm_err e;

static struct fm_signer *
read_text(const char *text)
{
    e = (struct fm_err){0};
    sf_save("key", text, strlen(text));
    return fm_signer_read("key", &e);
}

/* The very signature that minisign makes: Ed25519 leaves nothing to chance. */
static void
same(const struct fm_signer *s)
{
    struct fm_signature sig;
    struct fm_buf out = {0};
    struct fm_pubkey k;
    uint8_t hash[FM_BLAKE_MAX];
    char text[FM_PUBKEY_TEXT];
    const char *want = strchr(SF_SIGNATURE, '\n');

    CHECK(!fm_signer_locked(s), "locked");
    fm_signer_key(&k, s);
    CHECK(strcmp(fm_pubkey_text(text, &k), SF_PUBLIC) == 0, "%s", text);
    fm_blake(hash, sizeof hash, "test", 4);
    fm_signer_sign(&sig, s, hash, "a comment");
    CHECK(fm_signature_check(&sig, &k, "test", 4, &e) == 0, "%s", e.msg);
    CHECK(fm_signature_write(&out, &sig, &e) == 0, "%s", e.msg);
    CHECK(fm_buf_add(&out, "", 1, &e) == 0, "%s", e.msg);
    CHECK(strcmp(strchr((char *)out.data, '\n'), want) == 0, "%s", out.data);
    fm_buf_free(&out);
}

static void
golden(void)
{
    struct fm_signer *s = read_text(SF_HEAD SF_PLAIN "\n");

    CHECK(s, "%s", e.msg);
    same(s);
    fm_signer_free(s);
    /* Without the last line's end, and as DOS writes it. */
    s = read_text(SF_HEAD SF_PLAIN);
    CHECK(s, "%s", e.msg);
    fm_signer_free(s);
    s = read_text("untrusted comment: \r\n" SF_PLAIN "\r\n");
    CHECK(s, "%s", e.msg);
    fm_signer_free(s);
    fm_signer_free(NULL);
}

static void
locked(void)
{
    struct fm_signer *s = read_text(SF_HEAD SF_LOCKED "\n");

    CHECK(s && fm_signer_locked(s), "%s", e.msg);
    CHECK(fm_signer_unlock(s, "open barley", 11, &e) == FM_EINPUT, "opened");
    CHECK(strstr(e.msg, "wrong password"), "%s", e.msg);
    CHECK(fm_signer_unlock(s, "", 0, NULL) == FM_EINPUT, "empty");
    CHECK(fm_signer_locked(s), "not locked any more");
    e = (struct fm_err){0};
    CHECK(!fm_signer_unlock(s, SF_PASSWORD, strlen(SF_PASSWORD), &e), "%s",
          e.msg);
    same(s);
    fm_signer_free(s);
}

/* A key of bytes: `from` with the byte at `at` made another. */
static struct fm_signer *
changed(const char *from, size_t at, uint8_t by)
{
    uint8_t b[158];
    char text[256], b64[256];

    CHECK(fm_base64_read(b, sizeof b, from, strlen(from)), "%s", from);
    b[at] ^= by;
    snprintf(text, sizeof text, "untrusted comment: x\n%s\n",
             fm_base64_write(b64, b, sizeof b));
    return read_text(text);
}

static void
refused(const char *text, const char *why)
{
    CHECK(!read_text(text), "read: %s", text);
    CHECK(e.code == FM_EINPUT && strncmp(e.msg, "key: ", 5) == 0 &&
              strstr(e.msg, why),
          "%s, not: %s", e.msg, why);
}

static void
hostile(void)
{
    static char big[5000];
    char text[512];

    refused("", "not a minisign secret key: it does not start");
    refused("hello\nworld\n", "does not start with");
    refused("a text without the right words\n" SF_PLAIN "\n",
            "does not start with");
    refused("untrusted comment: x", "second line");
    refused("untrusted comment: x\n" SF_PUBLIC "\n", "this is a public key");
    refused(SF_HEAD SF_PLAIN "\njunk", "and the last");
    refused(SF_HEAD "A" SF_PLAIN "\n", "second line");
    refused(SF_SIGNATURE, "second line");
    memset(big, '\n', sizeof big - 1);
    refused(big, "too large");
    strcpy(text, SF_HEAD SF_PLAIN);
    for (size_t n = strlen(text) - 1; n >= 7; n -= 7) {
        text[n] = '\0';
        refused(text, "not a minisign secret key");
    }
    CHECK(!fm_signer_read("nosuch", &e), "missing");
    CHECK(!fm_signer_read(".", &e), "a directory");
}

/* Every byte of a plain key is one that is checked, but for the unused. */
static void
damaged(void)
{
    for (size_t at = 0; at < 158; at++) {
        struct fm_signer *s = changed(SF_PLAIN, at, 0x40);
        /* Salt and limits mean nothing without a password, and minisign makes
         * no checksum then: it would notice another id only by it. */
        bool unused = at >= 6 && at < 62;

        CHECK(!s == !unused, "byte %zu: %s", at, e.msg);
        fm_signer_free(s);
    }
    /* A key that would take all memory, or all day. */
    CHECK(!changed(SF_LOCKED, 6 + 32 + 8 + 5, 1), "more than 4 GiB");
    CHECK(strstr(e.msg, "more work or memory"), "%s", e.msg);
    CHECK(!changed(SF_LOCKED, 6 + 32 + 5, 1), "2^40 steps");
    CHECK(strstr(e.msg, "more work or memory"), "%s", e.msg);
    CHECK(!changed(SF_LOCKED, 2, 1), "another encryption");
    CHECK(strstr(e.msg, "encryption, 5263, is not"), "%s", e.msg);
    for (size_t at = 54; at < 158; at += 9) {
        struct fm_signer *s = changed(SF_LOCKED, at, 1);

        CHECK(s, "%s", e.msg);
        CHECK(fm_signer_unlock(s, SF_PASSWORD, strlen(SF_PASSWORD), NULL) ==
                  FM_EINPUT,
              "byte %zu", at);
        fm_signer_free(s);
    }
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    golden();
    locked();
    hostile();
    damaged();
    fx_leave(dir);
    return 0;
}
