#include "rand/stream.h"

#include "rand/fmath.h"

#include <assert.h>
#include <math.h>

void
fm_stream_start(struct fm_stream *s, uint64_t key, uint32_t high,
                uint32_t ordinal, enum fm_purpose purpose)
{
    *s = (struct fm_stream){
        .at = {key, high, ordinal, (uint32_t)purpose},
        .used = 4,
    };
}

uint32_t
fm_stream_u32(struct fm_stream *s)
{
    if (s->used == 4) {
        uint32_t ctr[4] = {s->block, s->at.high, s->at.ordinal, s->at.purpose};

        /* A stream that starts again would repeat its draws. */
        assert(s->block != UINT32_MAX);
        fm_philox_block(s->word, s->at.key, ctr);
        s->block++;
        s->used = 0;
    }
    return s->word[s->used++];
}

uint32_t
fm_stream_below(struct fm_stream *s, uint32_t n)
{
    uint64_t p;

    assert(n >= 1);
    p = (uint64_t)fm_stream_u32(s) * n;
    /* 2^32 mod n is below n, so most draws need no division. */
    if ((uint32_t)p < n) {
        uint32_t refuse = (0u - n) % n;

        while ((uint32_t)p < refuse)
            p = (uint64_t)fm_stream_u32(s) * n;
    }
    return (uint32_t)(p >> 32);
}

double
fm_stream_unit(struct fm_stream *s)
{
    uint64_t x = (uint64_t)fm_stream_u32(s) << 20;

    x |= fm_stream_u32(s) >> 12;
    return (double)(2 * x + 1) * 0x1p-53;
}

double
fm_stream_normal(struct fm_stream *s)
{
    double x, y, r;

    do {
        x = 2.0 * fm_stream_unit(s) - 1.0;
        y = 2.0 * fm_stream_unit(s) - 1.0;
        r = x * x + y * y;
    } while (r >= 1.0); /* never 0: 2u - 1 is odd / 2^52 */
    return x * sqrt(-2.0 * fm_log(r) / r);
}

double
fm_stream_gamma(struct fm_stream *s, double shape)
{
    double d, c, x, v, u;

    assert(shape > 0);
    if (shape < 1.0) {
        x = fm_stream_gamma(s, shape + 1.0);
        return x * fm_exp(fm_log(fm_stream_unit(s)) / shape);
    }
    /* Without the paper's squeeze: it saves a log, and its rounding would be
     * one more thing for another implementation to match. */
    d = shape - 1.0 / 3.0;
    c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        do {
            x = fm_stream_normal(s);
            v = 1.0 + c * x;
        } while (v <= 0.0);
        v = v * v * v;
        u = fm_stream_unit(s);
        if (fm_log(u) < 0.5 * x * x + d - d * v + d * fm_log(v))
            return d * v;
    }
}

void
fm_stream_shuffle(struct fm_stream *s, uint32_t *v, size_t n)
{
    assert(n <= UINT32_MAX);
    for (size_t i = n; i > 1; i--) {
        size_t j = fm_stream_below(s, (uint32_t)i);
        uint32_t t = v[i - 1];

        v[i - 1] = v[j];
        v[j] = t;
    }
}
