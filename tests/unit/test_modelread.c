#include "tensor/model.h"

#include "check.h"

#include <math.h>

static const char net[] = "input 2x4x4\nconv 3 3x3 nobias\nbatchnorm\n"
                          "relu\nflatten\nlinear 2\n";

/* A small model's file; round 0, or with a history. */
static struct fm_buf
file(enum fm_method method, bool history)
{
    struct fm_err e = {FM_OK, ""};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_buf b = {0};

    fm_settings_default(&set, method);
    m = fm_model_new(fm_arch_parse(net, "net", &e), &set, 7, &e);
    CHECK(m, "%s", e.msg);
    CHECK(!fm_model_init_values(m, "normal:0.01", &e), "%s", e.msg);
    if (history) {
        m->round = 3;
        m->nbundles = 2;
        m->bundle = calloc(2, sizeof *m->bundle);
        CHECK(m->bundle, "memory");
        m->bundle[1].b[15] = 0xab;
    }
    CHECK(fm_model_dump(&b, m, &e) == 0, "%s", e.msg);
    fm_model_free(m);
    return b;
}

static struct fm_buf
copy(const uint8_t *p, size_t n)
{
    struct fm_buf b = {0};

    CHECK(!fm_buf_add(&b, p, n, NULL), "memory");
    return b;
}

/* Read, compare with what was meant, write: the same bytes. */
static void
round_trip(enum fm_method method, bool history)
{
    struct fm_buf b = file(method, history), in = copy(b.data, b.len),
                  out = {0};
    struct fm_err e = {FM_OK, ""};
    struct fm_model *m = fm_model_parse(&in, &e);
    struct fm_id id;

    CHECK(m, "%s", e.msg);
    CHECK(!in.data, "the buffer was not taken over");
    CHECK(m->set.method == method && m->seed == 7, "contract");
    CHECK(m->round == (history ? 3 : 0) && m->nbundles == (history ? 2 : 0),
          "history");
    CHECK(!history || m->bundle[1].b[15] == 0xab, "bundles");
    CHECK((uintptr_t)m->tensor[0].value % 8 == 0, "alignment");
    CHECK(m->tensor[1].value[0] == 1 && m->tensor[0].value[0] != 0, "values");
    id = m->id;
    CHECK(fm_model_dump(&out, m, &e) == 0, "%s", e.msg);
    CHECK(out.len == b.len && memcmp(out.data, b.data, b.len) == 0, "bytes");
    CHECK(fm_id_cmp(&id, &m->id) == 0, "id");
    fm_model_free(m);
    fm_buf_free(&b);
    fm_buf_free(&out);
}

/* Parse `b` with `from` in its header replaced by as many bytes of `to`. */
static void
edited(const struct fm_buf *b, const char *from, const char *to,
       const char *message)
{
    struct fm_buf in = copy(b->data, b->len);
    struct fm_err e = {FM_OK, ""};
    uint8_t *at = memmem(in.data, in.len, from, strlen(from));

    CHECK(at && strlen(from) == strlen(to), "%s", from);
    memcpy(at, to, strlen(to));
    CHECK(!fm_model_parse(&in, &e) && e.code == FM_EINPUT, "accepted: %s", to);
    CHECK(strstr(e.msg, message), "%s: %s", to, e.msg);
}

static void
messages(void)
{
    struct fm_buf b = file(FM_FEDMRN, true);

    edited(&b, "fedmrn.format\":\"1", "fedmrm.format\":\"1",
           "not a model: no fedmrn.format in its metadata; fedmrn-init");
    edited(&b, "fedmrn.format\":\"1", "fedmrn.format\":\"2",
           "fedmrn.format is 2; this version reads 1");
    edited(&b, "\\nrelu", "\\nrelo", "fedmrn.arch:4: relo: no such layer");
    edited(&b, "fedmrn.epochs\":\"10\"", "fedmrn.epochs\":\"00\"",
           "epochs: 00 is not an integer in 1..100000");
    edited(&b, "fedmrn.epochs\":\"10\"", "fedmrn.epochs\":\"01\"",
           "not in the form that fedmrn writes");
    edited(&b, "fedmrn.epochs", "fedmrn.epoch2", "fedmrn.epochs is missing");
    edited(&b, "fedmrn.round\":\"3\"", "fedmrn.round\":\"x\"",
           "fedmrn.round: x is not an integer in 0..2^32");
    edited(&b, "fedmrn.round\":\"3\"", "fedmrn.round\":\"0\"",
           "a parent or bundles in round 0");
    edited(&b, "fedmrn.parent", "fedmrn.parrot", "does not belong in a model");
    edited(&b, "0000000000000007\"", "000000000000000A\"",
           "fedmrn.seed: 000000000000000A is not 16 lower-case hex");
    edited(&b, "00ab\"", "00aB\"", "is not an id");
    edited(&b, "00ab\"", "0000\"", "is not in order");
    edited(&b, "00000000 ", "00000000_", "not in the form");
    edited(&b, "\"features.1.bias", "\"features.1.bios",
           "tensor 2 is features.1.bios, where the architecture has "
           "features.1.bias");
    edited(&b, "[3,2,3,3]", "[2,3,3,3]",
           "features.0.weight: its shape or type is not the architecture's");
    edited(&b, "weight\":{\"dtype\":\"F32", "weight\":{\"dtype\":\"I32",
           "its shape or type is not the architecture's");
    edited(&b, "linear 2\\n", "linear 3\\n", "classifier.weight: its shape");
    edited(&b, "\\nlinear 2\\n", "\\ntanh\\n    ", "the last layer must be");
    fm_buf_free(&b);
    b = file(FM_FEDAVG, false);
    edited(&b, "fedmrn.momentum", "fedmrn.momemtum", "momentum is missing");
    fm_buf_free(&b);
}

static void
values(void)
{
    static const struct {
        size_t back; /* bytes from the end */
        float v;
        const char *message;
    } bad[] = {
        {4, NAN, "classifier.bias: value 1 is not finite"},
        {8, -INFINITY, "classifier.bias: value 0 is not finite"},
        {4 * (2 + 24 + 1), -1e-30f,
         "features.1.running_var: value 2 is a negative variance"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_buf b = file(FM_FEDMRN, false);
        struct fm_err e = {FM_OK, ""};

        fm_putf(b.data + b.len - bad[i].back, bad[i].v);
        CHECK(!fm_model_parse(&b, &e) && e.code == FM_EINPUT, "accepted");
        CHECK(strstr(e.msg, bad[i].message), "%s", e.msg);
    }

    /* A channel that is always the same has variance 0. */
    {
        struct fm_buf b = file(FM_FEDMRN, false);
        struct fm_err e = {FM_OK, ""};
        struct fm_model *m;

        fm_putf(b.data + b.len - bad[2].back, 0);
        m = fm_model_parse(&b, &e);
        CHECK(m, "variance 0: %s", e.msg);
        fm_model_free(m);
    }
}

/* No prefix is a model; nor is a model with a byte more. */
static void
prefixes(void)
{
    struct fm_buf b = file(FM_FEDMRNS, true), in;

    for (size_t n = 0; n < b.len; n++) {
        struct fm_err e = {FM_OK, ""};

        in = copy(b.data, n);
        CHECK(!fm_model_parse(&in, &e), "%zu bytes are a model", n);
        CHECK(e.code == FM_EINPUT && *e.msg, "%zu bytes: %s", n, e.msg);
    }
    in = copy(b.data, b.len);
    CHECK(!fm_buf_add(&in, "", 1, NULL), "memory");
    CHECK(!fm_model_parse(&in, NULL), "a byte more");
    fm_buf_free(&b);
}

/*
 * A flipped bit of the header is refused, or makes another model (another
 * seed, say) that is written as it was read, with another id.
 */
static void
flips(void)
{
    struct fm_buf b = file(FM_FEDMRN, true);
    size_t header = 8 + (size_t)fm_get64(b.data), taken = 0;
    struct fm_id id = fm_hash128(b.data, b.len);

    for (size_t bit = 0; bit < 8 * header; bit++) {
        struct fm_buf in = copy(b.data, b.len), out = {0};
        struct fm_model *m;

        in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        m = fm_model_parse(&in, NULL);
        if (!m)
            continue;
        taken++;
        CHECK(fm_id_cmp(&m->id, &id) != 0, "bit %zu does not matter", bit);
        CHECK(!fm_model_dump(&out, m, NULL), "memory");
        CHECK(out.len == b.len &&
                  out.data[bit / 8] == (b.data[bit / 8] ^ 1u << bit % 8),
              "bit %zu is written differently", bit);
        fm_model_free(m);
        fm_buf_free(&out);
    }
    /* Digits of the seed, the ids, the numbers; so the test saw both cases. */
    CHECK(taken > 50 && taken < 1000, "%zu flips were taken", taken);
    fm_buf_free(&b);
}

static void
reading(void)
{
    struct fm_err e = {FM_OK, ""};

    CHECK(!fm_model_read("/nonexistent/w0", &e) && e.code == FM_EINPUT, "read");
    CHECK(strncmp(e.msg, "/nonexistent/w0: ", 17) == 0, "%s", e.msg);
    e = (struct fm_err){FM_OK, ""};
    CHECK(!fm_model_read("/dev/null", &e) && e.code == FM_EINPUT, "read");
    CHECK(strcmp(e.msg, "/dev/null: not safetensors: only 0 bytes, no "
                        "header") == 0,
          "%s", e.msg);
}

int
main(void)
{
    round_trip(FM_FEDMRN, false);
    round_trip(FM_FEDMRNS, true);
    round_trip(FM_FEDAVG, true);
    messages();
    values();
    prefixes();
    flips();
    reading();
    return 0;
}
