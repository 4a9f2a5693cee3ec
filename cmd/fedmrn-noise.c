/*
 * fedmrn-noise: the predefined noise itself, for other trainers.
 * See man/fedmrn-noise.1 for the contract and fedmrn-noise(7) for the noise;
 * the work is in rand/noise.h.
 */
#include "base/mem.h"
#include "cli/common.h"
#include "cli/out.h"
#include "mask/draw.h"
#include "rand/key.h"
#include "tensor/model.h"
#include "tensor/safetensors.h"
#include "tensor/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct fm_opt opts[] = {
    FM_OPT_MODEL,
    {'s', "seed", "N", "run seed, instead of a model", NULL},
    {'r', "round", "N", "round (default: the one the model begins)", NULL},
    {0, "client", "ID", "client whose noise it is", NULL},
    {0, "noise", "DIST:A", "distribution and magnitude, with --seed", NULL},
    {0, "noise-key", "client|round",
     "client or round, with --seed (default: client)", NULL},
    {0, "ordinal", "T",
     "the tensor's place in the state_dict; with --model, only that one", NULL},
    {0, "shape", "AxB..", "the tensor's shape, with --seed", NULL},
    {0, "format", "safetensors|f32|i32|text",
     "safetensors (default), f32, i32 or text", NULL},
    {0, "key", NULL, "print the noise's key, and no noise", NULL},
    FM_OPT_OUTPUT,
    {0}};

static struct fm_tool tool = {
    .name = "fedmrn-noise",
    .synopsis = "--model MODEL --client ID [OPTION]...\n"
                "       fedmrn-noise --seed N --round N --client ID "
                "--noise DIST:A --ordinal T\n"
                "                    --shape AxB.. [OPTION]...",
    .about = "Write the noise that a client's masks select from, for one "
             "round.",
    .example = "fedmrn-noise --model w0 --client 7 -o noise.safetensors",
    .opt = opts,
};

enum form { SAFETENSORS, F32, I32, TEXT, FORMS };

static const char *const forms[FORMS] = {"safetensors", "f32", "i32", "text"};

/* A magnitude and a blank. */
enum { MAGNITUDE_TEXT = 11 };

/* One tensor's noise. */
struct part {
    uint32_t ordinal, a;
    size_t count;
};

struct job {
    enum form form;
    uint64_t key, seed, round, ordinal;
    const char *model, *client; /* client "" when the key needs none */
    struct fm_settings set;
    size_t ndim, dim[FM_ST_NDIM], count; /* of --shape */
    struct fm_st st;                     /* what the output holds ... */
    struct part *part;                   /* ... and how to make it */
    struct fm_buf header;                /* of a safetensors file */
};

static enum form
parse_form(void)
{
    const char *s = fm_opt(&tool, "format");

    for (int i = 0; i < FORMS; i++)
        if (!s || strcmp(s, forms[i]) == 0)
            return (enum form)i;
    fm_cli_usage("option --format: '%s' is not safetensors, f32, i32 or text",
                 s);
}

static void
refuse_together(const char *with, const char *const *names)
{
    for (; *names; names++)
        if (fm_opt(&tool, *names))
            fm_cli_usage("options --%s and --%s exclude each other", with,
                         *names);
}

/* Without a model, everything the noise depends on is an option. */
static void
parse_seed_mode(struct job *j)
{
    static const char *const settings[] = {"noise", "noise-key"};
    struct fm_err e = {0};
    const char *shape;

    if (!fm_opt_seed(&tool, "seed", &j->seed))
        fm_cli_usage("either --model or --seed is needed");
    fm_opt_need(&tool, "round");
    fm_settings_default(&j->set, FM_FEDMRN);
    for (size_t i = 0; i < 2; i++) {
        const char *text = fm_opt(&tool, settings[i]);

        if (text && fm_setting_set(&j->set, settings[i], text, &e))
            fm_cli_usage("option --%s", e.msg);
    }
    if (j->set.noise_key == FM_NOISE_CLIENT)
        fm_opt_need(&tool, "client");
    else if (j->client)
        fm_cli_usage("option --client means nothing under --noise-key round, "
                     "whose noise is everybody's");
    if (fm_opt(&tool, "key"))
        return;
    fm_opt_need(&tool, "noise");
    fm_opt_need(&tool, "ordinal");
    shape = fm_opt_need(&tool, "shape");
    j->ndim = fm_words_split(shape, j->dim, FM_ST_NDIM);
    j->count = 1;
    for (size_t i = 0; i < j->ndim; i++)
        if (!fm_mul_ok(j->count, j->dim[i], &j->count))
            j->count = SIZE_MAX;
    /* 2^32 blocks of eight lanes are all that a counter can number. */
    if (j->ndim == 0 || j->count > (uint64_t)1 << 35)
        fm_cli_usage("option --shape: '%s' is not at most %d integers joined "
                     "by x, with at most 2^35 entries",
                     shape, FM_ST_NDIM);
}

static void
parse(struct job *j, int argc, char **argv)
{
    static const char *const seeded[] = {"seed", "noise", "noise-key", "shape",
                                         NULL};
    char why[FM_CLIENT_WHY];
    static const char *const noisy[] = {"noise", "ordinal", "shape", "format",
                                        NULL};
    int n;

    argv = fm_cli_start(&tool, argc, argv, &n);
    if (n)
        fm_cli_usage("'%s' is not an option", argv[0]);
    j->form = parse_form();
    j->round = fm_opt_count(&tool, "round", 1, UINT64_MAX, 0);
    j->ordinal = fm_opt_count(&tool, "ordinal", 0, UINT32_MAX, UINT64_MAX);
    j->client = fm_opt(&tool, "client");
    if (j->client && !fm_client_ok(j->client))
        fm_cli_usage("option --client: %s", fm_client_why(why, j->client));
    j->model = fm_opt(&tool, "model");
    if (j->model)
        refuse_together("model", seeded);
    else
        parse_seed_mode(j);
    if (fm_opt(&tool, "key"))
        refuse_together("key", noisy);
    else if (j->form != TEXT)
        fm_out_check_tty(fm_opt(&tool, "output"));
}

/* Room for `n` tensors. */
static int
make_room(struct job *j, size_t n, struct fm_err *e)
{
    j->st.tensor = fm_alloc(n, sizeof *j->st.tensor, e);
    j->part = fm_alloc(n, sizeof *j->part, e);
    return j->st.tensor && j->part ? 0 : FM_ESYS;
}

static void
add(struct job *j, const char *name, const size_t *dim, size_t ndim,
    struct part part)
{
    struct fm_st_tensor *t = &j->st.tensor[j->st.ntensors];

    snprintf(t->name, sizeof t->name, "%s", name);
    t->dtype = FM_F32;
    t->ndim = ndim;
    memcpy(t->dim, dim, ndim * sizeof *dim);
    t->count = part.count;
    j->part[j->st.ntensors++] = part;
}

static int
from_model(struct job *j, struct fm_err *e)
{
    struct fm_model *m = fm_model_read(j->model, e);
    int rc = (int)e->code;

    if (!m || (rc = make_room(j, m->arch->ntensors, e)))
        goto out;
    j->set = m->set;
    if (m->set.method == FM_FEDPM) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: a fedpm model has no noise; its masks select from "
                        "weights, which fedmrn-unpack --mask all writes",
                        j->model);
        goto out;
    }
    if (m->set.method == FM_FEDSPARSIFY) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: a fedsparsify model has no noise; its clients "
                        "send weights",
                        j->model);
        goto out;
    }
    if (m->set.method == FM_FEDBAT) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: a fedbat model has no noise; its clients send "
                        "signs, and how large each tensor's are",
                        j->model);
        goto out;
    }
    if (j->round == 0)
        j->round = m->round + 1;
    if (!fm_model_noise_known(m, j->round)) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: under noise-scale update, this model tells the "
                        "noise of round %" PRIu64 " alone",
                        j->model, m->round + 1);
        goto out;
    }
    if (!j->client && m->set.noise_key == FM_NOISE_CLIENT)
        fm_cli_usage("option --client is missing");
    j->key = fm_model_noise_key(m, j->round, j->client ? j->client : "");
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        const struct fm_tensor_spec *s = m->tensor[i].spec;

        if (m->tensor[i].masked &&
            (j->ordinal == UINT64_MAX || j->ordinal == i))
            add(j, s->name, s->dim, s->ndim,
                (struct part){(uint32_t)i, fm_model_noise_a(m, j->round, i),
                              s->count});
    }
    if (j->st.ntensors == 0 && j->ordinal == UINT64_MAX)
        rc = fm_err_set(e, FM_EINPUT, "%s: this model's method has no noise",
                        j->model);
    else if (j->st.ntensors == 0)
        rc = fm_err_set(e, FM_EINPUT, "%s: tensor %" PRIu64 " has no noise",
                        j->model, j->ordinal);
out:
    fm_model_free(m);
    return rc;
}

static int
from_seed(struct job *j, struct fm_err *e)
{
    int rc = make_room(j, 1, e);

    if (rc)
        return rc;
    j->key = j->set.noise_key == FM_NOISE_ROUND
                 ? fm_key_round(j->seed, j->round)
                 : fm_key_client(j->seed, j->round, j->client);
    add(j, "noise", j->dim, j->ndim,
        (struct part){(uint32_t)j->ordinal, j->set.a, j->count});
    return 0;
}

static int
add_meta(struct job *j, const char *key, const char *value, struct fm_err *e)
{
    struct fm_st_meta *m = &j->st.meta[j->st.nmeta++];

    m->key = strdup(key);
    m->value = strdup(value);
    return m->key && m->value ? 0 : fm_err_nomem(e);
}

/* The safetensors header, with what the values came from. */
static int
head(struct fm_buf *out, struct job *j, struct fm_err *e)
{
    char noise[FM_SETTING_TEXT], key[17];
    char *list = fm_alloc(j->st.ntensors, MAGNITUDE_TEXT, e);
    size_t at = 0;
    int rc = FM_ESYS;

    j->st.meta = fm_alloc(3, sizeof *j->st.meta, e);
    if (!j->st.meta || !list)
        goto out;
    fm_setting_get(&j->set, "noise", noise);
    snprintf(key, sizeof key, "%016" PRIx64, j->key);
    for (size_t i = 0; i < j->st.ntensors; i++)
        at += (size_t)sprintf(list + at, at ? " %" PRIu32 : "%" PRIu32,
                              j->part[i].a);
    if ((rc = add_meta(j, "fedmrn.noise", noise, e)) ||
        (rc = add_meta(j, "fedmrn.noise-key", key, e)) ||
        (rc = add_meta(j, "fedmrn.magnitudes", list, e)))
        goto out;
    rc = fm_st_header(out, &j->st, e);
out:
    free(list);
    return rc;
}

enum { CHUNK = 4096 };

static void
put_chunk(FILE *fp, enum form form, const int32_t *n, size_t count, float unit)
{
    uint8_t bytes[4 * CHUNK];

    for (size_t i = 0; i < count; i++)
        if (form == TEXT)
            fprintf(fp, "%" PRId32 "\t%.9g\n", n[i],
                    (double)((float)n[i] * unit));
        else if (form == I32)
            fm_put32(bytes + 4 * i, (uint32_t)n[i]);
        else
            fm_putf(bytes + 4 * i, (float)n[i] * unit);
    if (form != TEXT)
        fwrite(bytes, 4, count, fp);
}

/* What fails to be written is noticed, and reported, by fm_out_stream. */
static int
put_noise(void *ctx, FILE *fp, struct fm_err *e)
{
    static int32_t n[CHUNK];
    const struct job *j = ctx;

    (void)e;
    if (j->header.len)
        fwrite(j->header.data, 1, j->header.len, fp);
    for (size_t t = 0; t < j->st.ntensors; t++) {
        const struct part *p = &j->part[t];

        for (size_t at = 0; at < p->count && !ferror(fp); at += CHUNK) {
            size_t now = p->count - at < CHUNK ? p->count - at : CHUNK;

            fm_noise_fill(n, j->key, j->set.dist, p->ordinal, at, now);
            put_chunk(fp, j->form, n, now, fm_noise_unit(p->a));
        }
    }
    return 0;
}

static int
run(struct job *j, struct fm_err *e)
{
    const char *output = fm_opt(&tool, "output");
    int rc;

    rc = j->model ? from_model(j, e) : from_seed(j, e);
    if (rc)
        goto out;
    if (fm_opt(&tool, "key")) {
        char line[18];

        snprintf(line, sizeof line, "%016" PRIx64 "\n", j->key);
        rc = fm_out_write(output, line, strlen(line), e);
        goto out;
    }
    if (j->form == SAFETENSORS && (rc = head(&j->header, j, e)))
        goto out;
    rc = fm_out_stream(output, put_noise, j, e);
out:
    fm_buf_free(&j->header);
    fm_st_free(&j->st);
    free(j->part);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    struct job j = {0};

    parse(&j, argc, argv);
    fm_cli_apart(&tool);
    run(&j, &e);
    return fm_cli_end(&e);
}
