#include "trust/signer.h"

#include <assert.h>
#include <stdio.h>

/* The places of a key's parts in its bytes. */
enum {
    KDF = 2,
    CHECKSUM = 4,
    SALT = 6,
    OPS = SALT + FM_SCRYPT_SALT,
    MEM = OPS + 8,
    SEALED = MEM + 8,
    ID = SEALED,
    SECRET = ID + FM_KEY_ID,
    SUM = SECRET + FM_ED25519_SECRET,
    KEY = SUM + FM_BLAKE_256,
    SEALED_SIZE = KEY - SEALED,
};

/*
 * minisign's keys ask for 2^25 and 2^30.  A key that asks for more than this
 * is not minisign's, and would only occupy the machine.
 */
#define OPS_MAX ((uint64_t)1 << 27)
#define MEM_MAX ((uint64_t)1 << 32)

enum { FILE_MAX = 4096 };

static const char head[] = "untrusted comment: ";

struct fm_signer {
    uint8_t key[KEY];
    uint8_t stream[SEALED_SIZE]; /* of scrypt, and what it opened */
    char text[FILE_MAX + 1];     /* the file while it is read */
    bool locked;
};

void
fm_signer_free(struct fm_signer *s)
{
    fm_secret_free(s); /* it wipes */
}

bool
fm_signer_locked(const struct fm_signer *s)
{
    return s->locked;
}

/* The file straight into secret memory; at most one byte over the limit. */
static int
read_file(struct fm_signer *s, size_t *n, const char *path, struct fm_err *e)
{
    struct fm_source src;
    size_t got = 1;
    int rc;

    *n = 0;
    if ((rc = fm_source_open(&src, path, e)))
        return rc;
    while (got && *n < sizeof s->text && rc == 0) {
        rc = fm_source_some(&src, s->text + *n, sizeof s->text - *n, &got, e);
        *n += got;
    }
    fm_source_close(&src);
    return rc;
}

/* One line without its end; the text and its size move behind it. */
static const char *
cut_line(const char **text, size_t *left, size_t *n)
{
    const char *line = *text, *end = memchr(line, '\n', *left);

    *n = end ? (size_t)(end - line) : *left;
    *left -= *n + (end != NULL);
    *text += *n + (end != NULL);
    if (*n && line[*n - 1] == '\r')
        --*n;
    return line;
}

static int
read_text(struct fm_signer *s, size_t size, struct fm_err *e)
{
    const char *text = s->text, *line;
    size_t n;

    if (size > FILE_MAX)
        return fm_err_set(e, FM_EINPUT, "too large for a secret key");
    line = cut_line(&text, &size, &n);
    /* There is a NUL or a line's end behind it. */
    if (strncmp(line, head, strlen(head)) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "not a minisign secret key: it does not start with "
                          "'%s'",
                          head);
    line = cut_line(&text, &size, &n);
    if (!fm_base64_read(s->key, sizeof s->key, line, n) || size)
        return fm_err_set(
            e, FM_EINPUT,
            "not a minisign secret key: its second line must be "
            "the base64 of %d bytes, and the last%s",
            KEY, n == FM_PUBKEY_TEXT - 1 ? "; this is a public key" : "");
    return 0;
}

/* BLAKE2b of "Ed", key id and secret key. */
static void
checksum(uint8_t sum[FM_BLAKE_256], uint8_t part[KDF + SUM - ID],
         const uint8_t *sealed)
{
    memcpy(part, "Ed", KDF);
    memcpy(part + KDF, sealed, SUM - ID);
    fm_blake(sum, FM_BLAKE_256, part, KDF + SUM - ID);
}

/*
 * Do the key's halves belong together?  A signature by a secret key with a
 * foreign public half gives the secret away.
 */
static bool
halves_fit(const uint8_t *secret)
{
    uint8_t key[FM_ED25519_PUBLIC];

    fm_ed25519_public(key, NULL, secret);
    return fm_secret_same(key, secret + FM_ED25519_SEED, sizeof key);
}

/* Does `sealed`, opened, hold what it should?  s->text is free for use. */
static bool
opened(struct fm_signer *s, const uint8_t *sealed, bool zero_passes)
{
    static const uint8_t none[FM_BLAKE_256];
    uint8_t *part = (uint8_t *)s->text, *sum = part + FILE_MAX / 2;
    const uint8_t *stored = sealed + (SUM - ID);

    checksum(sum, part, sealed);
    return (fm_secret_same(sum, stored, FM_BLAKE_256) ||
            (zero_passes && fm_secret_same(none, stored, sizeof none))) &&
           halves_fit(sealed + (SECRET - ID));
}

static int
check_header(struct fm_signer *s, struct fm_err *e)
{
    const uint8_t *k = s->key;

    if (memcmp(k, "Ed", 2) != 0 || memcmp(k + CHECKSUM, "B2", 2) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "not a secret key of minisign's algorithms");
    s->locked = memcmp(k + KDF, "Sc", 2) == 0;
    if (!s->locked && (k[KDF] || k[KDF + 1]))
        return fm_err_set(e, FM_EINPUT,
                          "the key's encryption, %02x%02x, is not minisign's",
                          k[KDF], k[KDF + 1]);
    if (s->locked &&
        (fm_get64(k + OPS) > OPS_MAX || fm_get64(k + MEM) > MEM_MAX))
        return fm_err_set(e, FM_EINPUT,
                          "the key asks for more work or memory than any of "
                          "minisign's");
    if (!s->locked && !opened(s, k + SEALED, true))
        return fm_err_set(e, FM_EINPUT, "the secret key is damaged");
    return 0;
}

struct fm_signer *
fm_signer_read(const char *path, struct fm_err *e)
{
    struct fm_signer *s = fm_secret_new(sizeof *s, e);
    size_t n;

    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    if (read_file(s, &n, path, e))
        goto fail;
    if (read_text(s, n, e) || check_header(s, e)) {
        fm_err_where(e, fm_file_name(path));
        goto fail;
    }
    fm_secret_wipe(s->text, sizeof s->text);
    return s;
fail:
    fm_signer_free(s);
    return NULL;
}

int
fm_signer_unlock(struct fm_signer *s, const char *password, size_t n,
                 struct fm_err *e)
{
    const uint8_t *k = s->key;
    int rc;

    assert(s->locked);
    if ((rc = fm_scrypt(s->stream, sizeof s->stream, password, n, k + SALT,
                        fm_get64(k + OPS), fm_get64(k + MEM), e)))
        goto out;
    for (size_t i = 0; i < sizeof s->stream; i++)
        s->stream[i] ^= k[SEALED + i];
    if (!opened(s, s->stream, false)) {
        rc = fm_err_set(e, FM_EINPUT, "wrong password for this key");
        goto out;
    }
    memcpy(s->key + SEALED, s->stream, sizeof s->stream);
    s->locked = false;
out:
    fm_secret_wipe(s->stream, sizeof s->stream);
    fm_secret_wipe(s->text, sizeof s->text);
    return rc;
}

void
fm_signer_key(struct fm_pubkey *k, const struct fm_signer *s)
{
    assert(!s->locked);
    memcpy(k->id, s->key + ID, sizeof k->id);
    memcpy(k->key, s->key + SECRET + FM_ED25519_SEED, sizeof k->key);
}

void
fm_signer_sign(struct fm_signature *out, const struct fm_signer *s,
               const uint8_t hash[FM_BLAKE_MAX], const char *comment)
{
    uint8_t all[FM_GLOBAL_MAX];
    const uint8_t *secret = s->key + SECRET;
    size_t n;

    assert(!s->locked && strlen(comment) < FM_TRUSTED_MAX - 17);
    *out = (struct fm_signature){.prehashed = true};
    snprintf(out->untrusted, sizeof out->untrusted,
             "signature of a fedmrn bundle");
    snprintf(out->trusted, sizeof out->trusted, "%s", comment);
    memcpy(out->key_id, s->key + ID, sizeof out->key_id);
    fm_ed25519_sign(out->sig, hash, FM_BLAKE_MAX, secret);
    n = fm_signature_global(all, out);
    fm_ed25519_sign(out->global, all, n, secret);
}
