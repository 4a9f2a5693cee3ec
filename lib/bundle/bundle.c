#include "bundle/bundle.h"

#include "base/mem.h"
#include "bundle/checksum.h"
#include "bundle/manifest.h"
#include "bundle/sparse.h"
#include "bundle/step.h"
#include "mask/bits.h"

#include <assert.h>

static const char *const names[] = {"manifest.json", "masks", "dense", NULL};
enum { MANIFEST, MASKS, DENSE };

/*
 * A delta's float is finite and below 2^38 exactly when its biased exponent is
 * below 127 + 38: Inf and NaN have 255.
 */
enum { EXPONENT_END = 127 + 38 };

int
fm_bundle_check_deltas(const struct fm_bundle *b, struct fm_err *e)
{
    for (size_t i = 0; i < b->full; i++) {
        uint32_t x = fm_get32(b->dense + 4 * i);

        if ((x >> 23 & 0xff) >= EXPONENT_END)
            return fm_err_set(e, FM_EINPUT,
                              "dense: delta %zu is not finite or not below "
                              "2^38",
                              i);
    }
    return 0;
}

int
fm_bundle_check_size(uint64_t masked, uint64_t full, struct fm_err *e)
{
    /* All but the masks and the deltas, with the longest manifest. */
    const uint64_t frame = 426 + FM_MANIFEST_MAX + 16;
    uint64_t bytes;

    if (!__builtin_mul_overflow(full, 4, &bytes) &&
        !__builtin_add_overflow(bytes, masked / 8 + (masked % 8 != 0),
                                &bytes) &&
        !__builtin_add_overflow(bytes, frame, &bytes) && bytes <= FM_BUNDLE_MAX)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "a bundle of %llu masked and %llu full parameters would "
                      "exceed the %llu bytes that a file on a FAT stick can "
                      "have; choose a smaller network or a method with masks",
                      (unsigned long long)masked, (unsigned long long)full,
                      (unsigned long long)FM_BUNDLE_MAX);
}

/* A code is never longer than what it codes, but for the byte that says so;
 * the rest is found when it is decoded. */
static int
check_coded(const struct fm_bundle *b, const struct fm_member *m,
            struct fm_err *e)
{
    if (m[MASKS].size > fm_bits_size(b->masked) + (b->masked > 0) ||
        (m[MASKS].size == 0 && b->masked > 0))
        return fm_err_set(e, FM_EINPUT,
                          "masks: %zu bytes cannot be a code of %zu entries",
                          m[MASKS].size, b->masked);
    return 0;
}

static int
check_sizes(const struct fm_bundle *b, const struct fm_member *m,
            struct fm_err *e)
{
    int rc;

    if ((rc = fm_bundle_check_size(b->masked, b->full, e)))
        return rc;
    if (b->coder != FM_CODER_RAW)
        return check_coded(b, m, e);
    rc = fm_bits_check(m[MASKS].data, m[MASKS].size, b->masked, e);
    if (rc) {
        fm_err_where(e, "masks");
        return rc;
    }
    if (m[DENSE].size != 4 * b->full) /* which fits, as was checked */
        return fm_err_set(e, FM_EINPUT,
                          "dense: %zu bytes, but %zu floats are announced",
                          m[DENSE].size, b->full);
    return 0;
}

/*
 * Is a variance below 0 by this?  Sums count in multiples of 2^-48, and a
 * variance from 2^-24 on is one.
 */
static bool
is_below(float variance, float delta)
{
    uint32_t units;
    double most;

    if (variance >= 0x1p-24f)
        return delta < -variance;
    units = (uint32_t)((double)variance * 0x1p48);
    most = (double)units + 0.5; /* and half a unit rounds to an even number */
    return units % 2 ? (double)delta * 0x1p48 <= -most
                     : (double)delta * 0x1p48 < -most;
}

/*
 * As long as no answer takes a running variance below 0, no mean of them does.
 * One that is late was made from another variance, often a much larger one: of
 * it no more than this one is taken away when it is added (agg/accum.h).
 */
static int
check_variances(const struct fm_bundle *b, const struct fm_model *base,
                struct fm_err *e)
{
    const bool late = b->round <= base->round;

    for (size_t t = 0; t < base->arch->ntensors && !late; t++) {
        const struct fm_model_tensor *at = &base->tensor[t];

        if (at->spec->role != FM_VAR)
            continue;
        for (size_t i = 0; i < at->spec->count; i++)
            if (is_below(at->value[i], fm_getf(b->dense + 4 * (at->at + i))))
                return fm_err_set(e, FM_EINPUT,
                                  "dense: makes %s[%zu] negative, and it is a "
                                  "variance",
                                  at->spec->name, i);
    }
    return 0;
}

int
fm_bundle_check_values(const struct fm_bundle *b, const struct fm_model *base,
                       struct fm_err *e)
{
    int rc;

    assert(fm_bundle_decoded(b) && b->full == base->full);
    rc = fm_step_check(b, base, e);
    return rc ? rc : check_variances(b, base, e);
}

/* The rest, once it is known which model it answers. */
static int
check_shape(const struct fm_bundle *b, const struct fm_model *base,
            struct fm_err *e)
{
    if (b->method != base->set.method)
        return fm_err_set(e, FM_EINPUT, "says method %s, but its model's is %s",
                          fm_manifest_method(b->method),
                          fm_manifest_method(base->set.method));
    if (b->masked != base->masked || b->full != base->full)
        return fm_err_set(e, FM_EINPUT,
                          "has %zu masked and %zu full parameters, but its "
                          "model has %zu and %zu",
                          b->masked, b->full, base->masked, base->full);
    return fm_bundle_decoded(b) ? fm_bundle_check_values(b, base, e) : 0;
}

int
fm_bundle_check_base(const struct fm_bundle *b, const struct fm_model *base,
                     struct fm_err *e)
{
    char mine[FM_ID_HEX], theirs[FM_ID_HEX];
    const char *then;

    if (b->round - 1 < base->round)
        then = "give an older model, or leave this answer out";
    else if (b->round - 1 > base->round)
        then = "give a newer model";
    else
        then = "another run's, or made of other answers";
    if (fm_id_cmp(&b->base, &base->id) != 0)
        return fm_err_set(
            e, FM_EINPUT,
            "made for round %llu from model %s, but the model "
            "given is %s of round %llu: %s",
            (unsigned long long)b->round, fm_id_hex(theirs, &b->base),
            fm_id_hex(mine, &base->id), (unsigned long long)base->round, then);
    if (b->round - 1 != base->round)
        return fm_err_set(
            e, FM_EINPUT, "says round %llu, but its model leads to round %llu",
            (unsigned long long)b->round, (unsigned long long)base->round + 1);
    return check_shape(b, base, e);
}

int
fm_bundle_check_late(const struct fm_bundle *b, const struct fm_model *base,
                     uint32_t most, struct fm_err *e)
{
    char mine[FM_ID_HEX], theirs[FM_ID_HEX];
    const struct fm_id *from;
    uint64_t late, counted;

    if (b->round > base->round || base->round + 1 - b->round > most)
        return fm_bundle_check_base(b, base, e);
    late = base->round + 1 - b->round;
    from = fm_model_past(base, (uint32_t)late);
    if (!from)
        return fm_err_set(e, FM_EINPUT,
                          "answers round %llu, and is %llu late, but the model "
                          "knows no more than %zu rounds back: see lineage in "
                          "fedmrn-init(1)",
                          (unsigned long long)b->round,
                          (unsigned long long)late, base->npast + 1);
    if (fm_id_cmp(&b->base, from) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "made for round %llu from model %s, but the model "
                          "before that round was %s: another run's?",
                          (unsigned long long)b->round,
                          fm_id_hex(theirs, &b->base), fm_id_hex(mine, from));
    counted = fm_model_counted(base, &b->id);
    if (counted)
        return fm_err_set(
            e, FM_EINPUT, "answers round %llu, and has counted in round %llu",
            (unsigned long long)b->round, (unsigned long long)counted);
    if (!fm_model_noise_known(base, b->round))
        return fm_err_set(e, FM_EINPUT,
                          "answers round %llu, but under noise-scale update "
                          "this model does not tell that round's noise",
                          (unsigned long long)b->round);
    return check_shape(b, base, e);
}

int
fm_bundle_parse(struct fm_bundle *b, struct fm_buf *bytes,
                const struct fm_model *base, struct fm_err *e)
{
    struct fm_member m[FM_MEMBERS_MAX];
    size_t n;
    int rc;

    *b = (struct fm_bundle){.bytes = *bytes};
    *bytes = (struct fm_buf){0};
    if ((rc =
             fm_checksum_open(m, &n, &b->id, b->bytes.data, b->bytes.len, e)) ||
        (rc = fm_checksum_members(m, n, names, e)) ||
        (rc = fm_manifest_parse(b, m[MANIFEST].data, m[MANIFEST].size, e)) ||
        (rc = check_sizes(b, m, e)))
        return rc;
    if (b->coder != FM_CODER_RAW) {
        b->code = (struct fm_coding){m[MASKS].data, m[DENSE].data,
                                     m[MASKS].size, m[DENSE].size};
    } else {
        b->masks = m[MASKS].data;
        b->dense = m[DENSE].data;
        if ((rc = fm_bundle_check_deltas(b, e)) || (rc = fm_sparse_check(b, e)))
            return rc;
    }
    return base ? fm_bundle_check_base(b, base, e) : 0;
}

void
fm_bundle_free(struct fm_bundle *b)
{
    fm_buf_free(&b->bytes);
    fm_buf_free(&b->plain);
    fm_buf_free(&b->coded);
    *b = (struct fm_bundle){0};
}

int
fm_bundle_write(struct fm_buf *out, struct fm_bundle *b, struct fm_err *e)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_buf manifest = {0};
    struct fm_id sum;
    int rc;

    assert(fm_client_ok(b->client) && b->round > 0);
    assert(b->samples > 0 && b->samples <= FM_SAMPLES_MAX);
    assert(b->coder != FM_CODER_RAW || fm_bundle_decoded(b));
    if ((rc = fm_bundle_check_size(b->masked, b->full, e)) ||
        (rc = fm_manifest_write(&manifest, b, e)))
        goto out;
    assert(manifest.len <= FM_MANIFEST_MAX);
    m[MANIFEST] =
        (struct fm_member){"manifest.json", manifest.data, manifest.len};
    m[MASKS] = (struct fm_member){"masks", b->masks, fm_bits_size(b->masked)};
    m[DENSE] = (struct fm_member){"dense", b->dense, 4 * b->full};
    if (b->coder != FM_CODER_RAW) {
        m[MASKS].data = b->code.masks;
        m[MASKS].size = b->code.nmasks;
        m[DENSE].data = b->code.dense;
        m[DENSE].size = b->code.ndense;
    }
    rc = fm_checksum_seal(out, m, 3, &sum, e);
    if (rc == 0 && b->coder == FM_CODER_RAW)
        b->id = sum;
out:
    fm_buf_free(&manifest);
    return rc;
}
