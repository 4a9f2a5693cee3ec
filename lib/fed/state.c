#include "fed/state.h"

#include "base/file.h"
#include "base/mem.h"
#include "tensor/number.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { NMETA = 6, TEXT_MAX = 64, HEADER_ROOM = 16 << 20 };

static const char *const suffix[2] = {"exp_avg", "exp_avg_sq"};
static const char zeros[] = "00000000000000000000000000000000";

struct fm_state *
fm_state_new(const struct fm_model *base, const char *client, struct fm_err *e)
{
    struct fm_state *s = fm_alloc(1, sizeof *s, e);

    assert(fm_client_ok(client));
    if (!s)
        return NULL;
    s->base = base;
    strcpy(s->client, client);
    for (int k = 0; k < 2; k++) {
        s->moment[k] = fm_alloc(base->arch->params, sizeof **s->moment, e);
        if (!s->moment[k]) {
            fm_state_free(s);
            return NULL;
        }
    }
    return s;
}

void
fm_state_free(struct fm_state *s)
{
    if (!s)
        return;
    free(s->moment[0]);
    free(s->moment[1]);
    free(s);
}

/* Tensor i and moment k in the file. */
static void
describe(struct fm_st_tensor *t, const struct fm_tensor_spec *spec, int k)
{
    *t = (struct fm_st_tensor){.dtype = FM_F32, .ndim = spec->ndim};
    snprintf(t->name, sizeof t->name, "%s.%s", spec->name, suffix[k]);
    memcpy(t->dim, spec->dim, sizeof spec->dim);
    t->count = spec->count;
}

/*
 * Where a file has the digits of its checksum.  No text can hold the key: its
 * quotes would be escaped.  NULL in a file of another form.
 */
static uint8_t *
sum_at(uint8_t *file, size_t n)
{
    static const char key[] = "\"fedmrn.checksum\":\"";
    uint8_t *p = memmem(file, n, key, strlen(key)), *end = file + n;

    if (!p || (size_t)(end - p) < strlen(key) + strlen(zeros))
        return NULL;
    return p + strlen(key);
}

/* --- Reading ---------------------------------------------------------------
 */

static int
check_text(const struct fm_st *st, const char *key, const char *want,
           const char *of, struct fm_err *e)
{
    const char *got = fm_st_get(st, key);

    if (got && strcmp(got, want) == 0)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "the state of another %s; give each client and run a "
                      "file of its own",
                      of);
}

static int
check_meta(struct fm_state *s, const struct fm_st *st, struct fm_err *e)
{
    const char *steps = fm_st_get(st, "fedmrn.steps");
    char seed[TEXT_MAX];
    int rc;

    snprintf(seed, sizeof seed, "%016llx", (unsigned long long)s->base->seed);
    if ((rc = check_text(st, "fedmrn.arch", s->base->arch->text, "architecture",
                         e)) ||
        (rc = check_text(st, "fedmrn.seed", seed, "run", e)) ||
        (rc = check_text(st, "fedmrn.client", s->client, "client", e)))
        return rc;
    if (!steps || !fm_count_parse(&s->steps, steps, 1, (uint64_t)1 << 53))
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.steps is not an integer in 1..2^53");
    return 0;
}

/* Before anything is believed; leaves zeros where the digits were. */
static int
check_sum(struct fm_buf *file, const struct fm_st *st, struct fm_err *e)
{
    const char *format = fm_st_get(st, "fedmrn.state");
    uint8_t *at = sum_at(file->data, file->len);
    char hex[FM_ID_HEX], says[FM_ID_HEX] = "";
    struct fm_id is;

    if (!format || strcmp(format, "1") != 0)
        return fm_err_set(e, FM_EINPUT,
                          "not a client's state, as fedmrn-train writes it");
    if (!at)
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.checksum is missing in its metadata");
    memcpy(says, at, strlen(zeros));
    memcpy(at, zeros, strlen(zeros));
    is = fm_hash128(file->data, file->len);
    if (strcmp(says, fm_id_hex(hex, &is)) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "damaged: the checksum of its bytes is %s, not what "
                          "it says",
                          hex);
    return 0;
}

static int
check_tensors(const struct fm_state *s, const struct fm_st *st,
              struct fm_err *e)
{
    const struct fm_arch *a = s->base->arch;

    if (st->ntensors != 2 * a->ntensors)
        return fm_err_set(e, FM_EINPUT,
                          "%zu tensors, where the architecture has %zu",
                          st->ntensors, 2 * a->ntensors);
    for (size_t i = 0; i < st->ntensors; i++) {
        const struct fm_st_tensor *got = &st->tensor[i];
        struct fm_st_tensor want;

        describe(&want, &a->tensor[i / 2], (int)(i % 2));
        if (!fm_st_alike(got, &want))
            return fm_err_set(e, FM_EINPUT,
                              "%.80s is not %s of the architecture", got->name,
                              want.name);
    }
    return 0;
}

static int
take_values(struct fm_state *s, const struct fm_st *st, struct fm_err *e)
{
    float *to[2] = {s->moment[0], s->moment[1]};

    for (size_t i = 0; i < st->ntensors; i++) {
        const struct fm_st_tensor *t = &st->tensor[i];

        for (size_t j = 0; j < t->count; j++) {
            float v = fm_getf(t->data + 4 * j);

            if (v - v != 0 || (i % 2 && v < 0))
                return fm_err_set(e, FM_EINPUT, "%s: value %zu is impossible",
                                  t->name, j);
            *to[i % 2]++ = v;
        }
    }
    return 0;
}

int
fm_state_read(struct fm_state *s, const char *path, struct fm_err *e)
{
    struct fm_buf file = {0};
    struct fm_st st = {0};
    int rc = fm_file_read(
        &file, path, 2 * s->base->arch->params * sizeof(float) + HEADER_ROOM,
        e);

    if (rc)
        goto out;
    if ((rc = fm_st_parse(&st, file.data, file.len, e)) ||
        (rc = check_sum(&file, &st, e)) || (rc = check_meta(s, &st, e)) ||
        (rc = check_tensors(s, &st, e)) || (rc = take_values(s, &st, e)))
        fm_err_where(e, path);
out:
    fm_st_free(&st);
    fm_buf_free(&file);
    return rc;
}

/* --- Writing ---------------------------------------------------------------
 */

static void
put_values(uint8_t *p, const struct fm_state *s)
{
    const struct fm_arch *a = s->base->arch;
    const float *from[2] = {s->moment[0], s->moment[1]};

    for (size_t i = 0; i < 2 * a->ntensors; i++)
        for (size_t j = 0; j < a->tensor[i / 2].count; j++, p += 4)
            fm_putf(p, *from[i % 2]++);
}

int
fm_state_write(struct fm_buf *out, const struct fm_state *s, struct fm_err *e)
{
    static const char *const names[NMETA] = {"fedmrn.state", "fedmrn.arch",
                                             "fedmrn.seed",  "fedmrn.client",
                                             "fedmrn.steps", "fedmrn.checksum"};
    const struct fm_arch *a = s->base->arch;
    const size_t bytes = 2 * a->params * sizeof(float), start = out->len;
    char key[NMETA][20], one[] = "1", seed[TEXT_MAX], steps[TEXT_MAX];
    char client[FM_CLIENT_MAX + 1], sum[FM_ID_HEX];
    struct fm_st_meta meta[NMETA] = {{key[0], one},   {key[1], a->text},
                                     {key[2], seed},  {key[3], client},
                                     {key[4], steps}, {key[5], sum}};
    struct fm_st st = {
        .ntensors = 2 * a->ntensors, .nmeta = NMETA, .meta = meta};
    struct fm_id id;
    int rc = 0;

    strcpy(sum, zeros);
    for (int i = 0; i < NMETA; i++)
        strcpy(key[i], names[i]);
    snprintf(seed, sizeof seed, "%016llx", (unsigned long long)s->base->seed);
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)s->steps);
    strcpy(client, s->client);
    st.tensor = fm_alloc(st.ntensors, sizeof *st.tensor, e);
    if (!st.tensor) {
        rc = FM_ESYS;
        goto out;
    }
    for (size_t i = 0; i < st.ntensors; i++)
        describe(&st.tensor[i], &a->tensor[i / 2], (int)(i % 2));
    if ((rc = fm_st_header(out, &st, e)) ||
        (rc = fm_buf_reserve(out, bytes, e)))
        goto out;
    put_values(out->data + out->len, s);
    out->len += bytes;
    id = fm_hash128(out->data + start, out->len - start);
    memcpy(sum_at(out->data + start, out->len - start), fm_id_hex(sum, &id),
           strlen(zeros));
out:
    if (rc)
        out->len = start;
    free(st.tensor);
    return rc;
}

/* --- In training -----------------------------------------------------------
 */

void
fm_state_load(const struct fm_state *s, uint64_t *steps, float *const moment[2],
              const size_t *at)
{
    const struct fm_arch *a = s->base->arch;
    size_t from = 0;

    *steps = s->steps;
    for (size_t i = 0; i < a->ntensors; from += a->tensor[i++].count)
        for (int k = 0; k < 2; k++)
            memcpy(moment[k] + at[i], s->moment[k] + from,
                   a->tensor[i].count * sizeof **moment);
}

void
fm_state_save(struct fm_state *s, uint64_t steps, float *const moment[2],
              const size_t *at)
{
    const struct fm_arch *a = s->base->arch;
    size_t to = 0;

    s->steps = steps;
    for (size_t i = 0; i < a->ntensors; to += a->tensor[i++].count)
        for (int k = 0; k < 2; k++)
            memcpy(s->moment[k] + to, moment[k] + at[i],
                   a->tensor[i].count * sizeof **moment);
}
