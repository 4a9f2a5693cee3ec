/*
 * fedmrn-aggregate: a model and bundles in, the next model out.
 * See man/fedmrn-aggregate.1 for the contract; the work is in fed/round.h.
 */
#include "cli/common.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "fed/order.h"
#include "fed/record.h"
#include "fed/round.h"
#include "trust/vouch.h"

#include <stdlib.h>
#include <string.h>

static struct fm_opt opts[] = {
    FM_OPT_MODEL,
    {0, "partial", NULL, "write the sum itself, to be added to others", NULL},
    {0, "quorum", "N", "leave out what is refused; N clients must remain",
     NULL},
    {0, "max-stale", "R", "let answers count that are up to R rounds late",
     NULL},
    {0, "staleness", "S", "what these weigh: const, poly:A or hinge:A,B", NULL},
    {0, "rule", "RULE", "mean, majority, trimmed:N or krum:F[:M] of the bits",
     NULL},
    {0, "report", "FILE", "write what became of every answer, as JSON", NULL},
    {0, "weights", "W", "clients weigh by samples, uniform or roster", NULL},
    {0, "max-samples", "N", "no client weighs more than N samples", NULL},
    {0, "exclude", "CLIENT", "leave out a client; may be given again", NULL},
    {0, "ledger", "FILE", "add a line about the round to a ledger", NULL},
    {0, "ledger-wait", NULL, "wait for another run that holds it", NULL},
    FM_OPT_ROSTER,
    FM_OPT_SIGNATURES,
    FM_OPT_THREADS,
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
    {0}};

static struct fm_tool tool = {
    "fedmrn-aggregate", "--model MODEL [OPTION]... [BUNDLE]...",
    "Add the answers of a round to its model, exactly, and write the next\n"
    "model; of several rounds, one after another.  Answers are bundles, round\n"
    "files and partial sums.",
    "fedmrn-aggregate --model w0 r1/*.mrn -o w1", opts};

enum { EXCLUDE_MAX = 1024 };

static const char *exclude[EXCLUDE_MAX];
static size_t nexclude;

/* The policy that the options ask for; what depends on the method follows. */
static void
read_policy(struct fm_policy *p)
{
    const char *weights = fm_opt(&tool, "weights");
    const char *staleness = fm_opt(&tool, "staleness");
    char why[FM_CLIENT_WHY];

    *p = (struct fm_policy){.exclude = exclude, .nexclude = nexclude};
    if (weights &&
        (strchr(weights, ':') || !fm_weighting_parse(&p->weighting, weights)))
        fm_cli_usage("option --weights: '%s' is not samples, uniform or roster",
                     weights);
    if (p->weighting.by == FM_BY_ROSTER && !fm_opt(&tool, "roster"))
        fm_cli_usage("option --weights: roster needs --roster FILE, which says "
                     "the weights");
    p->quorum = (size_t)fm_opt_count(&tool, "quorum", 1, FM_PARTS_MAX, 0);
    p->max_stale =
        (uint32_t)fm_opt_count(&tool, "max-stale", 0, FM_STALE_MAX, 0);
    if (staleness && !fm_staleness_parse(&p->staleness, staleness))
        fm_cli_usage("option --staleness: '%s' is not const, poly:A (A in "
                     "[0,16]) or hinge:A,B (A in [0,1e6], B in 0..%d)",
                     staleness, FM_STALE_MAX);
    if (staleness && p->max_stale == 0)
        fm_cli_usage("option --staleness means nothing without --max-stale");
    if (p->max_stale && fm_opt(&tool, "partial"))
        fm_cli_usage("option --max-stale: a partial sum is of one round");
    if (fm_opt(&tool, "rule") &&
        !fm_rule_parse(&p->rule, fm_opt(&tool, "rule")))
        fm_cli_usage("option --rule: '%s' is not mean, majority, trimmed:N or "
                     "krum:F[:M]",
                     fm_opt(&tool, "rule"));
    if (p->rule.kind != FM_RULE_MEAN && fm_opt(&tool, "partial"))
        fm_cli_usage("option --rule: a rule applies where the sum becomes a "
                     "model");
    p->report = fm_opt(&tool, "report") != NULL;
    if (p->report && strcmp(fm_opt(&tool, "report"), "-") == 0)
        fm_cli_usage("option --report: standard output is the model's; name a "
                     "file");
    p->weighting.cap = fm_opt_count(&tool, "max-samples", 1, FM_SAMPLES_MAX, 0);
    if (p->weighting.cap && p->weighting.by == FM_BY_CLIENT)
        fm_cli_usage("option --max-samples means nothing with --weights "
                     "uniform");
    for (size_t i = 0; i < nexclude; i++)
        if (!fm_client_ok(exclude[i]))
            fm_cli_usage("option --exclude: %s",
                         fm_client_why(why, exclude[i]));
}

static struct fm_record record; /* when there is a ledger */

static void
note(void *ctx, const char *text)
{
    (void)ctx;
    fm_cli_note("%s", text);
    if (fm_opt(&tool, "ledger"))
        fm_record_refuse(&record, text);
}

static void
progress(void *ctx, size_t bundles)
{
    (void)ctx;
    fm_progress(bundles, 0, "bundles", NULL);
}

/* Once, whether all goes well or not. */
static int
write_report(struct fm_round *round, struct fm_err *e)
{
    static bool written;
    const char *path = fm_opt(&tool, "report");
    const struct fm_buf *text;

    if (!path || !round || written)
        return 0;
    written = true;
    text = fm_round_report(round, e);
    return text ? fm_out_write(path, text->data, text->len, e) : FM_ESYS;
}

/* The whole answer is known before the output is touched. */
static int
write_next(struct fm_round *round, struct fm_model *base, struct fm_err *e)
{
    struct fm_model_file f = {.model = base};
    int rc = fm_round_next(&f.head, round, base, e);

    if (rc == 0)
        rc = write_report(round, e);
    if (rc == 0 && fm_opt(&tool, "ledger")) {
        if ((rc = fm_record_output(&record, &f, e)) == 0)
            fm_out_before(fm_record_write, &record);
    }
    if (rc == 0)
        rc = fm_out_stream(fm_opt(&tool, "output"), fm_model_file_put, &f, e);
    fm_buf_free(&f.head);
    return rc;
}

static int
put_partial(void *ctx, FILE *out, struct fm_err *e)
{
    return fm_partial_write(out, ctx, e);
}

static int
write_partial(struct fm_round *round, struct fm_err *e)
{
    struct fm_partial p;
    int rc = fm_round_sum(&p, round, e);

    if (rc == 0)
        rc = write_report(round, e);
    if (rc == 0)
        rc = fm_out_stream(fm_opt(&tool, "output"), put_partial, &p, e);
    free(p.part);
    return rc;
}

/* Whoever --roster names may answer; `input` is what --signatures is for. */
static int
open_roster(struct fm_vouch **v, struct fm_policy *policy, const char *input,
            struct fm_err *e)
{
    const char *roster = fm_opt(&tool, "roster");

    *v = NULL;
    if (!roster)
        return 0;
    *v = fm_vouch_open(roster, fm_opt(&tool, "signatures"), input, e);
    if (!*v)
        return (int)e->code;
    policy->roster = fm_vouch_roster(*v);
    policy->listed = fm_roster_listed;
    policy->rostered = true;
    memcpy(policy->roster_digest, fm_roster_digest(policy->roster),
           sizeof policy->roster_digest);
    return 0;
}

static int
open_ledger(struct fm_err *e)
{
    const char *path = fm_opt(&tool, "ledger");
    int rc;

    if (!path)
        return 0;
    rc = fm_record_open(&record, path, fm_opt(&tool, "ledger-wait"),
                        "fedmrn-aggregate " FM_VERSION, e);
    if (rc == 0 && record.file.torn)
        fm_cli_note("%s: its last line was cut short, before the model had a "
                    "name, and is removed",
                    path);
    return rc;
}

static void
close_ledger(int rc)
{
    if (!fm_opt(&tool, "ledger"))
        return;
    if (rc == 0 && record.other)
        fm_cli_note("%s: line %zu made another model of the same one",
                    record.file.path, record.other);
    fm_record_close(&record);
}

/* Only the rounds' own records tell whose bundles a model was made of. */
static void
tell_unsure(const struct fm_round *round)
{
    const size_t n = fm_round_unsure(round);

    if (n)
        fm_cli_note("%zu late %s: whether the client counted in that round by "
                    "another bundle, only a --ledger that goes back so far can "
                    "tell",
                    n, n == 1 ? "answer" : "answers");
}

/* Perhaps its name was meant to be another. */
static void
tell_absent(const struct fm_round *round)
{
    for (size_t i = 0; i < nexclude; i++)
        if (!fm_round_came(round, i))
            fm_cli_note("option --exclude: no answer is client %s's",
                        exclude[i]);
}

static int
run(char **path, size_t n, const char *signed_input, struct fm_policy *policy,
    struct fm_err *e)
{
    const bool ledger = fm_opt(&tool, "ledger") != NULL;
    const struct fm_round_hooks hooks = {.note = note,
                                         .progress = progress,
                                         .count =
                                             ledger ? fm_record_count : NULL,
                                         .ctx = &record};
    struct fm_model *base = NULL;
    struct fm_pool *pool = NULL;
    struct fm_round *round = NULL;
    struct fm_vouch *vouch = NULL;
    int rc;

    /* What went down a pipe stays there when the ledger takes no line. */
    rc = ledger ? fm_out_check_file(fm_opt(&tool, "output"), e)
                : fm_out_check(fm_opt(&tool, "output"), e);
    if (rc || (fm_opt(&tool, "report") &&
               (rc = fm_out_check(fm_opt(&tool, "report"), e))))
        return rc;
    if ((rc = open_ledger(e)) ||
        (rc = open_roster(&vouch, policy, signed_input, e)))
        goto out;
    base = fm_model_read(fm_opt(&tool, "model"), e);
    if (!base) {
        rc = (int)e->code;
        goto out;
    }
    if (!fm_opt(&tool, "weights") && policy->weighting.cap == 0)
        policy->weighting = policy->rule.kind == FM_RULE_MEAN
                                ? fm_weighting_default(base->set.method)
                                : fm_weighting_default(FM_FEDPM);
    if (ledger && (rc = fm_record_base(&record, base, policy, e)))
        goto out;
    pool = fm_cli_pool(&tool, e);
    if (pool)
        round = fm_round_new(base, pool, policy, &hooks, e);
    if (!round) {
        rc = (int)e->code;
        goto out;
    }
    if (ledger &&
        (rc = fm_record_past(&record.file.lines, record.file.lines.n,
                             &record.entry.base, round, policy->max_stale, e)))
        goto out;
    /* What nobody has vouched for is not looked into, not even for its round.
     */
    if (vouch)
        fm_round_guard(round, fm_vouch_guard(vouch));
    else if (n > 1 && (rc = fm_order_files(path, n, e)))
        goto out;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = fm_round_take(round, path[i], e);
    if (rc == 0)
        rc = fm_opt(&tool, "partial") ? write_partial(round, e)
                                      : write_next(round, base, e);
    /* Why there is none is in the report, too; the failure is the news. */
    if (rc) {
        write_report(round, NULL);
        goto out;
    }
    tell_unsure(round);
    tell_absent(round);
out:
    fm_round_free(round);
    fm_vouch_free(vouch);
    fm_pool_free(pool);
    fm_model_free(base);
    close_ledger(rc);
    return rc;
}

/* A line in a ledger is about a model that gets a name. */
static void
check_ledger(void)
{
    const char *ledger = fm_opt(&tool, "ledger"),
               *out = fm_opt(&tool, "output");

    if (!ledger && fm_opt(&tool, "ledger-wait"))
        fm_cli_usage("option --ledger-wait: needs --ledger");
    if (!ledger)
        return;
    if (!out || strcmp(out, "-") == 0)
        fm_cli_usage("option --ledger: needs -o FILE");
    if (fm_opt(&tool, "partial"))
        fm_cli_usage("option --ledger: a partial sum closes no round");
}

/* What is written must not fall on what is read, or on each other.  The model
 * alone may be replaced by the next one, and a partial sum by a larger one. */
static void
check_files(char **path, int n)
{
    static const char *const other[] = {"output", "ledger", "model", "roster",
                                        "signatures"};
    const char *report = fm_opt(&tool, "report"),
               *ledger = fm_opt(&tool, "ledger"),
               *out = fm_opt(&tool, "output");

    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        const char *file = fm_opt(&tool, other[i]);

        if (report && file && fm_out_same(report, file))
            fm_cli_usage("options --report and --%s: the same file", other[i]);
        if (ledger && file && i != 1 && fm_out_same(ledger, file))
            fm_cli_usage("options --ledger and --%s: the same file", other[i]);
        if (out && file && i > 2 && fm_out_same(out, file))
            fm_cli_usage("options --output and --%s: the same file", other[i]);
    }
    for (int i = 0; i < n; i++) {
        if (report && fm_out_same(report, path[i]))
            fm_cli_usage("option --report: %s is an answer", path[i]);
        if (out && !fm_opt(&tool, "partial") && fm_out_same(out, path[i]))
            fm_cli_usage("option --output: %s is an answer", path[i]);
    }
    fm_cli_spare_bundle(&tool);
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    struct fm_policy policy;
    const char *signed_input;
    char **path;
    int n;

    fm_opt_repeat("exclude", exclude, EXCLUDE_MAX, &nexclude);
    path = fm_cli_start(&tool, argc, argv, &n);
    read_policy(&policy);
    path = fm_cli_inputs(path, &n, fm_opt_need(&tool, "model"));
    signed_input = fm_cli_signed(&tool, path, n);
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
    fm_out_check_tty(fm_opt(&tool, "output"));
    check_ledger();
    check_files(path, n);
    run(path, (size_t)n, signed_input, &policy, &e);
    return fm_cli_end(&e);
}
