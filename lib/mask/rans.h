/*
 * rans: bits of known probability, coded in about their entropy.  Exact.
 *
 * Range ANS (Duda, arXiv 1311.2540), binary and static: with each bit comes
 * the probability p / 32768 that it is 1, p in 1..32767, and both ends know it.
 * What the bits mean and where p comes from is the caller's (mask/curve.h).
 *
 * Entry i belongs to lane i mod L of L lanes, 4 or 32.  A lane is a state x of
 * 32 bits, 2^16 <= x.  Decoding an entry:
 *
 *   s = x mod 32768,  bit = s < p,  f = bit ? p : 32768 - p
 *   x = f * (x div 32768) + s - (bit ? 0 : p)
 *   when x < 2^16:  x = 2^16 * x + the next word
 *
 * The coded bytes are the L states to start from, 32 bits each, and then the
 * words, 16 bits each, all little-endian.  At the end every state is 2^16 and
 * no word is left; a reader insists on it.
 *
 * The lanes let one processor work on many entries at a time; each costs about
 * 3 bytes, so small pieces take 4 lanes.  Every CPU variant gives the same.
 */
#ifndef FM_MASK_RANS_H
#define FM_MASK_RANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FM_RANS_BITS = 15,
    FM_RANS_ONE = 1 << FM_RANS_BITS, /* p of what is certain */
    FM_RANS_FEW = 4,
    FM_RANS_MANY = 32,
};

struct fm_rans_in {
    uint32_t x[FM_RANS_MANY];
    unsigned lanes;
    const uint8_t *at, *end; /* words not read yet */
};

/*
 * fm_rans_open - start on `size` bytes from outside, which must stay.  False
 * when they do not begin as such bytes can.
 */
bool fm_rans_open(struct fm_rans_in *in, const uint8_t *bytes, size_t size,
                  unsigned lanes);

/*
 * fm_rans_decode - the next `count` bits.
 *
 *   bits   (count + 7) / 8 bytes, overwritten, least significant bit first,
 *          pad bits 0
 *   p      count probabilities
 *   count  a multiple of 32, but for the last call
 *
 * False when the words ran out; the bits are unspecified then.
 */
bool fm_rans_decode(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p,
                    size_t count);

/* fm_rans_close - did the bytes end as they must? */
bool fm_rans_close(const struct fm_rans_in *in);

struct fm_rans_out {
    uint32_t x[FM_RANS_MANY];
    unsigned lanes;
    uint8_t *begin, *at; /* the coded bytes grow down from the room's end */
};

/* fm_rans_room - bytes that the code of `n` entries may take, at most. */
size_t fm_rans_room(size_t n);

/*
 * fm_rans_start - code into `room` bytes, fm_rans_room of all entries to come.
 * fm_rans_encode - code `count` bits in FRONT of those before: the last piece
 * comes first.  Every piece but that one has a multiple of 32 entries.
 * fm_rans_finish - where the coded bytes start; they end where the room does.
 * None can fail.
 */
void fm_rans_start(struct fm_rans_out *out, uint8_t *room, size_t size,
                   unsigned lanes);
void fm_rans_encode(struct fm_rans_out *out, const uint8_t *bits,
                    const uint16_t *p, size_t count);
const uint8_t *fm_rans_finish(struct fm_rans_out *out);

#endif
