/*
 * fedmrn-verify: are these files whole?
 * See man/fedmrn-verify.1 for the contract; the work is in agg/verify.h.
 */
#include "agg/verify.h"
#include "cli/common.h"
#include "cli/visible.h"
#include "fed/replay.h"
#include "trust/ledgerfile.h"
#include "trust/vouch.h"

#include <string.h>

static struct fm_opt opts[] = {
    {'m', "model", "FILE", "the model that bundles and sums must answer", NULL},
    FM_OPT_ROSTER,
    FM_OPT_SIGNATURES,
    {0, "ledger", "FILE", "check a ledger instead, see --dir and --head", NULL},
    {0, "dir", "DIR", "replay its rounds from the bundles there", NULL},
    {0, "head", "HASH", "it must have the line with this hash", NULL},
    FM_OPT_THREADS,
    {'q', "quiet", NULL, "print no line for a good file", NULL},
    FM_OPT_JSON,
    {0}};

static struct fm_tool tool = {"fedmrn-verify",
                              "[--model MODEL] [OPTION]... [FILE]...",
                              "Check bundles, round files, partial sums and "
                              "models: a line for each that\n"
                              "is good, the reason for each that is not.",
                              "fedmrn-verify --model w0 r1/*.mrn", opts};

/* An object, and so far what was said of it, as a line of JSON. */
static int
put(struct fm_json *j, struct fm_err *e)
{
    int rc = fm_cli_json(j, e);

    fm_json_free(j);
    return rc;
}

/* What is known of a file: good, or why it is bad. */
static int
verdict(const char *path, const struct fm_err *why, struct fm_err *e)
{
    const bool ok = why->code == FM_OK;
    struct fm_json *j;

    if (!ok)
        fm_cli_note("%s", why->msg);
    if (ok && fm_opt(&tool, "quiet"))
        return 0;
    if (!fm_opt(&tool, "json")) {
        if (ok)
            fm_visible_line("%s: ok", fm_file_name(path));
        return 0;
    }
    j = fm_json_object();
    fm_visible_add(j, "file", fm_file_name(path));
    fm_json_add_bool(j, "ok", ok);
    if (!ok)
        fm_visible_add(j, "reason", why->msg);
    return put(j, e);
}

/* The first failure of the machine ends it; bad files do not. */
static int
run(char **path, size_t n, const char *signed_input, struct fm_err *e)
{
    const char *model = fm_opt(&tool, "model");
    const char *roster = fm_opt(&tool, "roster");
    struct fm_model *base = NULL;
    struct fm_vouch *vouch = NULL;
    size_t bad = 0;
    int rc = 0;

    if (roster && !(vouch = fm_vouch_open(roster, fm_opt(&tool, "signatures"),
                                          signed_input, e)))
        return (int)e->code;
    if (model && !(base = fm_model_read(model, e))) {
        rc = (int)e->code;
        goto out;
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct fm_err why = {0};

        fm_verify(path[i], base, vouch ? fm_vouch_guard(vouch) : NULL, &why);
        if (why.code == FM_ESYS) {
            *e = why;
            rc = FM_ESYS;
            break;
        }
        bad += why.code == FM_EINPUT;
        rc = verdict(path[i], &why, e);
    }
    if (rc == 0 && bad)
        rc = fm_err_set(e, FM_EINPUT, "%zu of %zu files %s bad", bad, n,
                        bad == 1 ? "is" : "are");
out:
    fm_vouch_free(vouch);
    fm_model_free(base);
    return rc;
}

/* --- A ledger ------------------------------------------------------------
 */

static void
say(void *ctx, const struct fm_ledger_entry *t, const char *path)
{
    struct fm_json *j;

    if (fm_opt(&tool, "quiet"))
        return;
    if (!fm_opt(&tool, "json")) {
        fm_visible_line("round %llu: ok%s%s",
                        (unsigned long long)t->output.round, path ? ": " : "",
                        path ? path : "");
        return;
    }
    j = fm_json_object();
    fm_json_add_int(j, "round", t->output.round);
    fm_json_add_bool(j, "ok", true);
    if (path)
        fm_visible_add(j, "model", path);
    put(j, ctx);
}

static int
check_head(const struct fm_ledger *l, const char *path, const char *head,
           struct fm_err *e)
{
    char hex[FM_LEDGER_HEX];

    for (size_t i = 0; i < l->n && head; i++)
        if (strcmp(fm_ledger_hex(hex, l->entry[i].hash), head) == 0)
            return 0;
    return head ? fm_err_set(e, FM_EINPUT,
                             "%s: it has no line with the hash %s: it was cut "
                             "short, or written anew",
                             path, head)
                : 0;
}

/* Were all rounds closed with this roster? */
static int
check_roster(const struct fm_ledger *l, const char *path,
             const struct fm_roster *r, struct fm_err *e)
{
    const char *name = fm_opt(&tool, "roster");
    const struct fm_policy *p;
    char is[FM_LEDGER_HEX], was[FM_LEDGER_HEX];
    const size_t line = fm_ledger_roster(l, fm_roster_digest(r));

    if (line == 0)
        return 0;
    fm_ledger_hex(is, fm_roster_digest(r));
    p = &l->entry[line - 1].policy;
    if (!p->rostered)
        return fm_err_set(e, FM_EINPUT, "%s: line %zu: names no roster", path,
                          line);
    return fm_err_set(e, FM_EINPUT,
                      "%s: line %zu: closed under the roster %.16s..., and %s "
                      "is %.16s...",
                      path, line, fm_ledger_hex(was, p->roster_digest),
                      fm_file_name(name), is);
}

static int
replay(const struct fm_ledger *l, const char *path, const struct fm_vouch *v,
       struct fm_err *e)
{
    struct fm_pool *pool = fm_cli_pool(&tool, e);
    int rc =
        pool ? fm_replay(l, fm_opt(&tool, "dir"), pool, v, say, e, e) : FM_ESYS;

    fm_err_where(e, path);
    fm_pool_free(pool);
    return rc;
}

/* The ledger is as it should be. */
static int
whole(const struct fm_ledger *l, const char *name, struct fm_err *e)
{
    char hex[FM_LEDGER_HEX] = "";
    struct fm_json *j;

    fm_ledger_hex(hex, l->entry[l->n - 1].hash);
    if (!fm_opt(&tool, "json")) {
        fm_visible_line("%s: ok: %zu %s, hash %s", name, l->n,
                        l->n == 1 ? "line" : "lines", hex);
        return 0;
    }
    j = fm_json_object();
    fm_visible_add(j, "ledger", name);
    fm_json_add_bool(j, "ok", true);
    fm_json_add_int(j, "lines", l->n);
    fm_json_add_str(j, "hash", hex);
    return put(j, e);
}

static int
run_ledger(const char *path, struct fm_err *e)
{
    const char *roster = fm_opt(&tool, "roster");
    struct fm_vouch *vouch = NULL;
    struct fm_ledger l = {0};
    size_t torn = 0;
    int rc;

    if ((rc = fm_ledgerfile_read(&l, &torn, path, e)) ||
        (rc = check_head(&l, fm_file_name(path), fm_opt(&tool, "head"), e)))
        goto out;
    if (roster && !(vouch = fm_vouch_open(roster, NULL, NULL, e))) {
        rc = (int)e->code;
        goto out;
    }
    if (vouch &&
        (rc = check_roster(&l, fm_file_name(path), fm_vouch_roster(vouch), e)))
        goto out;
    if (l.n == 0 && !torn)
        rc = fm_err_set(e, FM_EINPUT, "%s: it has no line", fm_file_name(path));
    if (rc == 0 && fm_opt(&tool, "dir"))
        rc = replay(&l, fm_file_name(path), vouch, e);
    if (rc == 0 && torn)
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: line %zu is cut short, as by a machine that "
                        "stopped: the next fedmrn-aggregate --ledger removes "
                        "it",
                        fm_file_name(path), l.n + 1);
    if (rc == 0 && !fm_opt(&tool, "quiet"))
        rc = whole(&l, fm_file_name(path), e);
out:
    fm_vouch_free(vouch);
    fm_ledger_free(&l);
    return rc;
}

/* What goes with --ledger, and what only with it. */
static void
check_options(int n)
{
    static const char *const not [] = {"model", "signatures"};
    static const char *const only[] = {"dir", "head", "threads"};
    uint8_t hash[FM_BLAKE_256];
    const char *head = fm_opt(&tool, "head");
    const bool ledger = fm_opt(&tool, "ledger") != NULL;

    for (size_t i = 0; ledger && i < sizeof not / sizeof *not ; i++)
        if (fm_opt(&tool, not [i]))
            fm_cli_usage("option --%s means nothing with --ledger", not [i]);
    for (size_t i = 0; !ledger && i < sizeof only / sizeof *only; i++)
        if (fm_opt(&tool, only[i]))
            fm_cli_usage("option --%s: needs --ledger", only[i]);
    if (ledger && n > 0)
        fm_cli_usage("option --ledger: takes no files besides");
    if (head && !fm_ledger_hex_parse(hash, head))
        fm_cli_usage("option --head: '%s' is not 64 hex digits", head);
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    int n;
    char **path = fm_cli_start(&tool, argc, argv, &n);

    check_options(n);
    if (fm_opt(&tool, "ledger")) {
        run_ledger(fm_opt(&tool, "ledger"), &e);
        return fm_cli_end(&e);
    }
    path = fm_cli_inputs(path, &n, fm_opt(&tool, "model"));
    run(path, (size_t)n, fm_cli_signed(&tool, path, n), &e);
    return fm_cli_end(&e);
}
