/*
 * key: who may know which draw.  Exact.
 *
 * Public keys are derived by both ends, so that a client cannot choose its
 * noise.  With all words 64-bit little-endian:
 *
 *   client key = XXH3-64(run seed, round, XXH3-64(client id))    24 bytes
 *   round key  = XXH3-64(run seed, round)                        16 bytes
 *
 * The client key drives the noise and the shared dither; under `--noise-key
 * round` the round key drives the noise (all clients of a round share it) and
 * the client key still drives the dither.  Round r is the one that turns the
 * model of round r-1 into the model of round r; the first is 1.
 *
 * The run seed itself is the key of the first weights (FM_FOR_INIT).
 */
#ifndef FM_RAND_KEY_H
#define FM_RAND_KEY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { FM_CLIENT_MAX = 64 }; /* characters of a client id, without the NUL */

/* fm_client_ok - is `id` a client id: [a-z0-9._-]{1,64}, not "." or ".."? */
bool fm_client_ok(const char *id);

/* fm_client_why - what is wrong with an id that is not one, and what is like it
 * and would be: "'North' is not a client id: 1 to 64 of a-z, 0-9, point, _ and
 * -; north is". */
enum { FM_CLIENT_WHY = 224 };
const char *fm_client_why(char room[FM_CLIENT_WHY], const char *id);

uint64_t fm_key_client(uint64_t seed, uint64_t round, const char *client);
uint64_t fm_key_round(uint64_t seed, uint64_t round);

/* fm_key_private - a fresh private seed from the system (getrandom). */
int fm_key_private(uint64_t *seed, struct fm_err *e);

#endif
