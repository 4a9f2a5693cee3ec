#include "mask/draw.h"

#include "base/cpu.h"
#include "mask/draw_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* sign(n) * v, by its sign bit: a branch on noise is mispredicted half the
 * time. */
static double
towards(double v, int32_t n)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    bits ^= (uint64_t)n & (uint64_t)1 << 63;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/*
 * The right-hand side is an integer below 2^37 and exact in a double; on the
 * left one product is rounded, the same way everywhere.  A comparison with a
 * NaN is false, so the mask is 0 there.
 */
static void
draw(uint8_t *m, const float *u, const int32_t *n, const uint16_t *k,
     size_t count, struct fm_draw_rule r)
{
    size_t i = 0;

#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_draw_avx512(m, u, n, k, count, r);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_draw_avx2(m, u, n, k, count, r);
#endif
    for (; i < count; i++) {
        double size = abs(n[i]), top = r.top - (k ? 2 * k[i] : 0);

        m[i] = towards(u[i] * r.scale, n[i]) >= size * top;
    }
}

/*
 * v = sign(n) * u * (65536/A), and 65536/A = 2^40/a.  The factors 131072,
 * 65536 and 2 of the definition are powers of two, so that it does not matter
 * to the last bit whether they multiply v or its scale.
 */
void
fm_draw_stochastic(uint8_t *m, const float *u, const int32_t *n,
                   const uint16_t *k, size_t count, uint32_t a, bool is_signed)
{
    struct fm_draw_rule r;

    assert(a > 0);
    if (is_signed)
        r = (struct fm_draw_rule){0x1p40 / a * 65536, 65535};
    else
        r = (struct fm_draw_rule){0x1p40 / a * 131072, 131071};
    draw(m, u, n, k, count, r);
}

void
fm_draw_nearest(uint8_t *m, const float *u, const int32_t *n, size_t count,
                uint32_t a, bool is_signed)
{
    struct fm_draw_rule r;

    assert(a > 0);
    if (is_signed)
        r = (struct fm_draw_rule){0x1p40 / a, 0};
    else
        r = (struct fm_draw_rule){0x1p40 / a * 2, 1};
    draw(m, u, n, NULL, count, r);
}
