/*
 * masking_impl: the loop of fm_masking_weights, compiled once per instruction
 * set.  Nothing but IEEE operations on one element at a time, no contraction:
 * all variants give the same bits.
 */
#ifndef FM_FED_MASKING_IMPL_H
#define FM_FED_MASKING_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A step's constants, all for one tensor. */
struct fm_masking_terms {
    bool is_signed;
    float unit;  /* noise of one unit of n */
    float scale; /* from u to v * 131072 (signed: v * 65536) */
    float top;   /* 131071 (65535); with lanes of 0 and 65536 (0): U = 1/2 */
    int32_t threshold; /* masked when the lane of select is below; 0..65536 */
};

typedef void fm_masking_fn(float *out, const struct fm_masking_terms *c,
                           const float *w, const float *u, const int32_t *n,
                           const uint16_t *mask, const uint16_t *select,
                           size_t count);

fm_masking_fn fm_masking_apply_portable, fm_masking_apply_avx2,
    fm_masking_apply_avx512;

/* A constant trip count lets every compiler turn the loop into vectors. */
enum { FM_MASKING_BLOCK = 16 };

__attribute__((always_inline)) static inline void
fm_masking_block(float *restrict out, const struct fm_masking_terms *c,
                 const float *restrict w, const float *restrict u,
                 const int32_t *restrict n, const uint16_t *restrict mask,
                 const uint16_t *restrict select, bool is_signed)
{
    const float unit = c->unit, scale = c->scale, top = c->top;
    const int32_t threshold = c->threshold;

    for (size_t i = 0; i < FM_MASKING_BLOCK; i++) {
        float ni = (float)n[i], size = ni < 0 ? -ni : ni;
        float v = u[i] * scale, towards = ni < 0 ? -v : v;
        float noise = ni * unit, bound = size * unit;
        float none = is_signed ? -noise : 0.0f;
        float lo = is_signed ? -bound : ni < 0 ? noise : 0.0f;
        float hi = is_signed ? bound : ni < 0 ? 0.0f : noise;
        float low = u[i] < lo ? lo : u[i];
        float clipped = low > hi ? hi : low;
        float line = size * (top - 2.0f * (float)mask[i]);
        float masked = towards >= line ? noise : none;

        out[i] = w[i] + (select[i] < threshold ? masked : clipped);
    }
}

/* The rest of less than a block goes through a block of copies. */
__attribute__((always_inline)) static inline void
fm_masking_tail(float *out, const struct fm_masking_terms *c, const float *w,
                const float *u, const int32_t *n, const uint16_t *mask,
                const uint16_t *select, size_t count, bool is_signed)
{
    float o[FM_MASKING_BLOCK], wt[FM_MASKING_BLOCK] = {0};
    float ut[FM_MASKING_BLOCK] = {0};
    int32_t nt[FM_MASKING_BLOCK] = {0};
    uint16_t mt[FM_MASKING_BLOCK] = {0}, st[FM_MASKING_BLOCK] = {0};

    memcpy(wt, w, count * sizeof *w);
    memcpy(ut, u, count * sizeof *u);
    memcpy(nt, n, count * sizeof *n);
    memcpy(mt, mask, count * sizeof *mask);
    memcpy(st, select, count * sizeof *select);
    fm_masking_block(o, c, wt, ut, nt, mt, st, is_signed);
    memcpy(out, o, count * sizeof *out);
}

__attribute__((always_inline)) static inline void
fm_masking_loop(float *out, const struct fm_masking_terms *c, const float *w,
                const float *u, const int32_t *n, const uint16_t *mask,
                const uint16_t *select, size_t count, bool is_signed)
{
    size_t i = 0;

    for (; i + FM_MASKING_BLOCK <= count; i += FM_MASKING_BLOCK)
        fm_masking_block(out + i, c, w + i, u + i, n + i, mask + i, select + i,
                         is_signed);
    if (i < count)
        fm_masking_tail(out + i, c, w + i, u + i, n + i, mask + i, select + i,
                        count - i, is_signed);
}

/* The body of every variant. */
#define FM_MASKING_VARIANT(name)                                               \
    void name(float *out, const struct fm_masking_terms *c, const float *w,    \
              const float *u, const int32_t *n, const uint16_t *mask,          \
              const uint16_t *select, size_t count)                            \
    {                                                                          \
        if (c->is_signed)                                                      \
            fm_masking_loop(out, c, w, u, n, mask, select, count, true);       \
        else                                                                   \
            fm_masking_loop(out, c, w, u, n, mask, select, count, false);      \
    }

#endif
