#include "fed/state.h"

#include "fixture.h"

#include <math.h>

static const char net[] = "input 3\nlinear 2\nrelu\nlinear 4 nobias\n";

static struct fm_model *
model(const char *text, uint64_t seed)
{
    return nm_model(FM_FEDPM, text, seed);
}

/* What a training left, through a file, into another training. */
static struct fm_buf
round_trip(const struct fm_model *m)
{
    static const size_t at[] = {0, 16, 32};
    struct fm_err e = {0};
    struct fm_state *s = fm_state_new(m, "c", &e),
                    *back = fm_state_new(m, "c", &e);
    float first[48], second[48], got[2][48] = {{0}};
    float *from[2] = {first, second}, *to[2] = {got[0], got[1]};
    struct fm_buf file = {0};
    struct fm_st st;
    uint64_t steps;

    CHECK(s && back, "%s", e.msg);
    CHECK(s->steps == 0, "a new state has %d steps", (int)s->steps);
    for (size_t i = 0; i < 48; i++) {
        first[i] = (float)i - 20;
        second[i] = (float)i;
    }
    fm_state_save(s, 15, from, at);
    CHECK(!fm_state_write(&file, s, &e), "%s", e.msg);
    fx_save("state", &file);
    CHECK(!fm_state_read(back, "state", &e), "%s", e.msg);
    fm_state_load(back, &steps, to, at);
    CHECK(steps == 15, "%d steps", (int)steps);
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < m->arch->tensor[t].count; i++)
            CHECK(got[0][at[t] + i] == first[at[t] + i] &&
                      got[1][at[t] + i] == second[at[t] + i],
                  "tensor %zu, %zu", t, i);
    CHECK(got[0][6] == 0, "between the tensors");
    /* Another reader finds what PyTorch would call them. */
    CHECK(!fm_st_parse(&st, file.data, file.len, &e), "%s", e.msg);
    CHECK(st.ntensors == 6 &&
              strcmp(st.tensor[1].name, "classifier.0.weight.exp_avg_sq") == 0,
          "%s", st.tensor[1].name);
    fm_st_free(&st);
    fm_state_free(s);
    fm_state_free(back);
    return file;
}

static void
refused(const struct fm_model *m, const char *client, const struct fm_buf *file,
        const char *message)
{
    struct fm_err e = {0};
    struct fm_state *s = fm_state_new(m, client, &e);

    fx_save("bad", file);
    CHECK(fm_state_read(s, "bad", &e) == FM_EINPUT, "accepted: %s", message);
    CHECK(strstr(e.msg, message) && strncmp(e.msg, "bad: ", 5) == 0, "%s",
          e.msg);
    fm_state_free(s);
}

/* Where the file has `text`. */
static uint8_t *
place(const struct fm_buf *file, const char *text)
{
    uint8_t *at = memmem(file->data, file->len, text, strlen(text));

    CHECK(at, "no %s", text);
    return at;
}

/* After a change by hand: the checksum that the file should have. */
static void
seal(struct fm_buf *file)
{
    uint8_t *at = place(file, "fedmrn.checksum") + 18;
    char hex[FM_ID_HEX];
    struct fm_id id;

    memset(at, '0', 32);
    id = fm_hash128(file->data, file->len);
    memcpy(at, fm_id_hex(hex, &id), 32);
}

/* The same with other tensors, and the checksum that it should have. */
static void
other_tensors(const struct fm_model *m, const struct fm_buf *file)
{
    static const char *const message[] = {
        "4 tensors, where the architecture has 6",
        "exp_avg is not classifier.0", "exp_avg is not classifier.0"};
    struct fm_st st;
    struct fm_buf out = {0};

    for (int i = 0; i < 3; i++) {
        CHECK(!fm_st_parse(&st, file->data, file->len, NULL), "parse");
        st.ntensors -= i == 0 ? 2 : 0;
        st.tensor[0].dtype = i == 1 ? FM_I32 : FM_F32;
        st.tensor[0].dim[0] = i == 2 ? 3 : 2;
        st.tensor[0].dim[1] = i == 2 ? 2 : 3;
        out.len = 0;
        CHECK(!fm_st_header(&out, &st, NULL), "header");
        for (size_t k = 0; k < st.ntensors; k++)
            CHECK(!fm_buf_add(&out, st.tensor[k].data, 4 * st.tensor[k].count,
                              NULL),
                  "memory");
        seal(&out);
        refused(m, "c", &out, message[i]);
        fm_st_free(&st);
    }
    fm_buf_free(&out);
}

static void
hostile(struct fm_model *m, struct fm_buf *file)
{
    struct fm_model *wide =
        model("input 3\nlinear 3\nrelu\nlinear 4 nobias\n", 7);
    struct fm_model *run = model(net, 8);
    uint8_t *at;

    refused(wide, "c", file, "the state of another architecture");
    refused(run, "c", file, "the state of another run");
    refused(m, "d", file, "the state of another client");
    file->len--;
    refused(m, "c", file, "");
    file->len++;
    file->data[file->len - 3] ^= 1;
    refused(m, "c", file, "damaged: the checksum of its bytes");
    file->data[file->len - 3] ^= 1;
    /* What the metadata say is covered, too. */
    at = place(file, "steps\":\"15");
    at[9]++;
    refused(m, "c", file, "damaged: the checksum of its bytes");
    memcpy(at + 8, "00", 2);
    seal(file);
    refused(m, "c", file, "fedmrn.steps is not an integer");
    memcpy(at + 8, "15", 2);
    memcpy(at, "stepz", 5);
    seal(file);
    refused(m, "c", file, "fedmrn.steps is not an integer");
    memcpy(at, "steps", 5);
    at = place(file, "fedmrn.state\":\"1");
    at[15] = '2';
    seal(file);
    refused(m, "c", file, "not a client's state");
    at[15] = '1';
    other_tensors(m, file);
    at = place(file, "exp_avg_sq");
    memcpy(at, "exp_avg_qs", 10);
    seal(file);
    refused(m, "c", file, "is not classifier.0.weight.exp_avg_sq");
    memcpy(at, "exp_avg_sq", 10);
    /* The last value is a second moment, 31: a square cannot be negative. */
    file->data[file->len - 1] ^= 0x80;
    seal(file);
    refused(m, "c", file, "classifier.2.weight.exp_avg_sq: value 7 is imposs");
    fm_putf(file->data + file->len - 4, INFINITY);
    seal(file);
    refused(m, "c", file, "classifier.2.weight.exp_avg_sq: value 7 is imposs");
    at = place(file, "fedmrn.checksum");
    memcpy(at, "fedmrn.nonsense", 15);
    refused(m, "c", file, "fedmrn.checksum is missing");
    at = place(file, "fedmrn.state");
    memcpy(at, "fedmrn.slate", 12);
    refused(m, "c", file, "not a client's state");
    fm_model_free(wide);
    fm_model_free(run);
}

int
main(void)
{
    struct fm_model *m = model(net, 7);
    struct fm_buf file;
    char dir[32];

    fx_enter(dir);
    file = round_trip(m);
    hostile(m, &file);
    fm_buf_free(&file);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
