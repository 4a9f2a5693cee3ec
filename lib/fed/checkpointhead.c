#include "fed/checkpointhead.h"

#include "bundle/manifest.h"
#include "fed/state.h"
#include "fed/weights_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = FM_CHECKPOINT_HEAD;

struct fm_checkpoint_head
fm_checkpoint_head_of(const struct fm_weights *v, const struct fm_id *data)
{
    const struct fm_local *l = v->l;
    struct fm_checkpoint_head h = {
        .base = l->base->id,
        .data = *data,
        .round = l->base->round + 1,
        .samples = l->nrows,
        .seed = l->private_seed,
        .state = v->moment[0] && l->state,
        .adam = v->adam,
        .step = v->t,
        .steps = v->steps,
    };

    strcpy(h.client, l->client); /* fm_client_ok has its length */
    return h;
}

int
fm_checkpoint_head_write(struct fm_buf *out, const struct fm_checkpoint_head *h,
                         const struct fm_settings *s, struct fm_err *e)
{
    struct fm_json *j = fm_json_object(), *settings;
    char hex[FM_ID_HEX], text[FM_SETTING_TEXT], seed[17];
    int rc;

    fm_json_add_int(j, "fedmrn", 1);
    fm_json_add_str(j, "client", h->client);
    fm_json_add_str(j, "base", fm_id_hex(hex, &h->base));
    fm_json_add_int(j, "round", h->round);
    fm_json_add_int(j, "samples", h->samples);
    fm_json_add_str(j, "data", fm_id_hex(hex, &h->data));
    settings = fm_json_add_object(j, "settings");
    for (size_t i = 0; fm_setting_names[i]; i++)
        if (fm_setting_applies(fm_setting_names[i], s->method)) {
            fm_setting_get(s, fm_setting_names[i], text);
            fm_json_add_str(settings, fm_setting_names[i], text);
        }
    snprintf(seed, sizeof seed, "%016llx", (unsigned long long)h->seed);
    fm_json_add_str(j, "seed", seed);
    fm_json_add_bool(j, "state", h->state);
    fm_json_add_int(j, "adam", h->adam);
    fm_json_add_int(j, "step", h->step);
    fm_json_add_int(j, "steps", h->steps);
    rc = fm_json_dump(out, j, e);
    fm_json_free(j);
    return rc;
}

static int
get_seed(uint64_t *seed, const struct fm_json *j, struct fm_err *e)
{
    const char *text = fm_json_word(j, "seed");

    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return fm_err_set(e, FM_EINPUT, "%s: \"seed\" is not 16 hex digits",
                          what);
    *seed = strtoull(text, NULL, 16);
    return 0;
}

int
fm_checkpoint_head_read(struct fm_checkpoint_head *h, const struct fm_json *j,
                        struct fm_err *e)
{
    const uint64_t adam = (uint64_t)1 << 53;
    const char *client = fm_json_word(j, "client");
    int rc;

    if ((rc = fm_manifest_format(j, what, e)))
        return rc;
    if (!fm_client_ok(client))
        return fm_err_set(e, FM_EINPUT, "%s: \"client\" is not an id", what);
    strcpy(h->client, client);
    if ((rc = fm_manifest_get_id(&h->base, j, "base", what, e)) ||
        (rc = fm_manifest_get_int(&h->round, j, "round", 1, FM_ROUND_MAX, what,
                                  e)) ||
        (rc = fm_manifest_get_int(&h->samples, j, "samples", 1, FM_SAMPLES_MAX,
                                  what, e)) ||
        (rc = fm_manifest_get_id(&h->data, j, "data", what, e)) ||
        (rc = get_seed(&h->seed, j, e)) ||
        (rc = fm_manifest_get_int(&h->adam, j, "adam", 0, adam, what, e)) ||
        (rc = fm_manifest_get_int(&h->steps, j, "steps", 1, UINT32_MAX, what,
                                  e)))
        return rc;
    h->state = fm_json_bool_of(fm_json_get(j, "state"));
    return fm_manifest_get_int(&h->step, j, "step", 0, h->steps, what, e);
}

static int
other(struct fm_err *e, const char *why)
{
    return fm_err_set(e, FM_EINPUT,
                      "the checkpoint of another training: %s; give each its "
                      "own file, or remove this one to begin anew",
                      why);
}

/* Is each setting what it was?  An unknown one is seen by the last check. */
static int
check_settings(const struct fm_json *head, const struct fm_settings *s,
               struct fm_err *e)
{
    const struct fm_json *was = fm_json_get(head, "settings");
    char text[FM_SETTING_TEXT], quoted[FM_QUOTE_MAX], why[256];

    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i], *old;

        if (!fm_setting_applies(name, s->method))
            continue;
        fm_setting_get(s, name, text);
        if (fm_json_str(was, name, &old) && strcmp(old, text) == 0)
            continue;
        if (!fm_json_str(was, name, &old))
            old = "nothing";
        snprintf(why, sizeof why, "its %s was %s, not %.60s", name,
                 fm_manifest_quote(quoted, old), text);
        return other(e, why);
    }
    return 0;
}

/* A state may be that of before, or the one that this training wrote. */
static int
check_state(const struct fm_checkpoint_head *h, const struct fm_weights *v,
            struct fm_err *e)
{
    const struct fm_state *s = v->moment[0] ? v->l->state : NULL;

    if (h->state != !!s)
        return other(e, h->state ? "it goes on with a --state"
                                 : "it goes on with no --state");
    if (s && s->steps != h->adam && s->steps != h->adam + h->steps)
        return other(e, "the --state has moved on since");
    return 0;
}

int
fm_checkpoint_head_check(const struct fm_checkpoint_head *h,
                         const struct fm_json *j, const struct fm_buf *text,
                         const struct fm_weights *v, const struct fm_id *data,
                         struct fm_err *e)
{
    struct fm_checkpoint_head is = fm_checkpoint_head_of(v, data);
    struct fm_buf again = {0};
    char why[128];
    int rc;

    if (strcmp(h->client, is.client) != 0) {
        snprintf(why, sizeof why, "it is client %s's", h->client);
        return other(e, why);
    }
    if (h->round != is.round) {
        snprintf(why, sizeof why, "it is of round %llu, not %llu",
                 (unsigned long long)h->round, (unsigned long long)is.round);
        return other(e, why);
    }
    if (fm_id_cmp(&h->base, &is.base) != 0)
        return other(e, "the model is another");
    if (fm_id_cmp(&h->data, &is.data) != 0)
        return other(e, "the rows or their data are others");
    if ((rc = check_settings(j, v->l->set, e)) || (rc = check_state(h, v, e)))
        return rc;
    if (h->seed != is.seed)
        return other(e, "its private seed is another");
    /* What is left to differ is what it may say, and its form. */
    is.adam = h->adam;
    is.step = h->step;
    if (!(rc = fm_checkpoint_head_write(&again, &is, v->l->set, e)))
        rc = fm_manifest_same(&again, text->data, text->len, what, e);
    fm_buf_free(&again);
    return rc;
}
