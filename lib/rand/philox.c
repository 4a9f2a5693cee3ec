#include "rand/philox.h"

#include "base/cpu.h"
#include "rand/philox_impl.h"

#include <assert.h>
#include <string.h>

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

static void
put_block(uint16_t *out, const uint32_t word[4])
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(out, word, FM_LANES * sizeof *out); /* gcc sees no such move below */
#else
    for (int j = 0; j < 4; j++) {
        out[2 * j] = (uint16_t)word[j];
        out[2 * j + 1] = (uint16_t)(word[j] >> 16);
    }
#endif
}

/* Blocks side by side: a round waits on its multiplication.  Loops of this
 * length become vectors. */
enum { WIDTH = 8 };

static size_t
lanes_portable(uint16_t *out, const struct fm_place *at, uint32_t first,
               size_t blocks)
{
    const struct fm_philox_head h = fm_philox_begin(at);
    size_t i = 0;

    for (; i + WIDTH <= blocks; i += WIDTH) {
        uint32_t x0[WIDTH], x1[WIDTH], x2[WIDTH], x3[WIDTH];

        for (uint32_t j = 0; j < WIDTH; j++) {
            uint64_t p = (uint64_t)PHILOX_M0 * (first + (uint32_t)i + j);
            uint64_t q =
                (uint64_t)PHILOX_M1 * ((uint32_t)(p >> 32) ^ h.head[0]);

            x0[j] = (uint32_t)(q >> 32) ^ h.head[1];
            x1[j] = (uint32_t)q;
            x2[j] = (uint32_t)p ^ h.head[2];
            x3[j] = h.head[3];
        }
        for (int r = 0; r < PHILOX_ROUNDS - 2; r++)
            for (int j = 0; j < WIDTH; j++) {
                uint64_t p0 = (uint64_t)PHILOX_M0 * x0[j];
                uint64_t p1 = (uint64_t)PHILOX_M1 * x2[j];

                x0[j] = (uint32_t)(p1 >> 32) ^ x1[j] ^ h.key[r][0];
                x1[j] = (uint32_t)p1;
                x2[j] = (uint32_t)(p0 >> 32) ^ x3[j] ^ h.key[r][1];
                x3[j] = (uint32_t)p0;
            }
        for (size_t j = 0; j < WIDTH; j++)
            put_block(out + FM_LANES * (i + j),
                      (const uint32_t[4]){x0[j], x1[j], x2[j], x3[j]});
    }
    return i;
}

void
fm_philox_lanes(uint16_t *out, const struct fm_place *at, uint32_t first,
                size_t blocks)
{
    uint32_t ctr[4] = {first, at->high, at->ordinal, at->purpose}, word[4];
    size_t i;

    assert(blocks <= ((uint64_t)1 << 32) - first);
#if defined(__x86_64__)
    if (fm_cpu() >= FM_CPU_AVX512)
        i = fm_philox_lanes_avx512(out, at, first, blocks);
    else if (fm_cpu() >= FM_CPU_AVX2)
        i = fm_philox_lanes_avx2(out, at, first, blocks);
    else
#endif
        i = lanes_portable(out, at, first, blocks);
    for (; i < blocks; i++) {
        ctr[0] = first + (uint32_t)i;
        fm_philox_block(word, at->key, ctr);
        put_block(out + FM_LANES * i, word);
    }
}
