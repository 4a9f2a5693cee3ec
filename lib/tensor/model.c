#include "tensor/model.h"

#include "base/mem.h"
#include "tensor/model_impl.h"
#include "tensor/safetensors.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int
fm_model_place(struct fm_model *m, struct fm_err *e)
{
    const struct fm_arch *a = m->arch;

    m->tensor = fm_alloc(a->ntensors, sizeof *m->tensor, e);
    if (!m->tensor)
        return FM_ESYS;
    for (size_t i = 0; i < a->ntensors; i++) {
        struct fm_model_tensor *t = &m->tensor[i];
        size_t *sum;

        t->spec = &a->tensor[i];
        if (m->set.method == FM_FEDPM && !fm_role_maskable(t->spec->role))
            return fm_err_set(e, FM_EINPUT,
                              "method: fedpm keeps or drops weights that never "
                              "change, and cannot train %s of %s; use a "
                              "network without one",
                              t->spec->name,
                              t->spec->role == FM_TABLE ? "an embedding"
                                                        : "a batchnorm");
        t->masked = fm_method_masks(m->set.method, t->spec->role);
        sum = t->masked ? &m->masked : &m->full;
        t->at = *sum;
        *sum += t->spec->count;
    }
    for (size_t i = 0; m->set.method == FM_FEDBAT && i < a->ntensors; i++)
        if (m->tensor[i].masked)
            m->tensor[i].step = m->full++;
    if (m->set.method == FM_FEDSPARSIFY)
        m->full += m->masked;
    return 0;
}

enum fm_dtype
fm_model_dtype(enum fm_method method, uint32_t votes)
{
    if (method != FM_FEDPM)
        return FM_F32;
    return votes <= UINT8_MAX ? FM_U8 : votes <= UINT16_MAX ? FM_U16 : FM_I32;
}

void
fm_model_values(struct fm_model *m, void *values)
{
    uint8_t *p = values;

    m->values = values;
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        struct fm_model_tensor *t = &m->tensor[i];

        t->value = NULL;
        t->ones = NULL;
        if (m->dtype == FM_F32)
            t->value = (float *)(void *)p;
        else
            t->ones = p;
        p += t->spec->count * fm_dtype_size(m->dtype);
    }
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < m->arch->ntensors; i++) {
            struct fm_model_tensor *t = &m->tensor[i];

            t->moment[k] = NULL;
            if (m->packed || k >= fm_server_moments(m->set.server) ||
                !fm_role_trained(t->spec->role))
                continue;
            t->moment[k] = (float *)(void *)p;
            p += t->spec->count * sizeof(float);
        }
}

int
fm_model_fits(const struct fm_model *m, struct fm_err *e)
{
    const char *name =
        m->set.nmean == 1 || m->set.nmean == m->arch->input.c ? "std" : "mean";
    const struct fm_shape in = m->arch->input;
    size_t n = *name == 's' ? m->set.nstd : m->set.nmean;

    if (m->set.loss == FM_LOSS_BCE && m->arch->classes != 1)
        return fm_err_set(e, FM_EINPUT,
                          "loss: bce goes with 1 output, and the network has "
                          "%zu",
                          m->arch->classes);
    if (fm_arch_vocabulary(m->arch) &&
        (m->set.crop || m->set.flip != FM_FLIP_NO))
        return fm_err_set(e, FM_EINPUT,
                          "%s: the network reads tokens and not images",
                          m->set.crop ? "crop" : "flip");
    /* A vector may be an image's pixels: the data will tell. */
    if ((in.h > 1 || in.w > 1) && (m->set.crop >= in.h || m->set.crop >= in.w))
        return fm_err_set(e, FM_EINPUT,
                          "crop: %lu could leave nothing of images of %zux%zu",
                          (unsigned long)m->set.crop, in.h, in.w);
    if (n == 1 || n == m->arch->input.c)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "%s: %zu values for %zu input channels; give one, or one "
                      "for each",
                      name, n, m->arch->input.c);
}

bool
fm_model_sends_full(const struct fm_model *m)
{
    for (size_t i = 0; i < m->arch->ntensors; i++)
        if (!m->tensor[i].masked)
            return true;
    return false;
}

struct fm_model *
fm_model_new(struct fm_arch *arch, const struct fm_settings *set, uint64_t seed,
             struct fm_err *e)
{
    struct fm_model *m = fm_alloc(1, sizeof *m, e);
    size_t bytes, state;

    if (!m) {
        fm_arch_free(arch);
        return NULL;
    }
    m->arch = arch;
    m->set = *set;
    m->seed = seed;
    m->dtype = fm_model_dtype(set->method, 0);
    if (fm_model_fits(m, e) || fm_model_place(m, e))
        goto fail;
    m->state = fm_model_state(m);
    if (!fm_mul_ok(arch->params, fm_dtype_size(m->dtype), &bytes) ||
        !fm_mul_ok(m->state, sizeof(float), &state) ||
        !fm_add_ok(bytes, state, &bytes)) {
        fm_err_nomem(e);
        goto fail;
    }
    if (fm_buf_reserve(&m->file, bytes, e))
        goto fail;
    memset(m->file.data, 0, bytes);
    m->file.len = bytes;
    fm_model_values(m, m->file.data);
    fm_model_state_start(m);
    return m;
fail:
    fm_model_free(m);
    return NULL;
}

void
fm_model_free(struct fm_model *m)
{
    if (!m)
        return;
    fm_arch_free(m->arch);
    free(m->bundle);
    fm_model_past_free(m);
    free(m->tensor);
    fm_buf_free(&m->file);
    free(m);
}

int
fm_model_recount(struct fm_model *m, const uint32_t *ones, uint32_t votes,
                 struct fm_err *e)
{
    const enum fm_dtype dtype = fm_model_dtype(FM_FEDPM, votes);
    const size_t n = m->arch->params, width = fm_dtype_size(dtype);
    struct fm_buf file = {0};
    uint8_t *p;
    int rc = fm_buf_reserve(&file, n * width, e);

    assert(m->set.method == FM_FEDPM && votes <= FM_VOTES_MAX);
    if (rc)
        return rc;
    p = file.data;
    for (size_t i = 0; i < n; i++, p += width) {
        assert(ones[i] <= votes);
        if (dtype == FM_U8)
            *p = (uint8_t)ones[i];
        else if (dtype == FM_U16)
            fm_put16(p, (uint16_t)ones[i]);
        else
            fm_put32(p, ones[i]);
    }
    file.len = n * width;
    fm_buf_free(&m->file);
    m->file = file;
    m->dtype = dtype;
    m->votes = votes;
    fm_model_values(m, m->file.data);
    return 0;
}

void
fm_model_swap(const struct fm_model *m, uint8_t *p)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    if (m->dtype != FM_F32)
        return;
    for (size_t i = 0; i < fm_model_bytes(m) / 4; i++, p += 4) {
        uint32_t v;

        memcpy(&v, p, sizeof v);
        fm_put32(p, v);
    }
#else
    (void)m;
    (void)p;
#endif
}

int
fm_model_shapes(struct fm_st *st, const struct fm_model *m, enum fm_dtype dtype,
                struct fm_err *e)
{
    st->tensor = fm_alloc(m->arch->ntensors, sizeof *st->tensor, e);
    if (!st->tensor)
        return FM_ESYS;
    for (; st->ntensors < m->arch->ntensors; st->ntensors++) {
        const struct fm_tensor_spec *spec = &m->arch->tensor[st->ntensors];
        struct fm_st_tensor *t = &st->tensor[st->ntensors];

        strcpy(t->name, spec->name);
        t->dtype = dtype;
        t->ndim = spec->ndim;
        memcpy(t->dim, spec->dim, sizeof spec->dim);
        t->count = spec->count;
    }
    return 0;
}

/* The one tensor of a packed file. */
static int
packed_shape(struct fm_st *st, const struct fm_model *m, struct fm_err *e)
{
    size_t bytes;
    int rc = fm_model_packed_size(&bytes, m, e);

    if (rc)
        return rc;
    st->tensor = fm_alloc(1, sizeof *st->tensor, e);
    if (!st->tensor)
        return FM_ESYS;
    st->ntensors = 1;
    st->tensor[0] = (struct fm_st_tensor){.name = "counts",
                                          .dtype = FM_U8,
                                          .ndim = 1,
                                          .dim = {bytes},
                                          .count = bytes};
    return 0;
}

int
fm_model_header(struct fm_buf *out, const struct fm_model *m, const char *sum,
                struct fm_err *e)
{
    struct fm_st st = {0};
    int rc;

    assert(m->round == 0 || m->nbundles > 0);
    rc = m->packed ? packed_shape(&st, m, e)
                   : fm_model_shapes(&st, m, m->dtype, e);
    if (!rc && !m->packed)
        rc = fm_model_state_shapes(&st, m, e);
    if (!rc)
        rc = fm_model_write_meta(&st, m, sum, e);
    if (!rc)
        rc = fm_st_header(out, &st, e);
    fm_st_free(&st);
    return rc;
}

size_t
fm_model_sum_at(const uint8_t *head, size_t n)
{
    static const char start[] = "{\"__metadata__\":{\"fedmrn.format\":\"1\",",
                      key[] = "\"fedmrn.checksum\":\"", end[] = "\"}";
    const size_t digits = FM_ID_HEX - 1;
    const uint8_t *p;
    size_t at;

    if (n < 8 + strlen(start) || memcmp(head + 8, start, strlen(start)) != 0)
        return 0;
    /* No text can hold the key: its quotes would be escaped. */
    p = memmem(head, n, key, strlen(key));
    if (!p)
        return 0;
    at = (size_t)(p - head) + strlen(key);
    if (n - at < digits + strlen(end) ||
        memcmp(head + at + digits, end, strlen(end)) != 0)
        return 0;
    return at;
}

/* The hash of a header and the values behind it, as they are in a file. */
static int
hash_file(struct fm_id *id, const uint8_t *head, size_t n,
          const struct fm_model *m, struct fm_err *e)
{
    struct fm_piece piece[2] = {{head, n}, {m->values, fm_model_bytes(m)}};
    int rc = m->packed ? fm_model_packed_size(&piece[1].n, m, e) : 0;

    if (rc)
        return rc;
    fm_model_swap(m, m->values);
    rc = fm_hash128_join(id, piece, 2, e);
    fm_model_swap(m, m->values);
    return rc;
}

int
fm_model_head(struct fm_buf *out, const struct fm_model *m, struct fm_err *e)
{
    static const char zeros[] = "00000000000000000000000000000000";
    const size_t start = out->len;
    char text[FM_ID_HEX];
    struct fm_id sum;
    size_t at;
    int rc = fm_model_header(out, m, zeros, e);

    if (rc)
        return rc;
    rc = hash_file(&sum, out->data + start, out->len - start, m, e);
    if (rc) {
        out->len = start;
        return rc;
    }
    at = fm_model_sum_at(out->data + start, out->len - start);
    assert(at);
    memcpy(out->data + start + at, fm_id_hex(text, &sum), sizeof text - 1);
    return 0;
}

void
fm_model_put(FILE *out, const struct fm_model *m)
{
    const size_t n = fm_model_bytes(m);

    if (m->dtype != FM_F32 || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        fwrite(m->values, 1, n, out);
        return;
    }
    for (size_t i = 0; i < n; i += 4) {
        uint8_t bytes[4];

        memcpy(bytes, m->values + i, 4);
        for (int k = 3; k >= 0; k--)
            putc(bytes[k], out);
    }
}

int
fm_model_file_put(void *file, FILE *out, struct fm_err *e)
{
    const struct fm_model_file *f = file;

    (void)e;
    fwrite(f->head.data, 1, f->head.len, out);
    fm_model_put(out, f->model);
    return 0;
}

int
fm_model_identify(struct fm_model *m, struct fm_err *e)
{
    struct fm_buf head = {0};
    int rc = fm_model_head(&head, m, e);

    if (rc == 0)
        rc = hash_file(&m->id, head.data, head.len, m, e);
    fm_buf_free(&head);
    return rc;
}

int
fm_model_dump(struct fm_buf *out, struct fm_model *m, struct fm_err *e)
{
    size_t start = out->len, bytes = fm_model_bytes(m);
    int rc = fm_model_head(out, m, e);

    if (rc)
        return rc;
    if ((rc = fm_buf_add(out, m->values, bytes, e))) {
        out->len = start;
        return rc;
    }
    fm_model_swap(m, out->data + out->len - bytes);
    m->id = fm_hash128(out->data + start, out->len - start);
    return 0;
}

size_t
fm_model_max_bundle(const struct fm_model *m)
{
    /* Headers and manifest, raw masks and some slack for a coder, deltas. */
    return 4096 + m->masked / 8 + m->masked / 128 + 4 * m->full;
}
