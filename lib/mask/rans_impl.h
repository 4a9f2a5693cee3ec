/*
 * rans_impl: the variants of fm_rans_decode and fm_rans_encode.
 *
 * A variant decodes whole rows of FM_RANS_MANY entries, as long as there are
 * as many in `count` and the words left are enough whatever they say, and
 * returns how many entries that was; the portable code does the rest.
 */
#ifndef FM_MASK_RANS_IMPL_H
#define FM_MASK_RANS_IMPL_H

#include "mask/rans.h"

enum {
    FM_RANS_LOW = 1 << 16, /* a state below takes a word */
    FM_RANS_WORD = 2,
};

size_t fm_rans_decode_avx2(struct fm_rans_in *in, uint8_t *bits,
                           const uint16_t *p, size_t count);
size_t fm_rans_decode_avx512(struct fm_rans_in *in, uint8_t *bits,
                             const uint16_t *p, size_t count);

/*
 * The same for coding under FM_RANS_MANY lanes: whole rows from the end of
 * `count`, a multiple of them; returns how many entries were done.
 */
size_t fm_rans_encode_avx2(struct fm_rans_out *out, const uint8_t *bits,
                           const uint16_t *p, size_t count);
size_t fm_rans_encode_avx512(struct fm_rans_out *out, const uint8_t *bits,
                             const uint16_t *p, size_t count);

#endif
