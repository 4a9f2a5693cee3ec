#include "tensor/settings.h"

#include "check.h"

#include <string.h>

/* The defaults, as settings.h lists them and in that order. */
static void
defaults(void)
{
    static const struct {
        const char *name, *mrn, *mrns, *avg, *pm, *bat, *sparse;
        bool local;
    } want[] = {
        {"method", "fedmrn", "fedmrns", "fedavg", "fedpm", "fedbat",
         "fedsparsify", false},
        {"noise", "uniform:167772*2^-24", "uniform:83886*2^-24", NULL, NULL,
         NULL, NULL, false},
        {"noise-schedule", "constant", "constant", NULL, NULL, NULL, NULL,
         false},
        {"noise-scale", "fixed", NULL, NULL, NULL, NULL, NULL, false},
        {"noise-key", "client", "client", NULL, NULL, NULL, NULL, false},
        {"dither", "shared", "shared", NULL, "shared", "shared", NULL, false},
        {"masking", "psm", "psm", NULL, NULL, NULL, NULL, true},
        {"init", NULL, NULL, NULL, "constant", NULL, NULL, false},
        {"scores", NULL, NULL, NULL, "normal", NULL, NULL, false},
        {"prior", NULL, NULL, NULL, "1", NULL, NULL, false},
        {"reset", NULL, NULL, NULL, "1", NULL, NULL, false},
        {"codec", NULL, NULL, "float32", NULL, NULL, NULL, false},
        {"vote", NULL, NULL, "mean", NULL, NULL, NULL, false},
        {"sparsity-first", NULL, NULL, NULL, NULL, NULL, "0", false},
        {"sparsity", NULL, NULL, NULL, NULL, NULL, "0.8", false},
        {"sparsity-from", NULL, NULL, NULL, NULL, NULL, "1", false},
        {"sparsity-to", NULL, NULL, NULL, NULL, NULL, "100", false},
        {"loss", "softmax", "softmax", "softmax", "softmax", "softmax",
         "softmax", false},
        {"epochs", "10", "10", "10", "3", "10", "10", true},
        {"batch", "64", "64", "64", "128", "64", "64", true},
        {"lr", "0.1", "0.1", "0.03", "0.1", "0.1", "0.03", true},
        {"lr-schedule", "constant", "constant", "constant", "constant",
         "constant", "constant", true},
        {"momentum", "0", "0", "0", NULL, "0", "0", true},
        {"weight-decay", "0", "0", "0", "0", "0", "0", true},
        {"prox", "0", "0", "0", NULL, "0", "0", true},
        {"rho", NULL, NULL, NULL, NULL, "6", NULL, true},
        {"warmup", NULL, NULL, NULL, NULL, "0.5", NULL, true},
        {"gradient", NULL, NULL, NULL, "paper", NULL, NULL, true},
        {"server-optimizer", "sgd", "sgd", "sgd", NULL, "sgd", NULL, false},
        {"server-lr", "1", "1", "1", NULL, "1", NULL, false},
        {"server-momentum", "0.9", "0.9", "0.9", NULL, "0.9", NULL, false},
        {"server-betas", "0.9,0.99", "0.9,0.99", "0.9,0.99", NULL, "0.9,0.99",
         NULL, false},
        {"server-eps", "0.001", "0.001", "0.001", NULL, "0.001", NULL, false},
        {"mean", "0", "0", "0", "0", "0", "0", true},
        {"std", "1", "1", "1", "1", "1", "1", true},
        {"crop", "0", "0", "0", "0", "0", "0", true},
        {"flip", "no", "no", "no", "no", "no", "no", true},
        {"lineage", "1", "1", "1", NULL, "1", NULL, false},
        {"full-bits", "3", "3", "32", NULL, "3", "32", true},
    };
    static const enum fm_method method[] = {
        FM_FEDMRN, FM_FEDMRNS, FM_FEDAVG, FM_FEDPM, FM_FEDBAT, FM_FEDSPARSIFY};
    size_t i;

    for (int m = 0; m < 6; m++) {
        struct fm_settings s;

        fm_settings_default(&s, method[m]);
        for (i = 0; fm_setting_names[i]; i++) {
            const char *name = fm_setting_names[i], *text;
            char got[FM_SETTING_TEXT];

            CHECK(strcmp(name, want[i].name) == 0, "%s", name);
            text = m == 0   ? want[i].mrn
                   : m == 1 ? want[i].mrns
                   : m == 2 ? want[i].avg
                   : m == 3 ? want[i].pm
                   : m == 4 ? want[i].bat
                            : want[i].sparse;
            CHECK(fm_setting_applies(name, method[m]) == (text != NULL), "%s",
                  name);
            CHECK(fm_setting_is_local(name) == want[i].local, "%s", name);
            CHECK(*fm_setting_arg(name) && *fm_setting_help(name), "%s", name);
            if (!text)
                continue;
            fm_setting_get(&s, name, got);
            CHECK(strcmp(got, text) == 0, "%s: %s", name, got);
        }
        CHECK(i == sizeof want / sizeof *want, "%zu settings", i);
    }
}

/* What later versions added may be missing in a model, and only that. */
static void
absent(void)
{
    struct fm_settings s;
    char got[FM_SETTING_TEXT];

    fm_settings_default(&s, FM_FEDMRN);
    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i], *text = fm_setting_absent(name);

        if (!text)
            continue;
        CHECK(fm_setting_set(&s, name, text, NULL) == 0, "%s", name);
        fm_setting_get(&s, name, got);
        CHECK(strcmp(got, text) == 0, "%s: %s", name, got);
    }
    CHECK(!fm_setting_absent("noise") && fm_setting_absent("noise-scale"),
          "which are new");
    /* Models from before it hold clients that rounded nothing. */
    CHECK(strcmp(fm_setting_absent("full-bits"), "32") == 0, "full-bits");
}

/* By hand: from 1/8 in round 3 to 7/8 in round 7, with (1 - 1/2)^3 halfway. */
static void
sparsity(void)
{
    struct fm_settings s;

    fm_settings_default(&s, FM_FEDSPARSIFY);
    s.sparsity[0] = 0.125;
    s.sparsity[1] = 0.875;
    s.sparsity_from = 3;
    s.sparsity_to = 7;
    CHECK(fm_settings_sparsity(&s, 2) == 0, "before");
    CHECK(fm_settings_sparsity(&s, 3) == 0.125, "first");
    CHECK(fm_settings_sparsity(&s, 5) == 0.875 - 0.75 / 8, "halfway");
    CHECK(fm_settings_sparsity(&s, 7) == 0.875 &&
              fm_settings_sparsity(&s, 1000) == 0.875,
          "last");
    s.sparsity_to = 3;
    CHECK(fm_settings_sparsity(&s, 3) == 0.875, "at once");
}

static void
rounds(void)
{
    struct fm_settings s;

    fm_settings_default(&s, FM_FEDMRN);
    CHECK(!fm_setting_set(&s, "lr-schedule", "step:10:0.5", NULL), "step");
    CHECK(fm_settings_lr(&s, 10) == 0.1 && fm_settings_lr(&s, 11) == 0.05,
          "lr");
    CHECK(!fm_setting_set(&s, "noise-schedule", "list:3=7*2^-24", NULL),
          "list");
    CHECK(fm_settings_noise_a(&s, 2) == 167772 &&
              fm_settings_noise_a(&s, 3) == 7,
          "magnitude");
}

/* Each optimizer of the server knows its own settings. */
static void
serves(void)
{
    static const struct {
        const char *name;
        bool by[4];
    } row[] = {
        {"server-lr", {true, true, true, true}},
        {"server-momentum", {false, true, false, false}},
        {"server-betas", {false, false, true, true}},
        {"server-eps", {false, false, true, true}},
        {"epochs", {true, true, true, true}},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (int o = FM_SERVER_SGD; o <= FM_SERVER_YOGI; o++)
            CHECK(fm_setting_serves(row[i].name, (enum fm_server)o) ==
                      row[i].by[o],
                  "%s, %d", row[i].name, o);
}

/* Help names a word setting's words, and it has no others. */
static void
words(void)
{
    size_t seen = 0;

    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i], *arg = fm_setting_arg(name);
        char list[128], *word, *rest = list;

        if (!strchr(arg, '|'))
            continue;
        seen++;
        CHECK(strlen(arg) < sizeof list, "%s", arg);
        strcpy(list, arg);
        while ((word = strsep(&rest, "|"))) {
            struct fm_settings s;
            char text[FM_SETTING_TEXT];

            fm_settings_default(&s, FM_FEDMRN);
            CHECK(!fm_setting_set(&s, name, word, NULL), "%s %s", name, word);
            fm_setting_get(&s, name, text);
            CHECK(strcmp(text, word) == 0, "%s %s", name, word);
        }
    }
    CHECK(seen >= 7, "%zu settings of words", seen);
}

int
main(void)
{
    words();
    defaults();
    absent();
    serves();
    rounds();
    sparsity();
    return 0;
}
