#include "check.h"
#include "data/rows.h"
#include "fed/local.h"
#include "newmodel.h"
#include "tensor/idle.h"

#include <stdio.h>
#include <string.h>

/*
 * Does each setting do something?  For every method, and every masking where
 * there are some, an answer is made twice, with a setting's value and with
 * another: where the tables say that it means something the bytes must differ,
 * and where they say that it does not, they must not.
 */
enum { ROWS = 24, PIXELS = 8, ROUND = 5 };

static const struct {
    const char *name, *value, *other;
} row[] = {
    {"noise", "uniform:0.1", "uniform:0.2"},
    {"noise-schedule", "constant", "linear:9:0.3"},
    {"noise-key", "client", "round"},
    {"dither", "shared", "private"},
    {"masking", NULL, "sm"},
    {"init", "constant", "uniform"},
    {"scores", "normal", "zero"},
    {"sparsity-first", "0.1", "0.5"},
    {"sparsity", "0.6", "0.9"},
    {"sparsity-from", "1", "4"},
    {"sparsity-to", "9", "7"},
    {"epochs", "2", "3"},
    {"batch", "8", "6"},
    {"lr", "0.3", "0.2"},
    {"lr-schedule", "constant", "step:2:0.5"},
    {"momentum", "0", "0.9"},
    {"weight-decay", "0", "0.1"},
    {"prox", "0", "0.5"},
    {"rho", "6", "100"},
    {"warmup", "0.5", "0.1"},
    {"gradient", "paper", "authors"},
    {"mean", "0.3", "0.5"},
    {"std", "0.25", "0.5"},
    {"crop", "0", "1"},
    {"flip", "no", "yes"},
    {"full-bits", "32", "2"},
};
/* These change no single answer, but what is made of answers; and the loss
 * takes other labels. */
static const char *const later[] = {
    "method",     "noise-scale",     "prior",
    "reset",      "codec",           "vote",
    "loss",       "lineage",         "server-optimizer",
    "server-lr",  "server-momentum", "server-betas",
    "server-eps",
};

static uint8_t pixels[ROWS * PIXELS], labels[ROWS];
static const struct fm_dataset data = {
    .n = ROWS, .c = 1, .h = 2, .w = PIXELS / 2, .x = pixels, .y = labels};
static uint32_t *rows;

static void
set_one(struct fm_settings *s, const char *name, const char *text)
{
    struct fm_err e = {0};

    CHECK(fm_setting_set(s, name, text, &e) == 0, "%s", e.msg);
}

static void
settings(struct fm_settings *s, enum fm_method m, const char *masking)
{
    fm_settings_default(s, m);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (row[i].value && fm_setting_applies(row[i].name, m))
            set_one(s, row[i].name, row[i].value);
    if (masking)
        set_one(s, "masking", masking);
}

/* What an answer adds up from: its masks and what travels in full. */
static struct fm_buf
answer(const struct fm_settings *set)
{
    struct fm_err e = {0};
    struct fm_model *m =
        nm_with(set,
                set->method == FM_FEDPM
                    ? "input 1x2x4\nlinear 9\nrelu\nlinear 4\n"
                    : "input 1x2x4\nlinear 9\nbatchnorm\nrelu\nlinear 4\n",
                3);
    struct fm_local l = {.base = m,
                         .data = &data,
                         .row = rows,
                         .nrows = ROWS,
                         .client = "c-1",
                         .set = set,
                         .private_seed = 11};
    struct fm_bundle b = {0};
    struct fm_buf out = {0};

    m->round = ROUND - 1;
    l.pool = fm_pool_new(1, &e);
    CHECK(l.pool && (set->method == FM_FEDPM ||
                     !fm_model_init_values(m, "uniform", &e)),
          "%s", e.msg);
    CHECK(!fm_local_train(&b, &l, &e), "%s", e.msg);
    CHECK(!fm_buf_add(&out, b.masks, b.masked ? (b.masked + 7) / 8 : 0, &e) &&
              (!b.full || !fm_buf_add(&out, b.dense, 4 * b.full, &e)),
          "%s", e.msg);
    fm_bundle_free(&b);
    fm_pool_free(l.pool);
    fm_model_free(m);
    return out;
}

static void
try(enum fm_method method, const char *masking)
{
    struct fm_settings s;
    struct fm_buf was;

    settings(&s, method, masking);
    was = answer(&s);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const char *name = row[i].name;
        bool means, differs;
        struct fm_buf is;

        settings(&s, method, masking);
        if (masking && strcmp(name, "masking") == 0 &&
            strcmp(masking, row[i].other) == 0)
            continue;
        means = fm_setting_applies(name, method) && !fm_setting_idle(&s, name);
        set_one(&s, name, row[i].other);
        is = answer(&s);
        differs = is.len != was.len || memcmp(is.data, was.data, is.len) != 0;
        CHECK(means == differs, "method %d, masking %s: %s %s an answer",
              (int)method, masking ? masking : "none", name,
              differs ? "changes" : "does not change");
        fm_buf_free(&is);
    }
    fm_buf_free(&was);
}

/* No setting is in neither list. */
static void
complete(void)
{
    for (size_t i = 0; fm_setting_names[i]; i++) {
        size_t n = 0;

        for (size_t k = 0; k < sizeof row / sizeof *row; k++)
            n += strcmp(row[k].name, fm_setting_names[i]) == 0;
        for (size_t k = 0; k < sizeof later / sizeof *later; k++)
            n += strcmp(later[k], fm_setting_names[i]) == 0;
        CHECK(n == 1, "%s", fm_setting_names[i]);
    }
}

/* What is idle by a value that the table above does not have. */
static void
values(void)
{
    struct fm_settings s;
    struct fm_buf a, b;

    settings(&s, FM_FEDBAT, NULL);
    s.warmup = 1;
    CHECK(strcmp(fm_setting_idle(&s, "rho"),
                 "warmup 1, which learns no step") == 0,
          "rho");
    a = answer(&s);
    s.rho = 100;
    b = answer(&s);
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0, "rho");
    fm_buf_free(&a);
    fm_buf_free(&b);

    settings(&s, FM_FEDSPARSIFY, NULL);
    s.sparsity_from = s.sparsity_to = 3;
    CHECK(fm_setting_idle(&s, "sparsity-first"), "sparsity-first");
    a = answer(&s);
    s.sparsity[0] = 0.5;
    b = answer(&s);
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0, "first");
    fm_buf_free(&a);
    fm_buf_free(&b);
}

int
main(void)
{
    static const char *const maskings[] = {"psm", "pm", "dm", "post"};
    struct fm_err e = {0};

    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = i % 4;
        for (size_t j = 0; j < PIXELS; j++)
            pixels[i * PIXELS + j] = (uint8_t)((i * 31 + j * 17) % 90 +
                                               (j / 2 == labels[i] ? 120 : 0));
    }
    rows = fm_rows_all(ROWS, &e);
    CHECK(rows, "%s", e.msg);
    complete();
    for (size_t i = 0; i < sizeof maskings / sizeof *maskings; i++) {
        try(FM_FEDMRN, maskings[i]);
        try(FM_FEDMRNS, maskings[i]);
    }
    try(FM_FEDAVG, NULL);
    try(FM_FEDPM, NULL);
    try(FM_FEDBAT, NULL);
    try(FM_FEDSPARSIFY, NULL);
    values();
    free(rows);
    return 0;
}
