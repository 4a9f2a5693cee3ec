#include "tensor/schedule.h"

#include "rand/fmath.h"
#include "rand/noise.h"
#include "tensor/number.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS_MAX = 1000000000 };

void
fm_schedule_cut(char field[FM_SCHEDULE_FIELD], const char **text, char end)
{
    const char *from = *text ? *text : "", *stop = strchrnul(from, end);
    size_t len = (size_t)(stop - from);

    if (len >= FM_SCHEDULE_FIELD)
        len = 0;
    memcpy(field, from, len);
    field[len] = '\0';
    *text = *stop ? stop + 1 : NULL;
}

/* An integer of rounds, up to `end`; more text must follow when `more`. */
static bool
cut_rounds(uint32_t *n, const char **text, char end, uint64_t min, bool more)
{
    char field[FM_SCHEDULE_FIELD];
    uint64_t v;

    fm_schedule_cut(field, text, end);
    if (!fm_count_parse(&v, field, min, ROUNDS_MAX) || (more && !*text))
        return false;
    *n = (uint32_t)v;
    return true;
}

/* --- The learning rate --------------------------------------------------- */

bool
fm_schedule_lr_parse(struct fm_lr_schedule *s, const char *text)
{
    struct fm_lr_schedule new = {.kind = FM_LR_CONSTANT};
    char field[FM_SCHEDULE_FIELD];
    bool step;

    if (strcmp(text, "constant") == 0) {
        *s = new;
        return true;
    }
    fm_schedule_cut(field, &text, ':');
    step = strcmp(field, "step") == 0;
    if (!step && strcmp(field, "cosine") != 0)
        return false;
    new.kind = step ? FM_LR_STEP : FM_LR_COSINE;
    if (!cut_rounds(&new.every, &text, ':', step ? 1 : 2, step))
        return false;
    if (text && (!fm_double_parse(&new.factor, text) || new.factor > 1 ||
                 new.factor < 0 || (step && new.factor == 0)))
        return false;
    *s = new;
    return true;
}

void
fm_schedule_lr_text(char *out, size_t size, const struct fm_lr_schedule *s)
{
    static const char *const kinds[] = {"constant", "step", "cosine"};
    char factor[FM_DOUBLE_TEXT + 1] = ":";

    if (s->factor > 0)
        fm_double_text(factor + 1, s->factor);
    else
        factor[0] = '\0'; /* cosine's MIN, left out */
    if (s->kind == FM_LR_CONSTANT)
        snprintf(out, size, "%s", kinds[s->kind]);
    else
        snprintf(out, size, "%s:%u%s", kinds[s->kind], s->every, factor);
}

/* x^n by squaring: multiplications alone, in a fixed order. */
static double
power(double x, uint64_t n)
{
    double y = 1;

    for (; n; n >>= 1, x *= x)
        if (n & 1)
            y *= x;
    return y;
}

/* cos(pi t) for t in [0,1] as sin(pi/2 - pi t), by Taylor's series, since
 * libm's cos differs between systems.  The term after y^21 is below 1e-17. */
static double
cos_pi(double t)
{
    double y = 3.14159265358979323846 * (0.5 - t), sum = 0;

    for (int k = 21; k >= 3; k -= 2)
        sum = (1 - sum) * (y * y) / (double)(k * (k - 1));
    return y * (1 - sum);
}

double
fm_schedule_lr(const struct fm_lr_schedule *s, double lr, uint64_t round)
{
    double low = s->factor, wave;

    assert(round >= 1);
    switch (s->kind) {
    case FM_LR_STEP:
        return lr * power(s->factor, (round - 1) / s->every);
    case FM_LR_COSINE:
        if (round >= s->every)
            return lr * low;
        wave = cos_pi((double)(round - 1) / (double)(s->every - 1));
        return lr * (low + (1 - low) * (1 + wave) / 2);
    case FM_LR_CONSTANT:
        break;
    }
    return lr;
}

/* --- The noise magnitude ------------------------------------------------- */

static const char unit[] = "*2^-24";

bool
fm_schedule_magnitude(uint32_t *a, const char *text)
{
    const char *star = strchr(text, '*');
    size_t len = star ? (size_t)(star - text) : 0;
    char digits[16];
    uint64_t v;

    if (!star)
        return fm_magnitude_parse(a, text) == 0;
    if (len >= sizeof digits || strcmp(star, unit) != 0)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!fm_count_parse(&v, digits, 1, UINT32_MAX))
        return false;
    *a = (uint32_t)v;
    return true;
}

static bool
read_list(struct fm_noise_schedule *s, const char *text)
{
    char entry[FM_SCHEDULE_FIELD];

    for (; text; s->n++) {
        const char *p = entry;

        fm_schedule_cut(entry, &text, ',');
        if (s->n == FM_SCHEDULE_LIST_MAX ||
            !cut_rounds(&s->round[s->n], &p, '=', 1, true) ||
            !fm_schedule_magnitude(&s->a[s->n], p) ||
            (s->n && s->round[s->n] <= s->round[s->n - 1]))
            return false;
    }
    return true;
}

bool
fm_schedule_noise_parse(struct fm_noise_schedule *s, const char *text)
{
    struct fm_noise_schedule new = {.kind = FM_NOISE_CONSTANT};
    char field[FM_SCHEDULE_FIELD];

    if (strcmp(text, "constant") == 0) {
        *s = new;
        return true;
    }
    fm_schedule_cut(field, &text, ':');
    if (!text)
        return false;
    if (strcmp(field, "list") == 0) {
        new.kind = FM_NOISE_LIST;
        if (!read_list(&new, text))
            return false;
    } else {
        bool linear = strcmp(field, "linear") == 0;

        if (!linear && strcmp(field, "geometric") != 0)
            return false;
        new.kind = linear ? FM_NOISE_LINEAR : FM_NOISE_GEOMETRIC;
        new.n = 1;
        if (!cut_rounds(&new.round[0], &text, ':', 2, true) ||
            !fm_schedule_magnitude(&new.a[0], text))
            return false;
    }
    *s = new;
    return true;
}

void
fm_schedule_noise_text(char *out, size_t size,
                       const struct fm_noise_schedule *s)
{
    static const char *const kinds[] = {"constant", "linear", "geometric",
                                        "list"};
    size_t at = (size_t)snprintf(out, size, "%s", kinds[s->kind]);

    for (uint32_t i = 0; i < s->n; i++) {
        assert(at < size);
        at += (size_t)snprintf(
            out + at, size - at, "%c%u%c%u%s", i ? ',' : ':', s->round[i],
            s->kind == FM_NOISE_LIST ? '=' : ':', s->a[i], unit);
    }
    assert(at < size);
}

/* Between a in round 1 and b in round `last`; 1 < round < last. */
static uint32_t
linear(uint64_t a, uint64_t b, uint64_t round, uint64_t last)
{
    /* Below 2^32 * 2^30. */
    uint64_t sum = a * (last - round) + b * (round - 1);

    return (uint32_t)((sum + (last - 1) / 2) / (last - 1));
}

static uint32_t
geometric(uint32_t a, uint32_t b, uint64_t round, uint64_t last)
{
    const uint32_t low = a < b ? a : b, high = a < b ? b : a;
    double t = (double)(round - 1) / (double)(last - 1), v;

    v = fm_exp((1 - t) * fm_log(a) + t * fm_log(b)) + 0.5;
    if (v <= low)
        return low;
    return v < high ? (uint32_t)v : high;
}

uint32_t
fm_schedule_noise(const struct fm_noise_schedule *s, uint32_t a, uint64_t round)
{
    assert(round >= 1);
    if (s->kind == FM_NOISE_LINEAR || s->kind == FM_NOISE_GEOMETRIC) {
        if (round == 1)
            return a;
        if (round < s->round[0])
            return s->kind == FM_NOISE_LINEAR
                       ? linear(a, s->a[0], round, s->round[0])
                       : geometric(a, s->a[0], round, s->round[0]);
    }
    for (uint32_t i = 0; i < s->n && s->round[i] <= round; i++)
        a = s->a[i];
    return a;
}
