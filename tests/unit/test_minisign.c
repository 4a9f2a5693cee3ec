/* minisign: its author's published signatures, and what is none. */
#include "check.h"
#include "fixture.h"
#include "signfix.h"
#include "trust/minisign.h"

static struct fm_signature sig;
static struct fm_err e;

/* Read one signature from `text`; 0 or the code, with the message in e. */
static int
read_one(const char *text, size_t n)
{
    struct fm_signatures in;
    bool there;
    int rc;

    e = (struct fm_err){0};
    sf_save("s", text, n);
    CHECK(fm_signatures_open(&in, "s", &e) == 0, "%s", e.msg);
    rc = fm_signatures_next(&in, &sig, &there, &e);
    CHECK(rc || there || n == 0, "nothing in %zu bytes", n);
    if (rc == 0 && there) {
        struct fm_signature more;

        rc = fm_signatures_next(&in, &more, &there, &e);
        CHECK(rc || !there, "two");
    }
    fm_signatures_close(&in);
    return rc;
}

/*
 * The key that minisign's own releases are signed with, and its signatures of
 * the four bytes "test" in the documentation of the libraries minisign-verify
 * (Rust, prehashed) and py-minisign (the older form).
 */
static void
golden(void)
{
    static const char key[] =
        "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    static const char *const text[] = {
        "untrusted comment: signature from minisign secret key\n"
        "RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/"
        "z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n"
        "trusted comment: timestamp:1556193335\tfile:test\n"
        "y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/"
        "17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n",
        "untrusted comment: signature from minisign secret key\n"
        "RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJb"
        "q71Wi+dP9eKL8OC351vwIasSSbXxwA=\n"
        "trusted comment: timestamp:1555779966\tfile:test\n"
        "QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/"
        "VqE81QFuMKI5k/SfNQUaOAA==\n"};
    char again[FM_PUBKEY_TEXT], id[FM_KEY_ID_TEXT];
    struct fm_pubkey k;
    struct fm_buf out = {0};

    CHECK(fm_pubkey_parse(&k, key, strlen(key), &e) == 0, "%s", e.msg);
    CHECK(strcmp(fm_pubkey_text(again, &k), key) == 0, "%s", again);
    CHECK(strcmp(fm_key_id_text(id, k.id), "E7620F1842B4E81F") == 0, "%s", id);
    CHECK(strcmp(fm_key_id_text(id, (const uint8_t *)"\x1f\xe8\0\0\0\0\0"),
                 "E81F") == 0,
          "%s", id);
    for (size_t i = 0; i < 2; i++) {
        CHECK(read_one(text[i], strlen(text[i])) == 0, "%s", e.msg);
        CHECK(sig.prehashed == (i == 0), "form of %zu", i);
        CHECK(fm_signature_check(&sig, &k, "test", 4, &e) == 0, "%s", e.msg);
        CHECK(fm_signature_check(&sig, &k, "tesT", 4, NULL) == FM_EINPUT,
              "other bytes");
        CHECK(fm_signature_check(&sig, &k, "test", 3, NULL) == FM_EINPUT,
              "fewer bytes");
        out.len = 0;
        CHECK(fm_signature_write(&out, &sig, &e) == 0, "%s", e.msg);
        CHECK(out.len == strlen(text[i]) &&
                  memcmp(out.data, text[i], out.len) == 0,
              "written again: %.*s", (int)out.len, out.data);
    }
    fm_buf_free(&out);
}

static void
says(const struct fm_signature *s, const struct sf_key *k, const char *why)
{
    e = (struct fm_err){0};
    CHECK(fm_signature_check(s, &k->key, "abc", 3, &e) == FM_EINPUT, "%s", why);
    CHECK(strstr(e.msg, why), "%s", e.msg);
}

/* Every bit of the signature, of the global one and of the comment counts. */
static void
tampered(void)
{
    const struct sf_key k = sf_key(0), k1 = sf_key(1);
    const struct fm_signature good = sf_sign(&k, true, "abc", 3, "from me");
    struct fm_signature s = good;
    struct sf_key mixed = k1;

    CHECK(fm_signature_check(&s, &k.key, "abc", 3, &e) == 0, "%s", e.msg);
    for (size_t i = 0; i < 8 * sizeof s.sig; i++) {
        s = good;
        s.sig[i / 8] ^= (uint8_t)(1 << i % 8);
        says(&s, &k, "does not hold");
        s = good;
        s.global[i / 8] ^= (uint8_t)(1 << i % 8);
        says(&s, &k, "comment was changed");
    }
    s = good;
    memset(s.sig, 0, sizeof s.sig);
    says(&s, &k, "all zeros");
    s = good;
    strcpy(s.trusted, "from me ");
    says(&s, &k, "comment was changed");
    s.trusted[0] = '\0';
    says(&s, &k, "comment was changed");
    /* The comment of another signature of the same key. */
    s = sf_sign(&k, true, "abd", 3, "from me");
    memcpy(s.sig, good.sig, sizeof s.sig);
    says(&s, &k, "comment was changed");
    /* The older form of the same bytes is another signature. */
    s = good;
    s.prehashed = false;
    says(&s, &k, "does not hold");
    /* Another key that goes by the same id. */
    memcpy(mixed.key.id, k.key.id, sizeof k.key.id);
    says(&good, &mixed, "does not hold");
}

static void
refused(const char *text, const char *why)
{
    CHECK(read_one(text, strlen(text)) == FM_EINPUT, "read: %s", text);
    CHECK(strstr(e.msg, why), "%s, not: %s", e.msg, why);
}

/* Each line replaced, cut, and made too long. */
static void
hostile(void)
{
    static char big[20000];
    static const char *const line[] = {
        "untrusted comment: x\n",
        "RURw8jdNChDxFAhKg75fegaIN/WyBzo/S7RsPG8VXILwwFhimB9qIjyqKjp79C5uLlU3j"
        "E+ZXFAnN8MAEMFTNfNuVPYr/hfZ+AI=\n",
        "trusted comment: a comment\n",
        "OiZ19Gmoh1cMcZo3JjPPjopcbbsJzOXx0dHBisPA3hNAU1EwgTE0XLLN0w7HAfRL3V+"
        "Q6e40ApmMXrXp8ewuDA==\n"};
    static const struct {
        size_t at;
        const char *text, *why;
    } bad[] = {
        {0, "\n", "line 2: not a minisign signature: no 'untrusted"},
        {0, "trusted comment: x\n", "line 1: not a minisign"},
        {0, "Untrusted comment: x\n", "line 1: not a minisign"},
        {0, " untrusted comment: x\n", "line 1: not a minisign"},
        {1, "\n", "line 2: not the base64"},
        {1, SF_PUBLIC "\n", "line 2: not the base64"},
        {2, "trusted comment:a comment\n", "line 3: not a minisign"},
        {2, "untrusted comment: a comment\n", "line 3: not a minisign"},
        {3, "\n", "line 4: not the base64"},
        {3, "====\n", "line 4: not the base64"},
    };
    char text[1024], *p;

    snprintf(text, sizeof text, "%s%s%s%s", line[0], line[1], line[2], line[3]);
    CHECK(read_one(text, strlen(text)) == 0, "%s", e.msg);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        text[0] = '\0';
        for (size_t j = 0; j < 4; j++)
            strcat(text, j == bad[i].at ? bad[i].text : line[j]);
        refused(text, bad[i].why);
    }
    /* An algorithm that is none of minisign's, "RD" for "ED". */
    snprintf(text, sizeof text, "%sUkR%s%s%s", line[0], line[1] + 3, line[2],
             line[3]);
    refused(text, "line 2: not an algorithm");
    snprintf(text, sizeof text, "%sRXh%s%s%s", line[0], line[1] + 3, line[2],
             line[3]);
    refused(text, "line 2: not an algorithm");
    /* Bits that base64 leaves over, and characters that only look like it. */
    snprintf(text, sizeof text, "%s%s%s%s", line[0], line[1], line[2], line[3]);
    p = strstr(text, "+AI=");
    p[2] = 'J';
    refused(text, "line 2: not the base64");
    p[2] = '-';
    refused(text, "line 2: not the base64");
    snprintf(text, sizeof text, "%s%s%s%sjunk", line[0], line[1], line[2],
             line[3]);
    refused(text, "line 5: not a minisign");
    snprintf(text, sizeof text, "%s%s%s%s\n\r\n", line[0], line[1], line[2],
             line[3]);
    CHECK(read_one(text, strlen(text)) == 0, "%s", e.msg);

    memset(big, 'x', sizeof big - 1);
    refused(big, "line 1: too long");
    memcpy(big, "untrusted comment: ", 19);
    big[1024] = '\n';
    refused(big, "line 1: the comment is too long");
    big[1023] = '\n';
    refused(big, "line 2: ");
    memset(text, 0, sizeof text);
    strcpy(text, line[0]);
    text[5] = '\0';
    CHECK(read_one(text, strlen(line[0])) == FM_EINPUT, "a zero");
    CHECK(strstr(e.msg, "s: line 1: a zero byte"), "%s", e.msg);
    refused("untrusted comment: \033[2J\n\033\n", "line 2: not the base64");
    CHECK(!strchr(e.msg, '\033'), "printed raw");
}

/* Every prefix is nothing, cut short, or whole but for the last line's end. */
static void
cuts(void)
{
    const size_t n = strlen(SF_SIGNATURE);

    CHECK(read_one("", 0) == 0, "%s", e.msg);
    for (size_t i = 1; i < n - 1; i++)
        CHECK(read_one(SF_SIGNATURE, i) == FM_EINPUT &&
                  strncmp(e.msg, "s: ", 3) == 0,
              "%zu bytes: %s", i, e.msg);
    CHECK(read_one(SF_SIGNATURE, n - 1) == 0, "%s", e.msg);
}

/* As DOS writes it; and as many in one file as a round has. */
static void
several(void)
{
    struct fm_signatures in;
    struct fm_buf all = {0};
    char *crlf = calloc(1, 2 * strlen(SF_SIGNATURE) + 1), *p = crlf;
    struct fm_pubkey k;
    bool there = true;
    size_t n = 0;

    CHECK(crlf, "memory");
    CHECK(!fm_pubkey_parse(&k, SF_PUBLIC, strlen(SF_PUBLIC), &e), "%s", e.msg);
    for (const char *c = SF_SIGNATURE; *c; c++) {
        if (*c == '\n')
            *p++ = '\r';
        *p++ = *c;
    }
    CHECK(read_one(crlf, strlen(crlf)) == 0, "%s", e.msg);
    CHECK(fm_signature_check(&sig, &k, "test", 4, &e) == 0, "%s", e.msg);
    for (int i = 0; i < 300; i++) {
        if (i % 100 == 7) /* what an editor leaves belongs to nobody */
            CHECK(!fm_buf_add(&all, "\n\r\n", 3, &e), "%s", e.msg);
        CHECK(!fm_buf_add(&all, i % 2 ? crlf : SF_SIGNATURE,
                          strlen(i % 2 ? crlf : SF_SIGNATURE), &e),
              "%s", e.msg);
    }
    sf_save("s", (char *)all.data, all.len);
    CHECK(fm_signatures_open(&in, "s", &e) == 0, "%s", e.msg);
    while (there) {
        CHECK(fm_signatures_next(&in, &sig, &there, &e) == 0, "%s", e.msg);
        n += there;
        CHECK(!there || !fm_signature_check(&sig, &k, "test", 4, &e), "%s",
              e.msg);
    }
    CHECK(n == 300, "%zu signatures", n);
    fm_signatures_close(&in);
    CHECK(fm_signatures_open(&in, "nosuch", &e) == FM_EINPUT, "missing");
    fm_buf_free(&all);
    free(crlf);
}

/*
 * Three signatures, of which the second is damaged: the others are there, and
 * it alone is missed.  `from` is replaced in it by `to`, once.
 */
static void
damaged(const char *from, const char *to)
{
    const char *at = strstr(SF_SIGNATURE, from);
    struct fm_signatures in;
    char text[4096];
    bool there;

    CHECK(at, "%s", from);
    snprintf(text, sizeof text, "%s%.*s%s%s%s", SF_SIGNATURE,
             (int)(at - SF_SIGNATURE), SF_SIGNATURE, to, at + strlen(from),
             SF_SIGNATURE);
    sf_save("s", text, strlen(text));
    e = (struct fm_err){0};
    CHECK(fm_signatures_open(&in, "s", &e) == 0, "%s", e.msg);
    CHECK(!fm_signatures_next(&in, &sig, &there, &e) && there, "%s", e.msg);
    CHECK(fm_signatures_next(&in, &sig, &there, &e) == FM_EINPUT && !there,
          "%s for %s is taken", to, from);
    e = (struct fm_err){0};
    CHECK(!fm_signatures_next(&in, &sig, &there, &e) && there, "%s: %s", to,
          e.msg);
    CHECK(strcmp(sig.trusted, "a comment") == 0, "%s", sig.trusted);
    CHECK(!fm_signatures_next(&in, &sig, &there, &e) && !there, "%s: %s", to,
          e.msg);
    fm_signatures_close(&in);
}

/* Every byte of it, the newlines among them, and lines that come and go. */
static void
resumes(void)
{
    static char zeros[2000];

    damaged("untrusted comment: ", "untrusted c0mment: ");
    damaged("key\n", "key");
    damaged("key\n", "key\n\n");
    damaged("RUR", "R\nR");
    damaged("RUR", "!UR");
    damaged("AI=\n", "AI=");
    damaged("AI=\n", "AI=\n\n");
    damaged("trusted comment: a", "trusted comment; a");
    damaged("trusted comment: a comment", "trusted comment: a\ncomment");
    damaged("OiZ1", "OiZ");
    damaged("OiZ1", "OiZ\n");
    damaged("wuDA==\n", "wuDA==J"); /* it runs into the third */
    damaged("wuDA==\n", "wuDA=\n");
    damaged("wuDA==\n", "");
    /* A comment that looks like a beginning begins nothing. */
    damaged("a comment\nO", "untrusted comment: x\n!");
    memset(zeros, 'x', sizeof zeros - 1);
    damaged("signature", zeros);
}

static void
keys(void)
{
    static const char *const bad[] = {
        "",
        "RWRw8jdNChDxFJwXBhOXZWQlytrVYz8uuf5Z3LNzEt037z54QOcjgp5",
        SF_PUBLIC "A",
        SF_PUBLIC "\n",
        "R WRw8jdNChDxFJwXBhOXZWQlytrVYz8uuf5Z3LNzEt037z54QOcjgp5",
        "XXRw8jdNChDxFJwXBhOXZWQlytrVYz8uuf5Z3LNzEt037z54QOcjgp5Y"};
    struct fm_pubkey k;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        e = (struct fm_err){0};
        CHECK(fm_pubkey_parse(&k, bad[i], strlen(bad[i]), &e) == FM_EINPUT,
              "a key: %s", bad[i]);
        CHECK(strstr(e.msg, "not a public key"), "%s", e.msg);
    }
    CHECK(strstr(e.msg, "algorithm is 5d74"), "%s", e.msg);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    golden();
    tampered();
    hostile();
    cuts();
    several();
    resumes();
    keys();
    fx_leave(dir);
    return 0;
}
