/*
 * onehot: which columns of a table are categories, and what these are; and
 * which are left out.
 *
 * A text of lines, tab-separated: a column's name, and its categories in the
 * order of the features that they become, no two the same; or the name alone of
 * a column that is left out.  Blanks around them are dropped,
 * lines end with LF or CR LF, and empty ones are passed over.
 *
 * A list and not what a table happens to hold: sites whose tables differ must
 * agree on what a network's inputs are, also about a category that one of them
 * has never seen.
 */
#ifndef FM_DATA_ONEHOT_H
#define FM_DATA_ONEHOT_H

#include "base/err.h"

#include <stddef.h>

enum { FM_ONEHOT_MAX = 4096 }; /* columns, and categories of one */

/* Strings are in the text that was parsed. */
struct fm_onehot_column {
    const char *name;
    const char **category;
    size_t n;
};

struct fm_onehot {
    struct fm_onehot_column column[FM_ONEHOT_MAX];
    size_t n;
};

/*
 * fm_onehot_parse - from a file's `size` bytes, which are written over and used
 * as long as the result is; a byte behind them belongs to them, too.
 *
 * Returns what fm_onehot_free releases, or NULL with FM_ESYS, or FM_EINPUT and
 * the line in the message.
 */
struct fm_onehot *fm_onehot_parse(char *text, size_t size, struct fm_err *e);
void fm_onehot_free(struct fm_onehot *h); /* NULL is harmless */

/* fm_onehot_find - the place of a category in a column's, or its n. */
size_t fm_onehot_find(const struct fm_onehot_column *c, const char *category);

#endif
