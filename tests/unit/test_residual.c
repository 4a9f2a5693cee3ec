#include "bundle/residual.h"

#include "bundle/lossy.h"
#include "fixture.h"
#include "tensor/safetensors.h"

#include <math.h>

/* A client's answer to a later round, as far as it matters. */
static struct fm_bundle
answer(const char *client, uint64_t round)
{
    struct fm_bundle b = {.round = round};

    snprintf(b.client, sizeof b.client, "%s", client);
    return b;
}

static void
refused(const struct fm_model *m, const struct fm_bundle *b,
        const char *message)
{
    struct fm_err e = {0};
    struct fm_residual r = {0};

    CHECK(fm_residual_take(&r, "f", m, b, &e) == FM_EINPUT, "accepted: %s",
          message);
    CHECK(strstr(e.msg, message) && strncmp(e.msg, "f: ", 3) == 0, "%s", e.msg);
    fm_residual_free(&r);
}

/* Change `n` bytes where the file has `from`, see it refused, change back. */
static void
damaged(struct fm_buf *file, const char *from, const char *to,
        const struct fm_model *m, const char *message)
{
    const struct fm_bundle b = answer("c", 9);
    uint8_t *at = memmem(file->data, file->len, from, strlen(from));

    CHECK(at && strlen(from) == strlen(to), "%s", from);
    memcpy(at, to, strlen(to));
    fx_save("f", file);
    refused(m, &b, message);
    memcpy(at, from, strlen(from));
    fx_save("f", file);
}

/* The same with one tensor more, of nothing, or with a value that is none and
 * the right checksum. */
static void
remade(const struct fm_buf *file, const struct fm_model *m, bool value)
{
    const struct fm_bundle b = answer("c", 9);
    struct fm_buf out = {0}, data = {0}, summed = {0};
    uint8_t round[8];
    struct fm_st st;
    struct fm_st_tensor t[4];
    struct fm_id id;
    char hex[FM_ID_HEX];

    CHECK(!fm_st_parse(&st, file->data, file->len, NULL), "parse");
    CHECK(st.ntensors == 3, "%zu tensors", st.ntensors);
    for (size_t i = 0; i < 3; i++) {
        t[i] = st.tensor[i];
        CHECK(!fm_buf_add(&data, t[i].data, 4 * t[i].count, NULL), "memory");
    }
    t[3] = (struct fm_st_tensor){.name = "none", .dtype = FM_F32, .ndim = 1};
    if (value)
        fm_putf(data.data + 8, INFINITY);
    fm_put64(round, 8);
    CHECK(!fm_buf_add(&summed, round, sizeof round, NULL) &&
              !fm_buf_add(&summed, data.data, data.len, NULL),
          "memory");
    id = fm_hash128(summed.data, summed.len);
    for (size_t i = 0; i < st.nmeta; i++)
        if (strcmp(st.meta[i].key, "fedmrn.checksum") == 0)
            strcpy(st.meta[i].value, fm_id_hex(hex, &id));
    {
        const struct fm_st made = {value ? 3 : 4, st.nmeta, t, st.meta};

        CHECK(!fm_st_header(&out, &made, NULL), "header");
    }
    CHECK(!fm_buf_add(&out, data.data, data.len, NULL), "memory");
    fx_save("f", &out);
    refused(m, &b,
            value ? "value 2 is not finite"
                  : "4 tensors, where the model has 3 to code");
    fm_st_free(&st);
    fm_buf_free(&data);
    fm_buf_free(&summed);
    fm_buf_free(&out);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_model *other =
        fx_model("input 1x3x3\nconv 1 2x2\nlinear 2\n", FM_FEDAVG, FM_UNIFORM);
    struct fm_bundle b = answer("c", 9);
    struct fm_residual r = {0}, back = {0};
    struct fm_err e = {0};
    struct fm_buf file = {0};
    struct fm_st st;
    const size_t n = fm_lossy_count(m);
    char dir[32];

    fx_enter(dir);
    CHECK(fm_residual_take(&r, "none", m, &b, &e) == 0, "%s", e.msg);
    for (size_t i = 0; i < n; i++) {
        CHECK(r.left[i] == 0, "a new one has %g", (double)r.left[i]);
        r.left[i] = (float)i - 3;
    }
    r.round = 8;
    CHECK(fm_residual_write(&file, &r, m, &e) == 0, "%s", e.msg);
    fx_save("f", &file);
    CHECK(fm_residual_take(&back, "f", m, &b, &e) == 0, "%s", e.msg);
    CHECK(back.round == 8 && !strcmp(back.client, "c"), "round");
    CHECK(!memcmp(back.left, r.left, n * sizeof *r.left), "values");
    /* Batch normalisation, which is never coded, has no place in it. */
    CHECK(!fm_st_parse(&st, file.data, file.len, &e), "%s", e.msg);
    CHECK(st.ntensors == 3 && !strcmp(st.tensor[0].name, "features.0.weight"),
          "%zu tensors", st.ntensors);
    fm_st_free(&st);

    refused(other, &b, "the residual of another architecture");
    m->seed++;
    refused(m, &b, "the residual of another run");
    m->seed--;
    b = answer("d", 9);
    refused(m, &b, "the residual of another client");
    b = answer("c", 8);
    refused(m, &b, "up to round 8, and this answers round 8");
    damaged(&file, "residual\":\"1", "residual\":\"2", m, "not a residual");
    damaged(&file, "round\":\"8", "round\":\"x", m, "fedmrn.round is not");
    damaged(&file, "round\":\"8", "round\":\"7", m,
            "damaged: the checksum of its round");
    damaged(&file, "features.0.weight", "features.0.wEight", m,
            "is not features.0.weight of the model");
    damaged(&file, "\"F32\"", "\"I32\"", m,
            "is not features.0.weight of the model");
    damaged(&file, "fedmrn.residual", "fedmrn.residuum", m, "not a residual");
    damaged(&file, "fedmrn.round", "fedmrn.sound", m, "fedmrn.round is not");
    damaged(&file, "fedmrn.checksum", "fedmrn.checksun", m,
            "damaged: the checksum of its round and values");
    remade(&file, m, true);
    remade(&file, m, false);
    fx_save("f", &file);
    file.data[file.len - 2] ^= 1;
    fx_save("f", &file);
    b = answer("c", 9);
    refused(m, &b, "damaged: the checksum of its round and values");
    file.len--;
    fx_save("f", &file);
    refused(m, &b, "");

    fm_residual_free(&r);
    fm_residual_free(&r);
    fm_residual_free(&back);
    fm_buf_free(&file);
    fm_model_free(m);
    fm_model_free(other);
    fx_leave(dir);
    return 0;
}
