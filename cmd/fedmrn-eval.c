/*
 * fedmrn-eval: a model's loss and accuracy on a data set.
 * See man/fedmrn-eval.1 for the contract; the work is in fed/eval.h.
 */
#include "base/printable.h"
#include "cli/common.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "data/rows.h"
#include "fed/eval.h"
#include "fed/expand.h"
#include "fed/input.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct fm_opt opts[] = {
    FM_OPT_MODEL,
    {0, "images", "FILE", "the images (IDX, NPY)", NULL},
    {0, "labels", "FILE", "their labels (IDX, NPY)", NULL},
    FM_OPT_TEXT,
    FM_OPT_DATA,
    {0, "indices", "FILE", "the rows to evaluate (default: all)", NULL},
    {0, "mean", "VALUES", "of the pixels, per channel (default: the model's)",
     NULL},
    {0, "std", "VALUES", "of the pixels, per channel (default: the model's)",
     NULL},
    {0, "confusion", NULL, "print the confusion matrix, too", NULL},
    {0, "predict", "FILE", "write row, label and prediction of each sample",
     NULL},
    {0, "mask", "sample|threshold|mean|all",
     "fedpm: the network of one sampled mask (sample, the default), of the "
     "likely weights (threshold), of all in proportion (mean), or all",
     NULL},
    {'s', "seed", "N", "of the sampled mask (default: the run's)", NULL},
    FM_OPT_JSON,
    FM_OPT_THREADS,
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
    {0}};

static struct fm_tool tool = {
    "fedmrn-eval", "--model FILE --images FILE --labels FILE [OPTION]...",
    "Print a model's accuracy and mean loss on a data set, or its mean errors "
    "when it\nlearned numbers.",
    "fedmrn-aggregate --model w0 r1/*.mrn | fedmrn-eval --model - "
    "--images test-images --labels test-labels",
    opts};

/* What was asked for. */
struct job {
    struct fm_dataset_from data;
    const char *model, *indices, *predict, *out;
    struct fm_pool *pool;
};

/* Override mean and std; a usage error says what is wrong with them. */
static void
normalisation(struct fm_settings *set)
{
    static const char *const name[] = {"mean", "std"};
    struct fm_err e = {0};

    for (int i = 0; i < 2; i++) {
        const char *text = fm_opt(&tool, name[i]);

        if (text && fm_setting_set(set, name[i], text, &e))
            fm_cli_usage("option --%s", e.msg);
    }
}

static int put(struct fm_buf *out, struct fm_err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
put(struct fm_buf *out, struct fm_err *e, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return fm_buf_add(out, text, (size_t)n, e);
}

static int
as_text(struct fm_buf *out, const struct fm_eval *v, struct fm_err *e)
{
    int rc;

    if (v->kind == FM_LOSS_MSE)
        return put(out, e, "mse %.6g mae %.6g samples %zu\n", v->loss, v->error,
                   v->samples);
    rc = put(out, e, "accuracy %.4f loss %.4f samples %zu\n",
             (double)v->correct / (double)v->samples, v->loss, v->samples);
    if (!fm_opt(&tool, "confusion"))
        return rc;
    for (size_t i = 0; i < v->classes && !rc; i++)
        for (size_t j = 0; j < v->classes && !rc; j++)
            rc = put(out, e, "%zu%c", v->confusion[i * v->classes + j],
                     j + 1 < v->classes ? '\t' : '\n');
    return rc;
}

static int
as_json(struct fm_buf *out, const struct fm_eval *v, const struct fm_model *m,
        struct fm_err *e)
{
    struct fm_json *j = fm_json_object();
    char id[FM_ID_HEX];
    int rc;

    fm_json_add_str(j, "model", fm_id_hex(id, &m->id));
    fm_json_add_int(j, "round", m->round);
    fm_json_add_int(j, "samples", v->samples);
    if (v->kind == FM_LOSS_MSE) {
        fm_json_add_real(j, "mse", v->loss);
        fm_json_add_real(j, "mae", v->error);
    } else {
        fm_json_add_int(j, "correct", v->correct);
        fm_json_add_real(j, "accuracy",
                         (double)v->correct / (double)v->samples);
        fm_json_add_real(j, "loss", v->loss);
    }
    if (fm_opt(&tool, "confusion")) {
        struct fm_json *matrix = fm_json_add_array(j, "confusion");

        for (size_t i = 0; i < v->classes; i++) {
            struct fm_json *row = fm_json_add_array(matrix, NULL);

            for (size_t k = 0; k < v->classes; k++)
                fm_json_add_int(row, NULL, v->confusion[i * v->classes + k]);
        }
    }
    if (!(rc = fm_printable_json(out, j, e)))
        rc = put(out, e, "\n");
    fm_json_free(j);
    return rc;
}

/* Of one sample: what it should be and what it is taken for, tab-separated;
 * of a regression in this order all numbers and all outputs. */
static int
put_prediction(struct fm_buf *text, const struct fm_eval *v,
               const struct fm_dataset *d, size_t i, uint32_t row,
               struct fm_err *e)
{
    int rc = 0;

    if (v->kind != FM_LOSS_MSE)
        return put(text, e, "\t%u\t%lu", d->y[row],
                   (unsigned long)v->predicted[i]);
    for (size_t k = 0; k < v->classes && !rc; k++)
        rc = put(text, e, "\t%.9g", (double)d->t[row * v->classes + k]);
    for (size_t k = 0; k < v->classes && !rc; k++)
        rc = put(text, e, "\t%.9g", (double)v->output[i * v->classes + k]);
    return rc;
}

/* A line for each row. */
static int
write_predictions(const char *path, const struct fm_eval *v,
                  const struct fm_dataset *d, const uint32_t *row,
                  struct fm_err *e)
{
    struct fm_buf text = {0};
    int rc = 0;

    for (size_t i = 0; i < v->samples && !rc; i++)
        if (!(rc = put(&text, e, "%lu", (unsigned long)row[i])) &&
            !(rc = put_prediction(&text, v, d, i, row[i], e)))
            rc = put(&text, e, "\n");
    if (!rc)
        rc = fm_out_write(path, text.data, text.len, e);
    fm_buf_free(&text);
    return rc;
}

static void
show(void *ctx, size_t done, size_t all)
{
    (void)ctx;
    fm_progress(done, all, "samples", NULL);
}

static int
evaluate(const struct job *j, const struct fm_model *m,
         const struct fm_dataset *d, const uint32_t *row, size_t nrows,
         struct fm_err *e)
{
    struct fm_settings set = m->set;
    struct fm_buf text = {0};
    struct fm_eval v = {0};
    int rc;

    normalisation(&set);
    if (fm_opt(&tool, "confusion") && set.loss == FM_LOSS_MSE)
        fm_cli_usage("option --confusion means nothing to a model that learns "
                     "numbers (loss mse)");
    fm_cli_tokens(&tool, fm_arch_vocabulary(m->arch));
    if ((set.nmean != 1 && set.nmean != m->arch->input.c) ||
        (set.nstd != 1 && set.nstd != m->arch->input.c))
        fm_cli_usage(
            "options --mean and --std have 1 value, or %zu for the model's "
            "channels",
            m->arch->input.c);
    if ((rc = fm_eval_run(&v, m, &set, d, row, nrows, j->pool, show, NULL, e)))
        goto out;
    rc = fm_opt(&tool, "json") ? as_json(&text, &v, m, e)
                               : as_text(&text, &v, e);
    if (!rc && j->predict)
        rc = write_predictions(j->predict, &v, d, row, e);
    if (!rc)
        rc = fm_out_write(j->out, text.data, text.len, e);
out:
    fm_eval_free(&v);
    fm_buf_free(&text);
    return rc;
}

/* A fedpm model becomes the network that is asked for. */
static int
expand(struct fm_model **m, struct fm_err *e)
{
    const char *text = fm_opt(&tool, "mask");
    enum fm_expand how = FM_EXPAND_SAMPLE;
    uint64_t seed = (*m)->seed;
    struct fm_model *net;

    fm_opt_seed(&tool, "seed", &seed);
    if ((*m)->set.method != FM_FEDPM) {
        if (text || fm_opt(&tool, "seed"))
            fm_cli_usage("--mask and --seed go with a model of method fedpm");
        return 0;
    }
    if (text && !fm_expand_parse(&how, text))
        fm_cli_usage("option --mask: '%s' is not sample, threshold, mean "
                     "or all",
                     text);
    if (how != FM_EXPAND_SAMPLE && fm_opt(&tool, "seed"))
        fm_cli_usage("option --seed means nothing under --mask %s", text);
    net = fm_expand(*m, how, seed, e);
    if (!net)
        return (int)e->code;
    fm_model_free(*m);
    *m = net;
    return 0;
}

static int
run(struct job *j, struct fm_err *e)
{
    struct fm_model *m = NULL;
    struct fm_dataset d = {0};
    uint32_t *row = NULL;
    size_t n;
    int rc;

    if ((rc = fm_out_check(j->out, e)) || (rc = fm_out_check(j->predict, e)))
        goto out;
    m = fm_model_read(j->model, e);
    rc = m ? expand(&m, e) : (int)e->code;
    if (rc || (rc = fm_input_read(&d, &j->data, m->arch, m->set.loss, e)))
        goto out;
    n = d.n;
    if (j->indices)
        rc = fm_rows_read(&row, &n, j->indices, d.n, e);
    else if (!(row = fm_rows_all(n, e)))
        rc = FM_ESYS;
    if (!rc && !(j->pool = fm_cli_pool(&tool, e)))
        rc = FM_ESYS;
    if (!rc)
        rc = evaluate(j, m, &d, row, n, e);
out:
    fm_pool_free(j->pool);
    free(row);
    fm_dataset_free(&d);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_settings scratch;
    struct fm_err e = {0};
    struct job j = {0};
    char **operand;
    int n;

    operand = fm_cli_start(&tool, argc, argv, &n);
    if (n > 0)
        fm_cli_usage("%s: fedmrn-eval takes no operands", operand[0]);
    j.model = fm_opt_need(&tool, "model");
    j.data = fm_cli_data(&tool, true);
    j.indices = fm_opt(&tool, "indices");
    j.predict = fm_opt(&tool, "predict");
    j.out = fm_opt(&tool, "output");
    fm_cli_data_stdin(&j.data, j.model, j.indices);
    if (j.predict && strcmp(j.predict, "-") == 0)
        fm_cli_usage(
            "option --predict: needs a file; standard output has the result");
    fm_cli_apart(&tool);
    fm_settings_default(&scratch, FM_FEDAVG);
    normalisation(&scratch);
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
    run(&j, &e);
    return fm_cli_end(&e);
}
