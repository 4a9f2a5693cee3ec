/*
 * settings: how a round is run and how a client trains, by name.
 *
 * One table serves three readers: the options of fedmrn-init and fedmrn-train
 * (`--epochs 10`), the model file's metadata (`fedmrn.epochs`), and
 * fedmrn-inspect.  Every value has one canonical text.
 *
 *   method          fedmrn | fedmrns | fedavg | fedpm | fedbat |
 *                   fedsparsify                   contract
 *   noise           DIST:A                        contract; see below
 *   noise-schedule  how A changes                 contract; see schedule.h
 *   noise-scale     fixed | update:C              contract; see below
 *   noise-key       client | round                contract
 *   dither          shared | private              contract (client's default)
 *   masking         psm | sm | pm | dm | post     local
 *   init            constant | uniform | normal   contract, fedpm; see model.h
 *   scores          normal | zero                 contract, fedpm
 *   prior           1..1000000                    contract, fedpm; lambda0
 *   reset           1..1000000000 | never         contract, fedpm
 *   sparsity-first  [0,1)                         contract, fedsparsify
 *   sparsity        [0,1)                         contract, fedsparsify
 *   sparsity-from   1..1000000000                 contract, fedsparsify
 *   sparsity-to     1..1000000000                 contract, fedsparsify
 *   loss            softmax | mse | bce           contract; see below
 *   epochs          1..100000                     local
 *   batch           1..1000000                    local
 *   lr              (0,1e6]                       local
 *   lr-schedule     how lr changes                local; see schedule.h
 *   momentum        [0,1)                         local
 *   weight-decay    [0,1e6]                       local
 *   prox            [0,1e6]                       local; mu, not fedpm
 *   rho             [0,1000]                      local, fedbat
 *   warmup          [0,1]                         local, fedbat
 *   gradient        paper | authors               local, fedpm
 *   server-optimizer sgd | momentum | adam | yogi contract, not fedpm
 *   server-lr       (0,1e6]                       contract, not fedpm
 *   server-momentum [0,1)                         contract; momentum alone
 *   server-betas    B1,B2 in [0,1)                contract; adam and yogi
 *   server-eps      (0,1e6]                       contract; adam and yogi
 *   codec           how floats travel             contract (pack's default),
 *                   see codecname.h               methods without masks
 *   vote            mean | majority:STEP          contract, likewise
 *   mean, std       per channel, comma-separated; one value serves all; local
 *   crop            0..255                        local; data/augment.h
 *   flip            no | yes                      local; likewise
 *   lineage         1..64: rounds that a model can look back (model.h);
 * contract full-bits       1..32: about so many bits for each parameter that
 * travels in full (fed/coarse.h); 32: exact float32; local
 *
 * "contract" settings are fixed by the model file for the whole run: both ends
 * must agree on them.  "local" ones are advice that fedmrn-train may override.
 *
 * Noise: the user writes `uniform:0.01`; the canonical text holds the integer
 * a = round(A * 2^24) as `uniform:167772*2^-24`, and both are read.
 *
 * Noise scale: under update:C, C in [0.001,65536], each masked tensor has a
 * magnitude of its own from round 2 on: C times the mean of |the last round's
 * change| over its entries (agg/magnitude.h).
 *
 * Vote: under majority:STEP, STEP in (0,1e6], the sign of the sum of the
 * clients' signs moves a weight by STEP (agg/accum.h).
 *
 * Loss: softmax is the cross-entropy of as many classes as the network has
 * outputs; mse a regression, the mean squared error of as many numbers; bce two
 * classes by one output (nn/loss.h).
 *
 * Numbers are written as number.h says; mean and std are floats, in [-1e6,1e6]
 * and (0,1e6].
 *
 * FedPM (arXiv 2209.15328): the posterior of a weight's being kept has `prior`
 * as both of its parameters before any vote, and forgets all votes before every
 * `reset`-th round, counted from the first.
 *
 * Prox is FedProx's mu (arXiv 1812.06127): local training minimises the loss
 * plus mu/2 * ||w - w_global||^2, fed/local.h.  Weights that never change have
 * no such distance, so fedpm has no prox.
 *
 * FedSparsify (arXiv 2204.12430) prunes more from round to round, by Zhu and
 * Gupta's schedule (arXiv 1710.01878): the share pruned is `sparsity-first` in
 * round `sparsity-from`, `sparsity` in round `sparsity-to`, which lies behind
 * it, and after; see fm_settings_sparsity.
 *
 * The server's optimizer takes the mean of the clients' updates for the
 * direction to go (agg/server.h).  FedPM's models are votes and have none.
 *
 * FedBAT (arXiv 2408.03215) learns the magnitude of each tensor's signs at the
 * rate `rho`, and binarises nothing in the first `warmup` of its steps; see
 * fed/local.h.  It has no noise: `dist` is then bernoulli, whose |n| is the
 * same everywhere, for who codes its masks.
 *
 * Inputs are (x/255 - mean)/std for 8-bit data.
 */
#ifndef FM_TENSOR_SETTINGS_H
#define FM_TENSOR_SETTINGS_H

#include "base/err.h"
#include "rand/noise.h"
#include "tensor/codecname.h"
#include "tensor/number.h"
#include "tensor/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fm_method {
    FM_FEDAVG,
    FM_FEDMRN,
    FM_FEDMRNS,
    FM_FEDPM,
    FM_FEDBAT,
    FM_FEDSPARSIFY
};
enum fm_masking { FM_PSM, FM_SM, FM_PM, FM_DM, FM_POST };
enum fm_noise_key { FM_NOISE_CLIENT, FM_NOISE_ROUND };
enum fm_dither { FM_DITHER_SHARED, FM_DITHER_PRIVATE };
enum fm_init { FM_INIT_CONSTANT, FM_INIT_UNIFORM, FM_INIT_NORMAL };
enum fm_scores { FM_SCORES_NORMAL, FM_SCORES_ZERO };
enum fm_server {
    FM_SERVER_SGD,
    FM_SERVER_MOMENTUM,
    FM_SERVER_ADAM,
    FM_SERVER_YOGI
};
enum fm_gradient { FM_GRADIENT_PAPER, FM_GRADIENT_AUTHORS };
enum fm_loss_kind { FM_LOSS_SOFTMAX, FM_LOSS_MSE, FM_LOSS_BCE };
enum fm_flip { FM_FLIP_NO, FM_FLIP_YES };

enum { FM_CHANNELS_MAX = 1024, FM_FULL_EXACT = 32 };

struct fm_settings {
    enum fm_method method;
    enum fm_dist dist;
    uint32_t a; /* noise magnitude of round 1, units of 2^-24 */
    struct fm_noise_schedule noise_schedule;
    double noise_scale; /* C, or 0: fixed */
    enum fm_noise_key noise_key;
    enum fm_dither dither;
    enum fm_masking masking;
    enum fm_init init;
    enum fm_scores scores;
    uint32_t prior, reset; /* reset 0: never */
    enum fm_gradient gradient;
    enum fm_loss_kind loss;
    uint32_t epochs, batch;
    double lr, momentum, weight_decay, prox;
    double rho, warmup; /* fedbat */
    double sparsity[2]; /* fedsparsify: first and last, and their rounds */
    uint32_t sparsity_from, sparsity_to;
    struct fm_lr_schedule lr_schedule;
    enum fm_server server;
    double server_lr, server_momentum, server_beta[2], server_eps;
    size_t nmean, nstd;          /* 1..FM_CHANNELS_MAX */
    float mean[FM_CHANNELS_MAX]; /* default 0 */
    float std[FM_CHANNELS_MAX];  /* default 1, > 0 */
    uint32_t crop;               /* pixels either way; 0: off */
    enum fm_flip flip;
    uint32_t lineage;   /* rounds that a model knows back */
    uint32_t full_bits; /* FM_FULL_EXACT: float32 as it is */
    struct fm_codec codec;
    double vote; /* STEP, or 0: mean */
};

/*
 * fm_settings_default - the authors' settings for a method: noise uniform:0.01
 * (fedmrns: uniform:0.005), masking psm, epochs 10, batch 64, lr 0.1 (fedavg:
 * 0.03), constant, no momentum, no weight decay, noise key client, dither
 * shared, mean 0, std 1, full-bits 3 (fedavg: 32).  fedpm: epochs 3, batch 128,
 * init constant, scores normal, prior 1, reset 1, gradient paper.  fedbat: rho
 * 6, warmup 0.5.  fedsparsify: lr 0.03, full-bits 32, sparsity from 0 in round
 * 1 to 0.8 in round 100.  The server: sgd, lr 1, and for the others momentum
 * 0.9, betas 0.9,0.99 and eps 0.001.
 */
void fm_settings_default(struct fm_settings *s, enum fm_method m);

/* The table: names in canonical order, NULL at the end. */
extern const char *const fm_setting_names[];

/* How help calls its value, and one line on what it does. */
const char *fm_setting_arg(const char *name);
const char *fm_setting_help(const char *name);

/* fm_setting_is_local - may fedmrn-train override it? */
bool fm_setting_is_local(const char *name);

/*
 * fm_setting_absent - the canonical text that a model file leaves out, or NULL
 * when it writes them all.  A setting that came later has one, so that the
 * models made before it are still read, and have their ids.
 */
const char *fm_setting_absent(const char *name);

/* fm_setting_applies - does it mean anything under this method?  (noise,
 * noise-key, dither and masking mean nothing under fedavg, say; noise-scale
 * nothing under fedmrns: a sum of signed noise is as large as the noise,
 * whatever the update.) */
bool fm_setting_applies(const char *name, enum fm_method m);

/* fm_setting_serves - does the server's optimizer know it?  (server-betas mean
 * nothing to sgd.)  What is not about the server, always. */
bool fm_setting_serves(const char *name, enum fm_server server);

/*
 * fm_setting_set - set one by its text.  Returns 0, or FM_EINPUT with a
 * message like "epochs: 0 is not an integer in 1..100000".  An unknown name is
 * a bug of the caller's.
 */
int fm_setting_set(struct fm_settings *s, const char *name, const char *text,
                   struct fm_err *e);

/* fm_setting_get - its canonical text, into `out`.  FM_SETTING_TEXT bytes. */
enum { FM_SETTING_TEXT = 32768 };
void fm_setting_get(const struct fm_settings *s, const char *name, char *out);

/* What the schedules give for a round, from 1; the same on every machine. */
double fm_settings_lr(const struct fm_settings *s, uint64_t round);
/* The share of weights that fedsparsify prunes in round t from t0 on, until T:
 * s_f + (s_i - s_f) (1 - (t - t0)/(T - t0))^3; 0 before t0, s_f from T on. */
double fm_settings_sparsity(const struct fm_settings *s, uint64_t round);

uint32_t fm_settings_noise_a(const struct fm_settings *s, uint64_t round);

#endif
