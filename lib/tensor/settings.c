#include "tensor/settings.h"

#include "tensor/settings_impl.h"

#include <assert.h>
#include <string.h>

enum { ROUNDS_MAX = 1000000000, PRIOR_MAX = 1000000 };

#define REAL_MAX  1e6
#define SCALE_MIN 1e-3
#define SCALE_MAX 65536

enum {
    AVG = 1 << FM_FEDAVG,
    MRN = 1 << FM_FEDMRN | 1 << FM_FEDMRNS,
    PM = 1 << FM_FEDPM,
    BAT = 1 << FM_FEDBAT,
    SPARSE = 1 << FM_FEDSPARSIFY,
};

static const char *const methods[] = {
    "fedavg", "fedmrn", "fedmrns", "fedpm", "fedbat", "fedsparsify", NULL};
static const char *const inits[] = {"constant", "uniform", "normal", NULL};
static const char *const scores[] = {"normal", "zero", NULL};
static const char *const gradients[] = {"paper", "authors", NULL};
static const char *const servers[] = {"sgd", "momentum", "adam", "yogi", NULL};
static const char *const keys[] = {"client", "round", NULL};
static const char *const dithers[] = {"shared", "private", NULL};
static const char *const losses[] = {"softmax", "mse", "bce", NULL};
static const char *const flips[] = {"no", "yes", NULL};
static const char *const maskings[] = {"psm", "sm", "pm", "dm", "post", NULL};

#define AT(field) .at = offsetof(struct fm_settings, field)

static const struct fm_setting table[] = {
    {"method", "fedavg|fedmrn|fedmrns|fedpm|fedbat|fedsparsify",
     "what clients send: masks (fedmrn), signed masks "
     "(fedmrns), signs times a learned step (fedbat), weights (fedavg), or "
     "which weights to keep (fedpm), or the largest weights (fedsparsify)",
     .kind = WORD, AT(method), .words = methods,
     .want = "fedmrn, fedmrns, fedavg, fedpm, fedbat or fedsparsify"},
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
     .only = 1u << FM_FEDMRN, .kind = SCALE, AT(noise_scale), .zero = "fixed",
     .above = "update:", .min = SCALE_MIN, .max = SCALE_MAX, .absent = "fixed",
     .want = "fixed or update:C (C in [0.001,65536])"},
    {"noise-key", "client|round",
     "noise of its own for each client, or one a round", .only = MRN,
     .kind = WORD, AT(noise_key), .words = keys, .want = "client or round"},
    {"dither", "shared|private",
     "shared: the last draw's dither is known; or private",
     .only = MRN | PM | BAT, .kind = WORD, AT(dither), .words = dithers,
     .want = "shared or private"},
    {"masking", "psm|sm|pm|dm|post",
     "psm (progressive stochastic), sm, pm, dm or post", .local = true,
     .only = MRN, .kind = WORD, AT(masking), .words = maskings,
     .want = "psm, sm, pm, dm or post"},
    {"init", "SCHEME", "the weights that never change, under fedpm", .only = PM,
     .kind = WORD, AT(init), .words = inits,
     .want = "constant, uniform or normal"},
    {"scores", "normal|zero", "fedpm: scores start normal, or zero (keep half)",
     .only = PM, .kind = WORD, AT(scores), .words = scores,
     .want = "normal or zero"},
    {"prior", "N", "fedpm: votes for and against before any, less one",
     .only = PM, .kind = COUNT, AT(prior), .min = 1, .max = PRIOR_MAX,
     .want = "an integer in 1..1000000"},
    {"reset", "ROUNDS",
     "fedpm: forget the votes every so many rounds, or never", .only = PM,
     .kind = COUNT, AT(reset), .min = 1, .max = ROUNDS_MAX, .zero = "never",
     .want = "an integer in 1..1000000000, or never"},
    {"codec", "CODEC", "how fedmrn-pack codes a fedavg update, unless told",
     .only = AVG, .kind = CODEC, .want = FM_CODEC_WANT, .absent = "float32"},
    {"vote", "HOW",
     "fedavg: the mean of the updates, or majority:STEP: of their signs",
     .only = AVG, .kind = SCALE, AT(vote), .zero = "mean",
     .above = "majority:", .min = 0, .open_min = true, .max = REAL_MAX,
     .want = "mean or majority:STEP (STEP in (0,1e6])", .absent = "mean"},
    {"sparsity-first", "S", "fedsparsify: share pruned at first",
     .only = SPARSE, .kind = REAL, AT(sparsity[0]), .min = 0, .max = 1,
     .open_max = true, .want = "a number in [0,1), such as 0.1"},
    {"sparsity", "S", "fedsparsify: share of the weights pruned in the end",
     .only = SPARSE, .kind = REAL, AT(sparsity[1]), .min = 0, .max = 1,
     .open_max = true, .want = "a number in [0,1), such as 0.8"},
    {"sparsity-from", "ROUND", "fedsparsify: the first round that prunes",
     .only = SPARSE, .kind = COUNT, AT(sparsity_from), .min = 1,
     .max = ROUNDS_MAX, .want = "an integer in 1..1000000000"},
    {"sparsity-to", "ROUND", "fedsparsify: from when on all of it is pruned",
     .only = SPARSE, .kind = COUNT, AT(sparsity_to), .min = 1,
     .max = ROUNDS_MAX, .want = "an integer in 1..1000000000"},
    {"loss", "softmax|mse|bce",
     "what is learned: classes (softmax), numbers (mse: regression), or yes "
     "and no by one output (bce)",
     .kind = WORD, AT(loss), .words = losses, .absent = "softmax",
     .want = "softmax, mse or bce"},
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
    {"momentum", "X", "momentum of SGD", .local = true,
     .only = AVG | MRN | BAT | SPARSE, .kind = REAL, AT(momentum), .min = 0,
     .max = 1, .open_max = true, .want = "a number in [0,1), such as 0.9"},
    {"weight-decay", "X", "weight decay of SGD, or of Adam", .local = true,
     .kind = REAL, AT(weight_decay), .min = 0, .max = REAL_MAX,
     .want = "a number in [0,1e6], such as 0.001"},
    {"prox", "MU", "FedProx: hold the weights to the model's by MU",
     .local = true, .only = AVG | MRN | BAT | SPARSE, .kind = REAL, AT(prox),
     .min = 0, .max = REAL_MAX, .absent = "0",
     .want = "a number in [0,1e6], such as 0.01"},
    {"rho", "X", "fedbat: how fast steps are learned", .local = true,
     .only = BAT, .kind = REAL, AT(rho), .min = 0, .max = 1000,
     .want = "a number in [0,1000], such as 6"},
    {"warmup", "SHARE", "fedbat: of the steps, before any is binarised",
     .local = true, .only = BAT, .kind = REAL, AT(warmup), .min = 0, .max = 1,
     .want = "a number in [0,1], such as 0.5"},
    {"gradient", "paper|authors",
     "fedpm: of the scores, the paper's or the authors' code's", .local = true,
     .only = PM, .kind = WORD, AT(gradient), .words = gradients,
     .want = "paper or authors"},
    {"server-optimizer", "sgd|momentum|adam|yogi",
     "of the mean update: sgd, momentum (FedAvgM), adam or yogi",
     .only = AVG | MRN | BAT, .kind = WORD, AT(server), .words = servers,
     .absent = "sgd", .want = "sgd, momentum, adam or yogi"},
    {"server-lr", "X", "the server's learning rate", .only = AVG | MRN | BAT,
     .kind = REAL, AT(server_lr), .min = 0, .open_min = true, .max = REAL_MAX,
     .absent = "1", .want = "a number in (0,1e6], such as 0.01"},
    {"server-momentum", "X", "momentum of its momentum",
     .only = AVG | MRN | BAT, .kind = REAL, AT(server_momentum), .min = 0,
     .max = 1, .open_max = true, .absent = "0.9",
     .want = "a number in [0,1), such as 0.9"},
    {"server-betas", "B1,B2", "how slowly its two moments change",
     .only = AVG | MRN | BAT, .kind = BETAS, AT(server_beta), .min = 0,
     .max = 1, .open_max = true, .absent = "0.9,0.99",
     .want = "two numbers in [0,1), such as 0.9,0.99"},
    {"server-eps", "X", "what keeps its steps small: FedOpt's tau",
     .only = AVG | MRN | BAT, .kind = REAL, AT(server_eps), .min = 0,
     .open_min = true, .max = REAL_MAX, .absent = "0.001",
     .want = "a number in (0,1e6], such as 0.001"},
    {"mean", "X[,X...]", "subtracted from pixel/255, per channel or for all",
     .local = true, .kind = FLOATS, AT(mean),
     .at_n = offsetof(struct fm_settings, nmean), .min = -REAL_MAX,
     .max = REAL_MAX,
     .want = "1 to 1024 numbers in [-1e6,1e6], such as 0.5, with commas"},
    {"std", "X[,X...]", "what the difference is divided by, likewise",
     .local = true, .kind = FLOATS, AT(std),
     .at_n = offsetof(struct fm_settings, nstd), .min = 0, .open_min = true,
     .max = REAL_MAX,
     .want = "1 to 1024 numbers in (0,1e6], such as 0.5, with commas"},
    {"crop", "PIXELS", "images: move each at random, at most so far, 0: off",
     .local = true, .kind = COUNT, AT(crop), .min = 0, .max = 255,
     .absent = "0", .want = "an integer in 0..255"},
    {"flip", "no|yes", "images: mirror half of them, left to right",
     .local = true, .kind = WORD, AT(flip), .words = flips, .absent = "no",
     .want = "no or yes"},
    {"lineage", "ROUNDS",
     "rounds that a model can look back, for answers that come late",
     .only = AVG | MRN | BAT, .kind = COUNT, AT(lineage), .min = 1, .max = 64,
     .want = "an integer in 1..64", .absent = "1"},
    {"full-bits", "N", "bits for a parameter that travels in full; 32: exact",
     .local = true, .only = AVG | MRN | BAT | SPARSE, .kind = COUNT,
     AT(full_bits), .min = 1, .max = FM_FULL_EXACT,
     .want = "an integer in 1..32", .absent = "32"},
};

enum { SETTINGS = sizeof table / sizeof *table };

const char *const fm_setting_names[] = {
    "method",
    "noise",
    "noise-schedule",
    "noise-scale",
    "noise-key",
    "dither",
    "masking",
    "init",
    "scores",
    "prior",
    "reset",
    "codec",
    "vote",
    "sparsity-first",
    "sparsity",
    "sparsity-from",
    "sparsity-to",
    "loss",
    "epochs",
    "batch",
    "lr",
    "lr-schedule",
    "momentum",
    "weight-decay",
    "prox",
    "rho",
    "warmup",
    "gradient",
    "server-optimizer",
    "server-lr",
    "server-momentum",
    "server-betas",
    "server-eps",
    "mean",
    "std",
    "crop",
    "flip",
    "lineage",
    "full-bits",
    NULL,
};

static_assert(sizeof fm_setting_names / sizeof *fm_setting_names ==
                  SETTINGS + 1,
              "the two lists of settings differ");
static_assert(sizeof(enum fm_method) == sizeof(unsigned) &&
                  sizeof(enum fm_masking) == sizeof(unsigned) &&
                  sizeof(enum fm_flip) == sizeof(unsigned) &&
                  sizeof(uint32_t) == sizeof(unsigned),
              "words and counts are copied as unsigned");

const struct fm_setting *
fm_setting_find(const char *name)
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
        .dist = m == FM_FEDBAT ? FM_BERNOULLI : FM_UNIFORM,
        .a = m == FM_FEDMRNS ? 83886 : 167772,
        .noise_key = FM_NOISE_CLIENT,
        .dither = FM_DITHER_SHARED,
        .masking = FM_PSM,
        .init = FM_INIT_CONSTANT,
        .scores = FM_SCORES_NORMAL,
        .prior = 1,
        .reset = 1,
        .sparsity = {0, 0.8},
        .sparsity_from = 1,
        .sparsity_to = 100,
        .rho = 6,
        .warmup = 0.5,
        .gradient = FM_GRADIENT_PAPER,
        .epochs = m == FM_FEDPM ? 3 : 10,
        .batch = m == FM_FEDPM ? 128 : 64,
        .lr = m == FM_FEDAVG || m == FM_FEDSPARSIFY ? 0.03 : 0.1,
        .server = FM_SERVER_SGD,
        .server_lr = 1,
        .server_momentum = 0.9,
        .server_beta = {0.9, 0.99},
        .server_eps = 0.001,
        .nmean = 1,
        .nstd = 1,
        .mean = {0},
        .std = {1},
        .lineage = 1,
        .full_bits = m == FM_FEDAVG || m == FM_FEDSPARSIFY ? FM_FULL_EXACT : 3,
    };
}

const char *
fm_setting_arg(const char *name)
{
    return fm_setting_find(name)->arg;
}

const char *
fm_setting_help(const char *name)
{
    return fm_setting_find(name)->help;
}

bool
fm_setting_is_local(const char *name)
{
    return fm_setting_find(name)->local;
}

const char *
fm_setting_absent(const char *name)
{
    return fm_setting_find(name)->absent;
}

bool
fm_setting_applies(const char *name, enum fm_method m)
{
    unsigned only = fm_setting_find(name)->only;

    return only == 0 || (only >> m & 1);
}

bool
fm_setting_serves(const char *name, enum fm_server server)
{
    static const struct {
        const char *name;
        unsigned only;
    } row[] = {
        {"server-momentum", 1u << FM_SERVER_MOMENTUM},
        {"server-betas", 1u << FM_SERVER_ADAM | 1u << FM_SERVER_YOGI},
        {"server-eps", 1u << FM_SERVER_ADAM | 1u << FM_SERVER_YOGI},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (strcmp(row[i].name, name) == 0)
            return row[i].only >> server & 1;
    return true;
}

double
fm_settings_lr(const struct fm_settings *s, uint64_t round)
{
    return fm_schedule_lr(&s->lr_schedule, s->lr, round);
}

double
fm_settings_sparsity(const struct fm_settings *s, uint64_t round)
{
    double left;

    if (round < s->sparsity_from)
        return 0;
    if (round >= s->sparsity_to)
        return s->sparsity[1];
    left = 1 - (double)(round - s->sparsity_from) /
                   (double)(s->sparsity_to - s->sparsity_from);
    return s->sparsity[1] +
           (s->sparsity[0] - s->sparsity[1]) * (left * left * left);
}

uint32_t
fm_settings_noise_a(const struct fm_settings *s, uint64_t round)
{
    return fm_schedule_noise(&s->noise_schedule, s->a, round);
}
