/* vouch: who passes, and each who does not, with the reason. */
#include "check.h"
#include "fixture.h"
#include "signfix.h"
#include "trust/vouch.h"

#include <sys/stat.h>

enum { LIMIT = 1 << 20 };

static struct fm_err e;
static struct fm_model *m;
static struct sf_key key[4];

/* Read all of `path`; 0 or the code, with the message in e. */
static int
take(struct fm_vouch *v, const char *path)
{
    struct fm_items it;
    struct fm_item item;
    int rc;

    e = (struct fm_err){0};
    CHECK(fm_items_open(&it, path, m, LIMIT, &e) == 0, "%s", e.msg);
    rc = fm_items_guard(&it, fm_vouch_guard(v), path, &e);
    while (rc == 0 && (rc = fm_items_next(&it, &item, &e)) == 0 &&
           item.kind != FM_ITEM_NONE)
        fm_item_free(&item);
    fm_items_close(&it);
    return rc;
}

static void
refused(struct fm_vouch *v, const char *path, const char *why)
{
    CHECK(take(v, path) == FM_EINPUT, "passed, should: %s", why);
    CHECK(strcmp(e.msg, why) == 0, "%s", e.msg);
}

/* A bundle `a.mrn` of client `who`, signed by key `k`. */
static void
save(const char *who, unsigned k, bool prehashed, struct fm_buf *b,
     struct fm_signature *s)
{
    struct fm_buf text = {0};

    b->len = 0;
    fx_file(b, m, who, 10, 1);
    *s = sf_sign(&key[k], prehashed, b->data, b->len, "x");
    CHECK(!fm_signature_write(&text, s, &e), "%s", e.msg);
    fx_save("a.mrn", b);
    fx_save("a.mrn.minisig", &text);
    fm_buf_free(&text);
}

static void
save_signature(const struct fm_signature *s)
{
    struct fm_buf text = {0};

    CHECK(!fm_signature_write(&text, s, &e), "%s", e.msg);
    fx_save("a.mrn.minisig", &text);
    fm_buf_free(&text);
}

/* One line each of "alice" (at most 10), "bob" (revoked), "carl" (9). */
static struct fm_roster *
roster(void)
{
    char text[512], t[3][FM_PUBKEY_TEXT];
    struct fm_roster *r;

    snprintf(text, sizeof text, "alice %s 10\nbob %s revoked\ncarl %s 9\n",
             fm_pubkey_text(t[0], &key[0].key),
             fm_pubkey_text(t[1], &key[1].key),
             fm_pubkey_text(t[2], &key[2].key));
    r = fm_roster_parse(text, strlen(text), "R", &e);
    CHECK(r, "%s", e.msg);
    return r;
}

static void
single(struct fm_vouch *v)
{
    struct fm_signature s;
    struct fm_buf b = {0};

    save("alice", 0, true, &b, &s);
    CHECK(take(v, "a.mrn") == 0, "%s", e.msg);
    CHECK(take(v, "a.mrn") == 0, "again: %s", e.msg);
    save("alice", 0, false, &b, &s);
    CHECK(take(v, "a.mrn") == 0, "the older form: %s", e.msg);

    /* Damage is found by the signature, before anything is parsed. */
    b.data[200] ^= 1;
    fx_save("a.mrn", &b);
    refused(v, "a.mrn",
            "a.mrn: key 1010101010101010 of client alice: the signature does "
            "not hold: these are not the bytes that were signed");

    save("alice", 0, true, &b, &s);
    memset(s.sig, 0, sizeof s.sig);
    save_signature(&s);
    refused(v, "a.mrn",
            "a.mrn: key 1010101010101010 of client alice: the signature is "
            "all zeros");
    save("alice", 0, true, &b, &s);
    strcpy(s.trusted, "y");
    save_signature(&s);
    refused(v, "a.mrn",
            "a.mrn: key 1010101010101010 of client alice: the signature's "
            "trusted comment was changed after it was signed");
    save("alice", 1, true, &b, &s);
    refused(v, "a.mrn",
            "a.mrn: signed with key 1111111111111111 of client bob, which is "
            "revoked");
    save("alice", 2, true, &b, &s);
    refused(v, "a.mrn",
            "a.mrn: says it is from client alice, but client carl signed it");
    save("alice", 3, true, &b, &s);
    refused(v, "a.mrn",
            "a.mrn: signed with key 1313131313131313, which is not in the "
            "roster");
    save("carl", 2, true, &b, &s);
    refused(v, "a.mrn",
            "a.mrn: claims 10 samples; the roster allows client carl 9");

    CHECK(remove("a.mrn.minisig") == 0, "remove");
    refused(v, "a.mrn", "a.mrn: no signature: there is no a.mrn.minisig");
    /* Nobody asked for a pipe, so nobody waits for it. */
    CHECK(mkfifo("a.mrn.minisig", 0666) == 0, "mkfifo");
    refused(v, "a.mrn",
            "a.mrn: no signature: a.mrn.minisig is not a regular file");
    CHECK(remove("a.mrn.minisig") == 0, "remove");
    sf_save("a.mrn.minisig", "", 0);
    refused(v, "a.mrn", "a.mrn: no signature: a.mrn.minisig has 0");
    sf_save("a.mrn.minisig", "x\n", 2);
    refused(v, "a.mrn",
            "a.mrn: a.mrn.minisig: line 1: not a minisign signature: no "
            "'untrusted comment: ' here");
    fm_buf_free(&b);
}

/* Two signatures for the one bundle: another bundle was lost. */
static void
surplus(struct fm_vouch *v)
{
    struct fm_signature s;
    struct fm_buf b = {0}, text = {0};

    save("alice", 0, true, &b, &s);
    for (int i = 0; i < 2; i++)
        CHECK(!fm_signature_write(&text, &s, &e), "%s", e.msg);
    fx_save("a.mrn.minisig", &text);
    refused(v, "a.mrn",
            "a.mrn: a.mrn.minisig has more signatures than there are bundles "
            "here, 1: is one missing?");
    fm_buf_free(&text);
    fm_buf_free(&b);
}

/* A round file of alice and carl, and as a stream; `sigs` in their order. */
static void
several(const struct fm_roster *r)
{
    struct fm_buf two = {0}, file = {0}, sigs = {0}, kept = {0}, text = {0};
    struct fm_vouch *v = fm_vouch_new(r, NULL, NULL, &kept, &e);
    struct fm_vouch *given = fm_vouch_new(r, "s", "-", NULL, &e);
    struct fm_signature s[2];
    struct fm_id id[2];
    size_t first;

    CHECK(v && given, "memory");
    id[0] = fx_file(&two, m, "alice", 10, 1);
    first = two.len;
    id[1] = fx_file(&two, m, "carl", 9, 2);
    s[0] = sf_sign(&key[0], true, two.data, first, "a");
    s[1] = sf_sign(&key[2], true, two.data + first, two.len - first, "c");
    for (int i = 0; i < 2; i++)
        CHECK(!fm_signature_write(&sigs, &s[i], &e), "%s", e.msg);
    CHECK(!fm_index_write(&file, id, 2, &e) &&
              !fm_buf_add(&file, two.data, two.len, &e),
          "%s", e.msg);
    fx_save("r", &file);
    refused(v, "r", "r: item at byte 310: no signature: there is no r.sigs");
    CHECK(!fm_vouch_beside("r") && !fm_vouch_beside("-"), "beside");
    fx_save("r.sigs", &sigs);
    fx_save("-.sigs", &sigs);
    CHECK(!fm_vouch_beside("-"), "beside standard input");
    CHECK(fm_vouch_beside("r") && fm_vouch_beside("a.mrn"), "not beside");
    CHECK(take(v, "r") == 0, "%s", e.msg);
    CHECK(kept.len == sigs.len && !memcmp(kept.data, sigs.data, kept.len),
          "kept: %.*s", (int)kept.len, kept.data);

    /* In another order they are other clients'. */
    for (int i = 1; i >= 0; i--)
        CHECK(!fm_signature_write(&text, &s[i], &e), "%s", e.msg);
    fx_save("r.sigs", &text);
    CHECK(take(v, "r") == FM_EINPUT && strstr(e.msg, "does not hold"), "%s",
          e.msg);
    text.len = 0;
    CHECK(!fm_signature_write(&text, &s[0], &e), "%s", e.msg);
    fx_save("r.sigs", &text);
    CHECK(take(v, "r") == FM_EINPUT &&
              strstr(e.msg, "no signature: r.sigs has only 1"),
          "%s", e.msg);

    /* On a stream, where only what is named can be. */
    fx_save("in", &two);
    CHECK(freopen("in", "rb", stdin), "freopen");
    refused(v, "-",
            "<stdin>: no signature: a stream has none beside it; name their "
            "file by --signatures");
    fx_save("s", &sigs);
    CHECK(freopen("in", "rb", stdin), "freopen");
    CHECK(take(given, "-") == 0, "%s", e.msg);
    two.len = first;
    fx_save("in", &two);
    CHECK(freopen("in", "rb", stdin), "freopen");
    CHECK(take(given, "-") == FM_EINPUT && strstr(e.msg, "is one missing?"),
          "a stream cut between two bundles: %s", e.msg);

    fm_vouch_free(v);
    fm_vouch_free(given);
    fm_buf_free(&two);
    fm_buf_free(&file);
    fm_buf_free(&sigs);
    fm_buf_free(&kept);
    fm_buf_free(&text);
}

/* The roster in a file. */
static void
from_file(void)
{
    struct fm_signature s;
    struct fm_vouch *v;
    struct fm_buf b = {0};
    char text[256], t[FM_PUBKEY_TEXT];

    snprintf(text, sizeof text, "alice %s 10\n",
             fm_pubkey_text(t, &key[0].key));
    sf_save("R", text, strlen(text));
    v = fm_vouch_open("R", NULL, NULL, &e);
    CHECK(v && fm_roster_count(fm_vouch_roster(v)) == 1, "%s", e.msg);
    save("alice", 0, true, &b, &s);
    CHECK(take(v, "a.mrn") == 0, "%s", e.msg);
    fm_vouch_free(v);
    CHECK(!fm_vouch_open("a.mrn", NULL, NULL, &e) && e.code == FM_EINPUT,
          "a bundle as a roster");
    fm_buf_free(&b);
}

/* Without a roster any signature will do, but there must be one. */
static void
keeping(void)
{
    struct fm_buf kept = {0}, b = {0};
    struct fm_vouch *v = fm_vouch_new(NULL, NULL, NULL, &kept, &e);
    struct fm_signature s;

    CHECK(v, "memory");
    save("nobody", 3, true, &b, &s);
    CHECK(take(v, "a.mrn") == 0 && kept.len > 200, "%s", e.msg);
    CHECK(remove("a.mrn.minisig") == 0, "remove");
    refused(v, "a.mrn", "a.mrn: no signature: there is no a.mrn.minisig");
    fm_vouch_free(v);
    fm_vouch_free(NULL);
    fm_buf_free(&kept);
    fm_buf_free(&b);
}

int
main(void)
{
    struct fm_roster *r;
    struct fm_vouch *v;
    char dir[32];

    fx_enter(dir);
    m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    for (unsigned i = 0; i < 4; i++)
        key[i] = sf_key(i);
    r = roster();
    v = fm_vouch_new(r, NULL, NULL, NULL, &e);
    CHECK(v, "memory");
    single(v);
    surplus(v);
    several(r);
    from_file();
    keeping();
    fm_vouch_free(v);
    fm_roster_free(r);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
