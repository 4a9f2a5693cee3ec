/*
 * digest: XXH3 hashes, as ids, checksums and key derivation.
 *
 * XXH3 finds damage; it does not stop an attacker who can choose the bytes.
 * All hashes that reach a file are unseeded XXH3 of xxHash 0.8; `xxhsum -H2
 * FILE` prints the 128-bit one of a file in the same digits as fm_id_hex.
 *
 * This is the one door to libxxhash.
 */
#ifndef FM_BASE_DIGEST_H
#define FM_BASE_DIGEST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* fm_hash64 - XXH3-64 of `n` bytes.  Cannot fail. */
uint64_t fm_hash64(const void *p, size_t n);

/*
 * fm_hash64_seeded - XXH3-64 with a seed, for tables in memory: who does not
 * know the seed cannot choose keys that collide.  Cannot fail.
 */
uint64_t fm_hash64_seeded(const void *p, size_t n, uint64_t seed);

/* An XXH3-128 in its canonical form: 16 bytes, most significant first. */
struct fm_id {
    uint8_t b[16];
};

enum { FM_ID_HEX = 33 }; /* 32 lower-case hex digits and a NUL */

/* fm_hash128 - XXH3-128 of `n` bytes.  Cannot fail. */
struct fm_id fm_hash128(const void *p, size_t n);

/*
 * fm_hash128_join - XXH3-128 of `n` pieces laid back to back, without laying
 * them so.  A piece of size 0 may be NULL.  Returns 0 or FM_ESYS.
 */
struct fm_piece {
    const void *p;
    size_t n;
};
int fm_hash128_join(struct fm_id *id, const struct fm_piece *piece, size_t n,
                    struct fm_err *e);

/*
 * fm_hasher: XXH3-128 of bytes as they come.  fm_hasher_new returns NULL and
 * FM_ESYS; the others cannot fail.  fm_hasher_id - of all that was added so
 * far; more may follow.  fm_hasher_free(NULL) is harmless.
 */
struct fm_hasher;
struct fm_hasher *fm_hasher_new(struct fm_err *e);
void fm_hasher_add(struct fm_hasher *h, const void *p, size_t n);
struct fm_id fm_hasher_id(const struct fm_hasher *h);
void fm_hasher_free(struct fm_hasher *h);

/* fm_id_hex - write `id` as text into `out`, FM_ID_HEX bytes; returns it. */
char *fm_id_hex(char *out, const struct fm_id *id);

/* fm_id_parse - the inverse: true when `s` is 32 lower-case hex digits. */
bool fm_id_parse(struct fm_id *id, const char *s);

/* fm_id_cmp - order by bytes, as memcmp. */
int fm_id_cmp(const struct fm_id *a, const struct fm_id *b);

#endif
