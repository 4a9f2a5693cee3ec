#include "fed/round_impl.h"

#include "agg/agreement.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

/* Answers that are held against the sum at once. */
struct judges {
    struct fm_round *r;
    struct fm_item item[FM_ROUND_BATCH];
    struct fm_answer *answer[FM_ROUND_BATCH];
    size_t n;
};

static void
judge_one(void *ctx, size_t i, size_t worker)
{
    struct judges *j = ctx;
    struct fm_answer *a = j->answer[i];

    (void)worker;
    a->judged = fm_agreement(&a->agreement, j->r->sum, &j->item[i].bundle);
}

static void
judge_all(struct judges *j)
{
    fm_pool_run(j->r->pool, j->n, judge_one, j);
    for (size_t i = 0; i < j->n; i++)
        fm_item_free(&j->item[i]);
    j->n = 0;
}

static int
find_outliers(struct fm_claims *c, struct fm_err *e)
{
    double *z = fm_alloc(c->n, sizeof *z, e);
    bool *out = fm_alloc(c->n, sizeof *out, e);
    size_t n = 0;
    int rc = z && out ? 0 : FM_ESYS;

    for (size_t i = 0; rc == 0 && i < c->n; i++)
        if (c->answer[i].judged)
            z[n++] = c->answer[i].agreement;
    if (rc == 0)
        rc = fm_agreement_outliers(out, z, n, e);
    n = 0;
    for (size_t i = 0; rc == 0 && i < c->n; i++)
        if (c->answer[i].judged)
            c->answer[i].outlier = out[n++];
    free(z);
    free(out);
    return rc;
}

/* All bundles that count, read once more, now that the sum is known. */
int
fm_round_judge(struct fm_round *r, struct fm_err *e)
{
    struct judges *j = fm_alloc(1, sizeof *j, e);
    size_t bytes = 0;
    int rc = j ? 0 : FM_ESYS;

    for (size_t i = 0; rc == 0 && i < r->claims.n; i++) {
        struct fm_answer *a = &r->claims.answer[i];
        struct fm_err why = {0};
        struct fm_items it;
        struct fm_item *item = &j->item[j->n];

        if (a->verdict != FM_COUNTS || a->summed)
            continue;
        j->r = r;
        rc = fm_round_again(r, a, &it, item, &why);
        if (fm_round_alone(r, rc, &why)) { /* it has counted, and is gone */
            rc = 0;
            continue;
        }
        if (rc) {
            fm_err_pass(e, &why);
            break;
        }
        fm_items_close(&it);
        item->bundle.weight = r->claims.part[a->first].weight;
        bytes += item->bundle.bytes.len + item->bundle.plain.len;
        j->answer[j->n++] = a;
        if (j->n == FM_ROUND_BATCH || bytes > FM_ROUND_HOLD) {
            judge_all(j);
            bytes = 0;
        }
    }
    if (rc == 0)
        judge_all(j);
    for (size_t i = 0; j && i < j->n; i++)
        fm_item_free(&j->item[i]);
    free(j);
    return rc ? rc : find_outliers(&r->claims, e);
}

const struct fm_buf *
fm_round_report(struct fm_round *r, struct fm_err *e)
{
    assert(r->policy.report);
    return fm_verdicts_end(&r->report, e) ? NULL : &r->report;
}
