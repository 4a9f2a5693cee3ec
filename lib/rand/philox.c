#include "rand/philox.h"

#include "base/cpu.h"
#include "rand/philox_impl.h"

#include <assert.h>

void
fm_philox_block(uint32_t out[4], uint64_t key, const uint32_t ctr[4])
{
    uint32_t x0 = ctr[0], x1 = ctr[1], x2 = ctr[2], x3 = ctr[3];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    for (int r = 0; r < PHILOX_ROUNDS; r++) {
        uint64_t p0 = (uint64_t)PHILOX_M0 * x0;
        uint64_t p1 = (uint64_t)PHILOX_M1 * x2;

        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

void
fm_philox_lanes(uint16_t *out, const struct fm_place *at, uint32_t first,
                size_t blocks)
{
    uint32_t ctr[4] = {first, at->high, at->ordinal, at->purpose}, word[4];
    size_t i = 0;

    assert(blocks <= ((uint64_t)1 << 32) - first);
#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_philox_lanes_avx512(out, at, first, blocks);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_philox_lanes_avx2(out, at, first, blocks);
#endif
    for (; i < blocks; i++) {
        ctr[0] = first + (uint32_t)i;
        fm_philox_block(word, at->key, ctr);
        for (int j = 0; j < 4; j++) {
            out[8 * i + 2 * (size_t)j] = (uint16_t)word[j];
            out[8 * i + 2 * (size_t)j + 1] = (uint16_t)(word[j] >> 16);
        }
    }
}
