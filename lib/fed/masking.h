/*
 * masking: the weights that one training step of FedMRN sees, and the mask
 * that is sent in the end (arXiv 2408.03220; the formulas are in local.h).
 *
 * The weights of a step are approximate: float32, though the same bits come
 * out on every CPU, for any chunks and any number of threads, since every
 * element is computed by itself in one order of operations.  The final mask is
 * exact (mask/draw.h).
 */
#ifndef FM_FED_MASKING_H
#define FM_FED_MASKING_H

#include "tensor/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FM_MASKING_CHUNK = 4096 }; /* elements of one call, at most */

/* Scratch lanes for one call: one belongs to one thread. */
struct fm_masking_lanes {
    uint16_t mask[FM_MASKING_CHUNK], select[FM_MASKING_CHUNK];
};

/* One tensor, and where the training stands. */
struct fm_masking_step {
    enum fm_masking masking; /* not FM_POST in fm_masking_weights */
    bool is_signed;
    uint32_t a; /* noise magnitude, A = a * 2^-24 */
    uint32_t ordinal;
    uint64_t key;      /* private seed; for the final mask the dither's key */
    uint32_t t, steps; /* this step, 1..steps */
};

/*
 * fm_masking_weights - effective weights of elements first..first+count-1.
 *
 *   out      count floats: w + masked or clipped update
 *   w, u, n  count frozen weights, updates and noise integers of these elements
 *   first    a multiple of 8; decides which lanes are theirs
 */
void fm_masking_weights(float *out, const struct fm_masking_step *s,
                        const float *w, const float *u, const int32_t *n,
                        size_t first, size_t count,
                        struct fm_masking_lanes *lanes);

/*
 * fm_masking_final - the mask that is sent, count bytes 0 or 1: deterministic
 * for pm and dm, else one draw with lanes of purpose dither under s->key;
 * s->t and s->steps do not matter.
 */
void fm_masking_final(uint8_t *m, const struct fm_masking_step *s,
                      const float *u, const int32_t *n, size_t first,
                      size_t count, struct fm_masking_lanes *lanes);

#endif
