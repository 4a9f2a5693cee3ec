/* checkpointhead: what a checkpoint says of its training. */
#include "fed/checkpointhead.h"
#include "fed/weights_impl.h"
#include "fixture.h"

#define SEED 0xfedcba9876543210u

/* A training that has made three steps of nine. */
struct training {
    struct fm_model *m;
    struct fm_local l;
    struct fm_weights v;
    struct fm_id data;
};

static struct training
training(void)
{
    struct training t = {.m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM),
                         .v = {.t = 3, .steps = 9},
                         .data = {{7}}};

    t.l = (struct fm_local){.base = t.m,
                            .set = &t.m->set,
                            .client = "c-1",
                            .nrows = 17,
                            .private_seed = SEED};
    return t;
}

/* Read a text, and hold it against the training: 0 or a code. */
static int
go_on(const struct training *t, const struct fm_buf *text, struct fm_err *e)
{
    struct fm_checkpoint_head h = {.client = ""};
    struct fm_json *j = fm_json_parse(text->data, text->len, "head", e);
    struct fm_weights v = t->v;
    int rc;

    CHECK(j, "%s", e->msg);
    v.l = &t->l;
    v.t = 0;
    rc = fm_checkpoint_head_read(&h, j, e);
    if (rc == 0)
        rc = fm_checkpoint_head_check(&h, j, text, &v, &t->data, e);
    if (rc == 0)
        CHECK(h.step == 3 && h.steps == 9 && h.samples == 17 &&
                  h.seed == SEED && h.round == t->m->round + 1 && !h.state &&
                  strcmp(h.client, "c-1") == 0,
              "what was written is not read");
    fm_json_free(j);
    return rc;
}

static struct fm_buf
text_of(struct training *t)
{
    struct fm_checkpoint_head h;
    struct fm_err e = {0};
    struct fm_buf text = {0};

    t->v.l = &t->l;
    h = fm_checkpoint_head_of(&t->v, &t->data);
    CHECK(!fm_checkpoint_head_write(&text, &h, &t->m->set, &e), "%s", e.msg);
    return text;
}

/* With `from` replaced by `to`. */
static void
edited(const struct training *t, const struct fm_buf *text, const char *from,
       const char *to, const char *message)
{
    const uint8_t *at = memmem(text->data, text->len, from, strlen(from));
    const uint8_t *rest = at + strlen(from), *end = text->data + text->len;
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(at, "no %s", from);
    CHECK(!fm_buf_add(&b, text->data, (size_t)(at - text->data), NULL) &&
              !fm_buf_add(&b, to, strlen(to), NULL) &&
              !fm_buf_add(&b, rest, (size_t)(end - rest), NULL),
          "memory");
    CHECK(go_on(t, &b, &e) == FM_EINPUT && strstr(e.msg, message),
          "%s, not: %s", message, e.msg);
    fm_buf_free(&b);
}

static void
refusals(void)
{
    static const struct {
        const char *from, *to, *message;
    } row[] = {
        {"{\"fedmrn\":1", "{\"fedmrn\":2", "knows only 1"},
        {"\"client\":\"c-1\"", "\"client\":7", "\"client\" is not an id"},
        {"\"client\":\"c-1\"", "\"client\":\"C\"", "\"client\" is not an id"},
        {"\"client\":\"c-1\"", "\"client\":\"c-2\"", "it is client c-2's"},
        {"\"round\":1", "\"round\":0", "\"round\""},
        {"\"round\":1", "\"round\":2", "it is of round 2, not 1"},
        {"\"samples\":17", "\"samples\":0", "\"samples\""},
        {"\"samples\":17", "\"samples\":18", "checkpoint.json"},
        {"\"base\":\"", "\"base\":\"x", "base \"x"},
        {"\"data\":\"07", "\"data\":\"08", "the rows or their data are others"},
        {"\"data\":\"07", "\"data\":\"7", "data \"7"},
        {"76543210\"", "76543210x\"", "\"seed\" is not 16 hex digits"},
        {"76543210\"", "7654321x\"", "\"seed\" is not 16 hex digits"},
        {"\"seed\":\"", "\"seed\":7,\"x\":\"", "\"seed\" is not 16 hex digits"},
        {"76543210\"", "76543211\"", "its private seed is another"},
        {"\"state\":false", "\"state\":true", "it goes on with a --state"},
        {"\"adam\":0", "\"adam\":-1", "\"adam\""},
        {"\"step\":3", "\"step\":10", "\"step\""},
        {"\"steps\":9", "\"steps\":0", "\"steps\""},
        {"\"steps\":9", "\"steps\":8", "checkpoint.json"},
        {"\"lr\":\"", "\"lr\":\"1", "its lr was 1"},
        {"\"lr\":", "\"l\":", "its lr was nothing"},
        {"\"settings\":{", "\"settings\":{\"x\":\"\",", "checkpoint.json"},
        {"{\"fedmrn\"", "{ \"fedmrn\"", "checkpoint.json"},
    };
    struct training t = training();
    struct fm_buf text = text_of(&t);
    struct fm_err e = {0};

    CHECK(!go_on(&t, &text, &e), "%s", e.msg);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        edited(&t, &text, row[i].from, row[i].to, row[i].message);
    /* Wherever it stands. */
    for (t.v.t = 0; t.v.t <= 9; t.v.t += 9) {
        struct fm_checkpoint_head h = fm_checkpoint_head_of(&t.v, &t.data);

        CHECK(h.step == t.v.t, "step %llu", (unsigned long long)h.step);
    }
    fm_buf_free(&text);
    fm_model_free(t.m);
}

int
main(void)
{
    refusals();
    return 0;
}
