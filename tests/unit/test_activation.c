#include "check.h"
#include "nn/activation.h"

#include <math.h>

enum { M = 37 };

static void
relu(void)
{
    const float x[4] = {-1.5f, 0.0f, 2.5f, NAN}, dy[4] = {1, 2, 3, 4};
    float y[4], dx[4];

    fm_activation_forward(FM_RELU, x, y, 4, NULL);
    CHECK(y[0] == 0 && y[1] == 0 && y[2] == 2.5f, "relu");
    CHECK(isnan(y[3]), "relu hides a NaN");
    fm_activation_backward(FM_RELU, y, dy, dx, 3, NULL);
    CHECK(dx[0] == 0 && dx[1] == 0 && dx[2] == 3, "slope of relu");
}

/* f and f' in double; single precision's functions are good to an ulp or two,
 * 2^-23 of 1, and the product adds as much. */
static void
smooth(enum fm_op op)
{
    float x[M], y[M], dy[M], dx[M];

    for (size_t i = 0; i < M; i++) {
        x[i] = ((float)i - M / 2) / 4.0f;
        dy[i] = 1.0f + (float)i / M;
    }
    fm_activation_forward(op, x, y, M, NULL);
    fm_activation_backward(op, y, dy, dx, M, NULL);
    for (size_t i = 0; i < M; i++) {
        double v = (double)x[i], f, slope;

        f = op == FM_TANH ? tanh(v) : 1 / (1 + exp(-v));
        slope = op == FM_TANH ? 1 - f * f : f * (1 - f);
        CHECK(fabs((double)y[i] - f) < 5e-7, "f(%g) = %g", v, (double)y[i]);
        CHECK(fabs((double)dx[i] - (double)dy[i] * slope) < 1e-6,
              "slope at %g: %g", v, (double)dx[i]);
    }
    /* In place. */
    fm_activation_forward(op, x, x, M, NULL);
    fm_activation_backward(op, y, dy, dy, M, NULL);
    for (size_t i = 0; i < M; i++)
        CHECK(x[i] == y[i] && dy[i] == dx[i], "in place: %zu", i);
}

int
main(void)
{
    relu();
    smooth(FM_TANH);
    smooth(FM_SIGMOID);
    return 0;
}
