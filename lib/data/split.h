/*
 * split: partitions of a data set over clients.  Exact: the same labels,
 * scheme and seed give the same lists on every machine.
 *
 *   iid           a permutation of all rows, cut into parts whose sizes
 *                 differ by at most one
 *   dirichlet:B   per class, proportions from Dir(B) over the clients; a
 *                 client that already holds its fair share (rows / clients)
 *                 gets none; proportions renormalised; the class's rows, in
 *                 random order, cut at the rounded-down cumulated proportions;
 *                 all redrawn until every client has at least 10 rows
 *                 (or `min_rows`)
 *   labels:F      each client holds max(1, round(F * classes)) classes, the
 *                 ones held least so far (lowest number first); each class's
 *                 rows, in random order, are cut evenly among its holders
 *
 * Draws: the split seed is the key, purpose split; ordinal 0 for the
 * permutations and 1 for Dirichlet; block high counts redraws.  A part's rows
 * are in the order drawn.
 */
#ifndef FM_DATA_SPLIT_H
#define FM_DATA_SPLIT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct fm_split {
    size_t clients;
    uint32_t *row; /* all rows, client after client */
    size_t *start; /* clients + 1 */
};

enum { FM_SPLIT_CLIENTS_MAX = 1000000, FM_SPLIT_REDRAWS = 10000 };

/*
 * fm_split_make - partition `n` rows with labels y by `scheme`.
 *
 * Returns 0; or FM_EINPUT for an unknown scheme, a parameter out of range,
 * fewer rows than clients (or clients * min_rows for dirichlet), a class that
 * nobody would hold, or when FM_SPLIT_REDRAWS did not help.
 * fm_split_free is harmless on {0}.
 */
int fm_split_make(struct fm_split *s, const uint8_t *y, size_t n,
                  const char *scheme, size_t clients, size_t min_rows,
                  uint64_t seed, struct fm_err *e);
void fm_split_free(struct fm_split *s);

#endif
