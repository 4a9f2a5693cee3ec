#include "rand/noise.h"

#include "rand/fmath.h"
#include "rand/philox.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum {
    TABLE = 65536,    /* one entry per lane */
    CHUNK = 512,      /* blocks at a time: 8 KiB of lanes stay in the cache */
    BITS_BLOCK = 128, /* elements of a block under bernoulli */
    UNIT = 65536,     /* n of a noise value A */
};

static const char *const names[] = {"uniform", "gaussian", "bernoulli"};
static const int32_t largest[] = {65535, 283438, UNIT};

static int32_t table[TABLE];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

int32_t
fm_noise_max(enum fm_dist d)
{
    return largest[d];
}

static void
table_build(void)
{
    for (int k = TABLE / 2; k < TABLE; k++) {
        double z = fm_normal_inverse((2 * k + 1) / (2.0 * TABLE));

        table[k] = (int32_t)(UNIT * z + 0.5);
        table[TABLE - 1 - k] = -table[k];
    }
}

const int32_t *
fm_noise_table(void)
{
    pthread_once(&table_once, table_build);
    return table;
}

/* The loops of eight and sixteen are fixed so that -O2 vectorises them. */

static void
uniform(int32_t *restrict n, const uint16_t *restrict k, size_t count)
{
    size_t i = 0;

    for (; i + FM_LANES <= count; i += FM_LANES)
        for (size_t j = 0; j < FM_LANES; j++)
            n[i + j] = 2 * k[i + j] - 65535;
    for (; i < count; i++)
        n[i] = 2 * k[i] - 65535;
}

static void
gaussian(int32_t *restrict n, const uint16_t *restrict k, size_t count,
         const int32_t *z)
{
    for (size_t i = 0; i < count; i++)
        n[i] = z[k[i]];
}

#define P UNIT
#define M -UNIT

/* Four bits, lowest first, as four elements. */
static const int32_t four[16][4] = {
    {M, M, M, M}, {P, M, M, M}, {M, P, M, M}, {P, P, M, M},
    {M, M, P, M}, {P, M, P, M}, {M, P, P, M}, {P, P, P, M},
    {M, M, M, P}, {P, M, M, P}, {M, P, M, P}, {P, P, M, P},
    {M, M, P, P}, {P, M, P, P}, {M, P, P, P}, {P, P, P, P},
};

#undef P
#undef M

/* Bit b of lane l is element 16 l + b. */
static void
bernoulli(int32_t *restrict n, const uint16_t *restrict k, size_t count)
{
    size_t l = 0;

    for (; l < count / 16; l++, n += 16) {
        memcpy(n, four[k[l] & 15], sizeof four[0]);
        memcpy(n + 4, four[k[l] >> 4 & 15], sizeof four[0]);
        memcpy(n + 8, four[k[l] >> 8 & 15], sizeof four[0]);
        memcpy(n + 12, four[k[l] >> 12], sizeof four[0]);
    }
    for (size_t b = 0; b < count % 16; b++)
        n[b] = four[k[l] >> b & 1][0];
}

void
fm_noise_fill(int32_t *n, uint64_t key, enum fm_dist d, uint32_t ordinal,
              size_t first, size_t count)
{
    const struct fm_place at = {key, 0, ordinal, FM_FOR_NOISE};
    const size_t each = d == FM_BERNOULLI ? BITS_BLOCK : FM_LANES;
    const int32_t *z = d == FM_GAUSSIAN ? fm_noise_table() : NULL;
    uint16_t k[CHUNK * FM_LANES];
    size_t block = first / each;

    assert(first % BITS_BLOCK == 0);
    while (count > 0) {
        size_t now = count < CHUNK * each ? count : CHUNK * each;
        size_t blocks = (now + each - 1) / each;

        assert(block <= UINT32_MAX);
        fm_philox_lanes(k, &at, (uint32_t)block, blocks);
        if (d == FM_UNIFORM)
            uniform(n, k, now);
        else if (d == FM_GAUSSIAN)
            gaussian(n, k, now, z);
        else
            bernoulli(n, k, now);
        n += now;
        count -= now;
        block += blocks;
    }
}

const char *
fm_dist_name(enum fm_dist d)
{
    return names[d];
}

int
fm_dist_parse(enum fm_dist *d, const char *s, size_t len)
{
    for (int i = FM_UNIFORM; i <= FM_BERNOULLI; i++)
        if (strlen(names[i]) == len && memcmp(names[i], s, len) == 0) {
            *d = (enum fm_dist)i;
            return 0;
        }
    return -1;
}

/* A number as text: mantissa digits with a point somewhere, and an exponent. */
struct decimal {
    const char *digits;
    size_t len;    /* of the mantissa, its point included */
    int64_t first; /* power of ten of its first digit */
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [0-9]*[.[0-9]*][(e|E)[+|-][0-9]+], at least one digit in the mantissa. */
static bool
decimal_scan(struct decimal *x, const char *s)
{
    const int64_t far = (int64_t)1 << 60; /* no text has so many digits */
    size_t whole = 0, part = 0;
    int64_t exponent = 0;

    x->digits = s;
    while (is_digit(s[whole]))
        whole++;
    s += whole;
    if (*s == '.') {
        s++;
        while (is_digit(s[part]))
            part++;
        s += part;
    }
    x->len = (size_t)(s - x->digits);
    if (whole + part == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        bool minus = s[1] == '-';

        s += s[1] == '-' || s[1] == '+' ? 2 : 1;
        if (!is_digit(*s))
            return false;
        for (; is_digit(*s); s++)
            if (exponent < far / 10)
                exponent = 10 * exponent + (*s - '0');
        if (minus)
            exponent = -exponent;
    }
    x->first = (int64_t)whole - 1 + exponent;
    return *s == '\0';
}

/*
 * A rounds up where A * 2^24 >= j + 1/2, and such thresholds, odd multiples of
 * 2^-25, have exactly 25 decimals.  So A cut to 25 decimals, an integer below
 * 2^92, decides, however many digits the text has.
 */
int
fm_magnitude_parse(uint32_t *a, const char *s)
{
    enum { DECIMALS = 25 };
    unsigned __int128 ten[DECIMALS + 3], cut = 0;
    struct decimal x;
    bool zero = true;

    if (!decimal_scan(&x, s))
        return -1;
    ten[0] = 1;
    for (int i = 1; i < DECIMALS + 3; i++)
        ten[i] = 10 * ten[i - 1];
    for (size_t i = 0; i < x.len; i++) {
        int d = x.digits[i] - '0';

        if (x.digits[i] == '.')
            continue;
        if (d != 0 && x.first > 2)
            return -1; /* 1000 or more */
        if (d != 0 && x.first >= -DECIMALS)
            cut += (unsigned)d * ten[x.first + DECIMALS];
        zero = zero && d == 0;
        x.first--;
    }
    if (zero || cut >= 256 * ten[DECIMALS])
        return -1;
    cut = ((cut << 25) + ten[DECIMALS]) / (2 * ten[DECIMALS]);
    if (cut > UINT32_MAX)
        return -1;
    *a = cut ? (uint32_t)cut : 1;
    return 0;
}
