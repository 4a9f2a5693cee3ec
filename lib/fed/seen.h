/*
 * seen: which clients have counted in which rounds.
 *
 * A model says which bundles made it, and not whose they were.  So who lets
 * late answers count remembers that: of a client and a round one bundle counts,
 * in time or late.  About 80 bytes for each.
 */
#ifndef FM_FED_SEEN_H
#define FM_FED_SEEN_H

#include "base/err.h"
#include "rand/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fm_seen_one {
    uint64_t round; /* that was answered */
    char client[FM_CLIENT_MAX + 1];
};

/* Start from {0}.  fm_seen_free leaves it so. */
struct fm_seen {
    struct fm_seen_one *one;
    size_t n, room;
    bool sorted;
};

void fm_seen_free(struct fm_seen *s);

/* fm_seen_add - it may be there already; 0 or FM_ESYS. */
int fm_seen_add(struct fm_seen *s, const char *client, uint64_t round,
                struct fm_err *e);

/* fm_seen_has - is it there?  Sorts what was added. */
bool fm_seen_has(struct fm_seen *s, const char *client, uint64_t round);

/* fm_seen_forget - those of rounds before `first`. */
void fm_seen_forget(struct fm_seen *s, uint64_t first);

#endif
