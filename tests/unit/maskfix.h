/*
 * maskfix: masks for the tests of their coder.
 */
#ifndef FM_TESTS_MASKFIX_H
#define FM_TESTS_MASKFIX_H

#include "bundle/maskcode_impl.h"
#include "fixture.h"
#include "mask/draw.h"
#include "rand/philox.h"

/* One large tensor and small ones; more than a segment. */
#define MF_LARGE "input 1x40x40\nconv 4 3x3\nlinear 730\nlinear 3\n"

/* The masks that updates of `spread` times the noise's magnitude give, drawn
 * as fedmrn-train does. */
static inline void
mf_draw(struct fm_bundle *b, const struct fm_model *m, float spread)
{
    uint64_t key = fm_model_noise_key(m, b->round, b->client), x = 77;
    uint64_t dither = b->dither == FM_DITHER_SHARED
                          ? fm_key_client(m->seed, b->round, b->client)
                          : 4711;
    const bool is_signed = b->method == FM_FEDMRNS;
    const uint32_t a = 1u << 20;

    for (size_t t = 0; t < m->arch->ntensors; t++) {
        struct fm_place at = {dither, 0, (uint32_t)t, FM_FOR_DITHER};
        size_t count = m->tensor[t].spec->count;

        for (size_t i = 0; m->tensor[t].masked && i < count; i += 1024) {
            size_t n = count - i < 1024 ? count - i : 1024;
            int32_t noise[1024];
            uint16_t k[1024];
            float u[1024];
            uint8_t mask[1024];

            fm_noise_fill(noise, key, m->set.dist, (uint32_t)t, i, n);
            fm_philox_lanes(k, &at, (uint32_t)(i / 8), (n + 7) / 8);
            for (size_t j = 0; j < n; j++)
                u[j] = fx_float(&x) * fx_float(&x) * spread * 0.0625f;
            fm_draw_stochastic(mask, u, noise, k, n, a, is_signed);
            fm_bits_put(b->bytes.data, m->tensor[t].at + i, mask, n);
        }
    }
}

#endif
