#include "fixture.h"
#include "rand/key.h"
#include "tensor/model_impl.h"

static void
keys(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);

    CHECK(fm_model_noise_key(m, 3, "a") == fm_key_client(42, 3, "a"), "client");
    m->set.noise_key = FM_NOISE_ROUND;
    CHECK(fm_model_noise_key(m, 3, "a") == fm_key_round(42, 3), "round");
    fm_model_free(m);
}

/* A schedule answers for every round, a scale for the one to come alone. */
static void
rounds(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);

    m->set.a = 100;
    CHECK(fm_schedule_noise_parse(&m->set.noise_schedule, "linear:5:20*2^-24"),
          "linear");
    CHECK(!fm_model_scaled(m) && fm_model_noise_known(m, 9), "all are known");
    CHECK(fm_model_noise_a(m, 1, 0) == 100 && fm_model_noise_a(m, 4, 0) == 40,
          "linear");
    m->set.noise_scale = 2;
    CHECK(!fm_model_scaled(m), "round 1 is the schedule's");
    CHECK(fm_model_noise_known(m, 1) && !fm_model_noise_known(m, 2), "round 1");
    CHECK(fm_model_noise_a(m, 1, 0) == 100, "round 1");
    m->round = 3;
    m->tensor[0].a = 77;
    CHECK(fm_model_scaled(m) && fm_model_noise_a(m, 4, 0) == 77, "round 4");
    CHECK(fm_model_noise_known(m, 4) && !fm_model_noise_known(m, 5) &&
              !fm_model_noise_known(m, 3),
          "round 4");
    fm_model_free(m);
}

/* An eighth and eight times, inside 1..2^32-1. */
static void
range(void)
{
    static const uint32_t row[][3] = {
        {1, 1, 8},
        {7, 1, 56},
        {8, 1, 64},
        {17, 2, 136},
        {536870911, 67108863, 4294967288},
        {536870912, 67108864, UINT32_MAX},
        {UINT32_MAX, 536870911, UINT32_MAX},
    };
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    uint32_t low, high;

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        m->set.a = row[i][0];
        fm_model_range(m, 3, &low, &high);
        CHECK(low == row[i][1] && high == row[i][2], "%u: %u..%u", row[i][0],
              low, high);
    }
    fm_model_free(m);
}

static void
check(struct fm_model *m, const char *text, const char *message)
{
    struct fm_err e = {0};
    int rc = fm_model_read_magnitudes(m, text, &e);

    CHECK(rc == (message ? FM_EINPUT : 0), "%s: %s", text, e.msg);
    CHECK(!message || strstr(e.msg, message), "%s: %s", text, e.msg);
}

/* FX_TINY has three masked tensors: its first, and its last two. */
static void
texts(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    size_t last = m->arch->ntensors - 1;
    char *text;

    check(m, NULL, NULL);
    check(m, "100 101 102", "whose noise-scale and round have none");
    m->set.a = 100;
    m->set.noise_scale = 2;
    m->round = 1;
    check(m, "100 12 800", NULL);
    CHECK(m->tensor[0].a == 100 && m->tensor[last - 1].a == 12 &&
              m->tensor[last].a == 800,
          "read");
    text = fm_model_magnitudes(m, NULL);
    CHECK(text && strcmp(text, "100 12 800") == 0, "%s", text);
    free(text);
    check(m, NULL, "fedmrn.magnitudes is missing");
    check(m, "", "no integer in 12..800 for features.0.weight");
    check(m, "100 12", "no integer in 12..800 for classifier.bias");
    check(m, "100  12", "for classifier.weight");
    check(m, "11 12 800", "for features.0.weight");
    check(m, "100 12 801", "for classifier.bias");
    check(m, "100 12 -1", "for classifier.bias");
    check(m, "100 12 800 ", "more than there are masked tensors");
    check(m, "100 12 800 100", "more than there are masked tensors");
    fm_model_free(m);
}

int
main(void)
{
    keys();
    rounds();
    range();
    texts();
    return 0;
}
