#include "data/wide.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMBS = FM_WIDE_LIMBS, BITS = 64 * LIMBS, UNIT = -FM_WIDE_UNIT_LOG2 };

static bool
negative(const struct fm_wide *w)
{
    return w->limb[LIMBS - 1] >> 63;
}

static void
negate(struct fm_wide *w)
{
    unsigned carry = 1;

    for (int i = 0; i < LIMBS; i++) {
        w->limb[i] = ~w->limb[i] + carry;
        carry = carry && w->limb[i] == 0;
    }
}

void
fm_wide_add(struct fm_wide *w, const struct fm_wide *more)
{
    bool carry = false;

    for (int i = 0; i < LIMBS; i++) {
        uint64_t sum = w->limb[i] + more->limb[i];
        bool over = sum < w->limb[i];

        w->limb[i] = sum + carry;
        carry = over || w->limb[i] < sum;
    }
}

/* Add or subtract v * 2^shift units. */
static void
shifted(struct fm_wide *w, uint64_t v, unsigned shift, bool minus)
{
    unsigned __int128 part = (unsigned __int128)v << shift % 64;
    uint64_t piece[2] = {(uint64_t)part, (uint64_t)(part >> 64)};
    bool carry = false;

    for (unsigned i = shift / 64, k = 0; i < LIMBS && (k < 2 || carry);
         i++, k++) {
        uint64_t add = k < 2 ? piece[k] : 0, old = w->limb[i];

        if (minus) {
            w->limb[i] = old - add - carry;
            carry = old < add || (carry && old == add);
        } else {
            w->limb[i] = old + add + carry;
            carry = w->limb[i] < old || (carry && w->limb[i] == old);
        }
    }
}

/* v is +-*m * 2^(*shift - 149). */
static bool
take_apart(float v, uint64_t *m, unsigned *shift)
{
    uint32_t bits, exponent;

    memcpy(&bits, &v, sizeof bits);
    exponent = bits >> 23 & 0xff;
    assert(exponent < 0xff);
    *m = (bits & 0x7fffff) | (exponent ? UINT64_C(1) << 23 : 0);
    *shift = exponent ? exponent - 1 : 0;
    return bits >> 31;
}

void
fm_wide_float(struct fm_wide *w, float v)
{
    unsigned shift;
    uint64_t m;
    bool minus = take_apart(v, &m, &shift);

    shifted(w, m, shift + UNIT / 2, minus);
}

void
fm_wide_square(struct fm_wide *w, float v)
{
    unsigned shift;
    uint64_t m;

    take_apart(v, &m, &shift);
    shifted(w, m * m, 2 * shift, false);
}

void
fm_wide_count(struct fm_wide *w, uint64_t v)
{
    shifted(w, v, UNIT, false);
}

/* The magnitude of `w`, and whether it was negative. */
static bool
magnitude(struct fm_wide *out, const struct fm_wide *w)
{
    bool minus = negative(w);

    *out = *w;
    if (minus)
        negate(out);
    return minus;
}

/* Bits of a magnitude: the highest that is set, plus 1; 0 for 0. */
static unsigned
length(const struct fm_wide *w)
{
    for (unsigned i = LIMBS; i-- > 0;)
        if (w->limb[i])
            return 64 * i + 64 - (unsigned)__builtin_clzll(w->limb[i]);
    return 0;
}

/* The lowest bit that is set, of what is not 0. */
static unsigned
lowest(const struct fm_wide *w)
{
    unsigned i = 0;

    while (w->limb[i] == 0)
        i++;
    return 64 * i + (unsigned)__builtin_ctzll(w->limb[i]);
}

/* 64 bits of a magnitude from bit `from` on. */
static uint64_t
bits_at(const struct fm_wide *w, unsigned from)
{
    unsigned i = from / 64, off = from % 64;
    uint64_t low = i < LIMBS ? w->limb[i] >> off : 0;

    if (off && i + 1 < LIMBS)
        low |= w->limb[i + 1] << (64 - off);
    return low;
}

bool
fm_wide_within(const struct fm_wide *w, int log2, int unit)
{
    struct fm_wide m;

    magnitude(&m, w);
    if (length(&m) == 0)
        return true;
    return (int)length(&m) <= log2 + UNIT && (int)lowest(&m) >= unit + UNIT;
}

bool
fm_wide_spread(struct fm_wide *out, const struct fm_wide *sum,
               const struct fm_wide *squares, uint64_t n)
{
    struct fm_wide m, product = {0};
    uint64_t root[LIMBS];

    assert(n <= UINT64_C(1) << 40);
    *out = (struct fm_wide){0};
    for (unsigned i = 0; i < LIMBS; i++) {
        unsigned __int128 p = (unsigned __int128)squares->limb[i] * n;
        struct fm_wide part = {0};

        part.limb[i] = (uint64_t)p;
        if (i + 1 < LIMBS)
            part.limb[i + 1] = (uint64_t)(p >> 64);
        fm_wide_add(out, &part);
    }
    /* In units of 2^-149, so that the square is in our own. */
    magnitude(&m, sum);
    for (unsigned i = 0; i < LIMBS; i++)
        root[i] = bits_at(&m, 64 * i + UNIT / 2);
    for (unsigned i = 0; i < LIMBS; i++)
        for (unsigned k = 0; i + k < LIMBS; k++) {
            unsigned __int128 p = (unsigned __int128)root[i] * root[k];
            struct fm_wide part = {0};

            part.limb[i + k] = (uint64_t)p;
            if (i + k + 1 < LIMBS)
                part.limb[i + k + 1] = (uint64_t)(p >> 64);
            fm_wide_add(&product, &part);
        }
    negate(&product);
    fm_wide_add(out, &product);
    return !negative(out);
}

/* 2^k, of a normal double. */
static double
power(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double d;

    memcpy(&d, &bits, sizeof d);
    return d;
}

double
fm_wide_double(const struct fm_wide *w)
{
    struct fm_wide m;
    bool minus = magnitude(&m, w);
    unsigned n = length(&m), from = n > 64 ? n - 64 : 0;
    double d = (double)bits_at(&m, from) * power((int)from - UNIT);

    return minus ? -d : d;
}

void
fm_wide_text(char out[FM_WIDE_TEXT], const struct fm_wide *w)
{
    struct fm_wide m;
    bool minus = magnitude(&m, w);
    unsigned low, digits;
    char *s = out;

    if (length(&m) == 0) {
        memcpy(out, "0x0p+0", 7);
        return;
    }
    low = lowest(&m);
    digits = (length(&m) - low + 3) / 4;
    if (minus)
        *s++ = '-';
    *s++ = '0';
    *s++ = 'x';
    for (unsigned k = digits; k-- > 0;)
        *s++ = "0123456789abcdef"[bits_at(&m, low + 4 * k) & 15];
    snprintf(s, FM_WIDE_TEXT - (size_t)(s - out), "p%+d", (int)low - UNIT);
}

bool
fm_wide_parse(struct fm_wide *w, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    const char *s = text + (*text == '-');
    char again[FM_WIDE_TEXT];
    size_t digits;
    uint64_t at;

    *w = (struct fm_wide){0};
    if (strncmp(s, "0x", 2) != 0)
        return false;
    s += 2;
    digits = strspn(s, hex);
    if (s[digits] != 'p')
        return false;
    at = (uint64_t)strtol(s + digits + 1, NULL, 10) + UNIT;
    for (size_t k = 0; k < digits; k++) {
        uint64_t digit = (uint64_t)(strchr(hex, s[k]) - hex);
        uint64_t to = at + 4 * (digits - 1 - k);

        /* What falls off either end does not come back below. */
        if (to < BITS)
            shifted(w, digit, (unsigned)to, false);
    }
    if (*text == '-')
        negate(w);
    /* One text for each sum: what is written again must be what was read. */
    fm_wide_text(again, w);
    return strcmp(again, text) == 0;
}
