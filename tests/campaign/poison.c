/*
 * poison: answers of clients who learn one thing, and of liars who send the
 * opposite.  An honest client takes (or does not flip) noise that goes up, in 7
 * of 10 entries.
 *
 *   poison MODEL CLIENTS LIARS DIR   DIR/h0.mrn, ... of the honest, DIR/l0.mrn,
 *                                    ... of the liars, 10 samples each
 */
#include "../unit/fixture.h"
#include "rand/noise.h"

static void
pull(struct fm_bundle *b, const struct fm_model *m, bool lies, uint64_t *x)
{
    uint8_t *masks = b->bytes.data;

    memset(masks, 0, fm_bits_size(m->masked));
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_model_tensor *at = &m->tensor[t];
        int32_t *n = at->masked ? calloc(at->spec->count, sizeof *n) : NULL;

        CHECK(n || !at->masked, "memory");
        if (n)
            fm_noise_fill(n, fm_model_noise_key(m, b->round, b->client),
                          m->set.dist, (uint32_t)t, 0, at->spec->count);
        for (size_t i = 0; n && i < at->spec->count; i++)
            if ((fx_random(x) % 10 < 7) == ((n[i] > 0) != lies))
                masks[(at->at + i) / 8] |= (uint8_t)(1u << (at->at + i) % 8);
        free(n);
    }
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    struct fm_model *m;
    size_t clients, liars;
    uint64_t x = 3;

    CHECK(argc == 5, "usage: poison MODEL CLIENTS LIARS DIR");
    m = fm_model_read(argv[1], &e);
    CHECK(m, "%s", e.msg);
    clients = strtoul(argv[2], NULL, 10);
    liars = strtoul(argv[3], NULL, 10);
    for (size_t k = 0; k < clients; k++) {
        const bool lies = k < liars;
        struct fm_buf file = {0};
        struct fm_bundle b;
        char name[32], path[4096];

        snprintf(name, sizeof name, "%c%zu", lies ? 'l' : 'h', k);
        snprintf(path, sizeof path, "%s/%s.mrn", argv[4], name);
        b = fx_answer(m, name, 10, k);
        pull(&b, m, lies, &x);
        CHECK(fm_bundle_write(&file, &b, &e) == 0, "%s", e.msg);
        fx_save(path, &file);
        fm_buf_free(&file);
        fm_bundle_free(&b);
    }
    fm_model_free(m);
    return 0;
}
