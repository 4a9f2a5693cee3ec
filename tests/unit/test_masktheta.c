#include "bundle/masktheta.h"

#include "bundle/coded.h"
#include "fixture.h"
#include "rand/philox.h"

#include <math.h>

/* Tensors that start inside a byte and span several tiles. */
static const char net[] = "input 5\nlinear 3001\nrelu\nlinear 3 nobias\n";

static struct fm_model *
model(uint32_t votes)
{
    return fx_fedpm(net, votes, 7);
}

static double
score(const struct fm_model *m, size_t i)
{
    double t = (double)fm_model_ones(m, 0, i) / m->votes;

    t = t < .01 ? .01 : t > .99 ? .99 : t;
    return log(t / (1 - t));
}

/* Against libm: a bin may differ by one where a value lies on its edge. */
static void
golden(void)
{
    struct fm_model *m = model(10);
    const struct fm_place at = {99, 0, 0, FM_FOR_DITHER};
    const struct fm_threshold plain = fm_theta_rule(false, 0),
                              fine = fm_theta_fine(true);
    uint8_t bin[300], with[300];
    uint16_t flip[300], k[312];

    fm_philox_lanes(k, &at, 0, 39);
    fm_theta_bins(bin, NULL, &plain, m, 0, 99, 11, 300);
    fm_theta_bins(with, flip, &fine, m, 0, 99, 11, 300);
    for (size_t i = 0; i < 300; i++) {
        double s = score(m, 11 + i), u = (2.0 * k[11 + i] + 1) / 131072;
        double d = s - log(u / (1 - u));
        double b = floor((s + 4.7) * 6.75), f = floor(fabs(d) * 32);

        CHECK(fabs(bin[i] - b) <= 1, "%zu: %d, not %g", i, bin[i], b);
        CHECK(fabs(with[i] - (f > 255 ? 255 : f)) <= 1, "%zu: %d, not %g", i,
              with[i], f);
        CHECK(flip[i] == (d > 0 ? 1 << 15 : 0), "%zu: flip %d", i, flip[i]);
    }
    fm_model_free(m);
}

/* A client whose scores moved by up to `by`: its mask, drawn with the dither
 * of its key or with another. */
static struct fm_bundle
answer(const struct fm_model *m, enum fm_dither dither, double by)
{
    struct fm_bundle b = fx_answer(m, "c", 10, 1);
    uint64_t key = dither == FM_DITHER_SHARED ? fm_key_client(3, 1, "c") : 5;
    uint8_t *bits = b.bytes.data;
    uint64_t x = 77;

    b.dither = dither;
    memset(bits, 0, fm_bits_size(m->masked));
    for (size_t t = 0; t < m->arch->ntensors; t++)
        for (size_t i = 0; i < m->tensor[t].spec->count; i++) {
            const struct fm_place at = {key, 0, (uint32_t)t, FM_FOR_DITHER};
            size_t j = m->tensor[t].at + i;
            double theta, s;
            uint16_t k[8];

            theta = m->votes ? (double)fm_model_ones(m, t, i) / m->votes : .5;
            theta = theta < .01 ? .01 : theta > .99 ? .99 : theta;
            s = log(theta / (1 - theta)) + by * (double)fx_float(&x);
            fm_philox_lanes(k, &at, (uint32_t)(i / 8), 1);
            if ((2.0 * k[i % 8] + 1) / 131072 < 1 / (1 + exp(-s)))
                bits[j / 8] |= (uint8_t)(1 << j % 8);
        }
    return b;
}

/* Coded and back; how many bits an entry took. */
static double
coded(const struct fm_model *m, enum fm_dither dither, double by)
{
    struct fm_bundle b = answer(m, dither, by), back;
    struct fm_err e = {0};
    struct fm_buf raw = {0}, file = {0};
    size_t masks = fm_bits_size(m->masked), size;

    CHECK(!fm_bundle_write(&raw, &b, &e), "%s", e.msg);
    CHECK(!fm_coded_encode(&b, m, NULL, &e), "%s", e.msg);
    CHECK(!fm_bundle_write(&file, &b, &e), "%s", e.msg);
    size = file.len - (raw.len - masks); /* what is not masks aside */
    CHECK(!fm_bundle_parse(&back, &file, m, &e), "%s", e.msg);
    CHECK(!fm_coded_decode(&back, m, NULL, &e), "%s", e.msg);
    CHECK(memcmp(back.masks, b.masks, masks) == 0, "other masks came back");
    CHECK(fm_id_cmp(&back.id, &b.id) == 0, "another id");
    fm_bundle_free(&back);
    fm_bundle_free(&b);
    fm_buf_free(&raw);
    return 8 * (double)size / (double)m->masked;
}

/* The entropy of theta itself bounds what a private dither allows. */
static void
rates(void)
{
    struct fm_model *m = model(10), *first = model(0);
    double entropy = 0, bits;

    for (int ones = 0; ones <= 10; ones++) {
        double t = ones / 10.0;

        t = t < .01 ? .01 : t > .99 ? .99 : t;
        entropy -= (t * log2(t) + (1 - t) * log2(1 - t)) / 11;
    }
    bits = coded(m, FM_DITHER_PRIVATE, 0.5);
    CHECK(bits < 1.03 * entropy + .02, "private: %g, entropy %g", bits,
          entropy);
    bits = coded(m, FM_DITHER_SHARED, 0.5);
    CHECK(bits < 0.35, "shared: %g", bits);
    bits = coded(m, FM_DITHER_SHARED, 0);
    CHECK(bits < 0.05, "nothing was learnt: %g", bits);
    bits = coded(first, FM_DITHER_SHARED, 0.5);
    CHECK(bits < 1.02, "round 1: %g", bits);
    fm_model_free(first);
    fm_model_free(m);
}

int
main(void)
{
    golden();
    rates();
    return 0;
}
