/*
 * order: files in the order of the rounds that they answer.
 */
#ifndef FM_FED_ORDER_H
#define FM_FED_ORDER_H

#include "base/err.h"

#include <stddef.h>

/*
 * fm_order_files - sort the `n` paths by the round that the first bundle or
 * partial sum in each says it answers.  Only their beginnings are read, and
 * nothing is checked: what is no answer comes first, so that whoever reads it
 * says so.  Standard input and what is no regular file come last.  Otherwise
 * the order stays.  Returns 0 or FM_ESYS.
 */
int fm_order_files(char **path, size_t n, struct fm_err *e);

#endif
