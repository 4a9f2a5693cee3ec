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

/* Where words come from; `at` stays at `end` when there are too few. */
struct words {
    const uint8_t *at, *end;
    bool missing;
};

/* One entry, without a branch on the bit; only the rare word branches. */
static inline uint32_t
step(uint32_t x, uint32_t p, struct words *w, unsigned *bit)
{
    uint32_t s = x & MASK, one = s < p, zero = one - 1; /* all ones for 0 */
    uint32_t f = (p & ~zero) | ((FM_RANS_ONE - p) & zero);

    *bit = one;
    x = f * (x >> FM_RANS_BITS) + s - (p & zero);
    if (__builtin_expect(x < FM_RANS_LOW, 0)) {
        if (w->at == w->end) {
            w->missing = true;
            return x;
        }
        x = x << 16 | get_word(w->at);
        w->at += FM_RANS_WORD;
    }
    return x;
}

static inline uint8_t
byte_of(const unsigned m[8])
{
    return (uint8_t)(m[0] | m[1] << 1 | m[2] << 2 | m[3] << 3 | m[4] << 4 |
                     m[5] << 5 | m[6] << 6 | m[7] << 7);
}

/* Eight entries at a time; each of four lanes in a register of its own. */
static size_t
decode_few(uint32_t *lane, struct words *w, uint8_t *bits, const uint16_t *p,
           size_t count)
{
    uint32_t a = lane[0], b = lane[1], c = lane[2], d = lane[3];
    size_t i = 0;

    for (; i + 8 <= count && !w->missing; i += 8) {
        unsigned m[8];

        a = step(a, p[i], w, &m[0]);
        b = step(b, p[i + 1], w, &m[1]);
        c = step(c, p[i + 2], w, &m[2]);
        d = step(d, p[i + 3], w, &m[3]);
        a = step(a, p[i + 4], w, &m[4]);
        b = step(b, p[i + 5], w, &m[5]);
        c = step(c, p[i + 6], w, &m[6]);
        d = step(d, p[i + 7], w, &m[7]);
        bits[i / 8] = byte_of(m);
    }
    lane[0] = a;
    lane[1] = b;
    lane[2] = c;
    lane[3] = d;
    return i;
}

/* The same for many lanes, which are in memory between their turns. */
static size_t
decode_many(uint32_t *lane, struct words *w, uint8_t *bits, const uint16_t *p,
            size_t count)
{
    struct words now = *w;
    size_t i = 0;

    for (; i + 8 <= count && !now.missing; i += 8) {
        uint32_t *x = lane + i % FM_RANS_MANY;
        unsigned m[8];

        x[0] = step(x[0], p[i], &now, &m[0]);
        x[1] = step(x[1], p[i + 1], &now, &m[1]);
        x[2] = step(x[2], p[i + 2], &now, &m[2]);
        x[3] = step(x[3], p[i + 3], &now, &m[3]);
        x[4] = step(x[4], p[i + 4], &now, &m[4]);
        x[5] = step(x[5], p[i + 5], &now, &m[5]);
        x[6] = step(x[6], p[i + 6], &now, &m[6]);
        x[7] = step(x[7], p[i + 7], &now, &m[7]);
        bits[i / 8] = byte_of(m);
    }
    *w = now;
    return i;
}

/* The entries of the last byte, from a multiple of 8 on. */
static void
decode_last(struct fm_rans_in *in, struct words *w, uint8_t *bits,
            const uint16_t *p, size_t from, size_t count)
{
    unsigned m, byte = 0;

    for (size_t i = from; i < count && !w->missing; i++) {
        uint32_t *x = &in->x[i % in->lanes];

        *x = step(*x, p[i], w, &m);
        byte |= m << i % 8;
    }
    if (from < count)
        bits[from / 8] = (uint8_t)byte;
}

bool
fm_rans_decode(struct fm_rans_in *in, uint8_t *bits, const uint16_t *p,
               size_t count)
{
    struct words w;
    size_t i = 0;

#if defined(__x86_64__)
    if (in->lanes == FM_RANS_MANY && fm_cpu() >= FM_CPU_AVX512)
        i = fm_rans_decode_avx512(in, bits, p, count);
    else if (in->lanes == FM_RANS_MANY && fm_cpu() >= FM_CPU_AVX2)
        i = fm_rans_decode_avx2(in, bits, p, count);
#endif
    w = (struct words){.at = in->at, .end = in->end};
    if (in->lanes == FM_RANS_FEW)
        i = decode_few(in->x, &w, bits, p, count);
    else
        i += decode_many(in->x, &w, bits + i / 8, p + i, count - i);
    if (!w.missing)
        decode_last(in, &w, bits, p, i, count);
    in->at = w.at;
    return !w.missing;
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
 * A step of decoding backwards: the word that would be taken is given, and then
 * x becomes the one state that leads to it.  A state of f * 2^17 or more would
 * not fit 32 bits afterwards.
 */
static inline uint32_t
unstep(uint32_t x, bool bit, uint32_t p, uint8_t **at)
{
    uint32_t f = bit ? p : FM_RANS_ONE - p, q;

    if (x >= f << (32 - FM_RANS_BITS)) {
        *at -= FM_RANS_WORD;
        (*at)[0] = (uint8_t)x;
        (*at)[1] = (uint8_t)(x >> 8);
        x >>= 16;
    }
    q = x / f;
    return (q << FM_RANS_BITS) + (x - q * f) + (bit ? 0 : p);
}

static inline void
encode(struct fm_rans_out *out, const uint8_t *bits, const uint16_t *p,
       size_t from, size_t count, unsigned lanes)
{
    uint8_t *at = out->at;

    for (size_t i = count; i-- > from;)
        out->x[i % lanes] =
            unstep(out->x[i % lanes], bits[i / 8] >> (i % 8) & 1, p[i], &at);
    out->at = at;
}

/* The tail that fills no row comes first, since it is coded backwards. */
void
fm_rans_encode(struct fm_rans_out *out, const uint8_t *bits, const uint16_t *p,
               size_t count)
{
    size_t rows = count - count % FM_RANS_MANY, done = 0;

    assert((size_t)(out->at - out->begin) >=
           count * FM_RANS_WORD + out->lanes * STATE);
    if (out->lanes == FM_RANS_FEW) {
        encode(out, bits, p, 0, count, FM_RANS_FEW);
        return;
    }
    encode(out, bits, p, rows, count, FM_RANS_MANY);
#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        done = fm_rans_encode_avx512(out, bits, p, rows);
    else if (fm_cpu() >= FM_CPU_AVX2)
        done = fm_rans_encode_avx2(out, bits, p, rows);
#endif
    encode(out, bits, p, 0, rows - done, FM_RANS_MANY);
}

const uint8_t *
fm_rans_finish(struct fm_rans_out *out)
{
    out->at -= out->lanes * STATE;
    for (unsigned j = 0; j < out->lanes; j++)
        fm_put32(out->at + STATE * j, out->x[j]);
    return out->at;
}
