/*
 * render: a report (fed/report.h) as text for people.
 *
 * "FILE: KIND", then a line for each member with its label padded to one
 * width; a list of objects as a table, in which a column that says the same
 * in every row is said once above it.  Underscores in keys become blanks.
 * Control characters that came from a file become `?`.
 */
#ifndef FM_FED_RENDER_H
#define FM_FED_RENDER_H

#include "base/json.h"

/* fm_render - append the text of `report` to `out`; 0 or FM_ESYS. */
int fm_render(struct fm_buf *out, const struct fm_json *report,
              struct fm_err *e);

#endif
