#include "trust/verdicts.h"

#include "base/json.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
add_policy(struct fm_json *o, const struct fm_policy *p)
{
    struct fm_json *policy = fm_json_add_object(o, "policy"), *out;
    char weights[FM_WEIGHTING_TEXT], staleness[FM_STALENESS_TEXT];
    char rule[FM_RULE_TEXT];

    fm_json_add_int(policy, "quorum", p->quorum);
    fm_json_add_str(policy, "weights",
                    fm_weighting_text(weights, &p->weighting));
    fm_json_add_int(policy, "max_stale", p->max_stale);
    fm_json_add_str(policy, "staleness",
                    fm_staleness_text(staleness, &p->staleness));
    fm_json_add_str(policy, "rule", fm_rule_text(rule, &p->rule));
    out = fm_json_add_array(policy, "excluded");
    for (size_t i = 0; i < p->nexclude; i++)
        fm_json_add_str(out, NULL, p->exclude[i]);
}

static void
add_part(struct fm_json *o, const struct fm_part *part)
{
    fm_json_add_str(o, "client", part->client);
    fm_json_add_int(o, "samples", part->samples);
    fm_json_add_int(o, "weight", part->weight);
}

/* To a hundredth, whose text is short. */
static double
hundredths(double z)
{
    return floor(z * 100 + 0.5) / 100;
}

static int
add_answer(struct fm_buf *out, const struct fm_claims *c,
           const struct fm_answer *a, struct fm_err *e)
{
    struct fm_json *o = fm_json_object();
    char hex[FM_ID_HEX];
    int rc;

    fm_json_add_name(o, "file", a->file);
    fm_json_add_int(o, "offset", a->offset);
    fm_json_add_str(o, "kind",
                    a->summed ? "partial sum"
                    : a->n    ? "bundle"
                              : "unknown");
    fm_json_add_str(o, "verdict", fm_verdict_name(a->verdict));
    if (a->why)
        fm_json_add_name(o, "why", a->why);
    if (a->n) {
        fm_json_add_int(o, "round", a->round);
        fm_json_add_str(o, "id", fm_id_hex(hex, &a->id));
    }
    if (a->n && !a->summed)
        add_part(o, &c->part[a->first]);
    if (a->judged) {
        fm_json_add_real(o, "agreement", hundredths(a->agreement));
        fm_json_add_bool(o, "outlier", a->outlier);
    }
    if (a->summed && a->n) {
        struct fm_json *list = fm_json_add_array(o, "clients");

        for (size_t i = 0; i < a->n; i++) {
            const struct fm_part *part = &c->part[a->first + i];
            struct fm_json *row = fm_json_add_object(list, NULL);

            add_part(row, part);
            fm_json_add_str(row, "id", fm_id_hex(hex, &part->bundle));
        }
    }
    rc = fm_json_dump(out, o, e);
    fm_json_free(o);
    return rc;
}

struct entry {
    const char *client;
    const struct fm_answer *answer;
};

static int
by_client(const void *x, const void *y)
{
    const struct entry *p = x, *q = y;
    const struct fm_answer *a = p->answer, *b = q->answer;
    int order = strcmp(p->client, q->client);

    if (order == 0 && a->round != b->round)
        order = a->round < b->round ? -1 : 1;
    if (order == 0)
        order = fm_id_cmp(&a->id, &b->id);
    if (order == 0)
        order = strcmp(a->file, b->file);
    if (order == 0)
        order = a->offset < b->offset ? -1 : a->offset > b->offset;
    return order;
}

static int
add_answers(struct fm_buf *out, const struct fm_claims *c, struct fm_err *e)
{
    struct entry *all = fm_alloc(c->n, sizeof *all, e);
    int rc = all ? 0 : FM_ESYS;

    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        const struct fm_answer *a = &c->answer[i];

        all[i] = (struct entry){a->n ? c->part[a->first].client : "", a};
    }
    if (rc == 0)
        qsort(all, c->n, sizeof *all, by_client);
    for (size_t i = 0; rc == 0 && i < c->n; i++)
        if ((rc = fm_buf_add(out, i ? ",\n" : "\n", i ? 2 : 1, e)) == 0)
            rc = add_answer(out, c, all[i].answer, e);
    free(all);
    return rc;
}

int
fm_verdicts_add(struct fm_buf *out, uint64_t round, const struct fm_id *base,
                const struct fm_policy *policy, const struct fm_claims *c,
                const char *failed, struct fm_err *e)
{
    struct fm_json *o = fm_json_object();
    char hex[FM_ID_HEX];
    int rc;

    fm_json_add_int(o, "round", round);
    fm_json_add_str(o, "base", fm_id_hex(hex, base));
    add_policy(o, policy);
    fm_json_add_int(o, "counted", fm_claims_clients(c));
    fm_json_add_int(o, "refused", fm_claims_having(c, FM_REFUSED));
    if (failed)
        fm_json_add_name(o, "failed", failed);
    if (out->len && (rc = fm_buf_add(out, ",\n", 2, e)))
        goto out;
    if ((rc = fm_json_dump(out, o, e)))
        goto out;
    out->len--; /* its last brace: the answers follow, one at a time */
    if ((rc = fm_buf_add(out, ",\"answers\":[", 12, e)) ||
        (rc = add_answers(out, c, e)))
        goto out;
    rc = fm_buf_add(out, "]}", 2, e);
out:
    fm_json_free(o);
    return rc;
}

int
fm_verdicts_end(struct fm_buf *out, struct fm_err *e)
{
    static const char head[] = "{\"rounds\":[";
    struct fm_buf all = {0};
    int rc;

    if ((rc = fm_buf_add(&all, head, sizeof head - 1, e)) ||
        (out->len && (rc = fm_buf_add(&all, out->data, out->len, e))) ||
        (rc = fm_buf_add(&all, "]}\n", 3, e))) {
        fm_buf_free(&all);
        return rc;
    }
    fm_buf_free(out);
    *out = all;
    return 0;
}
