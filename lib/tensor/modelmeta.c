#include "base/mem.h"
#include "tensor/model_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* --- Reading ---------------------------------------------------------------
 */

const char *
fm_model_meta(const struct fm_st *st, const char *key)
{
    char name[64];

    snprintf(name, sizeof name, "fedmrn.%s", key);
    return fm_st_get(st, name);
}

static int
need(const char **value, const struct fm_st *st, const char *key,
     struct fm_err *e)
{
    *value = fm_model_meta(st, key);
    if (*value)
        return 0;
    return fm_err_set(e, FM_EINPUT, "fedmrn.%s is missing in its metadata",
                      key);
}

/* Everything in the metadata means something, or the file is not ours. */
static int
check_keys(const struct fm_st *st, enum fm_method method, struct fm_err *e)
{
    static const char *const known[] = {
        "format", "arch",   "seed",       "round",     "parent",  "bundles",
        "votes",  "counts", "magnitudes", "ancestors", "checksum"};

    for (size_t i = 0; i < st->nmeta; i++) {
        const char *key = st->meta[i].key;
        bool ok = false;

        if (strncmp(key, "fedmrn.", 7) == 0) {
            for (size_t k = 0; k < sizeof known / sizeof *known; k++)
                ok = ok || strcmp(key + 7, known[k]) == 0;
            for (size_t k = 0; fm_setting_names[k]; k++)
                ok = ok || (strcmp(key + 7, fm_setting_names[k]) == 0 &&
                            fm_setting_applies(fm_setting_names[k], method));
        }
        if (!ok)
            return fm_err_set(e, FM_EINPUT,
                              "metadata %.80s does not belong in a model of "
                              "this method: another tool wrote the file",
                              key);
    }
    return 0;
}

static int
read_setting(struct fm_model *m, const struct fm_st *st, const char *name,
             struct fm_err *e)
{
    const char *text = fm_model_meta(st, name);
    int rc;

    if (!text)
        text = fm_setting_absent(name);
    if (!text && (rc = need(&text, st, name, e)))
        return rc;
    return fm_setting_set(&m->set, name, text, e);
}

static int
read_settings(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *text;
    int rc;

    fm_settings_default(&m->set, FM_FEDAVG);
    if ((rc = need(&text, st, "method", e)) ||
        (rc = fm_setting_set(&m->set, "method", text, e)))
        return rc;
    fm_settings_default(&m->set, m->set.method);
    for (size_t i = 0; fm_setting_names[i]; i++)
        if (fm_setting_applies(fm_setting_names[i], m->set.method) &&
            (rc = read_setting(m, st, fm_setting_names[i], e)))
            return rc;
    return check_keys(st, m->set.method, e);
}

static int
read_seed(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *text;
    int rc = need(&text, st, "seed", e);

    if (rc)
        return rc;
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.seed: %.40s is not 16 lower-case hex digits",
                          text);
    m->seed = strtoull(text, NULL, 16);
    return 0;
}

static int
read_bundles(struct fm_model *m, const char *text, struct fm_err *e)
{
    size_t len = strlen(text), n = (len + 1) / FM_ID_HEX;

    if (len + 1 != n * FM_ID_HEX)
        return fm_err_set(e, FM_EINPUT, "fedmrn.bundles: not a list of ids");
    m->bundle = fm_alloc(n, sizeof *m->bundle, e);
    if (!m->bundle)
        return FM_ESYS;
    for (; m->nbundles < n; m->nbundles++) {
        struct fm_id *id = &m->bundle[m->nbundles];
        char one[FM_ID_HEX];

        memcpy(one, text + m->nbundles * FM_ID_HEX, FM_ID_HEX - 1);
        one[FM_ID_HEX - 1] = '\0';
        if (!fm_id_parse(id, one))
            return fm_err_set(e, FM_EINPUT, "fedmrn.bundles: %s is not an id",
                              one);
        if (m->nbundles && fm_id_cmp(id - 1, id) >= 0)
            return fm_err_set(e, FM_EINPUT,
                              "fedmrn.bundles: %s is not in order", one);
    }
    return 0;
}

static int
read_history(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *round, *parent = fm_model_meta(st, "parent"),
                       *bundles = fm_model_meta(st, "bundles");
    int rc;

    if ((rc = need(&round, st, "round", e)))
        return rc;
    if (!fm_count_parse(&m->round, round, 0, FM_ROUND_MAX))
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.round: %.40s is not an integer in 0..2^32",
                          round);
    if (m->round == 0) {
        if (parent || bundles)
            return fm_err_set(e, FM_EINPUT,
                              "a parent or bundles in round 0, which has none");
        return 0;
    }
    if ((rc = need(&parent, st, "parent", e)) ||
        (rc = need(&bundles, st, "bundles", e)))
        return rc;
    if (!fm_id_parse(&m->parent, parent))
        return fm_err_set(e, FM_EINPUT, "fedmrn.parent: %.40s is not an id",
                          parent);
    if ((rc = read_bundles(m, bundles, e)))
        return rc;
    return fm_model_read_past(m, fm_model_meta(st, "ancestors"), e);
}

/* Counts in place of values, and in how many bytes: fedpm's. */
static int
read_votes(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *method = fm_model_meta(st, "method"), *text;
    uint64_t votes;
    int rc;

    m->dtype = FM_F32;
    if (!method || strcmp(method, "fedpm") != 0)
        return 0;
    if ((rc = need(&text, st, "votes", e)))
        return rc;
    if (!fm_count_parse(&votes, text, 0, FM_VOTES_MAX))
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.votes: %.40s is not an integer in 0..2^31-1",
                          text);
    m->votes = (uint32_t)votes;
    m->dtype = fm_model_dtype(FM_FEDPM, m->votes);
    text = fm_model_meta(st, "counts");
    m->packed = text != NULL;
    if (text && strcmp(text, "packed") != 0)
        return fm_err_set(e, FM_EINPUT, "fedmrn.counts: %.40s is not packed",
                          text);
    return 0;
}

/* What the server's optimizer keeps beside the weights. */
static int
read_server(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *name = "server-optimizer", *text = fm_model_meta(st, name);
    int rc =
        text && m->dtype == FM_F32 ? fm_setting_set(&m->set, name, text, e) : 0;

    m->state = fm_model_state(m);
    return rc;
}

/* What tells the file's size, and who wrote it. */
int
fm_model_read_arch(struct fm_model *m, const struct fm_st *st, struct fm_err *e)
{
    const char *text = fm_model_meta(st, "format");
    int rc;

    if (!text)
        return fm_err_set(e, FM_EINPUT,
                          "not a model: no fedmrn.format in its metadata; "
                          "fedmrn-init makes models");
    if (strcmp(text, "1") != 0)
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.format is %.20s; this version reads 1", text);
    if ((rc = need(&text, st, "arch", e)))
        return rc;
    m->arch = fm_arch_parse(text, "fedmrn.arch", e);
    if (!m->arch)
        return e ? (int)e->code : FM_EINPUT;
    rc = read_votes(m, st, e);
    return rc ? rc : read_server(m, st, e);
}

int
fm_model_read_contract(struct fm_model *m, const struct fm_st *st,
                       struct fm_err *e)
{
    int rc;

    if ((rc = read_settings(m, st, e)) || (rc = fm_model_fits(m, e)) ||
        (rc = read_seed(m, st, e)))
        return rc;
    return read_history(m, st, e);
}

/* --- Writing ---------------------------------------------------------------
 */

static int
add_meta(struct fm_st *st, const char *key, const char *value, struct fm_err *e)
{
    char name[64];
    struct fm_st_meta *m = &st->meta[st->nmeta++];

    snprintf(name, sizeof name, "fedmrn.%s", key);
    m->key = strdup(name);
    m->value = strdup(value);
    return m->key && m->value ? 0 : fm_err_nomem(e);
}

/* The same with a text that was made for it, or NULL when it was not. */
static int
add_made(struct fm_st *st, const char *key, char *value, struct fm_err *e)
{
    int rc = value ? add_meta(st, key, value, e) : FM_ESYS;

    free(value);
    return rc;
}

/* "id id id" */
static char *
join_ids(const struct fm_id *id, size_t n, struct fm_err *e)
{
    char *text = fm_alloc(n + 1, FM_ID_HEX, e);

    for (size_t i = 0; text && i < n; i++) {
        fm_id_hex(text + i * FM_ID_HEX, &id[i]);
        text[(i + 1) * FM_ID_HEX - 1] = i + 1 < n ? ' ' : '\0';
    }
    return text;
}

static int
write_history(struct fm_st *st, const struct fm_model *m, struct fm_err *e)
{
    char text[FM_ID_HEX];
    int rc;

    if ((rc = add_meta(st, "parent", fm_id_hex(text, &m->parent), e)))
        return rc;
    return add_made(st, "bundles", join_ids(m->bundle, m->nbundles, e), e);
}

static int
write_settings(struct fm_st *st, const struct fm_model *m, struct fm_err *e)
{
    char text[FM_SETTING_TEXT];
    int rc;

    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i],
                   *absent = fm_setting_absent(name);

        if (!fm_setting_applies(name, m->set.method) ||
            !fm_setting_serves(name, m->set.server))
            continue;
        fm_setting_get(&m->set, name, text);
        if (absent && strcmp(text, absent) == 0)
            continue;
        if ((rc = add_meta(st, name, text, e)))
            return rc;
    }
    return 0;
}

int
fm_model_write_meta(struct fm_st *st, const struct fm_model *m, const char *sum,
                    struct fm_err *e)
{
    char text[24];
    size_t n = 11; /* format, arch, seed, round, votes, counts, parent, bundles,
                     ancestors, magnitudes, checksum */
    int rc;

    for (size_t i = 0; fm_setting_names[i]; i++)
        n++;
    st->meta = fm_alloc(n, sizeof *st->meta, e);
    if (!st->meta)
        return FM_ESYS;
    if ((rc = add_meta(st, "format", "1", e)) ||
        (rc = add_meta(st, "arch", m->arch->text, e)) ||
        (rc = write_settings(st, m, e)))
        return rc;
    snprintf(text, sizeof text, "%016llx", (unsigned long long)m->seed);
    if ((rc = add_meta(st, "seed", text, e)))
        return rc;
    snprintf(text, sizeof text, "%llu", (unsigned long long)m->round);
    if ((rc = add_meta(st, "round", text, e)))
        return rc;
    snprintf(text, sizeof text, "%lu", (unsigned long)m->votes);
    if ((m->set.method == FM_FEDPM && (rc = add_meta(st, "votes", text, e))) ||
        (m->packed && (rc = add_meta(st, "counts", "packed", e))) ||
        (m->round && (rc = write_history(st, m, e))) ||
        (m->npast &&
         (rc = add_made(st, "ancestors", fm_model_past_text(m, e), e))) ||
        (fm_model_scaled(m) &&
         (rc = add_made(st, "magnitudes", fm_model_magnitudes(m, e), e))))
        return rc;
    return add_meta(st, "checksum", sum, e);
}
