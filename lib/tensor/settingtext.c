#include "tensor/settings.h"

#include "tensor/settings_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* "uniform:0.01", or canonical: "uniform:167772*2^-24". */
static bool
read_noise(struct fm_settings *s, const char *text)
{
    const size_t len = strcspn(text, ":");
    enum fm_dist dist;

    if (fm_dist_parse(&dist, text, len) ||
        !fm_schedule_magnitude(&s->a, text + len + (text[len] == ':')))
        return false;
    s->dist = dist;
    return true;
}

/* In the row's range, also after rounding to the float that will be used? */
static bool
in_range(const struct fm_setting *t, double v)
{
    float f = (float)v;

    return v >= t->min && v <= t->max && !(t->open_min && f <= t->min) &&
           !(t->open_max && f >= t->max);
}

/* "fixed", or "update:2". */
static bool
read_scale(const struct fm_setting *t, struct fm_settings *s, const char *text)
{
    const size_t n = strlen(t->above);
    double v = 0;

    if (strcmp(text, t->zero) != 0 &&
        (strncmp(text, t->above, n) != 0 || !fm_double_parse(&v, text + n) ||
         !in_range(t, v)))
        return false;
    memcpy((char *)s + t->at, &v, sizeof v);
    return true;
}

static bool
read_floats(const struct fm_setting *t, struct fm_settings *s, const char *text)
{
    float v[FM_CHANNELS_MAX];
    char field[FM_SCHEDULE_FIELD];
    size_t n = 0;
    double d = 0;

    do {
        fm_schedule_cut(field, &text, ',');
        if (n == FM_CHANNELS_MAX || !fm_double_parse(&d, field) ||
            !in_range(t, d))
            return false;
        v[n++] = (float)d;
    } while (text);
    memcpy((char *)s + t->at, v, n * sizeof *v);
    memcpy((char *)s + t->at_n, &n, sizeof n);
    return true;
}

static bool
read_betas(const struct fm_setting *t, struct fm_settings *s, const char *text)
{
    char field[FM_SCHEDULE_FIELD];
    double v[2] = {0};

    for (size_t i = 0; i < 2; i++) {
        fm_schedule_cut(field, &text, ',');
        if (!fm_double_parse(&v[i], field) || !in_range(t, v[i]))
            return false;
    }
    if (text)
        return false;
    memcpy((char *)s + t->at, v, sizeof v);
    return true;
}

static bool
read_word(const struct fm_setting *t, struct fm_settings *s, const char *text)
{
    for (unsigned i = 0; t->words[i]; i++)
        if (strcmp(t->words[i], text) == 0) {
            memcpy((char *)s + t->at, &i, sizeof i);
            return true;
        }
    return false;
}

static bool
read_number(const struct fm_setting *t, struct fm_settings *s, const char *text)
{
    uint64_t n;
    uint32_t n32;
    double v;

    if (t->kind == COUNT) {
        if (t->zero && strcmp(text, t->zero) == 0)
            n = 0;
        else if (!fm_count_parse(&n, text, (uint64_t)t->min, (uint64_t)t->max))
            return false;
        n32 = (uint32_t)n;
        memcpy((char *)s + t->at, &n32, sizeof n32);
        return true;
    }
    if (!fm_double_parse(&v, text) || !in_range(t, v))
        return false;
    memcpy((char *)s + t->at, &v, sizeof v);
    return true;
}

int
fm_setting_set(struct fm_settings *s, const char *name, const char *text,
               struct fm_err *e)
{
    const struct fm_setting *t = fm_setting_find(name);
    bool ok = false;

    switch (t->kind) {
    case WORD:
        ok = read_word(t, s, text);
        break;
    case COUNT:
    case REAL:
        ok = read_number(t, s, text);
        break;
    case FLOATS:
        ok = read_floats(t, s, text);
        break;
    case BETAS:
        ok = read_betas(t, s, text);
        break;
    case NOISE:
        ok = read_noise(s, text);
        break;
    case NOISE_SCHEDULE:
        ok = fm_schedule_noise_parse(&s->noise_schedule, text);
        break;
    case SCALE:
        ok = read_scale(t, s, text);
        break;
    case LR_SCHEDULE:
        ok = fm_schedule_lr_parse(&s->lr_schedule, text);
        break;
    case CODEC:
        ok = fm_codecname_parse(&s->codec, text);
        break;
    }
    if (!ok)
        return fm_err_set(e, FM_EINPUT, "%s: %.60s is not %s", name, text,
                          t->want);
    return 0;
}

static void
write_floats(const struct fm_setting *t, const struct fm_settings *s, char *out)
{
    float v[FM_CHANNELS_MAX];
    size_t n, at = 0;

    memcpy(v, (const char *)s + t->at, sizeof v);
    memcpy(&n, (const char *)s + t->at_n, sizeof n);
    for (size_t i = 0; i < n; i++) {
        if (i)
            out[at++] = ',';
        fm_float_text(out + at, v[i]);
        at += strlen(out + at);
        assert(at + FM_DOUBLE_TEXT < FM_SETTING_TEXT);
    }
}

static void
write_betas(const struct fm_setting *t, const struct fm_settings *s, char *out)
{
    double v[2];

    memcpy(v, (const char *)s + t->at, sizeof v);
    fm_double_text(out, v[0]);
    strcat(out, ",");
    fm_double_text(out + strlen(out), v[1]);
}

void
fm_setting_get(const struct fm_settings *s, const char *name, char *out)
{
    const struct fm_setting *t = fm_setting_find(name);
    const char *at = (const char *)s + t->at;
    unsigned i;
    double v;

    switch (t->kind) {
    case WORD:
        memcpy(&i, at, sizeof i);
        snprintf(out, FM_SETTING_TEXT, "%s", t->words[i]);
        break;
    case COUNT:
        memcpy(&i, at, sizeof i);
        if (i == 0 && t->zero)
            snprintf(out, FM_SETTING_TEXT, "%s", t->zero);
        else
            snprintf(out, FM_SETTING_TEXT, "%u", i);
        break;
    case REAL:
        memcpy(&v, at, sizeof v);
        fm_double_text(out, v);
        break;
    case FLOATS:
        write_floats(t, s, out);
        break;
    case BETAS:
        write_betas(t, s, out);
        break;
    case NOISE:
        snprintf(out, FM_SETTING_TEXT, "%s:%u*2^-24", fm_dist_name(s->dist),
                 s->a);
        break;
    case NOISE_SCHEDULE:
        fm_schedule_noise_text(out, FM_SETTING_TEXT, &s->noise_schedule);
        break;
    case SCALE:
        memcpy(&v, at, sizeof v);
        snprintf(out, FM_SETTING_TEXT, "%s", v > 0 ? t->above : t->zero);
        if (v > 0)
            fm_double_text(out + strlen(out), v);
        break;
    case LR_SCHEDULE:
        fm_schedule_lr_text(out, FM_SETTING_TEXT, &s->lr_schedule);
        break;
    case CODEC:
        fm_codecname_text(out, &s->codec);
        break;
    }
}
