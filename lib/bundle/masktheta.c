#include "bundle/masktheta.h"

#include "rand/fmath.h"
#include "rand/philox.h"
#include "tensor/posterior.h"

#include <assert.h>
#include <pthread.h>

static const float low = 4.7f; /* above 4.6, the largest clamped score */

static float logit[65536];

static void
make_logit(void)
{
    for (uint32_t k = 0; k < 65536; k++) {
        double twice = 2 * (double)k + 1;

        logit[k] = (float)fm_log(twice / (131072 - twice));
    }
}

struct fm_threshold
fm_theta_rule(bool dither, unsigned zoom)
{
    return (struct fm_threshold){
        .c = (dither ? 8.0f : 6.75f) * (float)(1u << zoom),
        .last = FM_BINS - 1,
        .is_signed = dither,
    };
}

struct fm_threshold
fm_theta_fine(bool dither)
{
    struct fm_threshold rule = fm_theta_rule(dither, FM_ZOOM_MAX);

    rule.last = FM_BINS_FINE - 1;
    return rule;
}

static uint8_t
bin_of(float x, const struct fm_threshold *rule)
{
    int32_t b = (int32_t)(x * rule->c);

    return (uint8_t)(b > rule->last ? rule->last : b);
}

void
fm_theta_bins(uint8_t *bin, uint16_t *flip, const struct fm_threshold *rule,
              const struct fm_model *m, size_t tensor, uint64_t key,
              size_t first, size_t count)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const struct fm_place at = {key, 0, (uint32_t)tensor, FM_FOR_DITHER};
    const size_t lead = first % FM_LANES, start = first - lead;
    float score[FM_THETA_RUN + FM_LANES], *s = score + lead;
    uint16_t lane[FM_THETA_RUN + 2 * FM_LANES], *k = lane + lead;

    assert(count <= FM_THETA_RUN);
    fm_posterior_scores(score, m, tensor, start, lead + count);
    if (!flip) {
        for (size_t i = 0; i < count; i++)
            bin[i] = bin_of(s[i] > -low ? s[i] + low : 0, rule);
        return;
    }
    pthread_once(&once, make_logit);
    fm_philox_lanes(lane, &at, (uint32_t)(start / FM_LANES),
                    (lead + count + FM_LANES - 1) / FM_LANES);
    for (size_t i = 0; i < count; i++) {
        float d = s[i] - logit[k[i]];

        bin[i] = bin_of(d < 0 ? -d : d, rule);
        flip[i] = d > 0 ? 1 << 15 : 0;
    }
}
