/*
 * fedmrn-pack: bundles in, one bundle or one round file out.
 * See man/fedmrn-pack.1 for the contract; the work is in bundle/pack.h.
 */
#include "bundle/pack.h"
#include "cli/common.h"
#include "cli/out.h"
#include "cli/progress.h"

static struct fm_opt opts[] = {
    {0, "coder", "CODER", "how masks are written: raw or auto (the default)",
     NULL},
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
    {0}};

static struct fm_tool tool = {
    "fedmrn-pack", "[OPTION]... [BUNDLE]...",
    "Write one bundle again in its packed form, or several as one round file.",
    "fedmrn-train --model w0 ... | fedmrn-pack -o r1/7.mrn", opts};

static int
run(char **path, size_t n, struct fm_err *e)
{
    struct fm_pack p = {0};
    int rc = fm_out_check(fm_opt(&tool, "output"), e);

    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if ((rc = fm_pack_take(&p, path[i], FM_CODER_RAW, e)))
            goto out;
        fm_progress(i + 1, n, "files", NULL);
    }
    rc = fm_out_stream(fm_opt(&tool, "output"), fm_pack_put, &p, e);
out:
    fm_pack_free(&p);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {FM_OK, ""};
    int n;
    char **path = fm_cli_start(&tool, argc, argv, &n);
    const char *coder = fm_opt(&tool, "coder");

    if (coder && strcmp(coder, "raw") != 0 && strcmp(coder, "auto") != 0)
        fm_cli_usage("--coder %s is not known: raw or auto", coder);
    path = fm_cli_inputs(path, &n, NULL);
    fm_out_check_tty(fm_opt(&tool, "output"));
    run(path, (size_t)n, &e);
    return fm_cli_end(&e);
}
