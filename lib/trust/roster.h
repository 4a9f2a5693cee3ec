/*
 * roster: who may answer a round.
 *
 * A text file with a line for each key (fedmrn-roster(5)):
 *
 *   CLIENT KEY SAMPLES      or      CLIENT KEY revoked
 *
 * CLIENT is a client id, KEY minisign's public key in base64, SAMPLES the most
 * training samples that the client may claim, 1..2^32.  Between them stand
 * blanks or tabs.  Empty lines, and lines that start with `#`, say nothing.
 *
 * A client has one key in force and any number of revoked ones; no key, and no
 * key's id, stands twice.  So a key tells who signed.
 */
#ifndef FM_TRUST_ROSTER_H
#define FM_TRUST_ROSTER_H

#include "rand/key.h"
#include "trust/minisign.h"

enum {
    FM_ROSTER_LINE_MAX = 1024, /* characters of a line */
    FM_ROSTER_MAX = 64 << 20,  /* bytes of a roster */
};

struct fm_holder {
    char client[FM_CLIENT_MAX + 1];
    struct fm_pubkey key;
    uint64_t samples; /* the most it may claim; 0: the key is revoked */
    size_t line;      /* where it stands */
};

struct fm_roster;

/*
 * fm_roster_read - read the roster in `path` or "-".
 * fm_roster_parse - the same of `n` bytes; `name` is for messages.
 * NULL with FM_EINPUT, also for a roster without a key in force, or FM_ESYS.
 */
struct fm_roster *fm_roster_read(const char *path, struct fm_err *e);
struct fm_roster *fm_roster_parse(const void *text, size_t n, const char *name,
                                  struct fm_err *e);
void fm_roster_free(struct fm_roster *r); /* harmless on NULL */

/*
 * fm_roster_client - the key in force of a client; NULL when there is none.
 * fm_roster_key - who has the key with this id, in force or revoked, or NULL.
 * fm_roster_count - clients with a key in force.
 */
const struct fm_holder *fm_roster_client(const struct fm_roster *r,
                                         const char *client);
const struct fm_holder *fm_roster_key(const struct fm_roster *r,
                                      const uint8_t id[FM_KEY_ID]);
size_t fm_roster_count(const struct fm_roster *r);

/* fm_roster_digest - the BLAKE2b-256 of the roster's text. */
const uint8_t *fm_roster_digest(const struct fm_roster *r);

/* fm_roster_listed - the most samples that a client may claim, or 0, as
 * trust/policy.h asks; `roster` is a struct fm_roster. */
uint64_t fm_roster_listed(const void *roster, const char *client);

#endif
