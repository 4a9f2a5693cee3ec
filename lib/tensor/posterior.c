#include "tensor/posterior.h"

#include "rand/fmath.h"

#include <assert.h>
#include <stdbool.h>

#define CLAMP_LOW  0.01
#define CLAMP_HIGH 0.99

enum { TABLE = 1024 }; /* counts whose scores are worth keeping */

/* Do the first scores decide? */
static bool
is_first(const struct fm_model *m)
{
    return m->votes == 0 && m->set.scores == FM_SCORES_NORMAL;
}

static double
theta_of(const struct fm_model *m, uint32_t ones)
{
    double prior = (double)m->set.prior - 1;
    double votes = (double)m->votes + 2 * prior;

    return votes > 0 ? ((double)ones + prior) / votes : 0.5;
}

static float
score_of(const struct fm_model *m, uint32_t ones)
{
    double t = theta_of(m, ones);

    t = t < CLAMP_LOW ? CLAMP_LOW : t > CLAMP_HIGH ? CLAMP_HIGH : t;
    return (float)fm_log(t / (1 - t));
}

void
fm_posterior_theta(double *theta, const struct fm_model *m, size_t tensor,
                   size_t first, size_t count)
{
    float s[FM_POSTERIOR_RUN];

    assert(count <= FM_POSTERIOR_RUN);
    if (!is_first(m)) {
        for (size_t i = 0; i < count; i++)
            theta[i] = theta_of(m, fm_model_ones(m, tensor, first + i));
        return;
    }
    fm_model_scores(s, m, tensor, first, count);
    for (size_t i = 0; i < count; i++)
        theta[i] = 1 / (1 + fm_exp(-(double)s[i]));
}

void
fm_posterior_scores(float *s, const struct fm_model *m, size_t tensor,
                    size_t first, size_t count)
{
    float table[TABLE];
    bool few = m->votes < TABLE && m->votes < count;

    assert(count <= FM_POSTERIOR_RUN);
    if (is_first(m)) {
        fm_model_scores(s, m, tensor, first, count);
        return;
    }
    for (uint32_t ones = 0; few && ones <= m->votes; ones++)
        table[ones] = score_of(m, ones);
    for (size_t i = 0; i < count; i++) {
        uint32_t ones = fm_model_ones(m, tensor, first + i);

        s[i] = few ? table[ones] : score_of(m, ones);
    }
}
