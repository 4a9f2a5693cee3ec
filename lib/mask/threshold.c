#include "mask/threshold.h"

#include "base/cpu.h"
#include "mask/threshold_impl.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

_Static_assert(FLT_EVAL_METHOD == 0, "floats must be evaluated as they are");

/* The root of max|n| * 131071, rounded up. */
static float
range(enum fm_dist d)
{
    return d == FM_GAUSSIAN ? 192746 : 92682;
}

struct fm_threshold
fm_threshold_rule(enum fm_dist d, bool is_signed, unsigned zoom)
{
    assert(zoom <= FM_ZOOM_MAX);
    return (struct fm_threshold){
        .c = (float)(FM_BINS << zoom) / range(d),
        .last = FM_BINS - 1,
        .is_signed = is_signed,
    };
}

struct fm_threshold
fm_threshold_fine(enum fm_dist d, bool is_signed)
{
    struct fm_threshold r = fm_threshold_rule(d, is_signed, FM_ZOOM_MAX);

    r.last = FM_BINS_FINE - 1;
    return r;
}

void
fm_threshold_bins(uint8_t *bin, const struct fm_threshold *rule,
                  const int32_t *n, const uint16_t *k, size_t count)
{
    struct fm_threshold_line l = fm_threshold_line(rule->is_signed);
    size_t i = 0;

#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_threshold_bins_avx512(bin, rule, n, k, count);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_threshold_bins_avx2(bin, rule, n, k, count);
#endif
    for (; i < count; i++) {
        float t =
            (float)abs(n[i]) * (float)abs(l.top - (k ? l.step * k[i] : 0));
        int32_t b = (int32_t)(sqrtf(t) * rule->c);

        bin[i] = (uint8_t)(b < rule->last ? b : rule->last);
    }
}

void
fm_threshold_look(uint16_t *p, const uint8_t *bin, const uint16_t *table,
                  size_t count)
{
    size_t i = 0;

#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_threshold_look_avx512(p, bin, table, count);
#endif
    for (; i < count; i++)
        p[i] = table[bin[i]];
}

void
fm_threshold_flip(uint8_t *bits, const uint16_t *k, size_t count)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        unsigned byte = 0;

        for (unsigned j = 0; j < 8; j++)
            byte |= (unsigned)(k[i + j] >> 15) << j;
        bits[i / 8] ^= (uint8_t)byte;
    }
    for (; i < count; i++)
        bits[i / 8] ^= (uint8_t)((unsigned)(k[i] >> 15) << i % 8);
}
