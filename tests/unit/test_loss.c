#include "check.h"
#include "nn/loss.h"

#include <math.h>

/*
 * softmax of (0, ln 2, ln 5) is (1/8, 2/8, 5/8); the logits are floats, so
 * known to 2^-24.  The second row is equal logits: each 1/3.
 */
static void
by_hand(void)
{
    const float z[6] = {0.0f, 0.69314718f, 1.60943791f, 4.0f, 4.0f, 4.0f};
    const uint8_t y[2] = {1, 1};
    const double want[6] = {1 / 16.0, (2 / 8.0 - 1) / 2, 5 / 16.0,
                            1 / 6.0,  -1 / 3.0,          1 / 6.0};
    size_t correct = 99;
    double loss = fm_loss(z, y, 2, 3, &correct);
    float dz[6];

    CHECK(fabs(loss - (log(4) + log(3)) / 2) < 1e-7, "loss %.9g", loss);
    CHECK(correct == 0, "%zu correct", correct); /* the first of equals is 0 */
    CHECK(fm_loss(z, (const uint8_t[2]){2, 0}, 2, 3, &correct) > 0 &&
              correct == 2,
          "%zu correct", correct);
    fm_loss_backward(z, y, 2, 3, dz);
    for (size_t i = 0; i < 6; i++)
        CHECK(fabs((double)dz[i] - want[i]) < 1e-7, "dz[%zu] = %.9g", i,
              (double)dz[i]);
}

/* Logits whose exponentials do not fit. */
static void
extreme(void)
{
    const float z[3] = {1e5f, -1e5f, 1e5f};
    const uint8_t right = 0, wrong = 1;
    float dz[3];

    CHECK(fabs(fm_loss(z, &right, 1, 3, NULL) - log(2)) < 1e-12, "right");
    CHECK(fabs(fm_loss(z, &wrong, 1, 3, NULL) - 2e5 - log(2)) < 1e-9, "wrong");
    fm_loss_backward(z, &wrong, 1, 3, dz);
    CHECK(dz[0] == 0.5f && dz[1] == -1.0f && dz[2] == 0.5f, "gradient");
}

static void
diverged(void)
{
    const float z[2] = {NAN, 1};
    const uint8_t y = 0;

    CHECK(isnan(fm_loss(z, &y, 1, 2, NULL)), "a NaN is hidden");
}

int
main(void)
{
    by_hand();
    extreme();
    diverged();
    return 0;
}
