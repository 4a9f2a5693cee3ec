/*
 * fedmrn-inspect: what a file is, for people or as JSON.
 * See man/fedmrn-inspect.1 for the contract; the work is in fed/report.h.
 */
#include "base/printable.h"
#include "cli/common.h"
#include "cli/out.h"
#include "fed/diff.h"
#include "fed/picture.h"
#include "fed/render.h"
#include "fed/report.h"

#include <stdio.h>
#include <string.h>

static struct fm_opt opts[] = {
    {'m', "model", "FILE",
     "the model that the bundles answer; names and counts their tensors", NULL},
    {0, "histogram", NULL,
     "of a bundle, too: how often each value of the noise occurs and is taken",
     NULL},
    {0, "picture", "TENSOR|density|noise",
     "write an image instead (PBM, PGM or PPM): of a bundle a tensor's mask, "
     "the density by layer and output, or the noise; of a model a tensor",
     NULL},
    {0, "diff", NULL, "say where two models, or two bundles, differ", NULL},
    FM_OPT_JSON,
    FM_OPT_OUTPUT,
    {0},
};

static struct fm_tool tool = {
    .name = "fedmrn-inspect",
    .synopsis = "[--model MODEL] [--json] FILE...",
    .about = "Say what files are: models, bundles, round files, partial sums, "
             "safetensors,\nIDX data.  A FILE - is standard input.",
    .example = "fedmrn-inspect --json r1/*.mrn | jq .bits_per_parameter",
    .opt = opts,
};

/* A code that only its model opens keeps back how many ones are in it. */
static bool
keeps_ones(const struct fm_json *report)
{
    return fm_json_get(report, "dither") && !fm_json_get(report, "ones");
}

/* The report as text or JSON. */
static int
put(struct fm_buf *out, const struct fm_json *report, struct fm_err *e)
{
    int rc;

    if (!fm_opt(&tool, "json"))
        return fm_render(out, report, e);
    rc = fm_printable_json(out, report, e);
    return rc ? rc : fm_buf_add(out, "\n", 1, e);
}

/* The histogram of a bundle, behind its report or in it. */
static int
histogram(struct fm_buf *text, struct fm_json *report, const char *path,
          const struct fm_model *base, struct fm_err *e)
{
    struct fm_subject s;
    struct fm_histogram h;
    int rc = fm_subject_read(&s, path, base, e);

    if (!rc && s.model)
        rc = fm_err_set(e, FM_EINPUT,
                        "a model; the histogram is of a bundle's noise");
    if (!rc)
        rc = fm_histogram_count(&h, &s.item.bundle, base, e);
    if (rc && !strstr(e->msg, path))
        fm_err_where(e, path);
    if (!rc && fm_opt(&tool, "json"))
        fm_histogram_json(report, &h);
    else if (!rc)
        rc = fm_histogram_text(text, &h, e);
    fm_subject_free(&s);
    return rc;
}

/* Append the description of one file to `out`. */
static int
describe(struct fm_buf *out, bool *hidden, const char *path,
         const struct fm_model *base, struct fm_err *e)
{
    struct fm_json *report = fm_report_read(path, base, e);
    struct fm_buf more = {0};
    int rc = 0;

    if (!report)
        return (int)e->code;
    if (fm_opt(&tool, "histogram"))
        rc = histogram(&more, report, path, base, e);
    if (!rc && !(rc = put(out, report, e)))
        rc = fm_buf_add(out, more.data, more.len, e);
    if (!rc && !base && !fm_opt(&tool, "json") && keeps_ones(report))
        *hidden = true;
    fm_buf_free(&more);
    fm_json_free(report);
    return rc;
}

/* An image of one file. */
static int
picture(struct fm_buf *out, const char *path, const struct fm_model *base,
        struct fm_err *e)
{
    const char *what = fm_opt(&tool, "picture");
    struct fm_subject s;
    int rc = fm_subject_read(&s, path, base, e);

    if (rc)
        goto out;
    rc = s.model ? fm_picture_model(out, s.model, what, e)
                 : fm_picture_bundle(out, &s.item.bundle, base, what, e);
    if (rc)
        fm_err_where(e, path);
out:
    fm_subject_free(&s);
    return rc;
}

static int
diff(struct fm_buf *out, char **path, const struct fm_model *base,
     struct fm_err *e)
{
    struct fm_subject a = {0}, b = {0};
    struct fm_json *report = NULL;
    int rc;

    if (!(rc = fm_subject_read(&a, path[0], base, e)) &&
        !(rc = fm_subject_read(&b, path[1], base, e))) {
        report = fm_diff(&a, path[0], &b, path[1], base, e);
        rc = report ? put(out, report, e) : (int)e->code;
    }
    fm_json_free(report);
    fm_subject_free(&a);
    fm_subject_free(&b);
    return rc;
}

/* What is one answer is written as one: a picture, or a difference. */
static int
answer(char **path, struct fm_err *e)
{
    const char *name = fm_opt(&tool, "model");
    struct fm_model *base = NULL;
    struct fm_buf out = {0};
    int rc;

    if (name && !(base = fm_model_read(name, e)))
        return (int)e->code;
    rc = fm_opt(&tool, "diff") ? diff(&out, path, base, e)
                               : picture(&out, path[0], base, e);
    if (!rc)
        rc = fm_out_write(fm_opt(&tool, "output"), out.data, out.len, e);
    fm_buf_free(&out);
    fm_model_free(base);
    return rc;
}

/* One file after another: a bad one is named, and the others still shown. */
static int
run(char **path, int n, struct fm_err *worst)
{
    const char *name = fm_opt(&tool, "model");
    struct fm_model *base = NULL;
    bool shown = false, hidden = false;

    if (name && !(base = fm_model_read(name, worst)))
        return (int)worst->code;
    for (int i = 0; i < n; i++) {
        struct fm_buf text = {0};
        struct fm_err e = {0};

        if (!describe(&text, &hidden, path[i], base, &e)) {
            if (shown && !fm_opt(&tool, "json"))
                putchar('\n');
            fwrite(text.data, 1, text.len, stdout);
            shown = true;
        }
        fm_buf_free(&text);
        if (e.code == FM_OK)
            continue;
        /* fm_cli_end reports the last failure; earlier ones are said here. */
        if (worst->code != FM_OK)
            fm_cli_note("%s", worst->msg);
        if (worst->code == FM_ESYS)
            e.code = FM_ESYS;
        *worst = e;
    }
    if (hidden)
        fm_cli_note("coded masks: --model MODEL shows their ones and density");
    fm_model_free(base);
    return (int)worst->code;
}

/* Which options go together, and with how many files. */
static void
check(char **path, int n)
{
    const bool image = fm_opt(&tool, "picture"), two = fm_opt(&tool, "diff");

    if (image + two + (fm_opt(&tool, "histogram") != NULL) > 1)
        fm_cli_usage("--picture, --diff and --histogram are one at a time");
    if (image && n != 1)
        fm_cli_usage("--picture takes one file");
    if (two && n != 2)
        fm_cli_usage("--diff takes two files");
    if (image && fm_opt(&tool, "json"))
        fm_cli_usage("a picture is not JSON");
    if (fm_opt(&tool, "histogram") && !fm_opt(&tool, "model"))
        fm_cli_usage("--histogram needs --model, which makes the noise");
    for (int i = 0; i < n && fm_opt(&tool, "histogram"); i++)
        if (strcmp(path[i], "-") == 0)
            fm_cli_usage("--histogram reads a file twice: name it");
    if (image)
        fm_out_check_tty(fm_opt(&tool, "output"));
    if (fm_opt(&tool, "output") && !image && !two)
        fm_cli_usage("--output is for --picture and --diff");
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    int n, stdins = 0;

    argv = fm_cli_start(&tool, argc, argv, &n);
    if (n == 0)
        fm_cli_usage("no file named (- is standard input)");
    if (fm_opt(&tool, "model"))
        stdins += strcmp(fm_opt(&tool, "model"), "-") == 0;
    for (int i = 0; i < n; i++)
        stdins += strcmp(argv[i], "-") == 0;
    if (stdins > 1)
        fm_cli_usage("standard input can be read only once");
    check(argv, n);
    fm_cli_apart(&tool);
    if (fm_opt(&tool, "picture") || fm_opt(&tool, "diff"))
        answer(argv, &e);
    else
        run(argv, n, &e);
    return fm_cli_end(&e);
}
