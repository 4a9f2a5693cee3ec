#include "tensor/settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS_MAX = 1000000000, PRIOR_MAX = 1000000 };

#define REAL_MAX  1e6
#define SCALE_MIN 1e-3
#define SCALE_MAX 65536

enum kind {
    WORD,
    COUNT,
    REAL,
    FLOATS,
    NOISE,
    NOISE_SCHEDULE,
    SCALE,
    LR_SCHEDULE
};

/* One row of the table; `at` is where in struct fm_settings the value is. */
struct setting {
    const char *name, *arg, *help;
    bool local;         /* fedmrn-train may override it */
    unsigned only;      /* means nothing under methods outside; 0: under all */
    const char *absent; /* its value when a model does not name it */
    enum kind kind;
    size_t at, at_n;          /* FLOATS: of the values and of their number */
    const char *const *words; /* WORD: in the order of the enum */
    const char *zero;         /* COUNT: the word for 0, below `min` */
    double min, max;          /* COUNT, REAL, FLOATS */
    bool open_min, open_max;  /* the bound itself is outside */
    const char *want;         /* what a wrong text is not */
};

enum {
    AVG = 1 << FM_FEDAVG,
    MRN = 1 << FM_FEDMRN | 1 << FM_FEDMRNS,
    PM = 1 << FM_FEDPM,
};

static const char *const methods[] = {"fedavg", "fedmrn", "fedmrns", "fedpm",
                                      NULL};
static const char *const inits[] = {"constant", "uniform", "normal", NULL};
static const char *const scores[] = {"normal", "zero", NULL};
static const char *const gradients[] = {"paper", "authors", NULL};
static const char *const keys[] = {"client", "round", NULL};
static const char *const dithers[] = {"shared", "private", NULL};
static const char *const maskings[] = {"psm", "sm", "pm", "dm", "post", NULL};

#define AT(field) .at = offsetof(struct fm_settings, field)

static const struct setting table[] = {
    {"method", "METHOD",
     "what clients send: masks (fedmrn), signed masks "
     "(fedmrns), weights (fedavg), or which weights to keep (fedpm)",
     .kind = WORD, AT(method), .words = methods,
     .want = "fedmrn, fedmrns, fedavg or fedpm"},
    {"noise", "DIST:A", "uniform, gaussian or bernoulli noise times A",
     .only = MRN, .kind = NOISE,
     .want = "noise such as uniform:0.01 (or gaussian, bernoulli; a magnitude "
             "in (0,256))"},
    {"noise-schedule", "S",
     "how A changes: constant, linear:ROUNDS:B, geometric:ROUNDS:B or "
     "list:ROUND=B,...",
     .only = MRN, .kind = NOISE_SCHEDULE, .absent = "constant",
     .want = "constant, linear:ROUNDS:B, geometric:ROUNDS:B (ROUNDS from 2) or "
             "list:ROUND=B,... (1 to 32 growing rounds; B a magnitude in "
             "(0,256))"},
    {"noise-scale", "S",
     "fixed, or update:C: C times what a tensor's entries moved on average",
     .only = 1u << FM_FEDMRN, .kind = SCALE, .absent = "fixed",
     .want = "fixed or update:C (C in [0.001,65536])"},
    {"noise-key", "WHOSE", "noise of its own for each client, or one a round",
     .only = MRN, .kind = WORD, AT(noise_key), .words = keys,
     .want = "client or round"},
    {"dither", "HOW", "shared: the last draw's dither is known; or private",
     .only = MRN | PM, .kind = WORD, AT(dither), .words = dithers,
     .want = "shared or private"},
    {"masking", "HOW", "psm (progressive stochastic), sm, pm, dm or post",
     .local = true, .only = MRN, .kind = WORD, AT(masking), .words = maskings,
     .want = "psm, sm, pm, dm or post"},
    {"init", "SCHEME", "the weights that never change, under fedpm", .only = PM,
     .kind = WORD, AT(init), .words = inits,
     .want = "constant, uniform or normal"},
    {"scores", "FIRST", "fedpm: scores start normal, or zero (keep half)",
     .only = PM, .kind = WORD, AT(scores), .words = scores,
     .want = "normal or zero"},
    {"prior", "N", "fedpm: votes for and against before any, less one",
     .only = PM, .kind = COUNT, AT(prior), .min = 1, .max = PRIOR_MAX,
     .want = "an integer in 1..1000000"},
    {"reset", "ROUNDS",
     "fedpm: forget the votes every so many rounds, or never", .only = PM,
     .kind = COUNT, AT(reset), .min = 1, .max = ROUNDS_MAX, .zero = "never",
     .want = "an integer in 1..1000000000, or never"},
    {"epochs", "N", "passes over a client's samples", .local = true,
     .kind = COUNT, AT(epochs), .min = 1, .max = 100000,
     .want = "an integer in 1..100000"},
    {"batch", "N", "samples in a step", .local = true, .kind = COUNT, AT(batch),
     .min = 1, .max = 1000000, .want = "an integer in 1..1000000"},
    {"lr", "X", "learning rate", .local = true, .kind = REAL, AT(lr), .min = 0,
     .open_min = true, .max = REAL_MAX,
     .want = "a number in (0,1e6], such as 0.1"},
    {"lr-schedule", "S", "constant, step:EVERY:FACTOR or cosine:ROUNDS[:MIN]",
     .local = true, .kind = LR_SCHEDULE,
     .want = "constant, step:EVERY:FACTOR (EVERY from 1, FACTOR in (0,1]) or "
             "cosine:ROUNDS[:MIN] (ROUNDS from 2, MIN in [0,1])"},
    {"momentum", "X", "momentum of SGD", .local = true, .only = AVG | MRN,
     .kind = REAL, AT(momentum), .min = 0, .max = 1, .open_max = true,
     .want = "a number in [0,1), such as 0.9"},
    {"weight-decay", "X", "weight decay of SGD, or of Adam", .local = true,
     .kind = REAL, AT(weight_decay), .min = 0, .max = REAL_MAX,
     .want = "a number in [0,1e6], such as 0.001"},
    {"gradient", "OF",
     "fedpm: of the scores, the paper's or the authors' code's", .local = true,
     .only = PM, .kind = WORD, AT(gradient), .words = gradients,
     .want = "paper or authors"},
    {"mean", "X[,X...]", "subtracted from pixel/255, per channel or for all",
     .local = true, .kind = FLOATS, AT(mean),
     .at_n = offsetof(struct fm_settings, nmean), .min = -REAL_MAX,
     .max = REAL_MAX,
     .want = "1 to 64 numbers in [-1e6,1e6], such as 0.5, with commas"},
    {"std", "X[,X...]", "what the difference is divided by, likewise",
     .local = true, .kind = FLOATS, AT(std),
     .at_n = offsetof(struct fm_settings, nstd), .min = 0, .open_min = true,
     .max = REAL_MAX,
     .want = "1 to 64 numbers in (0,1e6], such as 0.5, with commas"},
    {"full-bits", "N", "bits for a parameter that travels in full; 32: exact",
     .local = true, .only = AVG | MRN, .kind = COUNT, AT(full_bits), .min = 1,
     .max = FM_FULL_EXACT, .want = "an integer in 1..32", .absent = "32"},
};

enum { SETTINGS = sizeof table / sizeof *table };

const char *const fm_setting_names[] = {
    "method",    "noise",        "noise-schedule", "noise-scale", "noise-key",
    "dither",    "masking",      "init",           "scores",      "prior",
    "reset",     "epochs",       "batch",          "lr",          "lr-schedule",
    "momentum",  "weight-decay", "gradient",       "mean",        "std",
    "full-bits", NULL,
};

static_assert(sizeof fm_setting_names / sizeof *fm_setting_names ==
                  SETTINGS + 1,
              "the two lists of settings differ");
static_assert(sizeof(enum fm_method) == sizeof(unsigned) &&
                  sizeof(enum fm_masking) == sizeof(unsigned) &&
                  sizeof(uint32_t) == sizeof(unsigned),
              "words and counts are copied as unsigned");

static const struct setting *
find(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    assert(0 && "no such setting");
    return NULL;
}

void
fm_settings_default(struct fm_settings *s, enum fm_method m)
{
    /* round(0.01 * 2^24) and round(0.005 * 2^24) */
    *s = (struct fm_settings){
        .method = m,
        .dist = FM_UNIFORM,
        .a = m == FM_FEDMRNS ? 83886 : 167772,
        .noise_key = FM_NOISE_CLIENT,
        .dither = FM_DITHER_SHARED,
        .masking = FM_PSM,
        .init = FM_INIT_CONSTANT,
        .scores = FM_SCORES_NORMAL,
        .prior = 1,
        .reset = 1,
        .gradient = FM_GRADIENT_PAPER,
        .epochs = m == FM_FEDPM ? 3 : 10,
        .batch = m == FM_FEDPM ? 128 : 64,
        .lr = m == FM_FEDAVG ? 0.03 : 0.1,
        .nmean = 1,
        .nstd = 1,
        .mean = {0},
        .std = {1},
        .full_bits = m == FM_FEDAVG ? FM_FULL_EXACT : 3,
    };
}

const char *
fm_setting_arg(const char *name)
{
    return find(name)->arg;
}

const char *
fm_setting_help(const char *name)
{
    return find(name)->help;
}

bool
fm_setting_is_local(const char *name)
{
    return find(name)->local;
}

const char *
fm_setting_absent(const char *name)
{
    return find(name)->absent;
}

bool
fm_setting_applies(const char *name, enum fm_method m)
{
    unsigned only = find(name)->only;

    return only == 0 || (only >> m & 1);
}

/* "uniform:0.01", or canonical: "uniform:167772*2^-24". */
static bool
read_noise(struct fm_settings *s, const char *text)
{
    const char *colon = strchr(text, ':');
    enum fm_dist dist;

    if (!colon || fm_dist_parse(&dist, text, (size_t)(colon - text)) ||
        !fm_schedule_magnitude(&s->a, colon + 1))
        return false;
    s->dist = dist;
    return true;
}

static bool
read_scale(struct fm_settings *s, const char *text)
{
    static const char update[] = "update:";
    double c = 0;

    if (strcmp(text, "fixed") != 0 &&
        (strncmp(text, update, sizeof update - 1) != 0 ||
         !fm_double_parse(&c, text + sizeof update - 1) || c < SCALE_MIN ||
         c > SCALE_MAX))
        return false;
    s->noise_scale = c;
    return true;
}

/* In the row's range, also after rounding to the float that will be used? */
static bool
in_range(const struct setting *t, double v)
{
    float f = (float)v;

    return v >= t->min && v <= t->max && !(t->open_min && f <= t->min) &&
           !(t->open_max && f >= t->max);
}

static bool
read_floats(const struct setting *t, struct fm_settings *s, const char *text)
{
    float v[FM_CHANNELS_MAX];
    char field[FM_SCHEDULE_FIELD];
    size_t n = 0;
    double d;

    do {
        if (n == FM_CHANNELS_MAX || !fm_schedule_cut(field, &text, ',') ||
            !fm_double_parse(&d, field) || !in_range(t, d))
            return false;
        v[n++] = (float)d;
    } while (text);
    memcpy((char *)s + t->at, v, n * sizeof *v);
    memcpy((char *)s + t->at_n, &n, sizeof n);
    return true;
}

static bool
read_word(const struct setting *t, struct fm_settings *s, const char *text)
{
    for (unsigned i = 0; t->words[i]; i++)
        if (strcmp(t->words[i], text) == 0) {
            memcpy((char *)s + t->at, &i, sizeof i);
            return true;
        }
    return false;
}

static bool
read_number(const struct setting *t, struct fm_settings *s, const char *text)
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
    const struct setting *t = find(name);
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
    case NOISE:
        ok = read_noise(s, text);
        break;
    case NOISE_SCHEDULE:
        ok = fm_schedule_noise_parse(&s->noise_schedule, text);
        break;
    case SCALE:
        ok = read_scale(s, text);
        break;
    case LR_SCHEDULE:
        ok = fm_schedule_lr_parse(&s->lr_schedule, text);
        break;
    }
    if (!ok)
        return fm_err_set(e, FM_EINPUT, "%s: %.60s is not %s", name, text,
                          t->want);
    return 0;
}

static void
write_floats(const struct setting *t, const struct fm_settings *s, char *out)
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

void
fm_setting_get(const struct fm_settings *s, const char *name, char *out)
{
    const struct setting *t = find(name);
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
    case NOISE:
        snprintf(out, FM_SETTING_TEXT, "%s:%u*2^-24", fm_dist_name(s->dist),
                 s->a);
        break;
    case NOISE_SCHEDULE:
        fm_schedule_noise_text(out, FM_SETTING_TEXT, &s->noise_schedule);
        break;
    case SCALE:
        snprintf(out, FM_SETTING_TEXT,
                 s->noise_scale > 0 ? "update:" : "fixed");
        if (s->noise_scale > 0)
            fm_double_text(out + strlen(out), s->noise_scale);
        break;
    case LR_SCHEDULE:
        fm_schedule_lr_text(out, FM_SETTING_TEXT, &s->lr_schedule);
        break;
    }
}

double
fm_settings_lr(const struct fm_settings *s, uint64_t round)
{
    return fm_schedule_lr(&s->lr_schedule, s->lr, round);
}

uint32_t
fm_settings_noise_a(const struct fm_settings *s, uint64_t round)
{
    return fm_schedule_noise(&s->noise_schedule, s->a, round);
}
