#include "tensor/posterior.h"

#include "check.h"

#include <math.h>

static struct fm_model *
model(uint32_t votes, uint32_t prior, enum fm_scores scores)
{
    /* 3 + 1 counts: 0, 1, ... of the votes */
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    uint32_t ones[4] = {0, votes / 2, votes, votes ? 1 : 0};

    fm_settings_default(&set, FM_FEDPM);
    set.prior = prior;
    set.scores = scores;
    m = fm_model_new(fm_arch_parse("input 3\nlinear 1\n", "net", &e), &set, 5,
                     &e);
    CHECK(m, "%s", e.msg);
    CHECK(!fm_model_recount(m, ones, votes, &e), "%s", e.msg);
    return m;
}

/* theta = (alpha - 1) / (alpha + beta - 2), worked by hand. */
static void
by_hand(void)
{
    struct fm_model *m = model(10, 1, FM_SCORES_NORMAL);
    double theta[3];
    float s[3];

    fm_posterior_theta(theta, m, 0, 0, 3);
    CHECK(theta[0] == 0 && theta[1] == 0.5 && theta[2] == 1, "%g %g %g",
          theta[0], theta[1], theta[2]);
    /* Clamped to .01 and .99: log(1/99), 0, log(99). */
    fm_posterior_scores(s, m, 0, 0, 3);
    CHECK(fabs((double)s[0] + log(99)) < 1e-6 && fabsf(s[1]) < 1e-7f &&
              fabs((double)s[2] - log(99)) < 1e-6,
          "%g %g %g", (double)s[0], (double)s[1], (double)s[2]);
    fm_posterior_scores(s, m, 1, 0, 1);
    CHECK(fabs((double)s[0] + log(9)) < 1e-6, "1 of 10: %g", (double)s[0]);
    fm_model_free(m);

    m = model(10, 4, FM_SCORES_NORMAL); /* three for and three against before */
    fm_posterior_theta(theta, m, 0, 0, 3);
    CHECK(theta[0] == 3.0 / 16 && theta[1] == 0.5 && theta[2] == 13.0 / 16,
          "%g %g %g", theta[0], theta[1], theta[2]);
    fm_model_free(m);
}

/* More counts than the table holds: the same formula. */
static void
many(void)
{
    struct fm_model *m = model(5000, 1, FM_SCORES_ZERO);
    float s[3];

    fm_posterior_scores(s, m, 1, 0, 1);
    CHECK(fabs((double)s[0] + log(99)) < 1e-6, "%g", (double)s[0]);
    fm_posterior_scores(s, m, 0, 0, 3);
    CHECK(fabsf(s[1]) < 1e-7f, "%g", (double)s[1]);
    fm_model_free(m);
}

static void
before_any_vote(void)
{
    struct fm_model *m = model(0, 1, FM_SCORES_ZERO);
    float s[3], want[3];
    double theta[3];

    fm_posterior_theta(theta, m, 0, 0, 3);
    fm_posterior_scores(s, m, 0, 0, 3);
    for (int i = 0; i < 3; i++)
        CHECK(theta[i] == 0.5 && s[i] == 0, "%g %g", theta[i], (double)s[i]);
    fm_model_free(m);

    m = model(0, 1, FM_SCORES_NORMAL);
    fm_posterior_theta(theta, m, 0, 0, 3);
    fm_posterior_scores(s, m, 0, 0, 3);
    fm_model_scores(want, m, 0, 0, 3);
    for (int i = 0; i < 3; i++) {
        CHECK(s[i] == want[i] && s[i] != 0, "score %g", (double)s[i]);
        CHECK(fabs(theta[i] - 1 / (1 + exp(-(double)s[i]))) < 1e-12, "theta %g",
              theta[i]);
    }
    fm_model_free(m);
}

int
main(void)
{
    by_hand();
    many();
    before_any_vote();
    return 0;
}
