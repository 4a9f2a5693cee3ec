#include "fed/record.h"

#include <stdio.h>
#include <string.h>

int
fm_record_open(struct fm_record *r, const char *path, bool wait,
               const char *tool, struct fm_err *e)
{
    *r = (struct fm_record){.file.fd = -1};
    snprintf(r->entry.tool, sizeof r->entry.tool, "%s", tool);
    return fm_ledgerfile_open(&r->file, path, wait, e);
}

void
fm_record_close(struct fm_record *r)
{
    fm_ledgerfile_close(&r->file);
    fm_ledger_entry_free(&r->entry);
}

int
fm_record_base(struct fm_record *r, const struct fm_model *base,
               const struct fm_policy *policy, struct fm_err *e)
{
    const struct fm_ledger *l = &r->file.lines;
    struct fm_model_file f = {.model = base};
    char is[FM_ID_HEX], last[FM_ID_HEX];
    int rc;

    if ((rc = fm_ledger_set_policy(&r->entry, policy, e)) == 0 &&
        (rc = fm_model_head(&f.head, base, e)) == 0)
        rc = fm_ledger_describe(&r->entry.base, &f, e);
    if (rc == 0 && l->n && !fm_ledger_has(l, &r->entry.base))
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: no line of it made the model %s; its last made "
                        "%s, of round %llu",
                        r->file.path, fm_id_hex(is, &base->id),
                        fm_id_hex(last, &l->entry[l->n - 1].output.id),
                        (unsigned long long)l->entry[l->n - 1].output.round);
    fm_buf_free(&f.head);
    return rc;
}

/* The last of the first `n` lines that made the model; NULL: none. */
static const struct fm_ledger_entry *
maker(const struct fm_ledger *l, size_t n, const struct fm_ledger_model *m)
{
    while (n > 0 &&
           memcmp(l->entry[n - 1].output.digest, m->digest, FM_BLAKE_256) != 0)
        n--;
    return n ? &l->entry[n - 1] : NULL;
}

int
fm_record_past(const struct fm_ledger *l, size_t n,
               const struct fm_ledger_model *base, struct fm_round *round,
               uint32_t max_stale, struct fm_err *e)
{
    const uint64_t now = base->round + 1,
                   first = now > max_stale ? now - max_stale : 1;
    const struct fm_ledger_model *at = base;
    const struct fm_ledger_entry *t;
    int rc = 0;

    /* Each line starts from a model that a line before it made. */
    while (at->round >= first && (t = maker(l, n, at))) {
        for (size_t i = 0; i < t->n && rc == 0; i++)
            if (t->input[i].round >= first)
                rc = fm_round_seen(round, t->input[i].part.client,
                                   t->input[i].round, e);
        if (rc)
            return rc;
        at = &t->base;
        n = (size_t)(t - l->entry);
    }
    fm_round_known(round, at->round + 1);
    return 0;
}

int
fm_record_count(void *record, const struct fm_part *part, uint64_t round,
                const uint8_t *digest, struct fm_err *e)
{
    struct fm_record *r = record;

    return fm_ledger_count(&r->entry, part, round, digest, e);
}

void
fm_record_refuse(struct fm_record *r, const char *text)
{
    if (r->entry.nrefused == FM_RECORD_REFUSED)
        r->more++;
    else
        (void)fm_ledger_refuse(&r->entry, text, &r->failed);
}

int
fm_record_output(struct fm_record *r, const struct fm_model_file *f,
                 struct fm_err *e)
{
    if (r->failed.code)
        return fm_err_set(e, r->failed.code, "%s", r->failed.msg);
    return fm_ledger_describe(&r->entry.output, f, e);
}

int
fm_record_write(void *record, struct fm_err *e)
{
    struct fm_record *r = record;
    const struct fm_ledger *l = &r->file.lines;
    char text[64];
    int rc;

    snprintf(text, sizeof text, "and %zu more", r->more);
    if (r->more && (rc = fm_ledger_refuse(&r->entry, text, e)))
        return rc;
    fm_ledger_sort(&r->entry);
    r->line = fm_ledger_find(l, &r->entry);
    r->again = r->line > 0;
    if (r->again)
        return 0;
    for (size_t i = 0; i < l->n; i++)
        if (fm_id_cmp(&l->entry[i].base.id, &r->entry.base.id) == 0 &&
            fm_id_cmp(&l->entry[i].output.id, &r->entry.output.id) != 0)
            r->other = i + 1;
    if ((rc = fm_ledgerfile_append(&r->file, &r->entry, e)) == 0)
        r->line = (size_t)r->entry.line;
    return rc;
}
