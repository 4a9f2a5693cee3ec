#include "check.h"
#include "nn/dropout.h"

#include <math.h>
#include <string.h>

enum { M = 20011 }; /* not a multiple of a block's lanes */

static const struct fm_place at = {.key = 0x0123456789abcdefu,
                                   .high = 7,
                                   .ordinal = 3,
                                   .purpose = FM_FOR_DROPOUT};

/* Element i and lane i, block by block. */
static void
lanes(double p)
{
    static float x[M], y[M];
    float keep = (float)(1 / (1 - p));
    size_t zeros = 0;

    for (size_t i = 0; i < M; i++)
        x[i] = 1.0f + (float)(i % 5);
    fm_dropout(x, y, M, p, &at, NULL);
    for (size_t i = 0; i < M; i++) {
        const uint32_t ctr[4] = {(uint32_t)(i / 8), 7, 3, 8};
        uint32_t out[4], lane;

        fm_philox_block(out, at.key, ctr);
        lane = i % 2 ? out[i % 8 / 2] >> 16 : out[i % 8 / 2] & 0xffff;
        if ((2.0 * lane + 1) / 131072 < p)
            CHECK(y[i] == 0, "p = %g: %zu is kept", p, i);
        else
            CHECK(y[i] == x[i] * keep, "p = %g: %zu is %g", p, i, (double)y[i]);
        zeros += y[i] == 0;
    }
    /* Five standard deviations of a binomial. */
    CHECK(fabs((double)zeros - p * M) <= 5 * sqrt(p * (1 - p) * M),
          "p = %g: %zu of %d are zero", p, zeros, M);
    fm_dropout(x, x, M, p, &at, NULL);
    CHECK(memcmp(x, y, sizeof x) == 0, "in place");
}

int
main(void)
{
    lanes(0);
    lanes(0.1);
    lanes(0.5);
    lanes(0.999999); /* nearer to 1 than a lane can tell: all are dropped */
    return 0;
}
