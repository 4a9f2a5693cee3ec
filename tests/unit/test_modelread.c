#include "tensor/model.h"

#include "modelfix.h"

#include <math.h>
#include <unistd.h>

/* Read, compare with what was meant, write: the same bytes. */
static void
round_trip(enum fm_method method, bool history)
{
    struct fm_buf b = mf_file(method, history), in = mf_copy(b.data, b.len),
                  out = {0};
    struct fm_err e = {0};
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

/* A changed digit is another seed, and a good one, but for the checksum. */
static void
checksum(void)
{
    struct fm_buf b = mf_file(FM_FEDMRN, true), in = mf_copy(b.data, b.len);
    struct fm_model *m;

    mf_seal(&in);
    CHECK(memcmp(in.data, b.data, b.len) == 0, "written otherwise");
    mf_replace(&in, "0000000000000007\"", "0000000000000008\"");
    mf_refused(&in, "damaged: the checksum of its bytes is ");
    in = mf_copy(b.data, b.len);
    mf_replace(&in, "0000000000000007\"", "0000000000000008\"");
    mf_seal(&in);
    m = fm_model_parse(&in, NULL);
    CHECK(m && m->seed == 8, "sealed");
    fm_model_free(m);
    in = mf_copy(b.data, b.len);
    in.data[in.len - 1] ^= 1;
    mf_refused(&in, "damaged: the checksum of its bytes is ");
    in = mf_copy(b.data, b.len);
    mf_replace(&in, "fedmrn.checksum", "fedmrn.checksun");
    mf_refused(&in, "fedmrn.checksum is missing");
    in = mf_copy(b.data, b.len);
    memcpy((uint8_t *)memmem(in.data, in.len, mf_sum_key, strlen(mf_sum_key)) +
               strlen(mf_sum_key),
           "ABCDEF0123456789ABCDEF0123456789", 32);
    mf_refused(&in,
               "ABCDEF0123456789ABCDEF0123456789 is not 32 lower-case hex");
    fm_buf_free(&b);
}

/*
 * What Python's safetensors makes of a model: with the metadata handed over,
 * their keys are in an order of its own; without, nothing says what it is.
 */
static void
rewritten(void)
{
    static const char first[] = "\"fedmrn.format\":\"1\"";
    const size_t a = strlen(first);
    struct fm_buf b = mf_file(FM_FEDMRN, true), in = mf_copy(b.data, b.len);
    uint8_t *begin = memmem(in.data, in.len, first, a);
    uint8_t *end = memmem(in.data, in.len, "\"},\"features", 12), size[8];
    const uint8_t *tensors;

    /* The first key goes last. */
    CHECK(begin && end, "metadata");
    memmove(begin, begin + a + 1, (size_t)(end + 1 - (begin + a + 1)));
    end[-(ptrdiff_t)a] = ',';
    memcpy(end + 1 - a, first, a);
    mf_refused(&in,
               "not in the form that fedmrn writes: another tool wrote the "
               "file; use the original");

    tensors = memmem(b.data, b.len, "\"features", 9);
    CHECK(tensors, "tensors");
    fm_put64(size, fm_get64(b.data) - (uint64_t)(tensors - b.data - 9));
    in = mf_copy(size, 8);
    CHECK(
        !fm_buf_add(&in, "{", 1, NULL) &&
            !fm_buf_add(&in, tensors, (size_t)(b.data + b.len - tensors), NULL),
        "memory");
    mf_refused(&in,
               "not a model: no fedmrn.format in its metadata; fedmrn-init "
               "makes models");
    fm_buf_free(&b);
}

static void
messages(void)
{
    struct fm_buf b = mf_file(FM_FEDMRN, true);

    mf_edited(&b, "fedmrn.epochs\":\"10\"", "fedmrn.epochs\":\"01\"",
              "not in the form that fedmrn writes");
    mf_edited(&b, "00000000 ", "00000000_", "not in the form");
    mf_edited(&b, "\"features.1.bias", "\"features.1.bios",
              "tensor 2 is features.1.bios, where the architecture has "
              "features.1.bias");
    mf_edited(&b, "[3,2,3,3]", "[2,3,3,3]",
              "features.0.weight: its shape or type is not the architecture's");
    mf_edited(&b, "weight\":{\"dtype\":\"F32", "weight\":{\"dtype\":\"I32",
              "its shape or type is not the architecture's");
    mf_edited(&b, "linear 2\\n", "linear 3\\n", "classifier.weight: its shape");
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
        struct fm_buf b = mf_file(FM_FEDMRN, false);

        fm_putf(b.data + b.len - bad[i].back, bad[i].v);
        mf_seal(&b);
        mf_refused(&b, bad[i].message);
    }

    /* A channel that is always the same has variance 0. */
    {
        struct fm_buf b = mf_file(FM_FEDMRN, false);
        struct fm_err e = {0};
        struct fm_model *m;

        fm_putf(b.data + b.len - bad[2].back, 0);
        mf_seal(&b);
        m = fm_model_parse(&b, &e);
        CHECK(m, "variance 0: %s", e.msg);
        fm_model_free(m);
    }
}

/* No prefix is a model; nor is a model with a byte more. */
static void
prefixes(void)
{
    struct fm_buf b = mf_file(FM_FEDMRNS, true), in;

    for (size_t n = 0; n < b.len; n++) {
        struct fm_err e = {0};

        in = mf_copy(b.data, n);
        CHECK(!fm_model_parse(&in, &e), "%zu bytes are a model", n);
        CHECK(e.code == FM_EINPUT && *e.msg, "%zu bytes: %s", n, e.msg);
    }
    in = mf_copy(b.data, b.len);
    CHECK(!fm_buf_add(&in, "", 1, NULL), "memory");
    CHECK(!fm_model_parse(&in, NULL), "a byte more");
    fm_buf_free(&b);
}

/* Not one flipped bit is taken, of a model without a history and with one. */
static void
flips(bool history)
{
    struct fm_buf b = mf_file(FM_FEDMRN, history);

    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        struct fm_buf in = mf_copy(b.data, b.len);
        struct fm_err e = {0};

        in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!fm_model_parse(&in, &e), "bit %zu is taken", bit);
        CHECK(e.code == FM_EINPUT && *e.msg, "bit %zu: %s", bit, e.msg);
    }
    fm_buf_free(&b);
}

static void
reading(void)
{
    struct fm_err e = {0};

    CHECK(!fm_model_read("/nonexistent/w0", &e) && e.code == FM_EINPUT, "read");
    CHECK(strncmp(e.msg, "/nonexistent/w0: ", 17) == 0, "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(!fm_model_read("/dev/null", &e) && e.code == FM_EINPUT, "read");
    CHECK(strcmp(e.msg, "/dev/null: not safetensors: only 0 bytes, no "
                        "header") == 0,
          "%s", e.msg);
}

static void
save(const char *path, const void *p, size_t n, off_t size)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(p, 1, n, f) == n && fflush(f) == 0, "%s", path);
    CHECK(ftruncate(fileno(f), size) == 0 && fclose(f) == 0, "%s", path);
}

/* From a file: whole, cut, and with a hole behind it, for which there is no
 * memory.  And from a pipe, whose length nobody knows. */
static void
files(void)
{
    char dir[] = "/tmp/fedmrn-test-XXXXXX", path[64];
    struct fm_buf b = mf_file(FM_FEDMRN, false);
    size_t head = 8 + (size_t)fm_get64(b.data);
    struct fm_err e = {0};
    struct fm_model *m;
    struct {
        size_t n;
        off_t size;
        const char *message;
    } row[] = {
        {4, 4, "not safetensors: only 4 bytes, no header"},
        {head - 1, (off_t)head - 1, "cut short: "},
        {head, (off_t)head,
         "cut short: 0 bytes of values, where its header "
         "says 368"},
        {b.len - 1, (off_t)b.len - 1, "cut short: 367 bytes of values"},
        {b.len, (off_t)b.len + 1,
         "not a model: 369 bytes of values, where its "
         "header says 368"},
        {b.len, (off_t)1 << 40, "bytes of values, where its header says 368"},
        {b.len - 1, (off_t)b.len, "damaged: the checksum of its bytes is "},
    };

    CHECK(mkdtemp(dir), "mkdtemp");
    snprintf(path, sizeof path, "%s/w", dir);
    b.data[b.len - 1] |= 1; /* not what a hole has */
    mf_seal(&b);
    save(path, b.data, b.len, (off_t)b.len);
    m = fm_model_read(path, &e);
    CHECK(m && m->file.len == b.len, "%s", e.msg);
    fm_model_free(m);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        e = (struct fm_err){0};
        save(path, b.data, row[i].n, row[i].size);
        CHECK(!fm_model_read(path, &e) && e.code == FM_EINPUT, "row %zu", i);
        CHECK(strstr(e.msg, row[i].message) &&
                  strncmp(e.msg, path, strlen(path)) == 0 &&
                  !strstr(e.msg + 1, path),
              "row %zu: %s", i, e.msg);
    }
    CHECK(unlink(path) == 0 && rmdir(dir) == 0, "%s", path);

    for (int more = -1; more <= 1; more++) {
        size_t n = more < 0 ? b.len - 1 : b.len;
        int fd[2];

        e = (struct fm_err){0};
        CHECK(pipe(fd) == 0 && n < 65536, "pipe");
        CHECK(write(fd[1], b.data, n) == (ssize_t)n, "write");
        CHECK(more < 1 || write(fd[1], "", 1) == 1, "write");
        CHECK(close(fd[1]) == 0 && dup2(fd[0], 0) == 0 && close(fd[0]) == 0,
              "stdin");
        m = fm_model_read("-", &e);
        CHECK(!m == !!more, "%d more: %s", more, e.msg);
        CHECK(!more || strncmp(e.msg,
                               more < 0 ? "<stdin>: cut short: 367 "
                                        : "<stdin>: not a model: 369 ",
                               24) == 0,
              "%s", e.msg);
        fm_model_free(m);
    }
    fm_buf_free(&b);
}

/* Magnitudes of a model that tells them: 3 masked tensors, around 167772, from
 * an eighth of it to eight times it. */
static void
magnitudes(void)
{
    static const char first[] = "fedmrn.magnitudes\":\"20971 ";
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_buf b = {0}, in;

    fm_settings_default(&set, FM_FEDMRN);
    set.noise_scale = 32;
    m = fm_model_new(fm_arch_parse(mf_net, "net", &e), &set, 7, &e);
    CHECK(m && fm_model_dump(&b, m, &e) == 0, "%s", e.msg);
    CHECK(!memmem(b.data, b.len, "magnitudes", 10), "none in round 0");
    in = mf_copy(b.data, b.len);
    fm_model_free(fm_model_parse(&in, &e));
    CHECK(e.code == FM_OK, "%s", e.msg);
    m->round = 1;
    m->nbundles = 1;
    m->bundle = calloc(1, sizeof *m->bundle);
    m->tensor[0].a = 20971;
    m->tensor[5].a = 1342176;
    m->tensor[6].a = 167772;
    b.len = 0;
    CHECK(m->bundle && fm_model_dump(&b, m, &e) == 0, "%s", e.msg);
    fm_model_free(m);
    in = mf_copy(b.data, b.len);
    m = fm_model_parse(&in, &e);
    CHECK(m, "%s", e.msg);
    CHECK(fm_model_noise_a(m, 2, 5) == 1342176, "magnitude");
    fm_model_free(m);

    mf_edited(
        &b, first, "fedmrn.magnitudes\":\"20970 ",
        "fedmrn.magnitudes: no integer in 20971..1342176 for features.0.w");
    mf_edited(&b, "1342176 ", "1342177 ",
              "no integer in 20971..1342176 for cl");
    mf_edited(&b, " 1342176 167772\"", " 0342176 167772\"", "not in the form");
    mf_edited(&b, " 1342176 167772\"", " 1342176,167772\"", "for classifier.w");
    mf_edited(&b, " 1342176 167772\"", " 12345678901234\"", "for classifier.w");
    mf_edited(&b, " 1342176 167772\"", " 21000 21000 99\"",
              "more than there are masked tensors");
    mf_edited(&b, first, "fedmrn.magnitudex\":\"20971 ", "does not belong");
    /* In a model that has none, in the place of a setting that may be absent.
     */
    mf_edited(&b, "noise-scale\":\"update:32", "noise-scale\":\"update:0 ",
              "noise-scale: update:0  is not fixed or update:C");
    mf_edited(&b, "fedmrn.round\":\"1", "fedmrn.round\":\"0", "in round 0");
    fm_buf_free(&b);
}

int
main(void)
{
    magnitudes();
    round_trip(FM_FEDMRN, false);
    round_trip(FM_FEDMRNS, true);
    round_trip(FM_FEDAVG, true);
    messages();
    checksum();
    rewritten();
    values();
    prefixes();
    flips(false);
    flips(true);
    reading();
    files();
    return 0;
}
