/* roster: what it says, and every way to say it wrong. */
#include "check.h"
#include "signfix.h"
#include "trust/roster.h"

static struct fm_err e;

static struct fm_roster *
parse(const char *text)
{
    e = (struct fm_err){0};
    return fm_roster_parse(text, strlen(text), "R", &e);
}

/* The text of key `i`. */
static const char *
key(unsigned i)
{
    static char text[4][FM_PUBKEY_TEXT];
    const struct sf_key k = sf_key(i);

    return fm_pubkey_text(text[i % 4], &k.key);
}

static void
golden(void)
{
    const struct sf_key k0 = sf_key(0), k1 = sf_key(1), k3 = sf_key(3);
    const struct fm_holder *h;
    char text[1024];
    struct fm_roster *r;

    snprintf(text, sizeof text,
             "# the hospitals\n"
             "\n"
             "st.mary-1 %s 600\r\n"
             "\t b_b  \t%s\t4294967296  \n"
             "   \n"
             "a %s revoked\n"
             "a %s 1",
             key(0), key(1), key(2), key(3));
    r = parse(text);
    CHECK(r, "%s", e.msg);
    CHECK(fm_roster_count(r) == 3, "%zu clients", fm_roster_count(r));
    h = fm_roster_client(r, "st.mary-1");
    CHECK(h && h->samples == 600 && h->line == 3, "st.mary-1");
    CHECK(fm_roster_listed(r, "st.mary-1") == 600, "listed");
    CHECK(fm_roster_listed(r, "nobody") == 0, "not listed");
    CHECK(memcmp(&h->key, &k0.key, sizeof k0.key) == 0, "its key");
    h = fm_roster_client(r, "b_b");
    CHECK(h && h->samples == (uint64_t)1 << 32 && h->line == 4, "b_b");
    CHECK(h == fm_roster_key(r, k1.key.id), "by its key");
    h = fm_roster_client(r, "a");
    CHECK(h && h->samples == 1 && h->line == 7, "the key in force");
    CHECK(h == fm_roster_key(r, k3.key.id), "by its key");
    h = fm_roster_key(r, sf_key(2).key.id);
    CHECK(h && h->samples == 0 && strcmp(h->client, "a") == 0, "revoked");
    CHECK(!fm_roster_client(r, "c") && !fm_roster_client(r, "") &&
              !fm_roster_client(r, "B_B") && !fm_roster_client(r, "\n"),
          "strangers");
    CHECK(!fm_roster_key(r, sf_key(9).key.id), "a strange key");
    fm_roster_free(r);
    fm_roster_free(NULL);
}

static void
refused(const char *text, const char *why)
{
    struct fm_roster *r = parse(text);

    CHECK(!r && e.code == FM_EINPUT, "read: %s", text);
    CHECK(strcmp(e.msg, why) == 0, "%s", e.msg);
}

static void
hostile(void)
{
    static const char fields[] = "R: line 1: a line is a client, its key, and "
                                 "its most samples or 'revoked'";
    static const char nobody[] = "R: no client has a key in force: nobody "
                                 "could take part";
    static const char *const count[] = {"0",  "4294967297", "-1", "+1",  "1.5",
                                        "1k", "Revoked",    "",   "0x10"};
    char text[1200], why[400];

    refused("", nobody);
    refused("# nobody yet\n", nobody);
    snprintf(text, sizeof text, "a %s revoked\n", key(0));
    refused(text, nobody);
    refused("a\n", fields);
    snprintf(text, sizeof text, "a %s\n", key(0));
    refused(text, fields);
    snprintf(text, sizeof text, "a %s 1 2\n", key(0));
    refused(text, fields);
    snprintf(text, sizeof text, "a %s 1 # mine\n", key(0));
    refused(text, fields);

    snprintf(text, sizeof text, "# x\nA\033[31m %s 1\n", key(0));
    refused(text, "R: line 2: 'A?[31m' is not a client id: 1 to 64 of a-z, "
                  "0-9, point, _ and -");
    snprintf(text, sizeof text, "../x %s 1\n", key(0));
    refused(text, "R: line 1: '../x' is not a client id: 1 to 64 of a-z, 0-9, "
                  "point, _ and -");
    refused("a RWRw8jdNChDxFJwXBhOXZWQl 1\n",
            "R: line 1: not a public key: minisign's are 56 characters of "
            "base64");
    for (size_t i = 0; i < sizeof count / sizeof *count; i++) {
        if (!*count[i])
            continue;
        snprintf(text, sizeof text, "a %s %s\n", key(0), count[i]);
        snprintf(why, sizeof why,
                 "R: line 1: '%s' is neither a number of samples, 1 to "
                 "4294967296, nor 'revoked'",
                 count[i]);
        refused(text, why);
    }

    snprintf(text, sizeof text, "a %s 1\nb %s 1\na %s 2\n", key(0), key(1),
             key(2));
    refused(text, "R: line 3: the client has a key already, in line 1");
    snprintf(text, sizeof text, "a %s 1\n# x\nb %s 1\n", key(0), key(0));
    refused(text, "R: line 3: the same key as in line 1");
    snprintf(text, sizeof text, "a %s 1\na %s revoked\n", key(0), key(0));
    refused(text, "R: line 2: the same key as in line 1");

    memset(text, '#', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(text, "R: line 1: too long");
    snprintf(text, sizeof text, "a %s 1\n", key(0));
    CHECK(!fm_roster_parse("a\0b", 3, "R", &e), "a zero");
    e = (struct fm_err){0};
    CHECK(!fm_roster_parse("#a\0b", 4, "R", &e), "a zero in a comment");
    CHECK(strcmp(e.msg, "R: line 1: a zero byte") == 0, "%s", e.msg);
    CHECK(!fm_roster_read("/nosuch/roster", NULL), "missing");
}

/* Two keys that share an id, and one key under two ids. */
static void
collisions(void)
{
    struct sf_key a = sf_key(0), b = sf_key(1);
    char ta[FM_PUBKEY_TEXT], tb[FM_PUBKEY_TEXT], text[512];

    memcpy(b.key.id, a.key.id, sizeof a.key.id);
    snprintf(text, sizeof text, "a %s 1\nb %s 1\n", fm_pubkey_text(ta, &a.key),
             fm_pubkey_text(tb, &b.key));
    refused(text, "R: line 2: another key, but its id is that of line 1");
    b = a;
    b.key.id[0] ^= 1;
    snprintf(text, sizeof text, "a %s 1\nb %s 1\n", fm_pubkey_text(ta, &a.key),
             fm_pubkey_text(tb, &b.key));
    refused(text, "R: line 2: the same key as in line 1");
}

/* More than the first room, in no order; and every prefix ends well. */
static void
many(void)
{
    struct fm_buf b = {0};
    struct fm_roster *r;
    char line[256], client[32], text[FM_PUBKEY_TEXT];

    for (unsigned i = 0; i < 200; i++) {
        struct sf_key k = sf_key(i * 7 % 200);

        k.key.id[7] = (uint8_t)i;
        snprintf(line, sizeof line, "c%u %s %u\n", i * 13 % 200,
                 fm_pubkey_text(text, &k.key), i + 1);
        CHECK(!fm_buf_add(&b, line, strlen(line), NULL), "memory");
    }
    r = fm_roster_parse(b.data, b.len, "R", &e);
    CHECK(r && fm_roster_count(r) == 200, "%s", e.msg);
    for (unsigned i = 0; i < 200; i++) {
        const struct fm_holder *h;

        snprintf(client, sizeof client, "c%u", i * 13 % 200);
        h = fm_roster_client(r, client);
        CHECK(h && h->samples == i + 1 && h->line == i + 1, "%s", client);
        CHECK(fm_roster_key(r, h->key.id) == h, "%s by its key", client);
    }
    fm_roster_free(r);
    for (size_t n = 0; n < 2 * strlen(line); n++)
        fm_roster_free(fm_roster_parse(b.data, n, "R", NULL));
    fm_buf_free(&b);
}

int
main(void)
{
    golden();
    hostile();
    collisions();
    many();
    return 0;
}
