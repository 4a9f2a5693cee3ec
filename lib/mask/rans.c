#include "mask/rans.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "mask/rans_impl.h"

#include <assert.h>

enum { STATE = 4, MASK = FM_RANS_ONE - 1 };

static uint32_t
get_word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

bool
fm_rans_open(struct fm_rans_in *in, const uint8_t *bytes, size_t size,
             unsigned lanes)
{
    assert(lanes == FM_RANS_FEW || lanes == FM_RANS_MANY);
    *in = (struct fm_rans_in){.lanes = lanes};
    if (size < lanes * STATE || size % FM_RANS_WORD)
        return false;
    in->at = bytes + lanes * STATE;
    in->end = bytes + size;
    for (unsigned j = 0; j < lanes; j++) {
        in->x[j] = fm_get32(bytes + STATE * j);
        if (in->x[j] < FM_RANS_LOW)
            return false;
    }
    return true;
}

/* One entry, without a branch on the bit; only the rare word branches. */
static inline unsigned
step(uint32_t *x, uint32_t p, const uint8_t **at, const uint8_t *end,
     bool *short_)
{
    uint32_t s = *x & MASK, bit = s < p, zero = bit - 1; /* all ones for 0 */
    uint32_t f = (p & ~zero) | ((FM_RANS_ONE - p) & zero);

    *x = f * (*x >> FM_RANS_BITS) + s - (p & zero);
    if (*x < FM_RANS_LOW) {
        if (*at == end) {
            *short_ = true;
            return bit;
        }
        *x = *x << 16 | get_word(*at);
        *at += FM_RANS_WORD;
    }
    return bit;
}

/* `lanes` is known to the compiler where this is inlined. */
static inline bool
decode(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p, size_t count,
       unsigned lanes)
{
    const uint8_t *at = in->at, *const end = in->end;
    bool short_ = false;
    uint32_t x[FM_RANS_MANY];
    size_t i = 0;

    memcpy(x, in->x, lanes * sizeof *x);
    for (; i + 8 <= count; i += 8) {
        unsigned byte = 0;

        for (unsigned j = 0; j < 8; j++)
            byte |= step(&x[(i + j) % lanes], p[i + j], &at, end, &short_) << j;
        bits[i / 8] = (uint8_t)byte;
        if (short_)
            return false;
    }
    if (i < count)
        bits[i / 8] = 0;
    for (; i < count; i++)
        bits[i / 8] |=
            (uint8_t)(step(&x[i % lanes], p[i], &at, end, &short_) << i % 8);
    memcpy(in->x, x, lanes * sizeof *x);
    in->at = at;
    return !short_;
}

bool
fm_rans_decode(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p,
               size_t count)
{
    size_t i = 0;

    if (in->lanes == FM_RANS_FEW)
        return decode(in, bits, p, count, FM_RANS_FEW);
#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_rans_decode_avx512(in, bits, p, count);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_rans_decode_avx2(in, bits, p, count);
#endif
    return decode(in, bits + i / 8, p + i, count - i, FM_RANS_MANY);
}

bool
fm_rans_close(const struct fm_rans_in *in)
{
    for (unsigned j = 0; j < in->lanes; j++)
        if (in->x[j] != FM_RANS_LOW)
            return false;
    return in->at == in->end;
}

size_t
fm_rans_room(size_t n)
{
    return n * FM_RANS_WORD + FM_RANS_MANY * STATE;
}

void
fm_rans_start(struct fm_rans_out *out, uint8_t *room, size_t size,
              unsigned lanes)
{
    assert(lanes == FM_RANS_FEW || lanes == FM_RANS_MANY);
    *out =
        (struct fm_rans_out){.lanes = lanes, .begin = room, .at = room + size};
    for (unsigned j = 0; j < lanes; j++)
        out->x[j] = FM_RANS_LOW;
}

/*
 * The steps of `decode` backwards: the word that would be taken is given, and
 * then x becomes the one state that leads to it.  A state of f * 2^17 or more
 * would not fit 32 bits afterwards.
 */
void
fm_rans_encode(struct fm_rans_out *out, const uint8_t *bits, const uint16_t *p,
               size_t count)
{
    uint8_t *at = out->at;

    assert((size_t)(at - out->begin) >=
           count * FM_RANS_WORD + out->lanes * STATE);
    for (size_t i = count; i-- > 0;) {
        bool bit = bits[i / 8] >> (i % 8) & 1;
        uint32_t f = bit ? p[i] : FM_RANS_ONE - (uint32_t)p[i];
        uint32_t x = out->x[i % out->lanes], q;

        if (x >= f << (32 - FM_RANS_BITS)) {
            at -= FM_RANS_WORD;
            at[0] = (uint8_t)x;
            at[1] = (uint8_t)(x >> 8);
            x >>= 16;
        }
        q = x / f;
        out->x[i % out->lanes] =
            (q << FM_RANS_BITS) + (x - q * f) + (bit ? 0 : p[i]);
    }
    out->at = at;
}

const uint8_t *
fm_rans_finish(struct fm_rans_out *out)
{
    out->at -= out->lanes * STATE;
    for (unsigned j = 0; j < out->lanes; j++)
        fm_put32(out->at + STATE * j, out->x[j]);
    return out->at;
}
