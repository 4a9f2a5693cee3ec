#include "agg/tile.h"

#include "agg/tile_impl.h"
#include "base/bytes.h"
#include "base/cpu.h"
#include "mask/bits.h"
#include "rand/philox.h"

#include <assert.h>
#include <string.h>

/* How many of the clients make one run: their weights are at most `most`. */
static size_t
run_length(const struct fm_tile_client *c, size_t n, uint64_t most)
{
    uint64_t total = 0;
    size_t k = 0;

    while (k < n && c[k].samples <= most - total)
        total += c[k++].samples;
    return k ? k : 1;
}

/* --- Without SIMD ------------------------------------------------------- */

/* Loops of a constant length vectorise best. */
enum { STRIP = 64 };

/*
 * One strip of narrow sums.  A mask byte as 0 or -1 selects without a branch;
 * for signed masks it selects between n and -n, (n ^ ~t) - ~t.
 */
static void
strip_binary(int32_t *restrict sum, const int32_t *restrict noise,
             const uint8_t *restrict m, int32_t weight)
{
    for (size_t i = 0; i < STRIP; i++)
        sum[i] += weight * (noise[i] & -(int32_t)m[i]);
}

static void
strip_signed(int32_t *restrict sum, const int32_t *restrict noise,
             const uint8_t *restrict m, int32_t weight)
{
    for (size_t i = 0; i < STRIP; i++) {
        int32_t flip = (int32_t)m[i] - 1;

        sum[i] += weight * ((noise[i] ^ flip) - flip);
    }
}

/*
 * Runs of clients as in the variants: 32 bits hold their sums.  A client too
 * heavy has a run of its own, with weight 1.
 */
static void
add_portable(int64_t *sum, const struct fm_tile *t,
             const struct fm_tile_client *c, size_t n)
{
    const uint64_t most = (uint64_t)(INT32_MAX / fm_noise_max(t->dist));
    const size_t strips = (t->count + STRIP - 1) / STRIP * STRIP;
    int32_t narrow[FM_TILE], noise[FM_TILE];
    uint8_t m[FM_TILE];

    /* The last strip runs over the tile's end into zeros that are dropped. */
    memset(noise + t->count, 0, (strips - t->count) * sizeof *noise);
    memset(m + t->count, 0, strips - t->count);
    while (n) {
        size_t run = run_length(c, n, most);
        bool heavy = c->samples > most;
        int64_t scale = heavy ? (int64_t)c->samples : 1;

        memset(narrow, 0, strips * sizeof *narrow);
        for (size_t k = 0; k < run; k++) {
            int32_t weight = heavy ? 1 : (int32_t)c[k].samples;

            fm_noise_fill(noise, c[k].key, t->dist, t->ordinal, t->first,
                          t->count);
            fm_bits_get(m, c[k].masks, t->at, t->count);
            for (size_t i = 0; i < strips; i += STRIP)
                if (t->signs)
                    strip_signed(narrow + i, noise + i, m + i, weight);
                else
                    strip_binary(narrow + i, noise + i, m + i, weight);
        }
        for (size_t i = 0; i < t->count; i++)
            sum[i] += scale * narrow[i];
        c += run;
        n -= run;
    }
}

/* --- Through narrow sums ----------------------------------------------- */

#if defined(__x86_64__)

/* What the weights of a run may add up to; see tile_impl.h. */
static const uint64_t total_max[FM_TILE_DISTS] = {
    [FM_UNIFORM] = INT16_MAX,
    [FM_GAUSSIAN] = INT32_MAX / 283438,
    [FM_BERNOULLI] = INT16_MAX,
};

/* Bits at .. at+count-1, 64 to a word, zeros after the last. */
static void
take_bits(uint64_t *out, const uint8_t *bits, size_t at, size_t count)
{
    const unsigned shift = at % 8;
    const uint8_t *p = bits + at / 8;

    memset(out, 0, FM_TILE / 8);
    for (; count >= 64; count -= 64, p += 8) {
        *out = fm_get64(p) >> shift;
        if (shift)
            *out |= (uint64_t)p[8] << (64 - shift);
        out++;
    }
    for (size_t i = 0; i < count; i++)
        *out |= (uint64_t)(p[(shift + i) / 8] >> (shift + i) % 8 & 1) << i;
}

/* The lanes of a piece, to the end of a step and of the generator's stride. */
static void
take_lanes(uint16_t *out, const struct fm_tile *t, uint64_t key)
{
    const struct fm_place at = {key, 0, t->ordinal, FM_FOR_NOISE};
    const size_t each = t->dist == FM_BERNOULLI ? 128 : FM_LANES;
    size_t blocks = (t->count + each - 1) / each;

    assert(t->first / each <= UINT32_MAX);
    blocks = (blocks + FM_TILE_STEP - 1) / FM_TILE_STEP * FM_TILE_STEP;
    fm_philox_lanes(out, &at, (uint32_t)(t->first / each), blocks);
}

static void
widen(int64_t *sum, const struct fm_tile *t, const struct fm_tile_ops *ops,
      const struct fm_tile_narrow *s, uint64_t scale)
{
    const size_t whole = t->count / FM_TILE_STEP * FM_TILE_STEP;
    int64_t last[FM_TILE_STEP] = {0};

    /* A product takes factors of 32 bits with their sign. */
    while (scale) {
        int32_t now = scale < INT32_MAX ? (int32_t)scale : INT32_MAX;

        ops->widen[t->dist](sum, s, now, 0, whole);
        if (whole < t->count)
            ops->widen[t->dist](last, s, now, whole, FM_TILE_STEP);
        scale -= (uint64_t)now;
    }
    for (size_t i = whole; i < t->count; i++)
        sum[i] += last[i - whole];
}

static void
add_narrow(int64_t *sum, const struct fm_tile *t,
           const struct fm_tile_client *c, size_t n,
           const struct fm_tile_ops *ops)
{
    const uint64_t most = total_max[t->dist];
    struct fm_tile_narrow s;
    uint64_t bits[FM_TILE / 64];
    _Alignas(64) uint16_t lane[FM_TILE];

    while (n) {
        size_t run = run_length(c, n, most);
        bool heavy = c->samples > most;

        memset(&s, 0, sizeof s);
        for (size_t k = 0; k < run; k++) {
            take_lanes(lane, t, c[k].key);
            take_bits(bits, c[k].masks, t->at, t->count);
            ops->add[t->dist](&s, lane, bits, heavy ? 1 : (int16_t)c[k].samples,
                              t->signs, t->count);
        }
        widen(sum, t, ops, &s, heavy ? c->samples : 1);
        c += run;
        n -= run;
    }
}

#endif

void
fm_tile_add(int64_t *sum, const struct fm_tile *t,
            const struct fm_tile_client *c, size_t n)
{
    assert(t->count <= FM_TILE && t->first % FM_TILE == 0);
#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        add_narrow(sum, t, c, n, &fm_tile_avx512);
    else if (fm_cpu() >= FM_CPU_AVX2)
        add_narrow(sum, t, c, n, &fm_tile_avx2);
    else
#endif
        add_portable(sum, t, c, n);
}
