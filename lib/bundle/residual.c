#include "bundle/residual.h"

#include "base/file.h"
#include "base/mem.h"
#include "bundle/lossy.h"
#include "tensor/number.h"
#include "tensor/safetensors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NMETA = 6, HEADER_ROOM = 16 << 20 };

enum { FORMAT, ARCH, SEED, CLIENT, ROUND, SUM };
static const char *const names[NMETA] = {"fedmrn.residual", "fedmrn.arch",
                                         "fedmrn.seed",     "fedmrn.client",
                                         "fedmrn.round",    "fedmrn.checksum"};

static void
seed_text(char out[24], const struct fm_model *base)
{
    snprintf(out, 24, "%016llx", (unsigned long long)base->seed);
}

/* The tensors of the file; *t is to be freed. */
static int
describe(struct fm_st_tensor **t, size_t *n, const struct fm_model *base,
         struct fm_err *e)
{
    const struct fm_arch *a = base->arch;

    *n = 0;
    *t = fm_alloc(a->ntensors, sizeof **t, e);
    if (!*t)
        return FM_ESYS;
    for (size_t i = 0; i < a->ntensors; i++) {
        const struct fm_tensor_spec *spec = &a->tensor[i];
        struct fm_st_tensor *to = &(*t)[*n];

        if (!fm_lossy_coded(spec->role))
            continue;
        to->dtype = FM_F32;
        to->ndim = spec->ndim;
        to->count = spec->count;
        memcpy(to->dim, spec->dim, sizeof spec->dim);
        strcpy(to->name, spec->name);
        ++*n;
    }
    return 0;
}

/* Of all that nothing else holds to its word. */
static int
sum_of(struct fm_id *id, uint64_t round, const uint8_t *values, size_t n,
       struct fm_err *e)
{
    struct fm_hasher *hash = fm_hasher_new(e);
    uint8_t p[8];

    if (!hash)
        return FM_ESYS;
    fm_put64(p, round);
    fm_hasher_add(hash, p, sizeof p);
    if (n)
        fm_hasher_add(hash, values, n);
    *id = fm_hasher_id(hash);
    fm_hasher_free(hash);
    return 0;
}

/* --- Reading -------------------------------------------------------------- */

static int
check_meta(uint64_t *round, const struct fm_st *st, const struct fm_model *base,
           const struct fm_bundle *b, struct fm_err *e)
{
    char seed[24];
    const char *want[] = {"1", base->arch->text, seed, b->client};
    const char *of[] = {NULL, "architecture", "run", "client"};
    const char *text;

    seed_text(seed, base);
    for (int i = FORMAT; i <= CLIENT; i++) {
        text = fm_st_get(st, names[i]);
        if (text && strcmp(text, want[i]) == 0)
            continue;
        if (i == FORMAT)
            return fm_err_set(e, FM_EINPUT,
                              "not a residual, as fedmrn-pack writes it");
        return fm_err_set(e, FM_EINPUT,
                          "the residual of another %s; give each client and "
                          "run a file of its own",
                          of[i]);
    }
    text = fm_st_get(st, names[ROUND]);
    if (!text || !fm_count_parse(round, text, 1, FM_ROUND_MAX))
        return fm_err_set(e, FM_EINPUT,
                          "fedmrn.round is not an integer in 1..2^32");
    if (*round >= b->round)
        return fm_err_set(e, FM_EINPUT,
                          "holds what was left out up to round %llu, and this "
                          "answers round %llu: use what was packed then, or "
                          "the residual as it was before",
                          (unsigned long long)*round,
                          (unsigned long long)b->round);
    return 0;
}

static int
check_tensors(const struct fm_st *st, const struct fm_model *base,
              struct fm_err *e)
{
    struct fm_st_tensor *want;
    size_t n;
    int rc = describe(&want, &n, base, e);

    if (rc == 0 && st->ntensors != n)
        rc = fm_err_set(e, FM_EINPUT,
                        "%zu tensors, where the model has %zu to code",
                        st->ntensors, n);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct fm_st_tensor *got = &st->tensor[i];

        if (!fm_st_alike(got, &want[i]))
            rc = fm_err_set(e, FM_EINPUT, "%.80s is not %s of the model",
                            got->name, want[i].name);
    }
    free(want);
    return rc;
}

static int
take_values(struct fm_residual *r, size_t n, const struct fm_st *st,
            struct fm_err *e)
{
    const uint8_t *data = n ? st->tensor[0].data : NULL;
    const char *says = fm_st_get(st, names[SUM]);
    char hex[FM_ID_HEX];
    struct fm_id is;
    int rc = sum_of(&is, r->round, data, 4 * n, e);

    if (rc)
        return rc;
    if (!says || strcmp(says, fm_id_hex(hex, &is)) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "damaged: the checksum of its round and values is "
                          "%s",
                          fm_id_hex(hex, &is));
    for (size_t i = 0; i < n; i++) {
        r->left[i] = fm_getf(data + 4 * i);
        if (r->left[i] - r->left[i] != 0)
            return fm_err_set(e, FM_EINPUT, "value %zu is not finite", i);
    }
    return 0;
}

int
fm_residual_take(struct fm_residual *r, const char *path,
                 const struct fm_model *base, const struct fm_bundle *b,
                 struct fm_err *e)
{
    const size_t n = fm_lossy_count(base);
    struct fm_buf file = {0};
    struct fm_st st = {0};
    int rc = 0;

    strcpy(r->client, b->client);
    r->round = 0;
    r->left = fm_alloc(n, sizeof *r->left, e);
    if (!r->left)
        return FM_ESYS;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    if ((rc = fm_file_read(&file, path, 4 * n + HEADER_ROOM, e)))
        goto out;
    if ((rc = fm_st_parse(&st, file.data, file.len, e)) ||
        (rc = check_meta(&r->round, &st, base, b, e)) ||
        (rc = check_tensors(&st, base, e)) || (rc = take_values(r, n, &st, e)))
        fm_err_where(e, path);
out:
    fm_st_free(&st);
    fm_buf_free(&file);
    return rc;
}

void
fm_residual_free(struct fm_residual *r)
{
    free(r->left);
    *r = (struct fm_residual){0};
}

/* --- Writing -------------------------------------------------------------- */

int
fm_residual_write(struct fm_buf *out, const struct fm_residual *r,
                  const struct fm_model *base, struct fm_err *e)
{
    const size_t n = fm_lossy_count(base), start = out->len;
    char key[NMETA][24], one[] = "1", seed[24], round[24];
    char client[FM_CLIENT_MAX + 1], sum[FM_ID_HEX];
    struct fm_st_meta meta[NMETA] = {
        {key[FORMAT], one},    {key[ARCH], base->arch->text}, {key[SEED], seed},
        {key[CLIENT], client}, {key[ROUND], round},           {key[SUM], sum}};
    struct fm_st st = {.nmeta = NMETA, .meta = meta};
    struct fm_buf values = {0};
    struct fm_id id;
    int rc = fm_buf_reserve(&values, 4 * n, e);

    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        fm_putf(values.data + 4 * i, r->left[i]);
    values.len = 4 * n;
    if ((rc = sum_of(&id, r->round, values.data, values.len, e)))
        goto out;
    fm_id_hex(sum, &id);
    for (int i = 0; i < NMETA; i++)
        strcpy(key[i], names[i]);
    seed_text(seed, base);
    strcpy(client, r->client);
    snprintf(round, sizeof round, "%llu", (unsigned long long)r->round);
    if ((rc = describe(&st.tensor, &st.ntensors, base, e)) ||
        (rc = fm_st_header(out, &st, e)))
        goto out;
    rc = fm_buf_add(out, values.data, values.len, e);
out:
    if (rc)
        out->len = start;
    free(st.tensor);
    fm_buf_free(&values);
    return rc;
}
