/*
 * report_impl: what report.c and reportitem.c share.
 */
#ifndef FM_FED_REPORT_IMPL_H
#define FM_FED_REPORT_IMPL_H

#include "base/file.h"
#include "fed/report.h"

/* fm_report_start - {"file":...}; a name that is not UTF-8 is made printable.
 */
struct fm_json *fm_report_start(const struct fm_source *src);

/* fm_report_shape - add "key":[dim, ...]. */
void fm_report_shape(struct fm_json *o, const char *key, const size_t *dim,
                     size_t n);

/* fm_report_id - add an id, or a seed, as hex text. */
void fm_report_id(struct fm_json *o, const char *key, const struct fm_id *id);

/*
 * Sums over a tensor's values: add them in turn, then put min, max, mean and
 * rms (and how many were not finite, if any) into an object.
 */
struct fm_report_stats {
    double min, max, sum, squares;
    size_t n, bad;
};
void fm_report_count(struct fm_report_stats *s, double v);
void fm_report_stats(struct fm_json *o, const struct fm_report_stats *s);

/* fm_report_items - a file of archives (bundle/item.h); takes the source's
 * bytes but does not close it. */
struct fm_json *fm_report_items(struct fm_source *src,
                                const struct fm_model *base, struct fm_err *e);

#endif
