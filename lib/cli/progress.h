/*
 * progress: a line on standard error that is rewritten as work goes on, only
 * when standard error is a terminal and neither -q nor TERM=dumb says no.  At
 * most ten times a second, and not in the first tenth.  Cleared at the end and
 * before any message (fm_cli_end, fm_cli_note).  One thread draws.
 */
#ifndef FM_CLI_PROGRESS_H
#define FM_CLI_PROGRESS_H

#include <stddef.h>

/*
 * fm_progress - show `done` of `all` (0: unknown) with a bar, `what` ("steps",
 * "bundles"), a detail ("loss 0.281") or NULL, and the time left.  `what` is a
 * literal.
 */
void fm_progress(size_t done, size_t all, const char *what, const char *detail);
void fm_progress_quiet(void);
void fm_progress_clear(void);

#endif
