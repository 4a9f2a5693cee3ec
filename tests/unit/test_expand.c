#include "fed/expand.h"

#include "fixture.h"
#include "rand/philox.h"
#include "tensor/posterior.h"

#include <math.h>

/* One tensor of more than a run. */
static const char net[] = "input 5\nlinear 3001\nrelu\nlinear 2\n";

static struct fm_model *
model(uint32_t votes)
{
    struct fm_model *m = fx_fedpm(net, votes, 7);

    m->round = 4;
    m->nbundles = 1;
    m->bundle = calloc(1, sizeof *m->bundle);
    m->id = (struct fm_id){{9}};
    return m;
}

static float
frozen(const struct fm_model *m, size_t t, size_t i)
{
    float w[8];

    fm_model_frozen(w, m, t, i / 8 * 8, 8);
    return w[i % 8];
}

static void
networks(void)
{
    struct fm_err e = {0};
    struct fm_model *m = model(10), *net_of[3];

    for (int how = 0; how < 3; how++) {
        net_of[how] = fm_expand(m, (enum fm_expand)how, 77, &e);
        CHECK(net_of[how], "%s", e.msg);
        CHECK(net_of[how]->round == 4 && net_of[how]->id.b[0] == 9, "history");
    }
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i += 3) {
            struct fm_place at = {77, 4, (uint32_t)t, FM_FOR_SAMPLE};
            double theta = fm_model_ones(m, t, i) / 10.0;
            float w = frozen(m, t, i);
            uint16_t k[8];

            fm_philox_lanes(k, &at, (uint32_t)(i / 8), 1);
            CHECK(net_of[FM_EXPAND_SAMPLE]->tensor[t].value[i] ==
                      ((2 * k[i % 8] + 1) / 131072.0 < theta ? w : 0),
                  "sample %zu", i);
            CHECK(net_of[FM_EXPAND_THRESHOLD]->tensor[t].value[i] ==
                      (theta > 0.5 ? w : 0),
                  "threshold %zu", i);
            CHECK(fabsf(net_of[FM_EXPAND_MEAN]->tensor[t].value[i] -
                        (float)theta * w) < 1e-6f,
                  "mean %zu", i);
        }
    for (int how = 0; how < 3; how++)
        fm_model_free(net_of[how]);
    fm_model_free(m);
}

/* The mask that is left expands to the same network, whichever way. */
static void
last_mask(void)
{
    struct fm_err e = {0};
    struct fm_model *m = model(10);

    for (int from = FM_EXPAND_SAMPLE; from <= FM_EXPAND_THRESHOLD; from++) {
        struct fm_model *want = fm_expand(m, (enum fm_expand)from, 77, &e);
        struct fm_model *mask = fm_expand_mask(m, (enum fm_expand)from, 77, &e);
        struct fm_model *back;
        struct fm_buf file = {0};

        CHECK(want && mask, "%s", e.msg);
        CHECK(mask->votes == 1 && mask->round == 4 && mask->parent.b[0] == 9,
              "history");
        CHECK(!fm_model_dump(&file, mask, &e), "%s", e.msg);
        back = fm_model_parse(&file, &e);
        CHECK(back, "%s", e.msg);
        for (int how = 0; how < 3; how++) {
            struct fm_model *got = fm_expand(back, (enum fm_expand)how, 1, &e);

            CHECK(got, "%s", e.msg);
            CHECK(memcmp(got->values, want->values, fm_model_bytes(want)) == 0,
                  "%d by way %d", from, how);
            fm_model_free(got);
        }
        fm_model_free(back);
        fm_model_free(mask);
        fm_model_free(want);
    }
    fm_model_free(m);
}

static void
names(void)
{
    enum fm_expand how = FM_EXPAND_SAMPLE;

    CHECK(fm_expand_parse(&how, "mean") && how == FM_EXPAND_MEAN, "mean");
    CHECK(fm_expand_parse(&how, "threshold") && how == FM_EXPAND_THRESHOLD,
          "threshold");
    CHECK(!fm_expand_parse(&how, "median") && !fm_expand_parse(&how, ""),
          "accepted");
}

int
main(void)
{
    networks();
    last_mask();
    names();
    return 0;
}
