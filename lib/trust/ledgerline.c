#include "trust/ledgerline.h"

#include "base/json.h"
#include "bundle/manifest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char tail[] = ",\"hash\":\"";

static_assert(FM_LEDGER_TAIL == sizeof tail - 1 + FM_LEDGER_HEX - 1 + 2,
              "what ends a line");

/* --- Writing -------------------------------------------------------------
 */

static void
put_hex(struct fm_json *j, const char *key, const uint8_t p[FM_BLAKE_256])
{
    char hex[FM_LEDGER_HEX];

    fm_json_add_str(j, key, fm_ledger_hex(hex, p));
}

static void
put_model(struct fm_json *j, const char *key, const struct fm_ledger_model *m)
{
    struct fm_json *o = fm_json_add_object(j, key);
    char hex[FM_ID_HEX];

    fm_json_add_int(o, "round", m->round);
    fm_json_add_str(o, "id", fm_id_hex(hex, &m->id));
    put_hex(o, "digest", m->digest);
}

static void
put_policy(struct fm_json *j, const struct fm_policy *p)
{
    struct fm_json *o = fm_json_add_object(j, "policy"), *list;
    char weights[FM_WEIGHTING_TEXT], stale[FM_STALENESS_TEXT];
    char rule[FM_RULE_TEXT];

    /* Entries without a rule are of the mean. */
    if (p->rule.kind != FM_RULE_MEAN)
        fm_json_add_str(o, "rule", fm_rule_text(rule, &p->rule));
    /* Nor is there a roster in those of rounds without one. */
    if (p->rostered)
        put_hex(o, "roster", p->roster_digest);
    fm_json_add_str(o, "weights", fm_weighting_text(weights, &p->weighting));
    fm_json_add_int(o, "quorum", p->quorum);
    fm_json_add_int(o, "max-stale", p->max_stale);
    fm_json_add_str(o, "staleness", fm_staleness_text(stale, &p->staleness));
    list = fm_json_add_array(o, "exclude");
    for (size_t i = 0; i < p->nexclude; i++)
        fm_json_add_str(list, NULL, p->exclude[i]);
}

static void
put_input(struct fm_json *list, const struct fm_ledger_input *in)
{
    struct fm_json *o = fm_json_add_object(list, NULL);
    char hex[FM_ID_HEX];

    fm_json_add_str(o, "client", in->part.client);
    fm_json_add_str(o, "bundle", fm_id_hex(hex, &in->part.bundle));
    if (in->summed)
        fm_json_add_null(o, "digest");
    else
        put_hex(o, "digest", in->digest);
    fm_json_add_int(o, "round", in->round);
    fm_json_add_int(o, "samples", in->part.samples);
    fm_json_add_int(o, "weight", in->part.weight);
}

static struct fm_json *
tree(const struct fm_ledger_entry *t)
{
    struct fm_json *j = fm_json_object(), *list;

    fm_json_add_int(j, "ledger", 1);
    fm_json_add_int(j, "line", t->line);
    put_hex(j, "previous", t->previous);
    fm_json_add_str(j, "tool", t->tool);
    put_model(j, "base", &t->base);
    put_policy(j, &t->policy);
    list = fm_json_add_array(j, "inputs");
    for (size_t i = 0; i < t->n; i++)
        put_input(list, &t->input[i]);
    list = fm_json_add_array(j, "refused");
    for (size_t i = 0; i < t->nrefused; i++)
        fm_json_add_str(list, NULL, t->refused[i]);
    put_model(j, "output", &t->output);
    return j;
}

int
fm_ledgerline_write(struct fm_buf *out, struct fm_ledger_entry *t,
                    struct fm_err *e)
{
    const size_t start = out->len;
    char hex[FM_LEDGER_HEX], end[FM_LEDGER_TAIL + 2];
    struct fm_json *j;
    int rc;

    fm_ledger_sort(t);
    j = tree(t);
    rc = fm_json_dump(out, j, e);
    fm_json_free(j);
    if (rc)
        return rc;
    /* The hash takes the place of the brace. */
    out->len--;
    fm_blake(t->hash, sizeof t->hash, out->data + start, out->len - start);
    snprintf(end, sizeof end, "%s%s\"}\n", tail, fm_ledger_hex(hex, t->hash));
    if ((rc = fm_buf_add(out, end, FM_LEDGER_TAIL + 1, e)))
        out->len = start;
    return rc;
}

/* --- Reading -------------------------------------------------------------
 */

static int
bad(struct fm_err *e, const char *key, const char *want)
{
    return fm_err_set(e, FM_EINPUT, "\"%s\" is not %s", key, want);
}

static int
get_hex(uint8_t p[FM_BLAKE_256], const struct fm_json *j, const char *key,
        struct fm_err *e)
{
    if (!fm_ledger_hex_parse(p, fm_json_word(j, key)))
        return bad(e, key, "64 hex digits");
    return 0;
}

static int
get_id(struct fm_id *id, const struct fm_json *j, const char *key,
       struct fm_err *e)
{
    if (!fm_id_parse(id, fm_json_word(j, key)))
        return bad(e, key, "32 hex digits");
    return 0;
}

static int
get_model(struct fm_ledger_model *m, const struct fm_json *j, const char *key,
          struct fm_err *e)
{
    const struct fm_json *o = fm_json_get(j, key);
    int rc;

    if (!fm_json_int(o, "round", FM_ROUND_MAX, &m->round))
        return bad(e, key, "a model");
    if ((rc = get_id(&m->id, o, "id", e)))
        return rc;
    return get_hex(m->digest, o, "digest", e);
}

static int
get_policy(struct fm_ledger_entry *t, const struct fm_json *j, struct fm_err *e)
{
    const struct fm_json *o = fm_json_get(j, "policy"), *list;
    const char *rule = "mean";
    uint64_t quorum, late;
    struct fm_policy *p = &t->policy;
    int rc;

    if (!fm_weighting_parse(&p->weighting, fm_json_word(o, "weights")) ||
        !fm_json_int(o, "quorum", FM_PARTS_MAX, &quorum) ||
        !fm_json_int(o, "max-stale", FM_STALE_MAX, &late) ||
        !fm_staleness_parse(&p->staleness, fm_json_word(o, "staleness")))
        return bad(e, "policy", "a policy");
    if ((fm_json_get(o, "rule") && !fm_json_str(o, "rule", &rule)) ||
        !fm_rule_parse(&p->rule, rule))
        return bad(e, "rule", "a rule");
    p->rostered = fm_json_get(o, "roster") != NULL;
    if (p->rostered && (rc = get_hex(p->roster_digest, o, "roster", e)))
        return rc;
    p->quorum = (size_t)quorum;
    p->max_stale = (uint32_t)late;
    list = fm_json_get(o, "exclude");
    if (!fm_json_is_array(list))
        return bad(e, "exclude", "a list");
    for (size_t i = 0; i < fm_json_size(list); i++) {
        const char *client = fm_json_text(fm_json_at(list, i));

        if (!client || !fm_client_ok(client))
            return bad(e, "exclude", "a list of clients");
        if ((rc = fm_ledger_exclude(t, client, e)))
            return rc;
    }
    return 0;
}

static int
get_input(struct fm_ledger_entry *t, const struct fm_json *o, struct fm_err *e)
{
    struct fm_ledger_input in = {.summed = true};
    const char *client = fm_json_word(o, "client");
    int rc;

    if (!fm_client_ok(client))
        return bad(e, "client", "a client's id");
    strcpy(in.part.client, client);
    if ((rc = get_id(&in.part.bundle, o, "bundle", e)))
        return rc;
    if (fm_json_kind(fm_json_get(o, "digest")) != FM_JSON_NULL) {
        in.summed = false;
        if ((rc = get_hex(in.digest, o, "digest", e)))
            return rc;
    }
    /* What is no such number stays 0. */
    (void)fm_json_int(o, "samples", FM_SAMPLES_MAX, &in.part.samples);
    (void)fm_json_int(o, "weight", FM_SAMPLES_MAX, &in.part.weight);
    if (!fm_json_int(o, "round", FM_ROUND_MAX, &in.round) ||
        in.part.samples == 0 || in.part.weight == 0)
        return bad(e, "inputs", "a list of answers");
    if ((rc = fm_ledger_add(t, &in, e)))
        return rc;
    if (t->n > 1 && fm_ledger_order(&t->input[t->n - 2], &in) >= 0)
        return bad(e, "inputs", "sorted");
    return 0;
}

static int
get_lists(struct fm_ledger_entry *t, const struct fm_json *j, struct fm_err *e)
{
    const struct fm_json *inputs = fm_json_get(j, "inputs"),
                         *refused = fm_json_get(j, "refused");
    int rc;

    if (!fm_json_is_array(inputs) || !fm_json_is_array(refused))
        return bad(e, "inputs", "a list");
    for (size_t i = 0; i < fm_json_size(inputs); i++)
        if ((rc = get_input(t, fm_json_at(inputs, i), e)))
            return rc;
    for (size_t i = 0; i < fm_json_size(refused); i++) {
        const char *text = fm_json_text(fm_json_at(refused, i));

        if (!text)
            return bad(e, "refused", "a list of texts");
        if ((rc = fm_ledger_refuse(t, text, e)))
            return rc;
    }
    return 0;
}

static int
get_fields(struct fm_ledger_entry *t, const struct fm_json *j, struct fm_err *e)
{
    const char *tool;
    uint64_t format;
    int rc;

    if (!fm_json_int(j, "ledger", INT64_MAX, &format))
        return fm_err_set(e, FM_EINPUT, "not a line of a ledger");
    if (format != 1)
        return fm_err_set(e, FM_EINPUT, "format %llu, and only 1 is known",
                          (unsigned long long)format);
    if (!fm_json_int(j, "line", FM_LEDGER_LINES, &t->line))
        return bad(e, "line", "a number");
    if (!fm_json_str(j, "tool", &tool) || strlen(tool) >= sizeof t->tool)
        return bad(e, "tool", "a short text");
    strcpy(t->tool, tool);
    if ((rc = get_hex(t->previous, j, "previous", e)) ||
        (rc = get_model(&t->base, j, "base", e)) ||
        (rc = get_policy(t, j, e)) || (rc = get_lists(t, j, e)))
        return rc;
    return get_model(&t->output, j, "output", e);
}

int
fm_ledgerline_parse(struct fm_ledger_entry *t, const uint8_t *p, size_t n,
                    struct fm_err *e)
{
    uint8_t hash[FM_BLAKE_256];
    struct fm_buf again = {0};
    struct fm_json *j = NULL;
    int rc;

    if (n <= FM_LEDGER_TAIL + 1 || n > FM_LEDGER_LINE ||
        memcmp(p + n - 1 - FM_LEDGER_TAIL, tail, sizeof tail - 1) != 0)
        return fm_err_set(e, FM_EINPUT, "not a line of a ledger");
    j = fm_json_parse(p, n - 1, "text", e);
    if (!j)
        return e ? (int)e->code : FM_EINPUT;
    fm_blake(hash, sizeof hash, p, n - 1 - FM_LEDGER_TAIL);
    if ((rc = get_hex(t->hash, j, "hash", e)))
        goto out;
    if (memcmp(hash, t->hash, sizeof hash) != 0) {
        rc = fm_err_set(e, FM_EINPUT,
                        "it was changed: its hash is not the one it says");
        goto out;
    }
    if ((rc = get_fields(t, j, e)) || (rc = fm_ledgerline_write(&again, t, e)))
        goto out;
    rc = fm_manifest_same(&again, p, n, "text", e);
out:
    fm_buf_free(&again);
    fm_json_free(j);
    return rc;
}

bool
fm_ledgerline_whole(const uint8_t *p, size_t n)
{
    const uint8_t *at = n ? memmem(p, n, tail, sizeof tail - 1) : NULL;

    return at && (size_t)(p + n - at) >= FM_LEDGER_TAIL;
}
