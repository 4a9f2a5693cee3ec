#include "codec/scale.h"

#include "check.h"
#include "rand/philox.h"

#include <math.h>

static void
scales(void)
{
    static const struct {
        float v;
        bool ok;
    } g[] = {{0, true},         {1, true},      {0x1.fffffep37f, true},
             {0x1p38f, false},  {-0.0f, false}, {-1, false},
             {INFINITY, false}, {NAN, false},   {0x1p-149f, true}};
    struct fm_err e = {0};
    uint8_t p[8];

    for (size_t i = 0; i < sizeof g / sizeof *g; i++) {
        fm_putf(p, g[i].v);
        CHECK(fm_scale_ok(p) == g[i].ok, "%zu", i);
    }
    fm_putf(p, 1);
    fm_putf(p + 4, -1);
    CHECK(fm_scale_check(p, 1, &e) == 0, "%s", e.msg);
    CHECK(fm_scale_check(p, 2, &e) == FM_EINPUT, "accepted");
}

/* Lane i is lane i mod 8 of block i div 8, wherever the run begins. */
static void
lanes(void)
{
    uint16_t lane[FM_SCALE_RUN];
    const uint32_t at[] = {FM_SCALE_RUN / 8 + 1, 0, 0, FM_FOR_ROUND};
    uint32_t block[4];

    fm_scale_lanes(lane, 77, FM_SCALE_RUN, 13);
    fm_philox_block(block, 77, at);
    for (int i = 8; i < 13; i++)
        CHECK(lane[i] == (uint16_t)(block[(i - 8) / 2] >> 16 * (i % 2)), "%d",
              i);
}

int
main(void)
{
    scales();
    lanes();
    return 0;
}
