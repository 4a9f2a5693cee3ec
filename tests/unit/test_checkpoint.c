#include "fed/checkpoint.h"

#include "bundle/checksum.h"
#include "data/rows.h"
#include "fed/state.h"
#include "fixture.h"

/* Five steps an epoch, the last of one row; dropout and running statistics. */
enum { ROWS = 17, PIXELS = 8, BATCH = 4, EPOCHS = 3, STEPS = 15, SEED = 11 };

static uint8_t pixels[ROWS * PIXELS], labels[ROWS];
static struct fm_dataset data = {
    .n = ROWS, .c = PIXELS, .h = 1, .w = 1, .x = pixels, .y = labels};
static uint32_t *rows;

static struct fm_model *
model(enum fm_method method, uint64_t seed)
{
    static const char norm[] = "input 8\nlinear 6\nbatchnorm\nrelu\n"
                               "dropout 0.1\nlinear 4\n";
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_buf file = {0};

    fm_settings_default(&set, method);
    set.epochs = EPOCHS;
    set.batch = BATCH;
    set.a = 1 << 20;
    set.lr = 0.05;
    m = fm_model_new(fm_arch_parse(method == FM_FEDPM
                                       ? "input 8\nlinear 6\nrelu\nlinear 4\n"
                                       : norm,
                                   "net", &e),
                     &set, seed, &e);
    CHECK(m && (method == FM_FEDPM || !fm_model_init_values(m, "uniform", &e)),
          "%s", e.msg);
    CHECK(!fm_model_dump(&file, m, &e), "%s", e.msg); /* for its id */
    fm_buf_free(&file);
    return m;
}

/* Every checkpoint of a training, in memory: one for each step, and 0. */
struct shelf {
    struct fm_buf file[STEPS + 1];
    size_t n;
};

static bool
always(void *ctx, bool whole)
{
    const struct shelf *s = ctx;

    CHECK(whole == (s->n % 5 == 0), "after step %zu", s->n);
    return true;
}

static bool
never(void *ctx, bool whole)
{
    (void)ctx;
    (void)whole;
    return false;
}

static int
keep(void *ctx, int (*fill)(void *arg, FILE *out, struct fm_err *e), void *arg,
     struct fm_err *e)
{
    struct shelf *s = ctx;
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    int rc = fill(arg, f, e);

    CHECK(fclose(f) == 0 && s->n <= STEPS, "a checkpoint too many");
    CHECK(!fm_buf_add(&s->file[s->n++], p, n, e), "%s", e->msg);
    free(p);
    return rc;
}

static struct fm_local
local(const struct fm_model *m)
{
    struct fm_local l = {.base = m,
                         .data = &data,
                         .row = rows,
                         .nrows = ROWS,
                         .client = "c-1",
                         .set = &m->set,
                         .private_seed = SEED};

    return l;
}

/* The bundle, and Adam's state after it when the training has one. */
static struct fm_buf
answer(struct fm_local *l, struct fm_err *e)
{
    struct fm_bundle b;
    struct fm_buf out = {0};

    if (fm_local_train(&b, l, e) == 0)
        CHECK(!fm_bundle_write(&out, &b, e), "%s", e->msg);
    fm_bundle_free(&b);
    if (l->state && e->code == 0)
        CHECK(!fm_state_write(&out, l->state, e), "%s", e->msg);
    return out;
}

/* Go on from the file at "ck": the answer, or a failure in `e`. */
static struct fm_buf
resume(struct fm_local l, struct fm_err *e)
{
    struct shelf left = {0};
    struct fm_keep k = {.due = never, .save = keep, .ctx = &left};
    struct fm_buf out = {0};

    k.from = fm_checkpoint_open("ck", e);
    if (k.from) {
        l.keep = &k;
        out = answer(&l, e);
    }
    fm_checkpoint_free(k.from);
    fm_buf_free(&left.file[0]);
    return out;
}

/* All checkpoints of the training `l`, and its answer. */
static struct fm_buf
watched(struct shelf *s, struct fm_local l)
{
    struct fm_err e = {0};
    const struct fm_keep k = {.due = always, .save = keep, .ctx = s};
    struct fm_buf out;

    *s = (struct shelf){0};
    l.keep = &k;
    out = answer(&l, &e);
    CHECK(e.code == 0 && s->n == STEPS + 1, "%zu: %s", s->n, e.msg);
    return out;
}

static void
clear(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++)
        fm_buf_free(&s->file[i]);
}

static struct fm_state *
state_of(const struct fm_model *m)
{
    struct fm_err e = {0};
    struct fm_state *s;

    if (m->set.method != FM_FEDPM)
        return NULL;
    s = fm_state_new(m, "c-1", &e);
    CHECK(s, "%s", e.msg);
    /* As if a round had gone before. */
    s->steps = 9;
    for (size_t i = 0; i < m->arch->params; i++) {
        s->moment[0][i] = (float)i / 1000;
        s->moment[1][i] = (float)(i % 7) / 100;
    }
    return s;
}

/* From wherever it was stopped the same answer comes, and the same state. */
static void
same(enum fm_method method, void (*adjust)(struct fm_settings *))
{
    struct fm_model *m = model(method, 3);
    struct fm_settings set = m->set;
    struct fm_local l = local(m);
    struct fm_err e = {0};
    struct fm_buf plain, kept, again;
    struct shelf s;

    if (adjust)
        adjust(&set);
    l.set = &set;
    l.state = state_of(m);
    plain = answer(&l, &e);
    fm_state_free(l.state);
    l.state = state_of(m);
    kept = watched(&s, l);
    fm_state_free(l.state);
    CHECK(e.code == 0 && plain.len == kept.len &&
              memcmp(plain.data, kept.data, plain.len) == 0,
          "method %d: watching changes the answer", method);
    for (size_t i = 0; i <= STEPS; i++) {
        fx_save("ck", &s.file[i]);
        l.state = state_of(m);
        again = resume(l, &e);
        fm_state_free(l.state);
        CHECK(e.code == 0 && again.len == plain.len &&
                  memcmp(plain.data, again.data, plain.len) == 0,
              "method %d, from step %zu: %s", method, i, e.msg);
        fm_buf_free(&again);
    }
    clear(&s);
    fm_buf_free(&plain);
    fm_buf_free(&kept);
    fm_model_free(m);
}

static void
heavy(struct fm_settings *s)
{
    s->momentum = 0.5;
    s->weight_decay = 1e-3;
}

static void
post(struct fm_settings *s)
{
    s->masking = FM_POST;
    s->dither = FM_DITHER_PRIVATE;
}

/* --- What is refused -----------------------------------------------------
 */

static void
refused(struct fm_local l, const char *message)
{
    struct fm_err e = {0};
    struct fm_buf out = resume(l, &e);

    CHECK(e.code == FM_EINPUT && out.len == 0, "accepted: %s", message);
    CHECK(strncmp(e.msg, "ck: ", 4) == 0 && strstr(e.msg, message), "%s",
          e.msg);
    fm_buf_free(&out);
}

/* The same training but for one thing. */
static void
others(const struct fm_local *l)
{
    struct fm_model *run = model(FM_FEDMRN, 4), *late = model(FM_FEDMRN, 3);
    struct fm_settings set = *l->set;
    struct fm_local x = *l;

    x.client = "c-2";
    refused(x, "it is client c-1's");
    x = *l;
    x.base = run;
    refused(x, "the model is another; give each its own file, or remove");
    late->round = 1;
    x.base = late;
    refused(x, "it is of round 1, not 2");
    x = *l;
    set.lr = 0.25;
    x.set = &set;
    refused(x, "its lr was 0.05, not 0.25");
    x = *l;
    x.nrows = ROWS - 1;
    refused(x, "the rows or their data are others");
    x.nrows = ROWS;
    rows[0] = 1;
    rows[1] = 0;
    refused(x, "the rows or their data are others");
    rows[0] = 0;
    rows[1] = 1;
    pixels[ROWS * PIXELS - 1] ^= 1;
    refused(x, "the rows or their data are others");
    pixels[ROWS * PIXELS - 1] ^= 1;
    labels[3] ^= 1;
    refused(x, "the rows or their data are others");
    labels[3] ^= 1;
    fm_model_free(run);
    fm_model_free(late);
}

/* Another seed: the tool gives the file's own, unless the user gave one. */
static void
other_seed(const struct fm_local *l)
{
    struct fm_err e = {0};
    struct fm_keep k = {.due = never, .save = keep};
    struct fm_local x = *l;
    struct fm_bundle b;

    k.from = fm_checkpoint_open("ck", &e);
    CHECK(k.from && fm_checkpoint_seed(k.from) == SEED, "%s", e.msg);
    x.keep = &k;
    x.private_seed = SEED + 1;
    CHECK(fm_local_train(&b, &x, &e) == FM_EINPUT, "another seed accepted");
    CHECK(strstr(e.msg, "its private seed is another"), "%s", e.msg);
    fm_checkpoint_free(k.from);
}

static void
states(void)
{
    struct fm_model *m = model(FM_FEDPM, 3);
    struct fm_local l = local(m);
    struct fm_buf out;
    struct shelf s;

    l.state = state_of(m);
    out = watched(&s, l);
    fm_buf_free(&out);
    fx_save("ck", &s.file[7]);
    /* The state that this training left is as good as the one before it. */
    CHECK(l.state->steps == 9 + STEPS, "%d steps", (int)l.state->steps);
    {
        struct fm_err e = {0};

        out = resume(l, &e);
        CHECK(e.code == 0 && l.state->steps == 9 + STEPS, "%s", e.msg);
        fm_buf_free(&out);
    }
    l.state->steps++;
    refused(l, "the --state has moved on since");
    fm_state_free(l.state);
    l.state = NULL;
    refused(l, "it goes on with a --state");
    clear(&s);
    fm_model_free(m);
}

/* No flipped bit, no cut and no added byte passes. */
static void
damaged(struct fm_local l, const struct fm_buf *file)
{
    struct fm_buf bad = {0};

    CHECK(!fm_buf_add(&bad, file->data, file->len, NULL) &&
              !fm_buf_add(&bad, "", 1, NULL),
          "memory");
    fx_save("ck", &bad);
    refused(l, "bytes follow its end");
    bad.len--;
    for (size_t i = 0; i < bad.len; i++) {
        bad.data[i] ^= (uint8_t)(1 << i % 8);
        fx_save("ck", &bad);
        refused(l, "");
        bad.data[i] = file->data[i];
    }
    for (bad.len = 0; bad.len < file->len; bad.len++) {
        fx_save("ck", &bad);
        refused(l, "");
    }
    fm_buf_free(&bad);
    fx_file(&bad, l.base, "a", 1, 1);
    fx_save("ck", &bad);
    refused(l, "not a checkpoint");
    fm_buf_free(&bad);
}

/* The file with `from` in its head replaced by `to`, and the checksum that it
 * should have. */
static void
forged(struct fm_local l, const struct fm_buf *file, const char *from,
       const char *to, const char *message)
{
    struct fm_member m[FM_MEMBERS_MAX];
    struct fm_buf head = {0}, out = {0};
    struct fm_err e = {0};
    struct fm_id id;
    const uint8_t *at, *rest;
    size_t n;

    CHECK(!fm_checksum_open(m, &n, &id, file->data, file->len, &e), "%s",
          e.msg);
    at = memmem(m[0].data, m[0].size, from, strlen(from));
    CHECK(at, "no %s", from);
    rest = at + strlen(from);
    CHECK(!fm_buf_add(&head, m[0].data, (size_t)(at - m[0].data), NULL) &&
              !fm_buf_add(&head, to, strlen(to), NULL) &&
              !fm_buf_add(&head, rest, (size_t)(m[0].data + m[0].size - rest),
                          NULL),
          "memory");
    m[0].data = head.data;
    m[0].size = head.len;
    CHECK(!fm_checksum_seal(&out, m, n - 1, &id, &e), "%s", e.msg);
    fx_save("ck", &out);
    refused(l, message);
    fm_buf_free(&head);
    fm_buf_free(&out);
}

static void
heads(struct fm_local l, const struct fm_buf *file)
{
    char spaces[(1 << 16) + 2];

    forged(l, file, "\"client\":\"c-1\"", "\"client\":7",
           "\"client\" is not an id");
    memset(spaces, ' ', sizeof spaces);
    spaces[0] = '{';
    spaces[sizeof spaces - 1] = '\0';
    forged(l, file, "{", spaces, "bytes, and at most 65536 fit");
}

/* Member `i` by another name, another size, and one more in its place. */
static void
members(struct fm_local l, const struct fm_buf *file, size_t i,
        const char *message)
{
    struct fm_member m[FM_MEMBERS_MAX], bad[FM_MEMBERS_MAX];
    struct fm_err e = {0};
    struct fm_buf out = {0};
    struct fm_id id;
    size_t n;

    CHECK(!fm_checksum_open(m, &n, &id, file->data, file->len, &e), "%s",
          e.msg);
    for (int k = 0; k < 3; k++) {
        memcpy(bad, m, sizeof bad);
        if (k == 0)
            bad[i].name[0] = 'x';
        bad[i].size -= k == 1 ? 4 : 0;
        if (k == 2)
            bad[n - 1] = bad[i];
        out.len = 0;
        CHECK(!fm_checksum_seal(&out, bad, n - (k != 2), &id, &e), "%s", e.msg);
        fx_save("ck", &out);
        refused(l, k == 2 ? "members, not" : message);
    }
    fm_buf_free(&out);
}

/* FedBAT's has a member more. */
static void
steps(void)
{
    struct fm_model *m = model(FM_FEDBAT, 3);
    struct fm_local l = local(m);
    struct fm_buf out;
    struct shelf s;

    out = watched(&s, l);
    fm_buf_free(&out);
    members(l, &s.file[7], 2, "where steps has");
    clear(&s);
    fm_model_free(m);
}

static void
hostile(void)
{
    struct fm_model *m = model(FM_FEDMRN, 3);
    struct fm_local l = local(m);
    struct fm_buf out;
    struct shelf s;

    out = watched(&s, l);
    fm_buf_free(&out);
    fx_save("ck", &s.file[7]);
    others(&l);
    other_seed(&l);
    damaged(l, &s.file[7]);
    heads(l, &s.file[7]);
    members(l, &s.file[7], 1, "where values has");
    clear(&s);
    fm_model_free(m);
}

int
main(void)
{
    static const enum fm_method method[] = {
        FM_FEDAVG, FM_FEDMRN, FM_FEDMRNS, FM_FEDPM, FM_FEDBAT, FM_FEDSPARSIFY};
    struct fm_err e = {0};
    char dir[32];

    fx_enter(dir);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = i % 4;
    rows = fm_rows_all(ROWS, &e);
    CHECK(rows, "%s", e.msg);
    for (size_t i = 0; i < sizeof method / sizeof *method; i++)
        same(method[i], NULL);
    for (size_t i = 0; i < 3; i++)
        same(method[i], heavy);
    same(FM_FEDMRN, post);
    states();
    steps();
    hostile();
    free(rows);
    fx_leave(dir);
    return 0;
}
