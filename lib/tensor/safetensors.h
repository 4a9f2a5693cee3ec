/*
 * safetensors: the file form of models and updates.
 *
 *   8 bytes   N, little-endian: size of the header
 *   N bytes   JSON: {"__metadata__":{text:text}, "name":{"dtype":"F32",
 *             "shape":[...],"data_offsets":[begin,end]}, ...}
 *   the rest  tensor data, back to back
 *
 * The reader is stricter than the reference: the header starts with `{`, is at
 * most 16 MiB, has no duplicate key and only these fields; offsets and
 * dimensions are at most 2^48-1; END - BEGIN equals the shape's bytes; the
 * tensors fill the data without hole, overlap or rest; the header may end in
 * spaces.  At most 65,536 tensors.  dtypes: F32, I32, U16 and U8, which
 * our own files have, and F64, F16, BF16, BOOL and the other integers of 8 to
 * 64 bits, which come from elsewhere; anything else is refused.
 *
 * The writer is deterministic: metadata first, then the tensors in the order
 * of the list, no white space, the header padded with spaces to a multiple of
 * 8 so that the data is aligned.
 */
#ifndef FM_TENSOR_SAFETENSORS_H
#define FM_TENSOR_SAFETENSORS_H

#include "base/bytes.h"

#include <stdbool.h>

enum fm_dtype {
    FM_F32,
    FM_I32,
    FM_U16,
    FM_U8,
    FM_F16,
    FM_BF16,
    FM_I64,
    FM_BOOL,
    FM_F64,
    FM_I16,
    FM_I8,
    FM_U64,
    FM_U32,
    FM_DTYPES,
};

/* fm_dtype_size - bytes of one value.  fm_dtype_name - "F32". */
static inline size_t
fm_dtype_size(enum fm_dtype d)
{
    switch (d) {
    case FM_U8:
    case FM_I8:
    case FM_BOOL:
        return 1;
    case FM_U16:
    case FM_I16:
    case FM_F16:
    case FM_BF16:
        return 2;
    case FM_I64:
    case FM_U64:
    case FM_F64:
        return 8;
    default:
        return 4;
    }
}
const char *fm_dtype_name(enum fm_dtype d);

enum { FM_ST_NAME = 128, FM_ST_NDIM = 8 };

struct fm_st_tensor {
    char name[FM_ST_NAME];
    enum fm_dtype dtype;
    size_t ndim, dim[FM_ST_NDIM];
    size_t count;        /* product of dim */
    size_t at;           /* where its data start, in bytes after the header */
    const uint8_t *data; /* count little-endian values */
};

struct fm_st_meta {
    char *key, *value;
};

struct fm_st {
    size_t ntensors, nmeta;
    struct fm_st_tensor *tensor; /* in the order of the data */
    struct fm_st_meta *meta;     /* in the order of the file */
};

/*
 * fm_st_parse - read the file that fills `bytes`; tensor data points into it.
 * Fills *st, to be released by fm_st_free, also after a failure.
 * Returns 0, FM_EINPUT or FM_ESYS.
 */
int fm_st_parse(struct fm_st *st, const uint8_t *bytes, size_t size,
                struct fm_err *e);
void fm_st_free(struct fm_st *st); /* frees the lists, not the data */

/*
 * fm_st_parse_head - the same from a file's first `n` bytes, when they are the
 * header and nothing more: *size receives the bytes that the whole file must
 * have.  The tensors' data are NULL.
 */
int fm_st_parse_head(struct fm_st *st, const uint8_t *bytes, size_t n,
                     size_t *size, struct fm_err *e);

/* fm_st_alike - are name, type and shape the same? */
bool fm_st_alike(const struct fm_st_tensor *a, const struct fm_st_tensor *b);

/* fm_st_get - a metadata value, or NULL. */
const char *fm_st_get(const struct fm_st *st, const char *key);

/*
 * fm_st_header - append the header (with its 8-byte size) for st to `out`.
 * The caller then writes the tensors' data in order; `data` is not looked at.
 */
int fm_st_header(struct fm_buf *out, const struct fm_st *st, struct fm_err *e);

#endif
