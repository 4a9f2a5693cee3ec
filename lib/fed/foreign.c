#include "fed/foreign.h"

#include "base/mem.h"
#include "bundle/manifest.h"
#include "fed/coarse.h"
#include "fed/masking.h"
#include "mask/bits.h"
#include "rand/noise.h"
#include "tensor/named.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define DELTA_END 0x1p38f

/* --- The values ----------------------------------------------------------- */

static bool
is_mask(const struct fm_foreign *f, size_t tensor)
{
    return f->kind == FM_FOREIGN_MASKS && f->base->tensor[tensor].masked;
}

static int
check_type(const struct fm_foreign *f, size_t tensor,
           const struct fm_st_tensor *t, struct fm_err *e)
{
    if (is_mask(f, tensor) ? t->dtype == FM_BOOL || t->dtype == FM_U8
                           : t->dtype == FM_F32)
        return 0;
    return fm_err_set(
        e, FM_EINPUT, "%s is %s, and %s", t->name, fm_dtype_name(t->dtype),
        is_mask(f, tensor) ? "a mask is BOOL or U8" : "an update is F32");
}

/* One tensor's mask, checked. */
static int
copy_mask(uint8_t *bits, const struct fm_foreign *f, size_t tensor,
          const struct fm_st_tensor *from, struct fm_err *e)
{
    for (size_t i = 0; i < from->count; i++)
        if (from->data[i] > 1)
            return fm_err_set(e, FM_EINPUT,
                              "%s: value %zu is %d, and a mask has 0 and 1",
                              from->name, i, from->data[i]);
    fm_bits_put(bits, f->base->tensor[tensor].at, from->data, from->count);
    return 0;
}

/* u of one tensor, checked. */
static int
take(float *u, const struct fm_foreign *f, size_t tensor,
     const struct fm_st_tensor *from, struct fm_err *e)
{
    const struct fm_model_tensor *t = &f->base->tensor[tensor];
    const float end = t->masked ? INFINITY : DELTA_END;

    for (size_t i = 0; i < from->count; i++) {
        u[i] = fm_getf(from->data + 4 * i);
        if (f->kind == FM_FOREIGN_WEIGHTS)
            u[i] -= t->value[i];
        if (!(fabsf(u[i]) < end))
            return fm_err_set(e, FM_EINPUT, "%s: value %zu is %s", from->name,
                              i,
                              isfinite(u[i]) ? "2^38 or more" : "not finite");
        if (t->spec->role == FM_VAR && (double)t->value[i] + (double)u[i] < 0)
            return fm_err_set(e, FM_EINPUT,
                              "%s: value %zu makes a variance negative",
                              from->name, i);
    }
    return 0;
}

/* --- The answer ----------------------------------------------------------- */

static void
draw(uint8_t *bits, const struct fm_foreign *f, size_t tensor, const float *u)
{
    const struct fm_model *base = f->base;
    const struct fm_model_tensor *t = &base->tensor[tensor];
    const uint64_t round = base->round + 1;
    const struct fm_masking_step s = {
        .masking = FM_SM,
        .is_signed = base->set.method == FM_FEDMRNS,
        .a = fm_model_noise_a(base, round, tensor),
        .ordinal = (uint32_t)tensor,
        .key = f->dither == FM_DITHER_SHARED
                   ? fm_key_client(base->seed, round, f->client)
                   : f->private_seed,
    };
    const uint64_t key = fm_model_noise_key(base, round, f->client);
    struct fm_masking_lanes lanes;
    uint8_t m[FM_MASKING_CHUNK];
    int32_t n[FM_MASKING_CHUNK];

    for (size_t at = 0; at < t->spec->count; at += FM_MASKING_CHUNK) {
        size_t left = t->spec->count - at;
        size_t count = left < FM_MASKING_CHUNK ? left : FM_MASKING_CHUNK;

        fm_noise_fill(n, key, base->set.dist, s.ordinal, at, count);
        fm_masking_final(m, &s, u + at, n, at, count, &lanes);
        fm_bits_put(bits, t->at + at, m, count);
    }
}

static void
put_deltas(uint8_t *dense, const struct fm_foreign *f, size_t tensor, float *u)
{
    const struct fm_model_tensor *t = &f->base->tensor[tensor];

    fm_coarse_answer(u, f->base, tensor, f->base->set.full_bits,
                     f->private_seed);
    for (size_t i = 0; i < t->spec->count; i++)
        fm_putf(dense + 4 * (t->at + i), u[i]);
}

static int
put(struct fm_bundle *b, float *u, const struct fm_foreign *f, size_t tensor,
    const struct fm_st_tensor *from, struct fm_err *e)
{
    uint8_t *masks = b->bytes.data;
    int rc = check_type(f, tensor, from, e);

    if (rc)
        return rc;
    if (is_mask(f, tensor))
        return copy_mask(masks, f, tensor, from, e);
    if ((rc = take(u, f, tensor, from, e)))
        return rc;
    if (f->base->tensor[tensor].masked)
        draw(masks, f, tensor, u);
    else
        put_deltas(masks + fm_bits_size(b->masked), f, tensor, u);
    return 0;
}

static int
answer(struct fm_bundle *b, const struct fm_foreign *f,
       const struct fm_named *n, struct fm_err *e)
{
    const struct fm_arch *a = f->base->arch;
    const size_t masks = fm_bits_size(b->masked);
    size_t most = 0;
    float *u;
    int rc = 0;

    for (size_t t = 0; t < a->ntensors; t++)
        most = a->tensor[t].count > most ? a->tensor[t].count : most;
    u = fm_alloc_dirty(most, sizeof *u, e);
    if (!u)
        return FM_ESYS;
    if ((rc = fm_buf_reserve(&b->bytes, masks + 4 * b->full, e)))
        goto out;
    b->bytes.len = masks + 4 * b->full;
    if (masks)
        memset(b->bytes.data, 0, masks);
    b->masks = b->bytes.data;
    b->dense = b->bytes.data + masks;
    for (size_t t = 0; t < a->ntensors && rc == 0; t++)
        rc = put(b, u, f, t, n->place[t], e);
out:
    free(u);
    return rc;
}

static int
check_origin(const struct fm_st *st, const struct fm_foreign *f,
             struct fm_err *e)
{
    const char *says = fm_st_get(st, "fedmrn.base");
    char quoted[FM_QUOTE_MAX], mine[FM_ID_HEX];

    if (!says || strcmp(says, fm_id_hex(mine, &f->base->id)) == 0)
        return 0;
    return fm_err_set(e, FM_EINPUT, "%s to model %s, and the model given is %s",
                      f->kind == FM_FOREIGN_MASKS ? "masks" : "an update",
                      fm_manifest_quote(quoted, says), mine);
}

static int
check_method(const struct fm_foreign *f, struct fm_err *e)
{
    const enum fm_method m = f->base->set.method;

    if (m == FM_FEDMRN || m == FM_FEDMRNS ||
        m == (f->kind == FM_FOREIGN_MASKS ? FM_FEDPM : FM_FEDAVG))
        return 0;
    if (f->kind != FM_FOREIGN_MASKS)
        return fm_err_set(e, FM_EINPUT,
                          "a model of %s is not answered by an update; train "
                          "it with fedmrn-train",
                          fm_manifest_method(m));
    return fm_err_set(e, FM_EINPUT, "a model of %s is not answered by masks%s",
                      fm_manifest_method(m),
                      m == FM_FEDAVG ? "; give --update or --weights"
                                     : " alone; train it with fedmrn-train");
}

int
fm_foreign_parse(struct fm_bundle *b, const struct fm_foreign *f,
                 struct fm_buf *file, struct fm_err *e)
{
    const struct fm_model *base = f->base;
    struct fm_buf raw = {0};
    struct fm_named n;
    int rc;

    assert(fm_client_ok(f->client));
    assert(f->samples >= 1 && f->samples <= FM_SAMPLES_MAX);
    *b = (struct fm_bundle){.method = base->set.method,
                            .coder = FM_CODER_RAW,
                            .dither = fm_method_dithered(base->set.method)
                                          ? f->dither
                                          : FM_DITHER_SHARED,
                            .round = base->round + 1,
                            .samples = f->samples,
                            .base = base->id,
                            .masked = base->masked,
                            .full = base->full};
    strcpy(b->client, f->client);
    if ((rc = fm_named_parse(&n, file, e)) || (rc = check_method(f, e)) ||
        (rc = fm_bundle_check_size(b->masked, b->full, e)) ||
        (rc = check_origin(&n.st, f, e)) ||
        (rc = fm_named_match(&n, base->arch, e)) || (rc = answer(b, f, &n, e)))
        goto out;
    rc = fm_bundle_write(&raw, b, e); /* gives it its id */
out:
    fm_named_free(&n);
    fm_buf_free(&raw);
    return rc;
}

int
fm_foreign_answer(struct fm_bundle *b, const struct fm_foreign *f,
                  const char *path, struct fm_err *e)
{
    struct fm_buf file = {0};
    int rc;

    *b = (struct fm_bundle){0};
    if ((rc = check_method(f, e)) ||
        (rc = fm_named_read(&file, path, f->base->arch, e)))
        goto out;
    if ((rc = fm_foreign_parse(b, f, &file, e)))
        fm_err_where(e, fm_file_name(path));
out:
    fm_buf_free(&file);
    return rc;
}
