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
        .dist = d,
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

/*
 * Each case is a loop of its own, without a choice inside, so that it becomes
 * vectors.  `z` is the table of gaussian noise.
 */
static inline __attribute__((always_inline)) void
bins(uint8_t *restrict bin, const struct fm_threshold rule, enum fm_dist d,
     bool dither, const uint16_t *restrict noise, const uint16_t *restrict k,
     const int32_t *z, size_t count)
{
    const struct fm_threshold_line l = fm_threshold_line(rule.is_signed);
    const float size = (float)fm_noise_max(d);

    for (size_t i = 0; i < count; i++) {
        float n = d == FM_UNIFORM    ? (float)abs(2 * noise[i] - 65535)
                  : d == FM_GAUSSIAN ? (float)abs(z[noise[i]])
                                     : size;
        float t = n * (float)abs(l.top - (dither ? k[i] << l.shift : 0));
        int32_t b = (int32_t)(sqrtf(t) * rule.c);

        bin[i] = (uint8_t)(b < rule.last ? b : rule.last);
    }
}

static void
bins_portable(uint8_t *bin, const struct fm_threshold *r, const uint16_t *noise,
              const uint16_t *k, size_t count)
{
    const int32_t *z = r->dist == FM_GAUSSIAN ? fm_noise_table() : NULL;

    if (r->dist == FM_UNIFORM && k)
        bins(bin, *r, FM_UNIFORM, true, noise, k, z, count);
    else if (r->dist == FM_UNIFORM)
        bins(bin, *r, FM_UNIFORM, false, noise, k, z, count);
    else if (r->dist == FM_GAUSSIAN && k)
        bins(bin, *r, FM_GAUSSIAN, true, noise, k, z, count);
    else if (r->dist == FM_GAUSSIAN)
        bins(bin, *r, FM_GAUSSIAN, false, noise, k, z, count);
    else if (k)
        bins(bin, *r, FM_BERNOULLI, true, noise, k, z, count);
    else
        bins(bin, *r, FM_BERNOULLI, false, noise, k, z, count);
}

void
fm_threshold_bins(uint8_t *bin, const struct fm_threshold *rule,
                  const uint16_t *noise, const uint16_t *k, size_t count)
{
    size_t i = 0;

#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_threshold_bins_avx512(bin, rule, noise, k, count);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_threshold_bins_avx2(bin, rule, noise, k, count);
#endif
    if (i < count)
        bins_portable(bin + i, rule, noise ? noise + i : NULL, k ? k + i : NULL,
                      count - i);
}

void
fm_threshold_zoom(uint8_t *restrict bin, const uint8_t *restrict fine,
                  unsigned zoom, size_t count)
{
    const unsigned shift = FM_ZOOM_MAX - zoom;

    assert(zoom <= FM_ZOOM_MAX);
    for (size_t i = 0; i < count; i++) {
        uint8_t b = (uint8_t)(fine[i] >> shift);

        bin[i] = b < FM_BINS ? b : FM_BINS - 1;
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
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_threshold_look_avx2(p, bin, table, count);
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
