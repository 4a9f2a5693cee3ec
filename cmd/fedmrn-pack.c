/*
 * fedmrn-pack: bundles in, one bundle or one round file out.
 * See man/fedmrn-pack.1 for the contract; the work is in bundle/pack.h.
 */
#include "bundle/pack.h"
#include "cli/common.h"
#include "cli/out.h"
#include "cli/password.h"
#include "cli/progress.h"
#include "codec/codec.h"
#include "fed/expand.h"
#include "fed/foreign.h"
#include "trust/attach.h"

#include <limits.h>
#include <string.h>

static struct fm_opt opts[] = {
    {'m', "model", "FILE", "the model they answer: it makes them smaller",
     NULL},
    {0, "coder", "raw|rans|auto",
     "raw, rans, or the smaller: auto (the default)", NULL},
    {0, "codec", "CODEC",
     "code a float update: float16, signsgd[:STEP], topk:FRACTION, terngrad, "
     "qsgd:LEVELS, drive, eden:BITS (default: the model's)",
     NULL},
    {0, "residual", "FILE",
     "keep here what the codec leaves out, and send it with the next answer",
     NULL},
    {0, "update", "FILE",
     "instead of bundles: an update made elsewhere (safetensors)", NULL},
    {0, "weights", "FILE",
     "the same from trained weights: the model is subtracted", NULL},
    {0, "masks", "FILE", "masks made elsewhere, and what travels in full",
     NULL},
    {0, "dither", "HOW",
     "how they are drawn: shared or private (default: masks private, else the "
     "model's)",
     NULL},
    {0, "client", "ID", "whose update it is, 1 to 64 of a-z 0-9 . _ -", NULL},
    {0, "samples", "N", "how many samples it was trained on", NULL},
    {'s', "seed", "N", "private seed (default: from the system)", NULL},
    {0, "sign", "KEY", "sign the bundle with minisign's secret key", NULL},
    {0, "password-file", "FILE", "the key's password, instead of asking", NULL},
    {0, "counts", NULL,
     "pack a fedpm model instead: its counts in the bits they need", NULL},
    {0, "mask", "sample|threshold",
     "pack one mask of a fedpm model, sample or threshold: a bit a weight",
     NULL},
    FM_OPT_THREADS,
    FM_OPT_OUTPUT,
    FM_OPT_QUIET,
    {0}};

static struct fm_tool tool = {
    "fedmrn-pack", "[OPTION]... [BUNDLE]...",
    "Write one bundle again in fewer bits, or several as one round file;\n"
    "or make one of an update, or of masks, that another trainer made.",
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

/* What --codec and its like ask for; *c is theirs without a model. */
static void
codec_options(struct fm_pack_codec *c, int n)
{
    const char *text = fm_opt(&tool, "codec");

    *c = (struct fm_pack_codec){.asked = text != NULL,
                                .residual = fm_opt(&tool, "residual")};
    if (text && !fm_codecname_parse(&c->codec, text))
        fm_cli_usage("option --codec: %.60s is not %s", text, FM_CODEC_WANT);
    if (text && !fm_opt(&tool, "model"))
        fm_cli_usage("option --codec: needs --model, which tells the tensors");
    if (text && fm_opt(&tool, "seed") && !fm_codec_chance(&c->codec))
        fm_cli_usage("option --seed means nothing under --codec %s, which "
                     "draws nothing",
                     text);
    if (text && fm_opt(&tool, "coder"))
        fm_cli_usage("--codec or --coder, not both: --codec float32 leaves the "
                     "update as it is");
    if (!c->residual)
        return;
    if (!fm_opt(&tool, "model") || fm_opt(&tool, "coder"))
        fm_cli_usage("option --residual: belongs to a codec, with --model and "
                     "without --coder");
    if (text && c->codec.kind == FM_CODEC_FLOAT32)
        fm_cli_usage("option --residual: float32 leaves nothing out");
    if (n > 1)
        fm_cli_usage("option --residual: one client's, so give one bundle");
    if (strcmp(c->residual, "-") == 0)
        fm_cli_usage("option --residual: needs a file");
}

/* The model's codec where none was asked for; false: none at all. */
static bool
choose_codec(struct fm_pack_codec *c, const struct fm_model *m)
{
    if (!m || fm_opt(&tool, "coder"))
        return false;
    if (!c->asked)
        c->codec = m->set.codec;
    if (c->residual && c->codec.kind == FM_CODEC_FLOAT32)
        fm_cli_usage("option --residual: the model's codec is float32, which "
                     "leaves nothing out; give --codec");
    return c->asked || c->codec.kind != FM_CODEC_FLOAT32;
}

static const char *const kinds[] = {
    [FM_FOREIGN_UPDATE] = "update",
    [FM_FOREIGN_WEIGHTS] = "weights",
    [FM_FOREIGN_MASKS] = "masks",
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What --update and its like ask for; false: nothing. */
static bool
update_options(struct fm_foreign *f, int operands)
{
    static const char *const theirs[] = {"client", "samples", "dither"};
    const char *dither = fm_opt(&tool, "dither");
    char why[FM_CLIENT_WHY];
    int asked = 0;

    *f = (struct fm_foreign){.dither = FM_DITHER_PRIVATE};
    for (int i = 0; i < KINDS; i++)
        if (fm_opt(&tool, kinds[i])) {
            f->kind = (enum fm_foreign_kind)i;
            asked++;
        }
    for (int i = 0; !asked && i < 3; i++)
        if (fm_opt(&tool, theirs[i]))
            fm_cli_usage("option --%s: belongs to --update, --weights or "
                         "--masks; a bundle has its own",
                         theirs[i]);
    if (!asked)
        return false;
    if (asked > 1)
        fm_cli_usage("one of --update, --weights and --masks, not several");
    if (operands)
        fm_cli_usage("option --%s: takes no bundles", kinds[f->kind]);
    if (!fm_opt(&tool, "model"))
        fm_cli_usage("option --%s: needs --model, which it answers",
                     kinds[f->kind]);
    if (dither && strcmp(dither, "private") != 0 &&
        strcmp(dither, "shared") != 0)
        fm_cli_usage("option --dither: '%s' is not shared or private", dither);
    if (dither && *dither == 's')
        f->dither = FM_DITHER_SHARED;
    f->client = fm_opt_need(&tool, "client");
    fm_opt_need(&tool, "samples");
    f->samples = fm_opt_count(&tool, "samples", 1, FM_SAMPLES_MAX, 0);
    if (!fm_client_ok(f->client))
        fm_cli_usage("option --client: %s", fm_client_why(why, f->client));
    return true;
}

/* What it answers, and how its masks are drawn. */
static void
aim_update(struct fm_foreign *f, const struct fm_model *base, uint64_t seed)
{
    f->base = base;
    f->private_seed = seed;
    if (fm_opt(&tool, "dither") && !fm_method_dithered(base->set.method))
        fm_cli_usage("option --dither: means nothing to this model, whose "
                     "clients draw no masks");
    if (!fm_opt(&tool, "dither") && f->kind != FM_FOREIGN_MASKS)
        f->dither = base->set.dither;
}

/* The update as a bundle among those of `p`. */
static int
take_update(struct fm_pack *p, struct fm_foreign *f, enum fm_pack_form how,
            struct fm_err *e)
{
    const char *path = fm_opt(&tool, kinds[f->kind]);
    struct fm_bundle b = {0};
    int rc;

    if (!(rc = fm_foreign_answer(&b, f, path, e)) &&
        (rc = fm_pack_put_in(p, &b, how, e)))
        fm_err_where(e, fm_file_name(path));
    fm_bundle_free(&b);
    return rc;
}

/* What --sign asks for; `from` is "-" where standard input is packed. */
static void
sign_options(size_t n, const char *from)
{
    const char *sign = fm_opt(&tool, "sign"), *out = fm_opt(&tool, "output");
    const char *file[] = {fm_opt(&tool, "model"),
                          fm_opt(&tool, "update"),
                          fm_opt(&tool, "weights"),
                          fm_opt(&tool, "masks"),
                          sign,
                          fm_opt(&tool, "password-file"),
                          from};
    char beside[PATH_MAX];

    if (!sign && fm_opt(&tool, "password-file"))
        fm_cli_usage("option --password-file: needs --sign");
    if (!sign)
        return;
    if (!out || strcmp(out, "-") == 0)
        fm_cli_usage("option --sign: needs -o FILE, beside which the signature "
                     "is written");
    if (n > 1)
        fm_cli_usage("option --sign: one client's, so give one bundle");
    snprintf(beside, sizeof beside, "%s.minisig", out);
    if (fm_out_same(sign, out) || fm_out_same(sign, beside))
        fm_cli_usage("options --sign and --output: what is written would "
                     "replace the key");
    fm_cli_one_stdin(file, sizeof file / sizeof *file);
}

static int
unlock(void *signer, const char *password, size_t n, struct fm_err *e)
{
    return fm_signer_unlock(signer, password, n, e);
}

/* Asked first: who waited for the training need not wait for a mistake. */
static int
open_signer(struct fm_signer **s, struct fm_err *e)
{
    const char *key = fm_opt(&tool, "sign");
    int rc;

    if (!key)
        return 0;
    *s = fm_signer_read(key, e);
    if (!*s)
        return (int)e->code;
    if (!fm_signer_locked(*s))
        return 0;
    rc = fm_password_open(fm_opt(&tool, "password-file"), unlock, *s, e);
    if (rc)
        fm_err_where(e, fm_file_name(key));
    return rc;
}

/* The file, and its signatures if there are any. */
static int
write_out(struct fm_attach *a, struct fm_pack *p, struct fm_err *e)
{
    const char *out = fm_opt(&tool, "output"), *quiet = fm_opt(&tool, "quiet");
    const bool named = out && strcmp(out, "-") != 0;
    char beside[PATH_MAX];
    int rc;

    if ((rc = fm_attach_end(a, p, e)))
        return rc;
    if (named && a->text.len) {
        if ((rc = fm_attach_name(beside, sizeof beside, out, p, e)))
            return rc;
        return fm_out_pair(out, fm_pack_put, p, beside, a->text.data,
                           a->text.len, e);
    }
    if (a->vouch && !quiet)
        fm_cli_note("the signatures stay behind; -o FILE takes them along");
    if (named && fm_vouch_beside(out) && !quiet)
        fm_cli_note("%s: the signature beside it is of what was there before",
                    out);
    return fm_out_stream(out, fm_pack_put, p, e);
}

struct answer {
    struct fm_attach *a;
    struct fm_pack *p;
};

static int
write_answer(void *ctx, struct fm_err *e)
{
    const struct answer *w = ctx;

    return write_out(w->a, w->p, e);
}

/*
 * The residual is complete and synced before the answer has its name, and gets
 * its own after it.  A machine that stops between the two leaves the old one:
 * with this the same command makes both again, while with the new one it could
 * not know what the answer had been made of.
 */
static int
write_both(struct fm_attach *a, struct fm_pack *p, struct fm_err *e)
{
    struct answer w = {a, p};
    struct fm_buf file = {0};
    int rc;

    if (!p->residual.left)
        return write_out(a, p, e);
    if (!(rc = fm_residual_write(&file, &p->residual, p->model, e))) {
        fm_out_before(write_answer, &w);
        rc = fm_out_write(p->codec->residual, file.data, file.len, e);
    }
    fm_buf_free(&file);
    return rc;
}

/* What is packed: bundles, or an update with its client. */
struct job {
    char **path;
    size_t n;
    enum fm_pack_form how;
    struct fm_pack_codec codec;
    struct fm_foreign *update; /* or NULL */
};

static int
run(struct job *j, struct fm_err *e)
{
    struct fm_pack_codec *codec = &j->codec;
    const char *name = fm_opt(&tool, "model");
    struct fm_model *model = NULL;
    struct fm_pool *pool = NULL;
    struct fm_pack p = {0};
    struct fm_attach a = {0};
    int rc = fm_out_check(fm_opt(&tool, "output"), e);

    if (rc || (codec->residual && (rc = fm_out_check(codec->residual, e))))
        return rc;
    if ((rc = open_signer(&a.signer, e)))
        goto out;
    if (name && !(model = fm_model_read(name, e))) {
        rc = (int)e->code;
        goto out;
    }
    pool = fm_cli_pool(&tool, e);
    if (!pool) {
        rc = FM_ESYS;
        goto out;
    }
    p.model = model;
    p.pool = pool;
    if (choose_codec(codec, model))
        p.codec = codec;
    if ((rc = fm_attach_begin(
             &a, &p, &j->how, j->path, j->n,
             fm_opt(&tool, "coder") || codec->asked || codec->residual, e)))
        goto out;
    if (!fm_opt_seed(&tool, "seed", &codec->seed) &&
        (rc = fm_key_private(&codec->seed, e)))
        goto out;
    if (j->update) {
        aim_update(j->update, model, codec->seed);
        if ((rc = take_update(&p, j->update, j->how, e)))
            goto out;
    }
    for (size_t i = 0; i < j->n; i++) {
        if ((rc = fm_pack_take(&p, j->path[i], j->how, e)))
            goto out;
        fm_progress(i + 1, j->n, "files", NULL);
    }
    rc = write_both(&a, &p, e);
    if (rc == 0 && p.blind && !fm_opt(&tool, "quiet"))
        fm_cli_note("coded without the noise of the model; --model MODEL makes "
                    "it smaller");
out:
    fm_attach_free(&a, &p);
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
    uint64_t seed;
    int rc;

    if (text && (!fm_expand_parse(&how, text) || how > FM_EXPAND_THRESHOLD))
        fm_cli_usage("option --mask: '%s' is not sample or threshold", text);
    if (fm_opt(&tool, "seed") && (!text || how != FM_EXPAND_SAMPLE))
        fm_cli_usage("option --seed means nothing under %s, which draws "
                     "nothing",
                     text ? "--mask threshold" : "--counts");
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
    if (!fm_opt_seed(&tool, "seed", &seed))
        seed = m->seed;
    if (text && !(mask = fm_expand_mask(m, how, seed, e))) {
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
    struct fm_err e = {0};
    struct fm_foreign update;
    struct job j = {0};
    int n;

    j.path = fm_cli_start(&tool, argc, argv, &n);
    j.how = form();
    if (update_options(&update, n)) {
        j.update = &update;
        fm_cli_one_stdin(
            (const char *[]){fm_opt(&tool, "update"), fm_opt(&tool, "weights"),
                             fm_opt(&tool, "masks"), fm_opt(&tool, "model")},
            4);
    } else {
        j.path = fm_cli_inputs(j.path, &n, fm_opt(&tool, "model"));
    }
    j.n = (size_t)n;
    fm_cli_apart(&tool);
    if (n > 1)
        fm_cli_spare_bundle(&tool);
    fm_opt_count(&tool, "threads", 0, FM_POOL_MAX, 0);
    fm_out_check_tty(fm_opt(&tool, "output"));
    codec_options(&j.codec, n);
    sign_options(j.n, j.n && strcmp(j.path[0], "-") == 0 ? "-" : NULL);
    if (fm_opt(&tool, "counts") || fm_opt(&tool, "mask")) {
        if (fm_opt(&tool, "counts") && fm_opt(&tool, "mask"))
            fm_cli_usage("--counts or --mask, not both");
        if (n != 1 || fm_opt(&tool, "model") || fm_opt(&tool, "coder") ||
            j.codec.asked || j.codec.residual || fm_opt(&tool, "sign"))
            fm_cli_usage("--counts and --mask take one model, and neither "
                         "--model nor --coder, --codec or --sign");
        pack_model(j.path[0], &e);
    } else {
        run(&j, &e);
    }
    return fm_cli_end(&e);
}
