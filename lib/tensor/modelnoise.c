#include "base/mem.h"
#include "rand/key.h"
#include "tensor/model_impl.h"

#include <assert.h>
#include <stdio.h>

/* How far a tensor's magnitude may be from the schedule's. */
enum { SPAN = 8 };

/* A magnitude and a blank. */
enum { MAGNITUDE_TEXT = 11 };

bool
fm_model_scaled(const struct fm_model *m)
{
    return m->set.noise_scale > 0 && m->round > 0;
}

void
fm_model_range(const struct fm_model *m, uint64_t round, uint32_t *low,
               uint32_t *high)
{
    const uint32_t a = fm_settings_noise_a(&m->set, round);

    *low = a < SPAN ? 1 : a / SPAN;
    *high = a > UINT32_MAX / SPAN ? UINT32_MAX : a * SPAN;
}

bool
fm_model_noise_known(const struct fm_model *m, uint64_t round)
{
    return m->set.noise_scale <= 0 || round == m->round + 1;
}

uint32_t
fm_model_noise_a(const struct fm_model *m, uint64_t round, size_t tensor)
{
    assert(round >= 1 && m->tensor[tensor].masked);
    assert(fm_model_noise_known(m, round));
    if (fm_model_scaled(m))
        return m->tensor[tensor].a;
    return fm_settings_noise_a(&m->set, round);
}

uint64_t
fm_model_noise_key(const struct fm_model *m, uint64_t round, const char *client)
{
    if (m->set.noise_key == FM_NOISE_ROUND)
        return fm_key_round(m->seed, round);
    return fm_key_client(m->seed, round, client);
}

char *
fm_model_magnitudes(const struct fm_model *m, struct fm_err *e)
{
    char *text = fm_alloc(m->arch->ntensors, MAGNITUDE_TEXT, e);
    size_t at = 0;

    for (size_t i = 0; text && i < m->arch->ntensors; i++)
        if (m->tensor[i].masked)
            at += (size_t)sprintf(text + at, at ? " %u" : "%u", m->tensor[i].a);
    return text;
}

int
fm_model_read_magnitudes(struct fm_model *m, const char *text, struct fm_err *e)
{
    uint32_t low, high;

    if (!fm_model_scaled(m)) {
        if (text)
            return fm_err_set(e, FM_EINPUT,
                              "fedmrn.magnitudes in a model whose noise-scale "
                              "and round have none");
        return 0;
    }
    if (!text)
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.magnitudes is missing in its metadata");
    fm_model_range(m, m->round + 1, &low, &high);
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        char field[FM_SCHEDULE_FIELD];
        uint64_t a;

        if (!m->tensor[i].masked)
            continue;
        fm_schedule_cut(field, &text, ' ');
        if (!fm_count_parse(&a, field, low, high))
            return fm_err_set(e, FM_EINPUT,
                              "fedmrn.magnitudes: no integer in %u..%u for %s",
                              low, high, m->tensor[i].spec->name);
        m->tensor[i].a = (uint32_t)a;
    }
    if (text)
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.magnitudes: more than there are masked "
                          "tensors");
    return 0;
}
