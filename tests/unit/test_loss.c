#include "check.h"
#include "nn/loss.h"

#include <math.h>

static void
near(double got, double want, const char *what, size_t i)
{
    CHECK(fabs(got - want) < 1e-7, "%s[%zu] is %.9g, not %.9g", what, i, got,
          want);
}

static struct fm_target
labels(const uint8_t *y)
{
    return (struct fm_target){.label = y};
}

/*
 * softmax of (0, ln 2, ln 5) is (1/8, 2/8, 5/8); the logits are floats, so
 * known to 2^-24.  The second row is equal logits: each 1/3.
 */
static void
by_hand(void)
{
    const float z[6] = {0.0f, 0.69314718f, 1.60943791f, 4.0f, 4.0f, 4.0f};
    const struct fm_target y = labels((const uint8_t[2]){1, 1}),
                           other = labels((const uint8_t[2]){2, 0});
    const double want[6] = {1 / 16.0, (2 / 8.0 - 1) / 2, 5 / 16.0,
                            1 / 6.0,  -1 / 3.0,          1 / 6.0};
    size_t correct = 99;
    double loss = fm_loss(z, &y, 2, 3, &correct);
    float dz[6];

    near(loss, (log(4) + log(3)) / 2, "loss", 0);
    CHECK(correct == 0, "%zu correct", correct); /* the first of equals is 0 */
    CHECK(fm_loss(z, &other, 2, 3, &correct) > 0 && correct == 2, "%zu correct",
          correct);
    fm_loss_backward(z, &y, 2, 3, dz);
    for (size_t i = 0; i < 6; i++)
        near((double)dz[i], want[i], "dz", i);
}

/* Logits whose exponentials do not fit. */
static void
extreme(void)
{
    const float z[3] = {1e5f, -1e5f, 1e5f};
    const struct fm_target right = labels((const uint8_t[1]){0}),
                           wrong = labels((const uint8_t[1]){1});
    float dz[3];

    CHECK(fabs(fm_loss(z, &right, 1, 3, NULL) - log(2)) < 1e-12, "right");
    CHECK(fabs(fm_loss(z, &wrong, 1, 3, NULL) - 2e5 - log(2)) < 1e-9, "wrong");
    fm_loss_backward(z, &wrong, 1, 3, dz);
    CHECK(dz[0] == 0.5f && dz[1] == -1.0f && dz[2] == 0.5f, "gradient");
}

/* ((1-2)^2 + (2-0)^2 + (3-3)^2 + (-1-1)^2) / 4 */
static void
squares(void)
{
    const float z[4] = {1, 2, 3, -1};
    const struct fm_target y = {.kind = FM_LOSS_MSE,
                                .number = (const float[4]){2, 0, 3, 1}};
    const double want[4] = {-0.5, 1, 0, -1};
    size_t correct = 99;
    float dz[4];

    near(fm_loss(z, &y, 2, 2, &correct), 9 / 4.0, "mse", 0);
    near(fm_loss(z, &y, 4, 1, NULL), 9 / 4.0, "mse", 1);
    CHECK(correct == 0, "%zu correct", correct);
    fm_loss_backward(z, &y, 2, 2, dz);
    for (size_t i = 0; i < 4; i++)
        near((double)dz[i], want[i], "dz", i);
}

/* The sigmoid of ln 3 is 3/4, of -ln 3 1/4; a logit of 0 stands for class 0. */
static void
binary(void)
{
    const float z[4] = {1.09861229f, 1.09861229f, -1.09861229f, 0};
    const struct fm_target y = {.kind = FM_LOSS_BCE,
                                .label = (const uint8_t[4]){1, 0, 0, 1}};
    const double want[4] = {-1 / 16.0, 3 / 16.0, 1 / 16.0, -1 / 8.0};
    size_t correct = 99;
    float dz[4];

    near(fm_loss(z, &y, 4, 1, &correct),
         (log(4 / 3.0) + log(4) + log(4 / 3.0) + log(2)) / 4, "bce", 0);
    CHECK(correct == 2, "%zu correct", correct);
    fm_loss_backward(z, &y, 4, 1, dz);
    for (size_t i = 0; i < 4; i++)
        near((double)dz[i], want[i], "dz", i);
    /* Far out: the loss is the logit, the gradient 1 or 0. */
    for (size_t i = 0; i < 2; i++) {
        const float far = i ? 1e5f : -1e5f;
        const uint8_t right = (uint8_t)i, wrong = (uint8_t)(1 - i);
        struct fm_target at = {.kind = FM_LOSS_BCE, .label = &right};

        CHECK(fm_loss(&far, &at, 1, 1, NULL) == 0, "right");
        fm_loss_backward(&far, &at, 1, 1, dz);
        CHECK(dz[0] == 0, "gradient %g", (double)dz[0]);
        at.label = &wrong;
        CHECK(fm_loss(&far, &at, 1, 1, NULL) == 1e5, "wrong");
        fm_loss_backward(&far, &at, 1, 1, dz);
        CHECK(dz[0] == (i ? 1 : -1), "gradient %g", (double)dz[0]);
    }
}

static void
diverged(void)
{
    const float z[2] = {NAN, 1};
    const uint8_t y = 0;

    for (int kind = FM_LOSS_SOFTMAX; kind <= FM_LOSS_BCE; kind++) {
        const struct fm_target t = {
            .kind = (enum fm_loss_kind)kind, .label = &y, .number = z + 1};
        size_t k = kind == FM_LOSS_SOFTMAX ? 2 : 1;

        CHECK(isnan(fm_loss(z, &t, 1, k, NULL)), "%d: a NaN is hidden", kind);
    }
}

int
main(void)
{
    by_hand();
    extreme();
    squares();
    binary();
    diverged();
    return 0;
}
