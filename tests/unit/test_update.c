#include "bundle/step.h"
#include "bundle/update.h"
#include "check.h"
#include "fixture.h"
#include "rand/noise.h"
#include "tensor/safetensors.h"

/* Every value against its definition: n * m * A / 65536, or the delta. */
static void
values(enum fm_method method, enum fm_dist dist)
{
    struct fm_model *m = fx_model(FX_ARCH, method, dist);
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    struct fm_err e = {0};
    struct fm_buf out = {0};
    struct fm_st st;
    char hex[FM_ID_HEX];

    CHECK(fm_update_write(&out, &b, m, &e) == 0, "%s", e.msg);
    CHECK(fm_st_parse(&st, out.data, out.len, &e) == 0, "%s", e.msg);
    CHECK(st.ntensors == m->arch->ntensors, "%zu tensors", st.ntensors);
    CHECK(strcmp(fm_st_get(&st, "fedmrn.client"), "7") == 0, "client");
    CHECK(strcmp(fm_st_get(&st, "fedmrn.samples"), "600") == 0, "samples");
    CHECK(strcmp(fm_st_get(&st, "fedmrn.round"), "1") == 0, "round");
    CHECK(strcmp(fm_st_get(&st, "fedmrn.base"), fm_id_hex(hex, &m->id)) == 0,
          "base");
    for (size_t t = 0; t < st.ntensors; t++) {
        const struct fm_model_tensor *x = &m->tensor[t];
        int32_t *n = fm_alloc(x->spec->count, sizeof *n, NULL);

        CHECK(n, "memory");
        CHECK(strcmp(st.tensor[t].name, x->spec->name) == 0, "%s",
              st.tensor[t].name);
        CHECK(st.tensor[t].ndim == x->spec->ndim &&
                  st.tensor[t].count == x->spec->count,
              "shape of %s", x->spec->name);
        fm_noise_fill(n, fm_model_noise_key(m, 1, "7"), dist, (uint32_t)t, 0,
                      x->spec->count);
        for (size_t i = 0; i < x->spec->count; i++) {
            size_t at = x->at + i;
            float got = fm_getf(st.tensor[t].data + 4 * i), want;

            if (x->masked) {
                int bit = b.masks[at / 8] >> at % 8 & 1;
                size_t place = m->full - m->masked + at;

                if (method != FM_FEDMRN)
                    bit = 2 * bit - 1;
                if (method == FM_FEDSPARSIFY)
                    want = fm_getf(b.dense + 4 * place) - x->value[i];
                else if (method == FM_FEDBAT)
                    want =
                        (float)(bit * (double)fm_step_of(&b, m, t) / 16777216);
                else
                    want = (float)((double)n[i] * bit / 65536 *
                                   ((double)m->set.a / 16777216));
            } else {
                want = fm_getf(b.dense + 4 * at);
            }
            CHECK(got == want, "%s[%zu]: %a, not %a", x->spec->name, i,
                  (double)got, (double)want);
        }
        free(n);
    }
    fm_st_free(&st);
    fm_buf_free(&out);
    fm_bundle_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    values(FM_FEDMRN, FM_UNIFORM);
    values(FM_FEDMRN, FM_GAUSSIAN);
    values(FM_FEDMRNS, FM_BERNOULLI);
    values(FM_FEDBAT, FM_BERNOULLI);
    values(FM_FEDSPARSIFY, FM_UNIFORM);
    values(FM_FEDAVG, FM_UNIFORM);
    return 0;
}
