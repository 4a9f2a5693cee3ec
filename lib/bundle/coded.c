#include "bundle/coded.h"

#include "base/mem.h"
#include "bundle/checksum.h"
#include "bundle/dense.h"
#include "bundle/lossy.h"
#include "bundle/manifest.h"
#include "bundle/maskcode.h"
#include "bundle/sparse.h"
#include "bundle/step.h"
#include "mask/bits.h"

#include <assert.h>
#include <stdlib.h>

/* What the manifest of a coded bundle has more: ,"id":"32 digits" and a letter
 * of the coder's name. */
enum { LONGER = 41 };

/*
 * Bytes that one byte of code may become, when no model says how many there
 * are.  Only masks and deltas of nearly one value have a code that is shorter.
 */
enum { SWELL = 4096 };

static bool
swells(const struct fm_bundle *b)
{
    return (fm_bits_size(b->masked) + 4 * b->full) / SWELL >
           b->code.nmasks + b->code.ndense;
}

/* The tensors whose values are coded; *count is to be freed.  `masks` are b's
 * own, which may have been decoded just now. */
static int
dense_shape(struct fm_dense_shape *s, size_t **count, const struct fm_bundle *b,
            const struct fm_model *base, const uint8_t *masks, struct fm_err *e)
{
    const bool sparse = b->method == FM_FEDSPARSIFY;
    size_t kept;

    *count = NULL;
    *s = (struct fm_dense_shape){.full = b->full};
    if (sparse)
        s->full = fm_sparse_first(b) + fm_sparse_kept(masks, 0, b->masked);
    if (!base)
        return 0;
    assert(base->full == b->full);
    *count = fm_alloc(base->arch->ntensors + 1, sizeof **count, e);
    if (!*count)
        return FM_ESYS;
    for (size_t t = 0; t < base->arch->ntensors; t++)
        if (!base->tensor[t].masked)
            (*count)[s->ntensors++] = base->tensor[t].spec->count;
    if (fm_step_count(base)) /* fedbat's steps are like one more */
        (*count)[s->ntensors++] = fm_step_count(base);
    for (size_t t = 0; sparse && t < base->arch->ntensors; t++)
        if (base->tensor[t].masked &&
            (kept = fm_sparse_kept(masks, base->tensor[t].at,
                                   base->tensor[t].spec->count)) > 0)
            (*count)[s->ntensors++] = kept;
    s->count = *count;
    return 0;
}

static int
put_dense(struct fm_buf *out, const struct fm_bundle *b,
          const struct fm_model *base, struct fm_err *e)
{
    struct fm_buf gathered = {0};
    const uint8_t *dense = b->dense;
    struct fm_dense_shape s;
    size_t *count;
    int rc;

    if (b->full == 0)
        return 0;
    if ((rc = dense_shape(&s, &count, b, base, b->masks, e)) || s.full == 0)
        goto out;
    if (b->method == FM_FEDSPARSIFY) {
        if ((rc = fm_sparse_gather(&gathered, b, e)))
            goto out;
        dense = gathered.data;
    }
    rc = fm_dense_encode(out, dense, &s, e);
out:
    fm_buf_free(&gathered);
    free(count);
    return rc;
}

/* A sparse one's values, to where they belong in 4 * b->full bytes. */
static int
get_sparse(uint8_t *dense, const struct fm_bundle *b, const uint8_t *masks,
           const struct fm_dense_shape *s, struct fm_err *e)
{
    struct fm_buf gathered = {0};
    int rc = fm_buf_reserve(&gathered, 4 * s->full + 1, e);

    if (!rc && s->full == 0 && b->code.ndense)
        rc = fm_err_set(e, FM_EINPUT, "%zu bytes for nothing", b->code.ndense);
    else if (!rc && s->full)
        rc =
            fm_dense_decode(gathered.data, s, b->code.dense, b->code.ndense, e);
    if (!rc)
        fm_sparse_scatter(dense, b, masks, gathered.data);
    fm_buf_free(&gathered);
    return rc;
}

/* Behind the masks, which are at the start of `out`. */
static int
get_dense(struct fm_buf *out, const struct fm_bundle *b,
          const struct fm_model *base, struct fm_err *e)
{
    struct fm_dense_shape s;
    size_t *count;
    int rc;

    if (b->full == 0 && b->code.ndense)
        return fm_err_set(e, FM_EINPUT, "dense: %zu bytes for nothing",
                          b->code.ndense);
    if (b->full == 0)
        return 0;
    if ((rc = dense_shape(&s, &count, b, base, out->data, e)) ||
        (rc = fm_buf_reserve(out, 4 * b->full, e)))
        goto out;
    if (b->coder == FM_CODER_CODEC)
        rc = fm_lossy_decode(out->data + out->len, b, base, e);
    else if (b->method == FM_FEDSPARSIFY)
        rc = get_sparse(out->data + out->len, b, out->data, &s, e);
    else
        rc = fm_dense_decode(out->data + out->len, &s, b->code.dense,
                             b->code.ndense, e);
    if (rc)
        fm_err_where(e, "dense");
    else
        out->len += 4 * b->full;
out:
    free(count);
    return rc;
}

int
fm_coded_encode(struct fm_bundle *b, const struct fm_model *base,
                struct fm_pool *pool, struct fm_err *e)
{
    struct fm_buf code = {0};
    size_t nmasks;
    int rc;

    assert(fm_bundle_decoded(b));
    if ((rc = fm_maskcode_encode(&code, b, base, pool, e)))
        goto out;
    nmasks = code.len;
    if ((rc = put_dense(&code, b, base, e)))
        goto out;
    fm_buf_free(&b->coded);
    b->coded = code;
    b->coder = FM_CODER_RANS;
    b->code = (struct fm_coding){.masks = code.data, .nmasks = nmasks};
    b->code.ndense = code.len - nmasks;
    if (b->code.ndense)
        b->code.dense = code.data + nmasks;
    code = (struct fm_buf){0};
out:
    fm_buf_free(&code);
    return rc;
}

bool
fm_coded_smaller(const struct fm_bundle *b)
{
    return b->code.nmasks + b->code.ndense + LONGER <
           fm_bits_size(b->masked) + 4 * b->full;
}

bool
fm_coded_alone(const struct fm_bundle *b)
{
    return b->coder != FM_CODER_CODEC && !swells(b) &&
           (b->masked == 0 ||
            fm_maskcode_alone(b->code.masks, b->code.nmasks)) &&
           (b->full == 0 || fm_dense_alone(b->code.dense, b->code.ndense));
}

/* The id is the checksum of the raw form, which need not be made for it. */
static int
check_id(const struct fm_bundle *b, struct fm_err *e)
{
    struct fm_member m[] = {{.name = "manifest.json"},
                            {"masks", b->masks, fm_bits_size(b->masked)},
                            {"dense", b->dense, 4 * b->full}};
    char says[FM_ID_HEX], is[FM_ID_HEX];
    struct fm_bundle raw = *b;
    struct fm_buf manifest = {0};
    struct fm_id id;
    int rc;

    raw.coder = FM_CODER_RAW;
    if ((rc = fm_manifest_write(&manifest, &raw, e)))
        return rc;
    m[0].data = manifest.data;
    m[0].size = manifest.len;
    rc = fm_checksum_of(&id, m, sizeof m / sizeof *m, e);
    fm_buf_free(&manifest);
    if (rc == 0 && fm_id_cmp(&id, &b->id) != 0)
        rc = fm_err_set(e, FM_EINPUT,
                        "what it holds has the id %s, but it says %s",
                        fm_id_hex(is, &id), fm_id_hex(says, &b->id));
    return rc;
}

int
fm_coded_decode(struct fm_bundle *b, const struct fm_model *base,
                struct fm_pool *pool, struct fm_err *e)
{
    struct fm_buf plain = {0};
    size_t masks;
    int rc;

    if (b->coder == FM_CODER_RAW)
        return 0;
    if (!base && b->coder == FM_CODER_CODEC)
        return fm_err_set(e, FM_EINPUT,
                          "made by a codec, which takes its model to decode: "
                          "give --model");
    if (!base && swells(b))
        return fm_err_set(e, FM_EINPUT,
                          "%zu bytes of code stand for %zu, so many that "
                          "--model must confirm them",
                          b->code.nmasks + b->code.ndense,
                          fm_bits_size(b->masked) + 4 * b->full);
    if ((rc = fm_maskcode_decode(&plain, b, b->code.masks, b->code.nmasks, base,
                                 pool, e)))
        goto out;
    masks = plain.len;
    assert(masks == fm_bits_size(b->masked));
    if ((rc = get_dense(&plain, b, base, e)))
        goto out;
    fm_buf_free(&b->plain);
    b->plain = plain;
    b->masks = plain.data;
    b->dense = plain.data ? plain.data + masks : NULL;
    plain = (struct fm_buf){0};
    if ((rc = fm_bundle_check_deltas(b, e)) == 0 &&
        (rc = fm_sparse_check(b, e)) == 0 &&
        (!base || (rc = fm_bundle_check_values(b, base, e)) == 0))
        rc = check_id(b, e);
out:
    fm_buf_free(&plain);
    if (rc)
        b->masks = b->dense = NULL;
    return rc;
}
