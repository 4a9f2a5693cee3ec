/* attach: signatures that are made, and those that go along. */
#include "check.h"
#include "fixture.h"
#include "signfix.h"
#include "trust/attach.h"

static struct fm_err e;
static struct fm_model *m;

static void
save_signed(const char *path, const char *client, uint64_t seed, unsigned key)
{
    const struct sf_key k = sf_key(key);
    struct fm_buf b = {0}, text = {0};
    struct fm_signature s;
    char name[64];

    fx_file(&b, m, client, 7, seed);
    s = sf_sign(&k, true, b.data, b.len, client);
    CHECK(!fm_signature_write(&text, &s, &e), "%s", e.msg);
    fx_save(path, &b);
    snprintf(name, sizeof name, "%s.minisig", path);
    fx_save(name, &text);
    fm_buf_free(&b);
    fm_buf_free(&text);
}

/* The comment names the client, the round and the bundle. */
static void
made(void)
{
    struct fm_attach a = {0};
    struct fm_pack p = {0};
    enum fm_pack_form form = FM_PACK_AUTO;
    char *path[] = {(char[]){"a.mrn"}};
    char comment[200], id[FM_ID_HEX], name[64];
    struct fm_signatures in;
    struct fm_signature s;
    struct fm_pubkey k;
    struct fm_buf file = {0};
    bool there;

    sf_save("key", SF_HEAD SF_PLAIN, strlen(SF_HEAD SF_PLAIN));
    CHECK((a.signer = fm_signer_read("key", &e)), "%s", e.msg);
    fm_signer_key(&k, a.signer);
    CHECK(!fm_attach_begin(&a, &p, &form, path, 1, true, &e), "%s", e.msg);
    CHECK(form == FM_PACK_AUTO && p.hash && !p.guard, "what it set");
    CHECK(!fm_pack_take(&p, "a.mrn", FM_PACK_RAW, &e), "%s", e.msg);
    CHECK(!fm_attach_end(&a, &p, &e), "%s", e.msg);
    CHECK(!fm_attach_name(name, sizeof name, "out", &p, &e) &&
              !strcmp(name, "out.minisig"),
          "%s", name);
    fx_save("s", &a.text);
    CHECK(!fm_signatures_open(&in, "s", &e) &&
              !fm_signatures_next(&in, &s, &there, &e) && there,
          "%s", e.msg);
    fm_signatures_close(&in);
    CHECK(!fm_file_read(&file, "a.mrn", 1 << 20, &e), "%s", e.msg);
    CHECK(!fm_signature_check(&s, &k, file.data, file.len, &e), "%s", e.msg);
    snprintf(comment, sizeof comment, "client:a\tround:1\tbundle:%s",
             fm_id_hex(id, &p.id[0]));
    CHECK(strcmp(s.trusted, comment) == 0, "%s", s.trusted);
    /* A second bundle is one too many. */
    CHECK(!fm_pack_take(&p, "b.mrn", FM_PACK_RAW, &e), "%s", e.msg);
    CHECK(fm_attach_end(&a, &p, &e) == FM_EINPUT, "two");
    CHECK(strstr(e.msg, "2 bundles, but it signs one"), "%s", e.msg);
    fm_attach_free(&a, &p);
    CHECK(!p.hash && !a.signer, "freed");
    fm_pack_free(&p);
    fm_buf_free(&file);
}

static int
begin(struct fm_attach *a, struct fm_pack *p, char **path, size_t n,
      bool recode)
{
    enum fm_pack_form form = FM_PACK_AUTO;
    int rc;

    e = (struct fm_err){0};
    *a = (struct fm_attach){0};
    *p = (struct fm_pack){0};
    rc = fm_attach_begin(a, p, &form, path, n, recode, &e);
    CHECK((form == FM_PACK_KEEP) == (p->guard != NULL), "form %d", form);
    return rc;
}

static void
taken(void)
{
    char *path[] = {(char[]){"a.mrn"}, (char[]){"b.mrn"}, (char[]){"c.mrn"}};
    struct fm_attach a;
    struct fm_pack p;
    struct fm_buf want = {0}, c = {0};
    char name[64], tiny[8];

    CHECK(!begin(&a, &p, path, 2, false) && p.guard, "%s", e.msg);
    for (int i = 0; i < 2; i++)
        CHECK(!fm_pack_take(&p, path[i], FM_PACK_KEEP, &e), "%s", e.msg);
    CHECK(!fm_attach_end(&a, &p, &e), "%s", e.msg);
    CHECK(!fm_file_read(&want, "a.mrn.minisig", 1 << 20, &e) &&
              !fm_file_read(&want, "b.mrn.minisig", 1 << 20, &e),
          "%s", e.msg);
    CHECK(a.text.len == want.len && !memcmp(a.text.data, want.data, want.len),
          "%.*s", (int)a.text.len, a.text.data);
    CHECK(!fm_attach_name(name, sizeof name, "r1", &p, &e) &&
              !strcmp(name, "r1.sigs"),
          "%s", name);
    CHECK(fm_attach_name(tiny, sizeof tiny, "r12", &p, NULL) == FM_EINPUT,
          "too long");
    fm_attach_free(&a, &p);
    fm_pack_free(&p);

    CHECK(begin(&a, &p, path, 2, true) == FM_EINPUT, "coded again");
    CHECK(strstr(e.msg, "would change the bytes"), "%s", e.msg);
    fx_file(&c, m, "c", 7, 3);
    fx_save("c.mrn", &c);
    CHECK(begin(&a, &p, path, 3, false) == FM_EINPUT, "some");
    CHECK(strstr(e.msg, "c.mrn: no signature beside it, but b.mrn has one"),
          "%s", e.msg);
    CHECK(!begin(&a, &p, path + 2, 1, true) && !p.guard, "none: %s", e.msg);
    CHECK(!begin(&a, &p, path, 0, false) && !p.guard, "nothing: %s", e.msg);
    fm_attach_free(&a, &p);
    fm_buf_free(&want);
    fm_buf_free(&c);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    save_signed("a.mrn", "a", 1, 0);
    save_signed("b.mrn", "b", 2, 1);
    made();
    taken();
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
