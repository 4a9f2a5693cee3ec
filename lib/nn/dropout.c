#include "nn/dropout.h"

#include "nn/piece.h"

#include <assert.h>

enum { BLOCKS = 64 }; /* drawn at a time */

struct job {
    const float *x;
    float *y;
    size_t m;
    double p;
    const struct fm_place *at;
};

static void
run(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t blocks = j->m / FM_LANES + (j->m % FM_LANES != 0);
    size_t b = fm_piece(blocks, FM_PIECES, i);
    size_t end = fm_piece(blocks, FM_PIECES, i + 1);
    uint16_t lane[BLOCKS * FM_LANES];
    float keep = (float)(1.0 / (1.0 - j->p));

    (void)worker;
    while (b < end) {
        size_t nb = end - b < BLOCKS ? end - b : BLOCKS;
        size_t from = b * FM_LANES, len = nb * FM_LANES;

        if (len > j->m - from)
            len = j->m - from;
        fm_philox_lanes(lane, j->at, (uint32_t)b, nb);
        for (size_t k = 0; k < len; k++) {
            int drop = 2.0 * lane[k] + 1.0 < 131072.0 * j->p;

            j->y[from + k] = drop ? 0.0f : j->x[from + k] * keep;
        }
        b += nb;
    }
}

void
fm_dropout(const float *x, float *y, size_t m, double p,
           const struct fm_place *at, struct fm_pool *pool)
{
    struct job j = {x, y, m, p, at};

    assert(m <= FM_DROPOUT_MAX && p >= 0 && p < 1);
    fm_pool_run(pool, FM_PIECES, run, &j);
}
