/*
 * fedmrn-unpack: a bundle in, its update as safetensors or its raw form out.
 * See man/fedmrn-unpack.1 for the contract; the work is in bundle/update.h.
 */
#include "bundle/pack.h"
#include "bundle/update.h"
#include "cli/common.h"
#include "cli/out.h"
#include "fed/expand.h"

static struct fm_opt opts[] = {
    FM_OPT_MODEL,
    {0, "raw", NULL, "write the bundle again, its masks as plain bits", NULL},
    {0, "counts", NULL, "write a packed fedpm model with its counts as bytes",
     NULL},
    {0, "mask", "sample|threshold|mean|all",
     "write the network of a fedpm model: sample, threshold, mean or all",
     NULL},
    FM_OPT_OUTPUT,
    {0}};

static struct fm_tool tool = {
    "fedmrn-unpack",
    "[--model MODEL] [--raw] [OPTION]... [BUNDLE]\n"
    "       fedmrn-unpack {--counts | --mask HOW} [OPTION]... [MODEL]",
    "Write what a bundle adds to its model as a safetensors file, or the\n"
    "bundle in its raw form; or a fedpm model as the network it stands for.",
    "fedmrn-unpack --model w0 r1/7.mrn -o 7.safetensors", opts};

/* Each bundle of the source in its raw form. */
static int
write_raw(const char *path, struct fm_err *e)
{
    const char *name = fm_opt(&tool, "model");
    struct fm_model *m = NULL;
    struct fm_pack p = {0};
    int rc;

    if (name && !(m = fm_model_read(name, e)))
        return (int)e->code;
    p.model = m;
    if ((rc = fm_pack_take(&p, path, FM_PACK_RAW, e)))
        goto out;
    rc = fm_out_stream(fm_opt(&tool, "output"), fm_pack_put, &p, e);
out:
    fm_pack_free(&p);
    fm_model_free(m);
    return rc;
}

/* The one bundle of the source, as what it adds to the model. */
static int
write_update(const char *path, struct fm_err *e)
{
    struct fm_items it = {.src.fd = -1};
    struct fm_item item = {0}, more = {0};
    struct fm_model *m;
    struct fm_buf out = {0};
    int rc;

    m = fm_model_read(fm_opt(&tool, "model"), e);
    if (!m)
        return (int)e->code;
    if ((rc = fm_items_open(&it, path, m, fm_model_max_bundle(m), e)) ||
        (rc = fm_items_next(&it, &item, e)) ||
        /* Of a partial sum only the beginning is read: nothing follows it. */
        (item.kind == FM_ITEM_BUNDLE && (rc = fm_items_next(&it, &more, e))))
        goto out;
    if (item.kind != FM_ITEM_BUNDLE || more.kind != FM_ITEM_NONE) {
        rc = fm_err_set(e, FM_EINPUT, "%s: not one bundle, which --model wants",
                        it.src.name);
        goto out;
    }
    rc = fm_update_write(&out, &item.bundle, m, e);
    if (rc == 0)
        rc = fm_out_write(fm_opt(&tool, "output"), out.data, out.len, e);
out:
    fm_buf_free(&out);
    fm_item_free(&more);
    fm_item_free(&item);
    fm_items_close(&it);
    fm_model_free(m);
    return rc;
}

/* A fedpm model as the network that it stands for, or in its plain form. */
static int
write_network(const char *path, enum fm_expand how, struct fm_err *e)
{
    struct fm_buf out = {0};
    struct fm_model *m = fm_model_read(path, e);
    int rc;

    if (!m)
        return (int)e->code;
    if (m->set.method != FM_FEDPM)
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: not a fedpm model; others hold their weights as "
                        "they are",
                        fm_file_name(path));
    else if (fm_opt(&tool, "counts"))
        rc = fm_model_dump(&out, m, e);
    else
        rc = fm_expand_write(&out, m, how, m->seed, e);
    if (rc == 0)
        rc = fm_out_write(fm_opt(&tool, "output"), out.data, out.len, e);
    fm_buf_free(&out);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    int n;
    char **path = fm_cli_start(&tool, argc, argv, &n);
    const char *model = fm_opt(&tool, "model"), *mask = fm_opt(&tool, "mask");
    bool counts = fm_opt(&tool, "counts"), raw = fm_opt(&tool, "raw");
    enum fm_expand how = FM_EXPAND_SAMPLE;

    if (mask && !fm_expand_parse(&how, mask))
        fm_cli_usage("option --mask: '%s' is not sample, threshold, mean or "
                     "all",
                     mask);
    if ((counts || mask) && (model || raw || (counts && mask)))
        fm_cli_usage("--counts and --mask go alone");
    if (!model && !raw && !counts && !mask)
        fm_cli_usage("one of --model, --raw, --counts and --mask is wanted");
    path = fm_cli_inputs(path, &n, model);
    if (n > 1)
        fm_cli_usage("more than one %s", counts || mask ? "model" : "bundle");
    fm_cli_apart(&tool);
    fm_out_check_tty(fm_opt(&tool, "output"));
    if (counts || mask)
        write_network(path[0], how, &e);
    else if (raw)
        write_raw(path[0], &e);
    else
        write_update(path[0], &e);
    return fm_cli_end(&e);
}
