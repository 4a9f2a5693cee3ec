/*
 * split: partitions of a data set over clients.  Exact: the same labels,
 * scheme and seed give the same lists on every machine.
 *
 *   iid           a permutation of all rows, cut into parts whose sizes
 *                 differ by at most one, the larger first
 *   dirichlet:B   per class, in increasing order, proportions from Dir(B) over
 *                 the clients, B in (0, 1e6]: one gamma g_j each; a client
 *                 that already holds its fair share (rows / clients) gets
 *                 none; the class's n rows, in random order, are cut after
 *                 floor(n * (g_0 + ... + g_j) / sum); all redrawn until every
 *                 client has at least `min_rows` rows.  When all gammas
 *                 underflow to 0, a client below its share, drawn uniformly,
 *                 takes the whole class: the limit of Dir(B) as B goes to 0
 *   labels:F      F in (0,1]: each client holds max(1, round(F * classes))
 *                 classes, the ones held least so far (lowest number first);
 *                 each class's rows, in random order, are cut evenly among its
 *                 holders, the larger pieces first
 *
 *   natural       the data's own users (LEAF): each is a client, whose rows
 *                 are in order; nothing is drawn
 *
 * A class is a label that occurs.  Draws: the split seed is the key, purpose
 * split; ordinal 0 for the permutations and 1 for Dirichlet; block high counts
 * redraws, and the permutations use that of the draw accepted.  A permutation
 * shuffles the rows in increasing order.  A part's rows are in the order
 * drawn, class after class.
 */
#ifndef FM_DATA_SPLIT_H
#define FM_DATA_SPLIT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fm_split {
    size_t clients;
    uint32_t *row; /* all rows, client after client */
    size_t *start; /* clients + 1 */
    size_t *user;  /* natural: each client's user; else NULL */
};

enum { FM_SPLIT_CLIENTS_MAX = 1000000, FM_SPLIT_REDRAWS = 10000 };

/* fm_split_check - is `scheme` one of the above?  0, or FM_EINPUT.
 * fm_split_is_natural - is it that? */
int fm_split_check(const char *scheme, struct fm_err *e);
bool fm_split_is_natural(const char *scheme);

/*
 * fm_split_make - partition `n` rows with labels y by `scheme`.
 *
 *   y         NULL: there are none; then only iid parts them
 *   min_rows  for dirichlet; 0 counts as 1
 *
 * Returns 0; FM_ESYS; or FM_EINPUT for an unknown scheme, a parameter out of
 * range, fewer rows than clients (or clients * min_rows for dirichlet), a
 * class that nobody would hold, a client that would get no row, or when
 * FM_SPLIT_REDRAWS draws did not help.  Messages name neither file nor option.
 *
 * fm_split_free is harmless on {0}.
 */
int fm_split_make(struct fm_split *s, const uint8_t *y, size_t n,
                  const char *scheme, size_t clients, size_t min_rows,
                  uint64_t seed, struct fm_err *e);
void fm_split_free(struct fm_split *s);

/*
 * fm_split_natural - by users; `first` says where the rows of each begin, and
 * has users + 1 entries.  Users with less than `min_rows` rows (0 counts as 1)
 * are left out; the clients are the others, in order.
 * FM_EINPUT when nobody is left, or more than FM_SPLIT_CLIENTS_MAX.
 */
int fm_split_natural(struct fm_split *s, const size_t *first, size_t users,
                     size_t min_rows, struct fm_err *e);

#endif
