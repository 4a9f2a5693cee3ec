#include "judge.h"

#include "agg/verify.h"
#include "bundle/residual.h"
#include "data/rows.h"
#include "data/stats.h"
#include "fed/checkpoint.h"
#include "fed/input.h"
#include "fed/state.h"
#include "trust/ledgerfile.h"
#include "trust/signer.h"
#include "trust/vouch.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1 << 24 };

/* --- Files of which every byte counts --------------------------------------
 */

/* A bundle, round file, partial sum or model. */
static int
item(struct fm_buf *meaning, const char *path, const struct beside *by,
     struct fm_err *e)
{
    (void)meaning;
    return fm_verify(path, by->model, NULL, e);
}

static int
state(struct fm_buf *meaning, const char *path, const struct beside *by,
      struct fm_err *e)
{
    struct fm_state *s = fm_state_new(by->model, by->client, e);
    int rc = s ? fm_state_read(s, path, e) : FM_ESYS;

    (void)meaning;
    fm_state_free(s);
    return rc;
}

/* What the client's next answer, the bundle, takes up. */
static int
residual(struct fm_buf *meaning, const char *path, const struct beside *by,
         struct fm_err *e)
{
    struct fm_residual r = {0};
    struct fm_buf file = {0};
    struct fm_bundle b = {0};
    int rc = fm_file_read(&file, by->bundle[0], LIMIT, e);

    (void)meaning;
    if (!rc && !(rc = fm_bundle_parse(&b, &file, by->model, e)))
        rc = fm_residual_take(&r, path, by->model, &b, e);
    fm_residual_free(&r);
    fm_bundle_free(&b);
    fm_buf_free(&file);
    return rc;
}

static bool
never(void *ctx, bool whole)
{
    (void)ctx;
    (void)whole;
    return false;
}

static int
nowhere(void *ctx, int (*fill)(void *arg, FILE *out, struct fm_err *e),
        void *arg, struct fm_err *e)
{
    (void)ctx;
    (void)fill;
    (void)arg;
    (void)e;
    return 0;
}

/* As fedmrn-train goes on from it. */
static int
checkpoint(struct fm_buf *meaning, const char *path, const struct beside *by,
           struct fm_err *e)
{
    const struct fm_dataset_from from = {.images = by->images,
                                         .labels = by->labels};
    struct fm_keep keep = {.due = never, .save = nowhere};
    struct fm_local l = {.base = by->model,
                         .client = by->client,
                         .set = &by->model->set,
                         .keep = &keep};
    struct fm_dataset d = {0};
    struct fm_bundle b = {0};
    uint32_t *row = NULL;
    int rc;

    (void)meaning;
    keep.from = fm_checkpoint_open(path, e);
    if (!keep.from)
        return (int)e->code;
    l.private_seed = fm_checkpoint_seed(keep.from);
    if (!(rc = fm_input_read(&d, &from, by->model->arch, by->model->set.loss,
                             e))) {
        l.data = &d;
        l.nrows = d.n;
        l.row = row = fm_rows_all(d.n, e);
        rc = row ? fm_local_train(&b, &l, e) : FM_ESYS;
    }
    free(row);
    fm_bundle_free(&b);
    fm_dataset_free(&d);
    fm_checkpoint_free(keep.from);
    return rc;
}

/* As fedmrn-stats adds them up. */
static int
sums(struct fm_buf *meaning, const char *path, const struct beside *by,
     struct fm_err *e)
{
    struct fm_buf file = {0};
    size_t at = 0, used = 0;
    int rc = fm_file_read(&file, path, LIMIT, e);

    (void)meaning;
    (void)by;
    while (!rc && (at == 0 || at < file.len)) {
        struct fm_stats s;

        rc = fm_stats_parse(&s, file.data + at, file.len - at, &used, e);
        at += used;
        fm_stats_free(&s);
        if (rc)
            fm_err_where(e, path);
    }
    fm_buf_free(&file);
    return rc;
}

/* As whoever noted the last hash reads it: that line must still be the last. */
static int
ledger(struct fm_buf *meaning, const char *path, const struct beside *by,
       struct fm_err *e)
{
    struct fm_ledger l = {0};
    char hex[FM_LEDGER_HEX];
    size_t torn = 0;
    int rc = fm_ledgerfile_read(&l, &torn, path, e);

    (void)meaning;
    if (!rc && (torn || l.n == 0 ||
                strcmp(fm_ledger_hex(hex, l.entry[l.n - 1].hash), by->head)))
        rc = fm_err_set(e, FM_EINPUT, "%s: it has not the last hash", path);
    fm_ledger_free(&l);
    return rc;
}

/* --- Files of text, with comments -------------------------------------------
 */

static bool
equal(const struct fm_buf *now, const struct fm_buf *before)
{
    return now->len == before->len &&
           memcmp(now->data, before->data, now->len) == 0;
}

/* All that the signatures say, but for the comments that nobody signs. */
static int
sayings(struct fm_buf *out, const char *path, struct fm_err *e)
{
    static struct fm_signatures in;
    static struct fm_signature s;
    bool there = true;
    int rc = fm_signatures_open(&in, path, e);

    if (rc)
        return rc;
    while (!rc && there)
        if (!(rc = fm_signatures_next(&in, &s, &there, e)) && there) {
            s.untrusted[0] = '\0';
            rc = fm_signature_write(out, &s, e);
        }
    fm_signatures_close(&in);
    return rc;
}

/* Those of a bundle, or in their order of a round file's. */
static int
signatures(struct fm_buf *meaning, const char *path, const struct beside *by,
           struct fm_err *e)
{
    struct fm_vouch *v = fm_vouch_open(by->roster, path, by->bundle[0], e);
    int rc = v ? fm_verify(by->bundle[0], by->model, fm_vouch_guard(v), e)
               : (int)e->code;

    fm_vouch_free(v);
    return rc ? rc : sayings(meaning, path, e);
}

/* Which of the bundles, each with its signature beside it, may come in. */
static int
roster(struct fm_buf *meaning, const char *path, const struct beside *by,
       struct fm_err *e)
{
    struct fm_vouch *v = fm_vouch_open(path, NULL, NULL, e);
    int rc = v ? 0 : (int)e->code;

    for (size_t i = 0; !rc && i < by->bundles; i++) {
        struct fm_err why = {0};
        const char may =
            !fm_verify(by->bundle[i], by->model, fm_vouch_guard(v), &why);

        rc = fm_buf_add(meaning, &may, 1, e);
    }
    fm_vouch_free(v);
    return rc;
}

/* Nobody more: a client may be lost, but the file says so in no other way. */
static bool
nobody_more(const struct fm_buf *now, const struct fm_buf *before)
{
    for (size_t i = 0; i < now->len; i++)
        if (now->data[i] > before->data[i])
            return false;
    return now->len == before->len;
}

/* A secret key: how it signs.  Not under which id: nothing in minisign's keys
 * without a password holds that to its word, and no roster knows another. */
static int
secret(struct fm_buf *meaning, const char *path, const struct beside *by,
       struct fm_err *e)
{
    static struct fm_signature s;
    const uint8_t hash[FM_BLAKE_MAX] = {1};
    struct fm_signer *signer = fm_signer_read(path, e);
    int rc = signer ? 0 : (int)e->code;

    (void)by;
    if (signer && fm_signer_locked(signer))
        rc = fm_err_set(e, FM_EINPUT, "%s: locked", path);
    if (!rc) {
        fm_signer_sign(&s, signer, hash, "x");
        memset(s.key_id, 0, sizeof s.key_id);
        rc = fm_signature_write(meaning, &s, e);
    }
    fm_signer_free(signer);
    return rc;
}

const struct kind *
kind_of(const char *name)
{
    static const struct kind kinds[] = {
        {"item", item, NULL},
        {"state", state, NULL},
        {"residual", residual, NULL},
        {"checkpoint", checkpoint, NULL},
        {"sums", sums, NULL},
        {"ledger", ledger, NULL},
        {"signatures", signatures, equal},
        {"roster", roster, nobody_more},
        {"key", secret, equal},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}
