#include "codec/levels.h"

#include "base/lengths.h"
#include "base/mem.h"
#include "mask/bits.h"
#include "mask/rans.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum { RUN = 4096, MANY = 32768 };

static size_t
runs_of(size_t n)
{
    return n / RUN + (n % RUN != 0);
}

static size_t
run_count(size_t n, size_t run)
{
    size_t left = n - run * RUN;

    return left < RUN ? left : RUN;
}

static unsigned
lanes_of(size_t n)
{
    return n >= MANY ? FM_RANS_MANY : FM_RANS_FEW;
}

/*
 * Which of `n` numbers, at most a run, are not 0, in order; how many.  Numbers
 * are any, so that a branch on one would be missed half of the time: each place
 * is written, and that behind a 0 again.
 */
#define NONZERO(T, name)                                                       \
    static size_t name(uint16_t *place, const T *v, size_t n)                  \
    {                                                                          \
        size_t k = 0;                                                          \
                                                                               \
        for (size_t i = 0; i < n; i++) {                                       \
            place[k] = (uint16_t)i;                                            \
            k += v[i] != 0;                                                    \
        }                                                                      \
        return k;                                                              \
    }

NONZERO(int32_t, nonzero_levels)
NONZERO(uint8_t, nonzero_lengths)

static void
spread(uint16_t *p, uint16_t v)
{
    for (size_t i = 0; i < RUN; i++)
        p[i] = v;
}

/* --- Writing -------------------------------------------------------------- */

/* p of the run of `n` bytes 0 or 1. */
static uint16_t
share(const uint8_t *m, size_t n)
{
    uint32_t ones = 0, p;

    for (size_t i = 0; i < n; i++)
        ones += m[i];
    p = (ones * 65536u + (uint32_t)n) / (2 * (uint32_t)n);
    return (uint16_t)(p < 1 ? 1 : p > FM_RANS_ONE - 1 ? FM_RANS_ONE - 1 : p);
}

/* One plane, of `n` bytes 0 or 1. */
static int
put_plane(struct fm_buf *out, const uint8_t *m, size_t n, struct fm_err *e)
{
    const size_t runs = runs_of(n), room = fm_rans_room(n);
    uint8_t bits[RUN / 8 + 1], *code, *head;
    uint16_t p[RUN];
    const uint8_t *from;
    struct fm_rans_out r;
    int rc;

    code = fm_alloc_dirty(room, 1, e);
    if (!code)
        return FM_ESYS;
    if ((rc = fm_buf_reserve(out, 2 * runs + 4 + room, e)))
        goto out;
    head = out->data + out->len;
    fm_rans_start(&r, code, room, lanes_of(n));
    for (size_t i = runs; i-- > 0;) {
        const size_t count = run_count(n, i);
        const uint16_t v = share(m + i * RUN, count);

        fm_put16(head + 2 * i, v);
        spread(p, v);
        memset(bits, 0, sizeof bits);
        fm_bits_put(bits, 0, m + i * RUN, count);
        fm_rans_encode(&r, bits, p, count);
    }
    from = fm_rans_finish(&r);
    fm_put32(head + 2 * runs, (uint32_t)(code + room - from));
    out->len += 2 * runs + 4;
    rc = fm_buf_add(out, from, (size_t)(code + room - from), e);
out:
    free(code);
    return rc;
}

/* A string of bits, 32 of them at a time. */
struct string {
    uint8_t *p;
    uint64_t held;
    unsigned n; /* below 32 */
};

static inline void
put_bits(struct string *s, uint32_t v, unsigned n)
{
    s->held |= (uint64_t)v << s->n;
    s->n += n;
    if (s->n >= 32) {
        fm_put32(s->p, (uint32_t)s->held);
        s->p += 4;
        s->held >>= 32;
        s->n -= 32;
    }
}

/* The signs, and what is below the first bits; `bits` is their number. */
static int
put_rest(struct fm_buf *out, const int32_t *level, size_t n, size_t bits,
         struct fm_err *e)
{
    struct string s = {0};
    uint16_t place[RUN];
    int rc = fm_buf_reserve(out, fm_bits_size(bits) + 4, e);

    if (rc)
        return rc;
    s.p = out->data + out->len;
    for (size_t i = 0; i < runs_of(n); i++) {
        const int32_t *run = level + i * RUN;
        const size_t some = nonzero_levels(place, run, run_count(n, i));

        for (size_t k = 0; k < some; k++) {
            const int32_t l = run[place[k]];
            const uint32_t v = (uint32_t)abs(l);
            const unsigned length = 32 - (unsigned)__builtin_clz(v);
            const uint32_t first = (uint32_t)1 << length >> 1;

            put_bits(&s, (v ^ first) << 1 | (uint32_t)l >> 31, length);
        }
    }
    fm_put32(s.p, (uint32_t)s.held);
    out->len += fm_bits_size(bits);
    return 0;
}

/*
 * How many bits each |v| has, and all of them together: one less than 2|v| + 1
 * has, which a float's exponent tells, exactly and of several at a time.
 */
static size_t
lengths_of(uint8_t *length, const int32_t *level, size_t n, int32_t most)
{
    size_t bits = 0;

    for (size_t i = 0; i < runs_of(n); i++) {
        const size_t count = run_count(n, i), at = i * RUN;
        uint32_t sum = 0;
        int32_t above = 0;

        for (size_t k = 0; k < count; k++) {
            const int32_t v = abs(level[at + k]);
            const float odd = (float)(2 * v + 1);
            uint32_t b, l;

            memcpy(&b, &odd, sizeof b);
            l = (b >> 23) - 127;
            above |= v > most;
            sum += l;
            length[at + k] = (uint8_t)l;
        }
        assert(!above);
        bits += sum;
    }
    return bits;
}

int
fm_levels_encode(struct fm_buf *out, const int32_t *level, size_t n,
                 int32_t most, struct fm_err *e)
{
    const unsigned planes = fm_lengths_of((uint32_t)most);
    const size_t start = out->len;
    uint8_t *length = fm_alloc_dirty(n, 1, e), *m = fm_alloc_dirty(n, 1, e);
    size_t bits = 0, active = n;
    int rc = length && m ? 0 : FM_ESYS;

    assert(most >= 1 && most <= FM_LEVELS_MOST);
    if (rc == 0)
        bits = lengths_of(length, level, n, most);
    for (unsigned j = 0; rc == 0 && j < planes && active; j++) {
        size_t more = 0;

        for (size_t i = 0; i < active; i++)
            m[i] = length[i] > j;
        rc = put_plane(out, m, active, e);
        for (size_t i = 0; i < active && j + 1 < planes; i++) {
            length[more] = length[i];
            more += m[i];
        }
        active = more;
    }
    if (rc == 0)
        rc = put_rest(out, level, n, bits, e);
    if (rc)
        out->len = start;
    free(length);
    free(m);
    return rc;
}

/* --- Reading -------------------------------------------------------------- */

/* What is left to read. */
struct rest {
    const uint8_t *p;
    size_t size;
};

static int
truncated(struct fm_err *e)
{
    return fm_err_set(e, FM_EINPUT, "levels: cut short, or not a code");
}

/* The levels that a plane is about: all, and then those that had a 1. */
struct active {
    uint8_t *length; /* of every level, so far */
    uint32_t *place;
    size_t n;
};

/* The bits of a run; levels with a 1 have one more, and stay active. */
static void
lengthen(struct active *a, size_t *stay, const uint8_t *m, size_t first,
         size_t count, bool all)
{
    size_t more = *stay;

    for (size_t k = 0; k < count; k++) {
        const uint32_t at = all ? (uint32_t)(first + k) : a->place[first + k];

        a->length[at] = (uint8_t)(all ? m[k] : a->length[at] + m[k]);
        a->place[more] = at;
        more += m[k];
    }
    *stay = more;
}

static int
get_plane(struct active *a, bool all, struct rest *r, struct fm_err *e)
{
    const size_t runs = runs_of(a->n);
    uint8_t bits[RUN / 8 + 1], m[RUN];
    struct fm_rans_in in;
    const uint8_t *head = r->p;
    size_t size, stay = 0;
    uint16_t p[RUN];

    if (r->size < 4 || (r->size - 4) / 2 < runs)
        return truncated(e);
    size = fm_get32(head + 2 * runs);
    r->p += 2 * runs + 4;
    r->size -= 2 * runs + 4;
    if (size > r->size || !fm_rans_open(&in, r->p, size, lanes_of(a->n)))
        return truncated(e);
    r->p += size;
    r->size -= size;
    for (size_t i = 0; i < runs; i++) {
        const size_t count = run_count(a->n, i);
        const uint16_t v = fm_get16(head + 2 * i);

        if (v < 1 || v >= FM_RANS_ONE)
            return truncated(e);
        spread(p, v);
        if (!fm_rans_decode(&in, bits, p, count))
            return truncated(e);
        fm_bits_get(m, bits, 0, count);
        lengthen(a, &stay, m, i * RUN, count, all);
    }
    a->n = stay;
    return fm_rans_close(&in) ? 0 : truncated(e);
}

/* Words of a string whose end is anywhere. */
static inline uint32_t
word_at(const struct rest *r, size_t at)
{
    uint8_t last[4] = {0};

    if (__builtin_expect(at + 4 <= r->size, 1))
        return fm_get32(r->p + at);
    for (size_t i = 0; at + i < r->size; i++)
        last[i] = r->p[at + i];
    return fm_get32(last);
}

static int
get_rest(int32_t *level, const uint8_t *length, size_t n, int32_t most,
         const struct rest *r, struct fm_err *e)
{
    size_t bits = 0, at = 0, above = 0;
    uint16_t place[RUN];
    uint64_t held = 0;
    unsigned have = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        bits += length[i];
    if ((rc = fm_bits_check(r->p, r->size, bits, e)))
        return rc;
    memset(level, 0, n * sizeof *level);
    for (size_t i = 0; i < runs_of(n); i++) {
        const uint8_t *run = length + i * RUN;
        const size_t some = nonzero_lengths(place, run, run_count(n, i));

        for (size_t k = 0; k < some; k++) {
            const unsigned l = run[place[k]];
            const uint32_t first = (uint32_t)1 << l >> 1;
            int32_t v, minus;

            if (have < 32) {
                held |= (uint64_t)word_at(r, at) << have;
                at += 4;
                have += 32;
            }
            v = (int32_t)(held & (((uint64_t)1 << l) - 1));
            held >>= l;
            have -= l;
            minus = -(v & 1);
            v = v >> 1 | (int32_t)first;
            above += v > most;
            level[i * RUN + place[k]] = (v ^ minus) - minus;
        }
    }
    return above ? fm_err_set(e, FM_EINPUT, "%zu levels are above %d", above,
                              (int)most)
                 : 0;
}

int
fm_levels_decode(int32_t *level, size_t n, int32_t most, const uint8_t *code,
                 size_t size, struct fm_err *e)
{
    const unsigned planes = fm_lengths_of((uint32_t)most);
    struct active a = {.n = n};
    struct rest r = {code, size};
    int rc;

    assert(most >= 1 && most <= FM_LEVELS_MOST && n < UINT32_MAX);
    a.length = fm_alloc_dirty(n, 1, e);
    a.place = fm_alloc_dirty(n + 1, sizeof *a.place, e);
    rc = a.length && a.place ? 0 : FM_ESYS;
    for (unsigned j = 0; rc == 0 && j < planes && a.n; j++)
        rc = get_plane(&a, j == 0, &r, e);
    if (rc == 0)
        rc = get_rest(level, a.length, n, most, &r, e);
    free(a.length);
    free(a.place);
    return rc;
}
