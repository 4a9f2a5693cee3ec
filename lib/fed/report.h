/*
 * report: what a file is, as JSON.
 *
 * Knows models, bundles, round files, partial sums, streams of these, other
 * safetensors files, and IDX data.  fedmrn-inspect(1) lists the keys.
 */
#ifndef FM_FED_REPORT_H
#define FM_FED_REPORT_H

#include "base/json.h"
#include "tensor/model.h"

/*
 * fm_report_read - read all of `path` (or "-") and describe it.
 *
 *   base  the model that bundles and partial sums must answer, for the names
 *         of their tensors; may be NULL
 *
 * Everything is checked as strictly as by the tools that use the file.  Returns
 * a tree to free with fm_json_free, or NULL with FM_EINPUT or FM_ESYS.
 */
struct fm_json *fm_report_read(const char *path, const struct fm_model *base,
                               struct fm_err *e);

#endif
