#include "tensor/model.h"

#include "check.h"

#include <math.h>
#include <string.h>

static const char net[] = "input 3x9x8\nconv 4 3x2 pad=1\nbatchnorm\nrelu\n"
                          "maxpool 2\nflatten\nlinear 7 nobias\nlinear 5\n";

static struct fm_model *
make(const char *scheme)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;

    fm_settings_default(&set, FM_FEDMRN);
    m = fm_model_new(fm_arch_parse(net, "net", &e), &set, 0x0123456789abcdef,
                     &e);
    CHECK(m, "%s", e.msg);
    CHECK(fm_model_init_values(m, scheme, &e) == 0, "%s", e.msg);
    return m;
}

/*
 * Elements 0, 1, 7, 8 and 71 of tensor 0, and the bias after it, from a page
 * of Python with a Philox of its own and statistics.NormalDist.inv_cdf.
 */
static void
golden(void)
{
    static const struct {
        const char *scheme;
        float want[5];
    } known[] = {
        {"normal:0.01",
         {0x1.7fccccp-8f, -0x1.f40cccp-8f, -0x1.68d99ap-8f, 0x1.dc28f6p-13f,
          -0x1.205eb8p-8f}},
        {"kaiming",
         {0x1.8fcaaap-3f, -0x1.047156p-2f, -0x1.77e2aap-3f, 0x1.fp-8f,
          -0x1.2c62aap-3f}},
        {"xavier",
         {0x1.560bcap-3f, -0x1.ad42e8p-3f, -0x1.43a4d6p-3f, 0x1.c0a4d2p-8f,
          -0x1.073d8ep-3f}},
        {"uniform",
         {0x1.aa9b3ap-4f, -0x1.0bb104p-3f, -0x1.93a7a4p-4f, 0x1.17c752p-8f,
          -0x1.48518ap-4f}},
    };
    static const float bias[] = {0x1.94826p-4f, 0x1.487198p-3f, -0x1.08e47cp-3f,
                                 0x1.f7b21cp-8f};
    static const size_t at[] = {0, 1, 7, 8, 71};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct fm_model *m = make(known[i].scheme);
        bool uniform = known[i].scheme[0] == 'u';

        for (size_t k = 0; k < 5; k++)
            CHECK(m->tensor[0].value[at[k]] == known[i].want[k],
                  "%s: element %zu is %a, not %a", known[i].scheme, at[k],
                  (double)m->tensor[0].value[at[k]], (double)known[i].want[k]);
        for (size_t k = 0; k < 4; k++) {
            CHECK(m->tensor[1].value[k] == (uniform ? bias[k] : 0),
                  "%s: bias %zu is %a", known[i].scheme, k,
                  (double)m->tensor[1].value[k]);
            CHECK(m->tensor[2].value[k] == 1 && m->tensor[3].value[k] == 0 &&
                      m->tensor[4].value[k] == 0 && m->tensor[5].value[k] == 1,
                  "batchnorm %zu", k);
        }
        fm_model_free(m);
    }
}

/*
 * A table is drawn from N(0,1), or from what normal:S says, and an LSTM's
 * tensors by the width of its state, as PyTorch's are.  12,000 draws: the mean
 * square of N(0,1) is within .052 of 1 at four deviations; of the 512 weights
 * within .2.
 */
static void
sequence(void)
{
    static const struct {
        const char *scheme;
        double table, weight;
    } want[] = {{"normal:0.5", 0.25, 0.25},
                {"uniform", 1, 1.0 / 12},
                {"kaiming", 1, 2.0 / 4},
                {"xavier", 1, 6.0 / 20 / 3}};
    struct fm_settings set;

    fm_settings_default(&set, FM_FEDMRN);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct fm_err e = {0};
        struct fm_model *m =
            fm_model_new(fm_arch_parse("input 3\nembedding 3000 4\n"
                                       "lstm 4 layers=4\nlinear 2\n",
                                       "net", &e),
                         &set, 1, &e);
        double sum[2] = {0, 0};
        size_t n = 0;

        CHECK(m && !fm_model_init_values(m, want[i].scheme, &e), "%s", e.msg);
        for (size_t j = 0; j < 12000; j++)
            sum[0] += pow((double)m->tensor[0].value[j], 2) / 12000;
        for (size_t t = 1; t < m->arch->ntensors - 2; t++)
            for (size_t j = 0; m->tensor[t].spec->role == FM_WEIGHT && j < 64;
                 j++, n++)
                sum[1] += pow((double)m->tensor[t].value[j], 2);
        CHECK(fabs(sum[0] / want[i].table - 1) < 0.06, "%s: table %g",
              want[i].scheme, sum[0]);
        CHECK(fabs(sum[1] / (double)n / want[i].weight - 1) < 0.2,
              "%s: weight %g", want[i].scheme, sum[1] / (double)n);
        fm_model_free(m);
    }
}

static struct fm_model *
fedpm(enum fm_init init)
{
    static const char text[] = "input 2x5x5\nconv 4 3x3\nrelu\nlinear 3\n";
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;

    fm_settings_default(&set, FM_FEDPM);
    set.init = init;
    m = fm_model_new(fm_arch_parse(text, "net", &e), &set, 0x0123456789abcdef,
                     &e);
    CHECK(m, "%s", e.msg);
    return m;
}

/* Frozen weights (fan_in 18) of the weight and of the bias, and first scores,
 * from the same page of Python. */
static void
frozen(void)
{
    static const float want[][5] = {
        {0x1.480a82p-1f, -0x1.480a82p-1f, -0x1.480a82p-1f, 0x1.480a82p-1f,
         -0x1.480a82p-1f},
        {0x1.f62324p-2f, -0x1.3b161ep-1f, -0x1.db1f46p-2f, 0x1.495044p-6f,
         -0x1.82728ep-2f},
        {0x1.80390ep-2f, -0x1.f499dap-2f, -0x1.693f62p-2f, 0x1.dcaf46p-7f,
         -0x1.20b010p-2f},
    };
    static const float bias[][2] = {{0x1.480a82p-1f, 0x1.480a82p-1f},
                                    {0x1.dc20bcp-2f, 0x1.82984ap-1f},
                                    {0x1.6a193ap-2f, 0x1.467e8ep-1f}};
    static const float score[5] = {
        -0x1.2cc6000000000p-1f, 0x1.607e000000000p-1f, 0x1.2892000000000p-1f,
        -0x1.d858000000000p-2f, -0x1.7027000000000p+0f};
    static const size_t at[] = {0, 1, 7, 8, 71};

    for (int init = FM_INIT_CONSTANT; init <= FM_INIT_NORMAL; init++) {
        struct fm_model *m = fedpm((enum fm_init)init);
        float w[72], b[4], s[72], tail[56];

        fm_model_frozen(w, m, 0, 0, 72);
        fm_model_frozen(b, m, 1, 0, 4);
        fm_model_scores(s, m, 0, 0, 72);
        for (size_t k = 0; k < 5; k++) {
            CHECK(w[at[k]] == want[init][k], "%d: %zu is %a", init, at[k],
                  (double)w[at[k]]);
            CHECK(s[at[k]] == score[k], "score %zu is %a", at[k],
                  (double)s[at[k]]);
        }
        CHECK(b[0] == bias[init][0] && b[1] == bias[init][1], "bias of %d",
              init);
        fm_model_frozen(tail, m, 0, 16, 56);
        CHECK(memcmp(tail, w + 16, sizeof tail) == 0, "from the middle");
        m->set.scores = FM_SCORES_ZERO;
        fm_model_scores(s, m, 0, 0, 72);
        CHECK(s[0] == 0 && s[71] == 0, "scores start at zero");
        fm_model_free(m);
    }
}

static void
hostile(void)
{
    static const char *const bad[] = {
        "",   "normal",      "normal:", "normal:0",      "normal:-1",
        "he", "normal:1e99", "xavier ", "normal:0.01:2",
    };
    struct fm_model *m = make("normal:1");

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_err e = {0};

        CHECK(fm_model_init_values(m, bad[i], &e) == FM_EINPUT, "%s", bad[i]);
        CHECK(strstr(e.msg, "is not normal:S"), "%s", e.msg);
    }
    fm_model_free(m);
}

int
main(void)
{
    golden();
    sequence();
    frozen();
    hostile();
    return 0;
}
