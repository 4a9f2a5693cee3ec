/*
 * archtext: the grammar of the architecture text (arch.h); arch.c's own.
 */
#ifndef FM_TENSOR_ARCHTEXT_H
#define FM_TENSOR_ARCHTEXT_H

#include "base/bytes.h"
#include "tensor/arch.h"

/* The largest activation, and the largest number in an input's shape. */
#define FM_ACTIVATION_MAX ((size_t)1 << 31)

/*
 * fm_archtext_parse - read `text` into a->input, a->classes and the layers
 * with their shapes (not their tensors), and append its canonical form to
 * `canonical`.  Returns 0, FM_EINPUT with the line in the message, or FM_ESYS;
 * `a` is to be freed either way.
 */
int fm_archtext_parse(struct fm_arch *a, struct fm_buf *canonical,
                      const char *text, const char *what, struct fm_err *e);

#endif
