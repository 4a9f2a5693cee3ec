#include "fed/prune.h"

#include "base/mem.h"
#include "base/select.h"
#include "fed/weights_impl.h"
#include "nn/sgd.h"

#include <assert.h>
#include <stdlib.h>

int
fm_prune(const struct fm_prune_part *part, size_t nparts, double share,
         struct fm_err *e)
{
    struct fm_select_part *all = fm_alloc(nparts, sizeof *all, e);
    struct fm_selected least;
    size_t n = 0, k;
    int rc = 0;

    assert(share >= 0 && share < 1);
    if (!all)
        return FM_ESYS;
    for (size_t t = 0; t < nparts; t++) {
        all[t] = (struct fm_select_part){part[t].value, part[t].count};
        n += part[t].count;
    }
    k = (size_t)(share * (double)n);
    if (n == 0)
        goto out;
    if (k >= n) /* by rounding */
        k = n - 1;
    if ((rc = fm_select(&least, all, nparts, k, e)))
        goto out;
    for (size_t t = 0; t < nparts; t++)
        for (size_t i = 0; i < part[t].count; i++) {
            const uint32_t bits = fm_select_bits(part[t].value[i]);

            if (bits < least.bits || bits == 0)
                part[t].value[i] = 0;
        }
out:
    free(all);
    return rc;
}

void
fm_weights_hold(struct fm_weights *v, const struct fm_chunk *c, size_t at)
{
    fm_sgd_hold(v->slope + at, v->l->base->tensor[c->tensor].value + c->first,
                c->count);
}

int
fm_weights_prune(struct fm_weights *v, uint8_t *bits, uint8_t *dense,
                 struct fm_err *e)
{
    const struct fm_model *base = v->l->base;
    struct fm_prune_part *part =
        fm_alloc(base->arch->ntensors, sizeof *part, e);
    size_t n = 0, at = 0;
    int rc;

    if (!part)
        return FM_ESYS;
    for (size_t i = 0; i < base->arch->ntensors; i++)
        if (base->tensor[i].masked)
            part[n++] = (struct fm_prune_part){v->own + v->at[i],
                                               base->tensor[i].spec->count};
    rc =
        fm_prune(part, n, fm_settings_sparsity(&base->set, base->round + 1), e);
    dense += 4 * (base->full - base->masked);
    for (size_t t = 0; rc == 0 && t < n; t++)
        for (size_t i = 0; i < part[t].count; i++, at++) {
            const float value = part[t].value[i];

            bits[at / 8] |= (uint8_t)((value != 0) << at % 8);
            fm_putf(dense + 4 * at, value);
        }
    free(part);
    return rc;
}
