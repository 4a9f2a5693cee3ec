/*
 * fedmrn-init: an architecture, a method and its settings in, a model out.
 * See man/fedmrn-init.1 for the contract; the work is in tensor/model.h.
 */
#include "base/file.h"
#include "cli/common.h"
#include "cli/out.h"
#include "tensor/idle.h"
#include "tensor/import.h"
#include "tensor/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARCH_TEXT_MAX = 1 << 20, CLASSES_MAX = 1000000, ROWS_MAX = 64 };

static const struct fm_opt before[] = {
    {'a', "arch", "ARCH",
     "preset (mlp, lenet5, cnn4, cnn8, conv2 .. conv10, charlstm), or a file "
     "with the network's text",
     NULL},
    {0, "input", "CxHxW", "what goes in, with a preset (1x28x28, or 64)", NULL},
    {0, "classes", "N", "what comes out, with a preset", NULL},
    {0, "init", "SCHEME",
     "first weights: normal:S, kaiming, xavier or uniform (default: "
     "normal:0.01); under fedpm constant (default), uniform or normal",
     NULL},
    {0, "from", "FILE",
     "first weights instead: a checkpoint's, as safetensors, by the names of "
     "PyTorch's state_dict",
     NULL},
};
static const struct fm_opt after[] = {
    {'s', "seed", "N", "run seed, decimal or 0x and hexadecimal (default: 1)",
     NULL},
    FM_OPT_OUTPUT,
};

static struct fm_opt opts[ROWS_MAX];

static struct fm_tool tool = {
    .name = "fedmrn-init",
    .synopsis = "--arch ARCH [--input SHAPE --classes N] [OPTION]...",
    .about = "Make the model that a run starts from.  It carries the network, "
             "the method and\nall settings of the run.",
    .example = "fedmrn-init --arch cnn4 --input 1x28x28 --classes 10 "
               "--noise uniform:0.01 -o w0",
    .opt = opts,
};

/* Every setting of the contract is an option: tensor/settings.h's table. */
static void
make_options(void)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        opts[n++] = before[i];
    for (size_t i = 0; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i];

        if (strcmp(name, "init") == 0) /* above, for every method */
            continue;
        opts[n].name = name;
        opts[n].arg = fm_setting_arg(name);
        opts[n++].help = fm_setting_help(name);
    }
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        opts[n++] = after[i];
    assert(n < ROWS_MAX); /* the last row is the end */
}

static bool
is_preset(const char *name)
{
    for (size_t i = 0; fm_arch_presets[i]; i++)
        if (strcmp(name, fm_arch_presets[i]) == 0)
            return true;
    return false;
}

/* Why a setting does not apply, where a word helps. */
static const char *
why_not(const char *name, enum fm_method m)
{
    if (m == FM_FEDAVG)
        return ", which sends no masks";
    if (m == FM_FEDMRNS && strcmp(name, "noise-scale") == 0)
        return ", whose sums do not show the update's size";
    if (m == FM_FEDPM && strcmp(name, "prox") == 0)
        return ", whose weights never move away from the model's";
    if (m == FM_FEDSPARSIFY && strncmp(name, "server-", 7) == 0)
        return ", whose pruned weights must stay 0";
    if (m == FM_FEDPM && strncmp(name, "server-", 7) == 0)
        return ", whose models are counts of votes, which no optimizer moves";
    return "";
}

static void
read_settings(struct fm_settings *set)
{
    const char *method = fm_opt(&tool, "method");
    const char *server = fm_opt(&tool, "server-optimizer");
    struct fm_err e = {0};

    fm_settings_default(set, FM_FEDMRN);
    if (method && fm_setting_set(set, "method", method, &e))
        fm_cli_usage("option --%s", e.msg);
    fm_settings_default(set, set->method);
    for (size_t i = 1; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i], *text = fm_opt(&tool, name);

        if (!fm_setting_applies(name, set->method)) {
            if (text && strcmp(name, "init") != 0)
                fm_cli_usage("option --%s means nothing under --method %s%s",
                             name, method ? method : "fedmrn",
                             why_not(name, set->method));
            continue;
        }
        if (text && fm_setting_set(set, name, text, &e))
            fm_cli_usage("option --%s", e.msg);
        if (text && !fm_setting_serves(name, set->server))
            fm_cli_usage("option --%s means nothing to --server-optimizer %s",
                         name, server ? server : "sgd");
    }
    for (size_t i = 1; fm_setting_names[i]; i++) {
        const char *name = fm_setting_names[i],
                   *idle = fm_setting_applies(name, set->method) &&
                                   fm_opt(&tool, name)
                               ? fm_setting_idle(set, name)
                               : NULL;

        if (idle)
            fm_cli_usage("option --%s means nothing under %s", name, idle);
    }
    if (set->sparsity_to < set->sparsity_from ||
        set->sparsity[1] < set->sparsity[0])
        fm_cli_usage("options --sparsity and --sparsity-to: at least what "
                     "--sparsity-first and --sparsity-from say");
    /* Steps of adam and yogi are about as long as their rate. */
    if (fm_server_moments(set->server) == 2 && !fm_opt(&tool, "server-lr"))
        set->server_lr = 0.01;
}

/* Where the first weights come from. */
static void
check_origin(const struct fm_settings *set, const char *arch)
{
    if (!fm_opt(&tool, "from"))
        return;
    if (set->method == FM_FEDPM)
        fm_cli_usage("option --from means nothing under --method fedpm, whose "
                     "weights follow from the seed and never change");
    if (fm_opt(&tool, "init"))
        fm_cli_usage("--from or --init, not both: each says the first weights");
    fm_cli_one_stdin((const char *[]){arch, fm_opt(&tool, "from")}, 2);
}

static int
first_values(struct fm_model *m, struct fm_err *e)
{
    const char *scheme = fm_opt(&tool, "init"), *from = fm_opt(&tool, "from");
    int rc;

    if (m->set.method == FM_FEDPM) /* its weights are a setting */
        return 0;
    if (from)
        return fm_import_values(m, from, e);
    rc = fm_model_init_values(m, scheme ? scheme : "normal:0.01", e);
    if (rc == FM_EINPUT)
        fm_cli_usage("option --%s", e->msg);
    return rc;
}

static struct fm_arch *
preset(const char *name, struct fm_err *e)
{
    const char *input = fm_opt(&tool, "input");
    struct fm_shape shape;
    struct fm_arch *a;
    char *text;
    size_t classes;

    if (!input || !fm_opt(&tool, "classes"))
        fm_cli_usage("--arch %s is a preset, which needs --input and --classes",
                     name);
    if (fm_shape_parse(&shape, input))
        fm_cli_usage("option --input: '%s' is not a shape such as 1x28x28 or "
                     "64",
                     input);
    classes = (size_t)fm_opt_count(&tool, "classes", 1, CLASSES_MAX, 0);
    text = fm_arch_preset(name, shape, classes, e);
    if (!text)
        return NULL;
    a = fm_arch_parse(text, name, e);
    free(text);
    /* The preset is right, so it was the input that does not fit. */
    if (!a && e->code == FM_EINPUT)
        fm_cli_usage("%s (--input %s)", e->msg, input);
    return a;
}

/* A bare word that is no file was more likely meant as a preset. */
static void
hint(const char *path, struct fm_err *e)
{
    size_t len = strlen(e->msg);

    if (e->code == FM_EINPUT && !strpbrk(path, "./"))
        snprintf(e->msg + len, sizeof e->msg - len,
                 "; the presets are mlp, lenet5, cnn4, cnn8, conv2, conv4, "
                 "conv6, conv10 and charlstm");
}

static struct fm_arch *
arch_file(const char *path, struct fm_err *e)
{
    const char *name = fm_file_name(path);
    struct fm_buf text = {0};
    struct fm_arch *a = NULL;

    if (fm_opt(&tool, "input") || fm_opt(&tool, "classes"))
        fm_cli_usage("--input and --classes go with a preset; %s is read as "
                     "a file, which says them itself",
                     name);
    if (fm_opt(&tool, "output") && fm_out_same(fm_opt(&tool, "output"), path))
        fm_cli_usage("options --arch and --output: the same file");
    if (fm_file_read(&text, path, ARCH_TEXT_MAX, e)) {
        hint(path, e);
        goto out;
    }
    if (memchr(text.data ? (char *)text.data : "", '\0', text.len)) {
        fm_err_set(e, FM_EINPUT, "%s: not a text: it has a NUL byte", name);
        goto out;
    }
    if (fm_buf_add(&text, "", 1, e))
        goto out;
    a = fm_arch_parse((char *)text.data, name, e);
out:
    fm_buf_free(&text);
    return a;
}

static int
run(struct fm_err *e)
{
    const char *name = fm_opt_need(&tool, "arch");
    const char *out = fm_opt(&tool, "output");
    struct fm_settings set;
    struct fm_arch *arch;
    struct fm_model *m = NULL;
    struct fm_model_file f = {0};
    uint64_t seed = 1;
    int rc;

    read_settings(&set);
    check_origin(&set, name);
    fm_opt_seed(&tool, "seed", &seed);
    fm_out_check_tty(out);
    arch = is_preset(name) ? preset(name, e) : arch_file(name, e);
    if (!arch)
        return (int)e->code;
    fm_cli_tokens(&tool, fm_arch_vocabulary(arch));
    m = fm_model_new(arch, &set, seed, e);
    if (!m && e->code == FM_EINPUT)
        fm_cli_usage("option --%s", e->msg);
    if (!m)
        return (int)e->code;
    if (fm_opt(&tool, "full-bits") && !fm_model_sends_full(m))
        fm_cli_usage("option --full-bits means nothing to this network, of "
                     "which nothing travels in full");
    f.model = m;
    rc = first_values(m, e);
    if (!rc)
        rc = fm_model_head(&f.head, m, e);
    if (!rc)
        rc = fm_out_stream(out, fm_model_file_put, &f, e);
    fm_buf_free(&f.head);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    int n;

    make_options();
    argv = fm_cli_start(&tool, argc, argv, &n);
    if (n)
        fm_cli_usage("%s: fedmrn-init takes no operands", argv[0]);
    fm_cli_apart(&tool);
    run(&e);
    return fm_cli_end(&e);
}
