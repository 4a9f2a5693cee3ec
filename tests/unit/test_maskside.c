#include "base/cpu.h"
#include "maskfix.h"

#include <math.h>

/* What is known of an entry does not depend on where a tile begins, and is
 * what the definitions say. */
static void
tiles(enum fm_method method, enum fm_mask_form form)
{
    struct fm_model *m = fx_model(FX_ARCH, method, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    static struct fm_mask_tile whole, part;
    struct fm_mask_side s;
    size_t n = m->masked < FM_MASK_TILE ? m->masked : FM_MASK_TILE, at = 0;

    CHECK(fm_mask_side_open(&s, form, &b, m, NULL) == 0, "open");
    CHECK(s.nparts == 5, "%zu parts", s.nparts);
    CHECK(s.is_signed == (method == FM_FEDMRNS && form == FM_FORM_DITHER),
          "signed");
    for (size_t i = 0; i < s.nparts; i++) {
        CHECK(s.part[i].at == at, "part %zu at %zu", i, s.part[i].at);
        at += s.part[i].count;
        s.part[i].curve = (struct fm_curve){
            .knots = 3, .zoom = (unsigned)i % 3, .y = {0, -10 - (int)i, -50}};
    }
    CHECK(at == m->masked, "%zu entries", at);
    fm_mask_side_ready(&s);

    fm_mask_side_look(&s, &whole, 0, n);
    for (size_t first = 0; first < n; first += 77) {
        size_t c = n - first < 300 ? n - first : 300;

        fm_mask_side_look(&s, &part, first, c);
        CHECK(memcmp(part.p, whole.p + first, 2 * c) == 0, "at %zu", first);
        if (s.is_signed)
            CHECK(memcmp(part.k, whole.k + first, 2 * c) == 0, "at %zu", first);
    }
    for (size_t i = 0; i < s.nparts; i++)
        for (size_t j = 0; j < s.part[i].count && s.part[i].at + j < n; j++) {
            const struct fm_place place = {s.dither_key, 0, s.part[i].ordinal,
                                           FM_FOR_DITHER};
            uint16_t lane[8];
            int32_t noise[128];
            double t = 131071;
            int bin;

            fm_noise_fill(noise, s.noise_key, FM_UNIFORM, s.part[i].ordinal,
                          j / 128 * 128, 128);
            fm_philox_lanes(lane, &place, (uint32_t)(j / 8), 1);
            if (form == FM_FORM_DITHER)
                t = s.is_signed ? fabs(131070.0 - 4 * lane[j % 8])
                                : 131071.0 - 2 * lane[j % 8];
            t *= fabs((double)noise[j % 128]);
            bin = (int)(sqrt(t) * (64 << s.part[i].curve.zoom) / 92682 + 1e-6);
            bin = bin < 63 ? bin : 63;
            /* In binary32 an edge may lie beside this one's. */
            CHECK(whole.p[s.part[i].at + j] == s.part[i].p[bin] ||
                      whole.p[s.part[i].at + j] ==
                          s.part[i].p[bin > 0 ? bin - 1 : 0],
                  "part %zu, entry %zu", i, j);
        }
    free(s.part);
    fm_bundle_free(&b);
    fm_model_free(m);
}

static void
plain(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    static struct fm_mask_tile t;
    struct fm_mask_side s;

    CHECK(fm_mask_side_open(&s, FM_FORM_PLAIN, &b, NULL, NULL) == 0, "open");
    CHECK(s.nparts == 1 && s.part[0].count == m->masked, "one part");
    s.part[0].curve = (struct fm_curve){.knots = 1, .y = {0}};
    fm_mask_side_ready(&s);
    fm_mask_side_look(&s, &t, 0, m->masked);
    for (size_t i = 0; i < m->masked; i++)
        CHECK(t.p[i] == 16384, "entry %zu", i);
    free(s.part);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    tiles(FM_FEDMRN, FM_FORM_DITHER);
    tiles(FM_FEDMRN, FM_FORM_NOISE);
    tiles(FM_FEDMRNS, FM_FORM_DITHER);
    plain();
    return 0;
}
