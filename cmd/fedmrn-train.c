/*
 * fedmrn-train: one client's training in one round, answered by a bundle.
 * See man/fedmrn-train.1 for the contract; the work is in fed/local.h.
 */
#include "cli/common.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "data/rows.h"
#include "fed/checkpoint.h"
#include "fed/input.h"
#include "fed/local.h"
#include "fed/state.h"
#include "tensor/idle.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_MAX = 64, SECOND = 1000 };

static const struct fm_opt before[] = {
    FM_OPT_MODEL,
    {0, "images", "FILE", "the client's images (IDX, NPY)", NULL},
    {0, "labels", "FILE", "their labels (IDX, NPY)", NULL},
    FM_OPT_TEXT,
    FM_OPT_DATA,
    {0, "indices", "FILE", "the rows to train on (default: all)", NULL},
    {0, "client", "ID", "the client's id, 1 to 64 of a-z 0-9 . _ -", NULL},
    {0, "state", "FILE", "fedpm: keep Adam's moments here between rounds",
     NULL},
    {0, "checkpoint", "FILE", "keep the training here until it is answered",
     NULL},
    {0, "checkpoint-every", "SECONDS", "how often, within an epoch (60)", NULL},
};
static const struct fm_opt after[] = {
    {'s', "seed", "N", "private seed (default: from the system)", NULL},
    FM_OPT_THREADS,
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
};

static struct fm_opt opts[ROWS_MAX];

static struct fm_tool tool = {
    "fedmrn-train",
    "--model FILE --images FILE --labels FILE --client ID [OPTION]...",
    "Train on a client's own data and answer the round with a bundle.\n"
    "Settings that are not given are the model's.",
    "fedmrn-train --model w0 --images images --labels labels --indices "
    "parts/7 --client 7 | fedmrn-pack -m w0 -o 7.mrn",
    opts};

/* What was asked for. */
struct job {
    struct fm_dataset_from data;
    const char *model, *indices, *client, *out;
    const char *state_file;
    struct fm_state *state;
    uint64_t seed;
    const char *checkpoint;
    struct fm_checkpoint *from; /* what it held, if it was there */
    uint64_t every, saved;      /* milliseconds */
};

/* May the client choose this setting?  The dither guards its own privacy. */
static bool
is_own(const char *setting)
{
    return fm_setting_is_local(setting) || strcmp(setting, "dither") == 0;
}

static void
make_options(void)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        opts[n++] = before[i];
    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i];

        if (is_own(name))
            opts[n++] = (struct fm_opt){.name = name,
                                        .arg = fm_setting_arg(name),
                                        .help = fm_setting_help(name)};
    }
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        opts[n++] = after[i];
    assert(n < ROWS_MAX); /* the last row is the end */
}

/* Set what was given, over the model's; without a model only check it. */
static void
override(struct fm_settings *set, const struct fm_model *m)
{
    struct fm_err e = {0};
    char method[FM_SETTING_TEXT];

    if (m)
        fm_setting_get(&m->set, "method", method);
    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i];
        const char *text = is_own(name) ? fm_opt(&tool, name) : NULL;

        if (text && fm_setting_set(set, name, text, &e))
            fm_cli_usage("option --%s", e.msg);
        if (text && m && !fm_setting_applies(name, m->set.method))
            fm_cli_usage("option --%s means nothing under %s, the model's "
                         "method",
                         name, method);
    }
    for (size_t i = 0; m && fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i];
        const char *idle = is_own(name) && fm_opt(&tool, name)
                               ? fm_setting_idle(set, name)
                               : NULL;

        if (idle)
            fm_cli_usage("option --%s means nothing under %s", name, idle);
    }
    if (m && fm_opt(&tool, "full-bits") && !fm_model_sends_full(m))
        fm_cli_usage("option --full-bits means nothing to this model, of which "
                     "nothing travels in full");
    fm_cli_tokens(&tool, m && fm_arch_vocabulary(m->arch));
    if (m && fm_arch_vocabulary(m->arch) && (set->crop || set->flip))
        fm_cli_usage("options --crop and --flip mean nothing to a network of "
                     "tokens");
    if (m && set->nmean != 1 && set->nmean != m->arch->input.c)
        fm_cli_usage("option --mean: %zu values for %zu channels", set->nmean,
                     m->arch->input.c);
    if (m && set->nstd != 1 && set->nstd != m->arch->input.c)
        fm_cli_usage("option --std: %zu values for %zu channels", set->nstd,
                     m->arch->input.c);
}

static void
show(void *ctx, size_t step, size_t steps, double loss)
{
    char detail[32];

    (void)ctx;
    snprintf(detail, sizeof detail, "loss %.3f", loss);
    fm_progress(step, steps, "steps", detail);
}

/* --- The checkpoint ------------------------------------------------------
 */

static uint64_t
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* An epoch's end is a good moment, but none that comes a hundred times a
 * second. */
static bool
is_due(void *ctx, bool whole)
{
    const struct job *j = ctx;
    uint64_t passed = now() - j->saved;

    return passed >= j->every || (whole && passed >= SECOND);
}

static int
save(void *ctx, int (*fill)(void *arg, FILE *out, struct fm_err *e), void *arg,
     struct fm_err *e)
{
    struct job *j = ctx;
    int rc = fm_out_private(j->checkpoint, fill, arg, e);

    j->saved = now();
    return rc;
}

/* Where the training stood when it was killed, and its private seed. */
static int
read_checkpoint(struct job *j, bool seeded, struct fm_err *e)
{
    if (!j->checkpoint || (access(j->checkpoint, F_OK) != 0 && errno == ENOENT))
        return 0;
    if (!(j->from = fm_checkpoint_open(j->checkpoint, e)))
        return (int)e->code;
    /* One that was given is held against it later. */
    if (!seeded)
        j->seed = fm_checkpoint_seed(j->from);
    j->saved = now();
    return 0;
}

/*
 * The answer is complete, and its name is on the disk.  A power cut may bring
 * the checkpoint back, which then makes the same answer again.  A link to it
 * stays a link.
 */
static int
drop_checkpoint(const struct job *j, struct fm_err *e)
{
    char *path;
    int rc = 0;

    if (!j->checkpoint)
        return 0;
    if ((!j->out || strcmp(j->out, "-") == 0) && (rc = fm_out_close_stdout(e)))
        return rc;
    path = realpath(j->checkpoint, NULL);
    if (!path || unlink(path))
        rc = fm_err_errno(e, errno, j->checkpoint);
    free(path);
    return rc;
}

static int
train(struct fm_bundle *b, struct job *j, const struct fm_model *m,
      const struct fm_dataset *d, struct fm_err *e)
{
    struct fm_settings set = m->set;
    struct fm_local l = {.base = m,
                         .data = d,
                         .client = j->client,
                         .set = &set,
                         .private_seed = j->seed,
                         .state = j->state,
                         .progress = show};
    const struct fm_keep keep = {j->from, is_due, save, j};
    const char *name = fm_dataset_samples_name(&j->data);
    struct fm_augment augment;
    uint32_t *row = NULL;
    int rc = 0;

    override(&set, m);
    augment = fm_local_augment(&set);
    if ((rc = fm_augment_check(&augment, d, name, set.nmean, set.nstd, e)))
        return rc;
    l.nrows = d->n;
    if (j->indices)
        rc = fm_rows_read(&row, &l.nrows, j->indices, d->n, e);
    else if (!(row = fm_rows_all(d->n, e)))
        rc = FM_ESYS;
    l.row = row;
    if (j->checkpoint)
        l.keep = &keep;
    if (!rc && !(l.pool = fm_cli_pool(&tool, e)))
        rc = FM_ESYS;
    if (!rc)
        rc = fm_local_train(b, &l, e);
    fm_pool_free(l.pool);
    free(row);
    return rc;
}

/* What the client's last round left, if there is any. */
static int
read_state(struct job *j, const struct fm_model *m, struct fm_err *e)
{
    if (!j->state_file)
        return 0;
    if (m->set.method != FM_FEDPM)
        fm_cli_usage("option --state means nothing under the model's method; "
                     "only fedpm keeps one");
    j->state = fm_state_new(m, j->client, e);
    if (!j->state)
        return FM_ESYS;
    if (access(j->state_file, F_OK) != 0 && errno == ENOENT)
        return 0;
    return fm_state_read(j->state, j->state_file, e);
}

struct answer {
    const struct job *job;
    const struct fm_buf *file;
};

static int
write_answer(void *ctx, struct fm_err *e)
{
    const struct answer *a = ctx;
    const char *out = a->job->out;
    int rc = fm_out_write(out, a->file->data, a->file->len, e);

    if (rc == 0 && (!out || strcmp(out, "-") == 0))
        rc = fm_out_close_stdout(e);
    return rc;
}

/*
 * The state is complete and synced before the answer goes out, and has its name
 * after it.  Who is killed between the two has the state of before, from which
 * the same command learns the round once more, and not twice.
 */
static int
write_both(const struct job *j, const struct fm_buf *file, struct fm_err *e)
{
    struct answer a = {j, file};
    struct fm_buf state = {0};
    int rc;

    if (!j->state)
        return fm_out_write(j->out, file->data, file->len, e);
    if (!(rc = fm_state_write(&state, j->state, e))) {
        fm_out_before(write_answer, &a);
        rc = fm_out_write(j->state_file, state.data, state.len, e);
    }
    fm_buf_free(&state);
    return rc;
}

static int
run(struct job *j, bool seeded, struct fm_err *e)
{
    struct fm_model *m = NULL;
    struct fm_dataset d = {0};
    struct fm_bundle b = {0};
    struct fm_buf file = {0};
    int rc;

    /* Before the work, not after it. */
    if ((rc = fm_out_check(j->out, e)) ||
        (j->state_file && (rc = fm_out_check(j->state_file, e))) ||
        (j->checkpoint && (rc = fm_out_check(j->checkpoint, e))) ||
        (rc = read_checkpoint(j, seeded, e)))
        goto out;
    if (!(m = fm_model_read(j->model, e))) {
        rc = (int)e->code;
        goto out;
    }
    if ((rc = fm_bundle_check_size(m->masked, m->full, e))) {
        fm_err_where(e, fm_file_name(j->model));
        goto out;
    }
    if ((rc = read_state(j, m, e)) ||
        (rc = fm_input_read(&d, &j->data, m->arch, m->set.loss, e)))
        goto out;
    if ((rc = train(&b, j, m, &d, e)))
        goto out;
    if (!(rc = fm_bundle_write(&file, &b, e)) &&
        !(rc = write_both(j, &file, e)))
        rc = drop_checkpoint(j, e);
out:
    fm_checkpoint_free(j->from);
    fm_buf_free(&file);
    fm_bundle_free(&b);
    fm_dataset_free(&d);
    fm_state_free(j->state);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct job j = {0};
    struct fm_settings scratch;
    struct fm_err e = {0};
    char **operand;
    bool seeded;
    char why[FM_CLIENT_WHY];
    int n;

    make_options();
    operand = fm_cli_start(&tool, argc, argv, &n);
    if (n > 0)
        fm_cli_usage("%s: fedmrn-train takes no operands", operand[0]);
    j.model = fm_opt_need(&tool, "model");
    j.data = fm_cli_data(&tool, true);
    j.indices = fm_opt(&tool, "indices");
    j.client = fm_opt_need(&tool, "client");
    j.state_file = fm_opt(&tool, "state");
    j.out = fm_opt(&tool, "output");
    if (j.state_file && strcmp(j.state_file, "-") == 0)
        fm_cli_usage("option --state: needs a file");
    fm_cli_apart(&tool);
    j.checkpoint = fm_opt(&tool, "checkpoint");
    j.every = SECOND * fm_opt_count(&tool, "checkpoint-every", 0, 86400, 60);
    if (j.checkpoint && strcmp(j.checkpoint, "-") == 0)
        fm_cli_usage("option --checkpoint: needs a file");
    if (!j.checkpoint && fm_opt(&tool, "checkpoint-every"))
        fm_cli_usage("option --checkpoint-every: needs --checkpoint");
    if (j.checkpoint && j.state_file && fm_out_same(j.checkpoint, j.state_file))
        fm_cli_usage("options --checkpoint and --state: the same file");
    if (!fm_client_ok(j.client))
        fm_cli_usage("option --client: %s", fm_client_why(why, j.client));
    fm_cli_data_stdin(&j.data, j.model, j.indices);
    /* Whatever the model's are, malformed ones are seen before any work. */
    fm_settings_default(&scratch, FM_FEDMRN);
    override(&scratch, NULL);
    fm_out_check_tty(j.out);
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
    seeded = fm_opt_seed(&tool, "seed", &j.seed);
    if (seeded || !fm_key_private(&j.seed, &e))
        run(&j, seeded, &e);
    return fm_cli_end(&e);
}
