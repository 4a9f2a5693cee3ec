/*
 * fedmrn-pack: bundles in, one bundle or one round file out.
 * See man/fedmrn-pack.1 for the contract; the work is in bundle/pack.h.
 */
#include "bundle/pack.h"
#include "cli/common.h"
#include "cli/out.h"
#include "cli/progress.h"
#include "fed/expand.h"

#include <string.h>

static struct fm_opt opts[] = {
    {'m', "model", "FILE", "the model they answer: it makes them smaller",
     NULL},
    {0, "coder", "CODER", "raw, rans, or the smaller: auto (the default)",
     NULL},
    {0, "counts", NULL,
     "pack a fedpm model instead: its counts in the bits they need", NULL},
    {0, "mask", "HOW",
     "pack one mask of a fedpm model, sample or threshold: a bit a weight",
     NULL},
    FM_OPT_THREADS,
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
    {0}};

static struct fm_tool tool = {
    "fedmrn-pack", "[OPTION]... [BUNDLE]...",
    "Write one bundle again in fewer bits, or several as one round file.",
    "fedmrn-train --model w0 ... | fedmrn-pack --model w0 -o r1/7.mrn", opts};

static const char *const forms[] = {
    [FM_PACK_RAW] = "raw",
    [FM_PACK_RANS] = "rans",
    [FM_PACK_AUTO] = "auto",
};
enum { FORMS = sizeof forms / sizeof *forms };

static enum fm_pack_form
form(void)
{
    const char *name = fm_opt(&tool, "coder");

    for (int i = 0; name && i < FORMS; i++)
        if (strcmp(name, forms[i]) == 0)
            return (enum fm_pack_form)i;
    if (name)
        fm_cli_usage("--coder %s is not known: raw, rans or auto", name);
    return FM_PACK_AUTO;
}

static int
run(char **path, size_t n, enum fm_pack_form how, struct fm_err *e)
{
    const char *name = fm_opt(&tool, "model");
    struct fm_model *model = NULL;
    struct fm_pool *pool = NULL;
    struct fm_pack p = {0};
    int rc = fm_out_check(fm_opt(&tool, "output"), e);

    if (rc)
        return rc;
    if (name && !(model = fm_model_read(name, e)))
        return (int)e->code;
    pool = fm_cli_pool(&tool, e);
    if (!pool) {
        rc = FM_ESYS;
        goto out;
    }
    p.model = model;
    p.pool = pool;
    for (size_t i = 0; i < n; i++) {
        if ((rc = fm_pack_take(&p, path[i], how, e)))
            goto out;
        fm_progress(i + 1, n, "files", NULL);
    }
    rc = fm_out_stream(fm_opt(&tool, "output"), fm_pack_put, &p, e);
    if (rc == 0 && p.blind && !fm_opt(&tool, "quiet"))
        fm_cli_note("coded without the noise of the model; --model MODEL makes "
                    "it smaller");
out:
    fm_pack_free(&p);
    fm_pool_free(pool);
    fm_model_free(model);
    return rc;
}

/* A fedpm model, or one mask of it, in as few bits as its counts need. */
static int
pack_model(const char *path, struct fm_err *e)
{
    const char *text = fm_opt(&tool, "mask");
    enum fm_expand how = FM_EXPAND_SAMPLE;
    struct fm_model *m = NULL, *mask = NULL;
    struct fm_buf file = {0};
    int rc;

    if (text && (!fm_expand_parse(&how, text) || how > FM_EXPAND_THRESHOLD))
        fm_cli_usage("option --mask: '%s' is not sample or threshold", text);
    if ((rc = fm_out_check(fm_opt(&tool, "output"), e)))
        return rc;
    m = fm_model_read(path, e);
    if (!m)
        return (int)e->code;
    if (m->set.method != FM_FEDPM) {
        rc = fm_err_set(e, FM_EINPUT, "%s: only a fedpm model has counts",
                        fm_file_name(path));
        goto out;
    }
    if (text && !(mask = fm_expand_mask(m, how, m->seed, e))) {
        rc = (int)e->code;
        goto out;
    }
    if (!(rc = fm_model_pack(&file, mask ? mask : m, e)))
        rc = fm_out_write(fm_opt(&tool, "output"), file.data, file.len, e);
out:
    fm_buf_free(&file);
    fm_model_free(mask);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {FM_OK, ""};
    int n;
    char **path = fm_cli_start(&tool, argc, argv, &n);
    enum fm_pack_form how = form();

    path = fm_cli_inputs(path, &n, fm_opt(&tool, "model"));
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
    fm_out_check_tty(fm_opt(&tool, "output"));
    if (fm_opt(&tool, "counts") || fm_opt(&tool, "mask")) {
        if (fm_opt(&tool, "counts") && fm_opt(&tool, "mask"))
            fm_cli_usage("--counts or --mask, not both");
        if (n > 1 || fm_opt(&tool, "model") || fm_opt(&tool, "coder"))
            fm_cli_usage("--counts and --mask take one model, and neither "
                         "--model nor --coder");
        pack_model(path[0], &e);
    } else {
        run(path, (size_t)n, how, &e);
    }
    return fm_cli_end(&e);
}
