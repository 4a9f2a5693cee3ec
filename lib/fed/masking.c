#include "fed/masking.h"

#include "base/cpu.h"
#include "fed/masking_impl.h"
#include "mask/draw.h"
#include "rand/philox.h"

#include <assert.h>
#include <string.h>

FM_MASKING_VARIANT(fm_masking_apply_portable)

static fm_masking_fn *
variant(void)
{
#if defined(__x86_64__)
    switch (fm_cpu()) {
    case FM_CPU_AVX512:
        return fm_masking_apply_avx512;
    case FM_CPU_AVX2:
        return fm_masking_apply_avx2;
    case FM_CPU_PORTABLE:
        break;
    }
#endif
    return fm_masking_apply_portable;
}

static void
fill(uint16_t *lane, const struct fm_masking_step *s, enum fm_purpose purpose,
     uint32_t high, size_t first, size_t count)
{
    struct fm_place at = {s->key, high, s->ordinal, (uint32_t)purpose};

    fm_philox_lanes(lane, &at, (uint32_t)(first / FM_LANES),
                    (count + FM_LANES - 1) / FM_LANES);
}

static void
check(const struct fm_masking_step *s, size_t first, size_t count)
{
    assert(count <= FM_MASKING_CHUNK && first % FM_LANES == 0);
    assert(first / FM_LANES <= UINT32_MAX - FM_MASKING_CHUNK / FM_LANES);
    assert(s->a > 0);
}

/*
 * k' * T < 65536 * t for 16-bit k' is k' < ceil(65536 * t / T): one division a
 * step instead of a product per element.
 */
static int32_t
threshold(const struct fm_masking_step *s)
{
    uint64_t n = ((uint64_t)s->t << 16) + s->steps - 1;

    assert(s->t >= 1 && s->t <= s->steps);
    return (int32_t)(n / s->steps);
}

static struct fm_masking_terms
terms(const struct fm_masking_step *s)
{
    bool deterministic = s->masking == FM_DM;
    struct fm_masking_terms c = {
        .is_signed = s->is_signed,
        .unit = fm_noise_unit(s->a),
        .scale = 0x1p40f / (float)s->a * (s->is_signed ? 0x1p16f : 0x1p17f),
        .top = s->is_signed ? (deterministic ? 0.0f : 65535.0f)
                            : (deterministic ? 65536.0f : 131071.0f),
        .threshold = s->masking == FM_PSM  ? threshold(s)
                     : s->masking == FM_PM ? 0
                                           : 65536,
    };

    return c;
}

void
fm_masking_weights(float *out, const struct fm_masking_step *s, const float *w,
                   const float *u, const int32_t *n, size_t first, size_t count,
                   struct fm_masking_lanes *lanes)
{
    struct fm_masking_terms c = terms(s);

    assert(s->masking != FM_POST);
    check(s, first, count);
    if (s->masking == FM_PSM || s->masking == FM_SM)
        fill(lanes->mask, s, FM_FOR_MASK, s->t, first, count);
    else
        memset(lanes->mask, 0, count * sizeof *lanes->mask);
    if (s->masking == FM_PSM)
        fill(lanes->select, s, FM_FOR_SELECT, s->t, first, count);
    else
        memset(lanes->select, 0, count * sizeof *lanes->select);
    variant()(out, &c, w, u, n, lanes->mask, lanes->select, count);
}

void
fm_masking_final(uint8_t *m, const struct fm_masking_step *s, const float *u,
                 const int32_t *n, size_t first, size_t count,
                 struct fm_masking_lanes *lanes)
{
    check(s, first, count);
    if (s->masking == FM_PM || s->masking == FM_DM) {
        fm_draw_nearest(m, u, n, count, s->a, s->is_signed);
        return;
    }
    fill(lanes->mask, s, FM_FOR_DITHER, 0, first, count);
    fm_draw_stochastic(m, u, n, lanes->mask, count, s->a, s->is_signed);
}
