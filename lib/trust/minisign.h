/*
 * minisign: public keys and detached signatures as minisign writes them.
 *
 * A public key is the base64 of 42 bytes, 56 characters, the second line of
 * minisign's public key file:
 *
 *   "Ed"      2 bytes, the algorithm
 *   key id    8 bytes, any; minisign prints them in hex, last byte first
 *   key       32 bytes, Ed25519
 *
 * A signature is four lines of text:
 *
 *   untrusted comment: TEXT   at most 1,023 bytes; nobody answers for it
 *   base64 of 74 bytes        "ED" or "Ed", the key id, the signature
 *   trusted comment: TEXT     at most 8,191 bytes
 *   base64 of 64 bytes        the global signature: of the bytes of the
 *                             signature and of the trusted comment's text
 *
 * "ED" signs the BLAKE2b-512 of the file, the older "Ed" the file itself.  A
 * line may end in CR LF, and the last one need not end.  Several signatures
 * stand back to back, as `cat` makes of files: so `.sigs` files are made.
 *
 * The formats: https://jedisct1.github.io/minisign/.  What only signers need
 * is in signer.h.
 */
#ifndef FM_TRUST_MINISIGN_H
#define FM_TRUST_MINISIGN_H

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/file.h"

enum {
    FM_KEY_ID = 8,
    FM_KEY_ID_TEXT = 17, /* at most 16 hex digits and a NUL */
    FM_PUBKEY_TEXT = 57, /* 56 characters and a NUL */
    FM_UNTRUSTED_MAX = 1024,
    FM_TRUSTED_MAX = 8192,
    FM_SIGNATURE_BUFFER = 16384,
};

struct fm_pubkey {
    uint8_t id[FM_KEY_ID];
    uint8_t key[FM_ED25519_PUBLIC];
};

/*
 * fm_pubkey_parse - read a public key from the `n` characters at `text`.
 * Returns 0, or FM_EINPUT with a reason without a place.
 * fm_pubkey_text - write it as text into `out`; returns it.
 * fm_key_id_text - a key id as minisign prints it, without leading zeros;
 * returns `out`.
 */
int fm_pubkey_parse(struct fm_pubkey *k, const char *text, size_t n,
                    struct fm_err *e);
char *fm_pubkey_text(char out[FM_PUBKEY_TEXT], const struct fm_pubkey *k);
char *fm_key_id_text(char out[FM_KEY_ID_TEXT], const uint8_t id[FM_KEY_ID]);

struct fm_signature {
    bool prehashed;
    uint8_t key_id[FM_KEY_ID];
    uint8_t sig[FM_ED25519_SIGNATURE];
    uint8_t global[FM_ED25519_SIGNATURE];
    /* The comments' text without what stands before it, and a NUL. */
    char untrusted[FM_UNTRUSTED_MAX], trusted[FM_TRUSTED_MAX];
};

/*
 * fm_signature_check - is it the signature by `k`, whose id it names, of the
 * `n` bytes at `p`, and its trusted comment unchanged?  Returns 0 or FM_EINPUT;
 * the message says what of that fails, and names nobody.
 */
int fm_signature_check(const struct fm_signature *s, const struct fm_pubkey *k,
                       const void *p, size_t n, struct fm_err *e);

/*
 * fm_signature_global - the bytes that the global signature signs, into `out`;
 * returns their number.
 */
enum { FM_GLOBAL_MAX = FM_ED25519_SIGNATURE + FM_TRUSTED_MAX };
size_t fm_signature_global(uint8_t out[FM_GLOBAL_MAX],
                           const struct fm_signature *s);

/* fm_signature_write - append the four lines to `out`.  0 or FM_ESYS. */
int fm_signature_write(struct fm_buf *out, const struct fm_signature *s,
                       struct fm_err *e);

/* The signatures of a file, one after another, in little memory. */
struct fm_signatures {
    struct fm_source src;
    size_t line;     /* lines read */
    size_t at, have; /* of `buf`: taken, filled */
    bool lost;       /* the last one was damaged */
    char buf[FM_SIGNATURE_BUFFER];
};

/*
 * fm_signatures_open - start reading `path` or "-".
 * fm_signatures_next - the next one into *s; *there is false at a clean end.
 * Both return 0, FM_EINPUT or FM_ESYS; messages name the file and the line.
 * After a signature that is damaged (FM_EINPUT) the next call reads from where
 * the one after it begins: its untrusted comment.
 */
int fm_signatures_open(struct fm_signatures *in, const char *path,
                       struct fm_err *e);
int fm_signatures_next(struct fm_signatures *in, struct fm_signature *s,
                       bool *there, struct fm_err *e);
void fm_signatures_close(struct fm_signatures *in);

#endif
