#include "tensor/settings.h"

#include "check.h"

#include <string.h>

/* A text, and the canonical text that it is read as. */
static void
canonical(void)
{
    static const char *const good[][3] = {
        {"method", "fedmrns", "fedmrns"},
        {"noise", "uniform:0.01", "uniform:167772*2^-24"},
        {"noise", "gaussian:1e-2", "gaussian:167772*2^-24"},
        {"noise", "bernoulli:1*2^-24", "bernoulli:1*2^-24"},
        {"noise", "uniform:4294967295*2^-24", "uniform:4294967295*2^-24"},
        {"noise-key", "round", "round"},
        {"dither", "private", "private"},
        {"masking", "post", "post"},
        {"init", "normal", "normal"},
        {"scores", "zero", "zero"},
        {"prior", "7", "7"},
        {"reset", "never", "never"},
        {"reset", "03", "3"},
        {"gradient", "authors", "authors"},
        {"rho", "06", "6"},
        {"sparsity", "0.80", "0.8"},
        {"sparsity-first", "0", "0"},
        {"sparsity-to", "0100", "100"},
        {"warmup", "1.0", "1"},
        {"loss", "bce", "bce"},
        {"crop", "00", "0"},
        {"crop", "255", "255"},
        {"flip", "yes", "yes"},
        {"epochs", "0100000", "100000"},
        {"batch", "1000000", "1000000"},
        {"lr", "0.030", "0.03"},
        {"noise-schedule", "linear:9:0.01", "linear:9:167772*2^-24"},
        {"noise-scale", "fixed", "fixed"},
        {"noise-scale", "update:30.0", "update:3e+01"},
        {"codec", "float32", "float32"},
        {"codec", "topk:.010", "topk:0.01"},
        {"codec", "eden:2", "eden:2"},
        {"vote", "mean", "mean"},
        {"vote", "majority:1e-3", "majority:0.001"},
        {"noise-scale", "update:0.001", "update:0.001"},
        {"noise-scale", "update:65536", "update:65536"},
        {"lr-schedule", "step:30:0.10", "step:30:0.1"},
        {"momentum", "0.9", "0.9"},
        {"weight-decay", "5e-4", "0.0005"},
        {"prox", "0.010", "0.01"},
        {"mean", "0.2860", "0.286"},
        {"mean", ".5,0", "0.5,0"},
        {"mean", "0.485,0.456,-0", "0.485,0.456,0"},
        {"std", ".2", "0.2"},
        {"lr", ".1", "0.1"},
        {"lr", ".", NULL},
        {"std", "0.229,0.224,0.225", "0.229,0.224,0.225"},
        {"server-optimizer", "yogi", "yogi"},
        {"server-lr", "1.0", "1"},
        {"server-momentum", "0", "0"},
        {"server-betas", "0,.99", "0,0.99"},
        {"server-betas", "0.90,0.990", "0.9,0.99"},
        {"server-eps", "1e-3", "0.001"},
        {"full-bits", "1", "1"},
        {"full-bits", "032", "32"},
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct fm_settings s;
        struct fm_err e = {0};
        char got[FM_SETTING_TEXT];
        int rc;

        fm_settings_default(&s, FM_FEDMRN);
        rc = fm_setting_set(&s, good[i][0], good[i][1], &e);
        if (!good[i][2]) {
            CHECK(rc == FM_EINPUT, "%s %s", good[i][0], good[i][1]);
            continue;
        }
        CHECK(rc == 0, "%s", e.msg);
        fm_setting_get(&s, good[i][0], got);
        CHECK(strcmp(got, good[i][2]) == 0, "%s, not %s", got, good[i][2]);
        CHECK(fm_setting_set(&s, good[i][0], got, &e) == 0, "%s", e.msg);
    }
}

static void
hostile(void)
{
    static const char *const bad[][2] = {
        {"method", "fedpn"},
        {"init", "kaiming"},
        {"scores", "one"},
        {"prior", "0"},
        {"prior", "1.5"},
        {"reset", "0"},
        {"reset", "Never"},
        {"gradient", "paper,authors"},
        {"rho", "-1"},
        {"sparsity", "1"},
        {"sparsity-first", "-0.1"},
        {"sparsity-from", "0"},
        {"rho", "1001"},
        {"warmup", "1.01"},
        {"method", ""},
        {"noise", "uniform"},
        {"noise", "uniform:"},
        {"noise", "uniform:0"},
        {"noise", "uniform:256"},
        {"noise", "uniform:-1"},
        {"noise", "uniform:nan"},
        {"noise", "laplace:1"},
        {"noise", "uniform:0*2^-24"},
        {"noise", "uniform:4294967296*2^-24"},
        {"noise", "uniform:1*2^-23"},
        {"noise", "uniform:*2^-24"},
        {"noise-key", "none"},
        {"dither", "Shared"},
        {"masking", "psm "},
        {"loss", "l1"},
        {"crop", "-1"},
        {"crop", "256"},
        {"flip", "1"},
        {"epochs", "0"},
        {"epochs", "100001"},
        {"epochs", "1.5"},
        {"batch", "0"},
        {"full-bits", "0"},
        {"full-bits", "33"},
        {"batch", "-1"},
        {"lr", "0"},
        {"lr", "-0.1"},
        {"lr", "1e7"},
        {"lr", "1e-99"},
        {"lr", "inf"},
        {"noise-schedule", "linear:9:0"},
        {"noise-scale", ""},
        {"noise-scale", "update"},
        {"noise-scale", "update:"},
        {"codec", "topk"},
        {"codec", "eden:0"},
        {"codec", "gzip"},
        {"vote", "majority"},
        {"vote", "majority:0"},
        {"vote", "majority:1000001"},
        {"vote", "median"},
        {"noise-scale", "update:0"},
        {"noise-scale", "update:0.0009"},
        {"noise-scale", "update:65537"},
        {"noise-scale", "fixed:1"},
        {"lr-schedule", "step"},
        {"momentum", "1"},
        {"momentum", "0.999999999999"},
        {"momentum", "-0.1"},
        {"weight-decay", "-1"},
        {"prox", "-0.01"},
        {"prox", "1e7"},
        {"server-optimizer", "fedadam"},
        {"server-lr", "0"},
        {"server-momentum", "1"},
        {"server-betas", "0.9"},
        {"server-betas", "0.9,"},
        {"server-betas", "0.9,1"},
        {"server-betas", "1,0.9"},
        {"server-betas", ",0.9"},
        {"server-betas", "0.9,0.9,0.9"},
        {"server-eps", "0"},
        {"mean", ""},
        {"mean", "0,"},
        {"mean", ",0"},
        {"mean", "0 ,1"},
        {"mean", "1e39"},
        {"std", "0"},
        {"std", "1,-1"},
        {"std", "1e-60"},
        {"std", "0000000000000000000000000000000000000000000000000000000000000"
                "00001"},
    };
    char many[2 * FM_CHANNELS_MAX + 2];
    struct fm_settings s;
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_settings before;

        fm_settings_default(&s, FM_FEDMRN);
        before = s;
        e = (struct fm_err){0};
        CHECK(fm_setting_set(&s, bad[i][0], bad[i][1], &e) == FM_EINPUT,
              "%s %s", bad[i][0], bad[i][1]);
        CHECK(strncmp(e.msg, bad[i][0], strlen(bad[i][0])) == 0, "%s", e.msg);
        CHECK(memcmp(&s, &before, sizeof s) == 0, "%s changed", bad[i][0]);
    }
    e = (struct fm_err){0};
    fm_setting_set(&s, "epochs", "0", &e);
    CHECK(strcmp(e.msg, "epochs: 0 is not an integer in 1..100000") == 0, "%s",
          e.msg);
    for (size_t i = 0; i < FM_CHANNELS_MAX + 1; i++)
        memcpy(many + 2 * i, "1,", 2);
    many[2 * FM_CHANNELS_MAX + 1] = '\0';
    CHECK(fm_setting_set(&s, "std", many, NULL) == FM_EINPUT, "one too many");
    many[2 * FM_CHANNELS_MAX - 1] = '\0';
    CHECK(fm_setting_set(&s, "std", many, NULL) == 0 &&
              s.nstd == FM_CHANNELS_MAX,
          "as many as there may be");
}

/* The longest text that a setting can have fits FM_SETTING_TEXT. */
static void
longest(void)
{
    struct fm_settings s;
    char text[FM_SETTING_TEXT];

    fm_settings_default(&s, FM_FEDMRN);
    s.nmean = FM_CHANNELS_MAX;
    for (size_t i = 0; i < s.nmean; i++)
        s.mean[i] = -0x1.23456ap-120f;
    fm_setting_get(&s, "mean", text);
    CHECK(strlen(text) > FM_CHANNELS_MAX * 12, "%s", text);
    CHECK(fm_setting_set(&s, "mean", text, NULL) == 0 &&
              s.nmean == FM_CHANNELS_MAX &&
              s.mean[FM_CHANNELS_MAX - 1] == -0x1.23456ap-120f,
          "%s", text);
}

int
main(void)
{
    canonical();
    hostile();
    longest();
    return 0;
}
