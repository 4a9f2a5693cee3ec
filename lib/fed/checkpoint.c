#include "fed/checkpoint.h"

#include "base/mem.h"
#include "bundle/sealed.h"
#include "fed/checkpointhead.h"
#include "fed/weights_impl.h"

#include <assert.h>
#include <stdlib.h>

enum {
    HEAD_MAX = 1 << 16,
    ARRAYS = 4,
    STEP = 1 << 12, /* floats at a time */
};

struct fm_checkpoint {
    const char *path;
    struct fm_source src;
    struct fm_sealed sealed;
    struct fm_checkpoint_head head;
    struct fm_json *json; /* the same; for the settings */
    struct fm_buf text;   /* the same, as it was read */
};

/* One member of numbers: a pointer to those of each tensor. */
struct array {
    const char *name;
    float *at; /* NULL: what is trained, wherever that is */
};

/* The members after the head; returns how many. */
static size_t
list(struct array a[ARRAYS], const struct fm_weights *v)
{
    size_t n = 0;

    a[n++] = (struct array){"values", NULL};
    if (v->velocity)
        a[n++] = (struct array){"velocity", v->velocity};
    if (v->moment[0]) {
        a[n++] = (struct array){"adam.mean", v->moment[0]};
        a[n++] = (struct array){"adam.square", v->moment[1]};
    }
    return n;
}

static float *
tensor_of(const struct array *a, const struct fm_weights *v, size_t i)
{
    return a->at ? a->at + v->at[i] : fm_weights_trained(v, i);
}

int
fm_checkpoint_data(struct fm_id *id, const struct fm_local *l, struct fm_err *e)
{
    const struct fm_dataset *d = l->data;
    const size_t size = d->c * d->h * d->w;
    const uint64_t shape[] = {d->c, d->h, d->w, l->nrows};
    struct fm_hasher *hash = fm_hasher_new(e);
    uint8_t p[8];

    if (!hash)
        return FM_ESYS;
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        fm_put64(p, shape[i]);
        fm_hasher_add(hash, p, 8);
    }
    for (size_t i = 0; i < l->nrows; i++) {
        fm_put32(p, l->row[i]);
        fm_hasher_add(hash, p, 4);
    }
    for (size_t i = 0; i < l->nrows; i++) {
        if (!d->f)
            fm_hasher_add(hash, fm_dataset_row(d, l->row[i]), size);
        for (size_t j = 0; d->f && j < size; j++) {
            fm_putf(p, d->f[l->row[i] * size + j]);
            fm_hasher_add(hash, p, 4);
        }
        if (d->y)
            fm_hasher_add(hash, d->y + l->row[i], 1);
        for (size_t j = 0; j < d->numbers; j++) {
            fm_putf(p, d->t[l->row[i] * d->numbers + j]);
            fm_hasher_add(hash, p, 4);
        }
    }
    *id = fm_hasher_id(hash);
    fm_hasher_free(hash);
    return 0;
}

static int
read_head(struct fm_checkpoint *c, size_t size, struct fm_err *e)
{
    int rc;

    if (size > HEAD_MAX)
        return fm_err_set(e, FM_EINPUT, "%s: %zu bytes, and at most %d fit",
                          FM_CHECKPOINT_HEAD, size, HEAD_MAX);
    if ((rc = fm_buf_reserve(&c->text, size, e)) ||
        (rc = fm_sealed_read(&c->sealed, c->text.data, size, e)))
        return rc;
    c->text.len = size;
    c->json = fm_json_parse(c->text.data, size, FM_CHECKPOINT_HEAD, e);
    if (!c->json)
        return e ? (int)e->code : FM_EINPUT;
    return fm_checkpoint_head_read(&c->head, c->json, e);
}

struct fm_checkpoint *
fm_checkpoint_open(const char *path, struct fm_err *e)
{
    struct fm_checkpoint *c = fm_alloc(1, sizeof *c, e);
    struct fm_buf begun = {0};
    struct fm_member m = {0};
    int rc;

    if (!c)
        return NULL;
    c->path = path;
    if ((rc = fm_source_open(&c->src, path, e))) {
        free(c);
        return NULL;
    }
    if ((rc = fm_archive_begin(&begun, &c->src, HEAD_MAX, e)))
        goto out;
    if (begun.len == 0)
        rc = fm_err_set(e, FM_EINPUT, "it is empty");
    else if ((rc = fm_sealed_open(&c->sealed, &c->src, &begun, &m, e)) == 0)
        rc = strcmp(m.name, FM_CHECKPOINT_HEAD) == 0
                 ? read_head(c, m.size, e)
                 : fm_err_set(e, FM_EINPUT, "not a checkpoint");
    if (rc)
        fm_err_where(e, path);
out:
    fm_buf_free(&begun);
    if (rc == 0)
        return c;
    fm_checkpoint_free(c);
    return NULL;
}

void
fm_checkpoint_free(struct fm_checkpoint *c)
{
    if (!c)
        return;
    fm_source_close(&c->src);
    fm_sealed_close(&c->sealed);
    fm_json_free(c->json);
    fm_buf_free(&c->text);
    free(c);
}

uint64_t
fm_checkpoint_seed(const struct fm_checkpoint *c)
{
    return c->head.seed;
}

/* --- Going on --------------------------------------------------------------
 */

static int
read_array(const struct array *a, struct fm_checkpoint *c, struct fm_weights *v,
           struct fm_err *e)
{
    const struct fm_arch *arch = v->l->base->arch;
    uint8_t p[4 * STEP];
    struct fm_member m = {0};
    int rc;

    if ((rc = fm_sealed_next(&c->sealed, &m, e)))
        return rc;
    if (strcmp(m.name, a->name) != 0 || m.size != 4 * arch->params)
        return fm_err_set(e, FM_EINPUT,
                          "a member %s of %zu bytes, where %s has %zu", m.name,
                          m.size, a->name, 4 * arch->params);
    for (size_t i = 0; i < arch->ntensors; i++) {
        float *to = tensor_of(a, v, i);
        size_t left = arch->tensor[i].count;

        while (left) {
            size_t n = left < STEP ? left : STEP;

            if ((rc = fm_sealed_read(&c->sealed, p, 4 * n, e)))
                return rc;
            for (size_t k = 0; k < n; k++)
                *to++ = fm_getf(p + 4 * k);
            left -= n;
        }
    }
    return 0;
}

/* FedBAT's steps. */
static int
read_steps(struct fm_checkpoint *c, struct fm_weights *v, struct fm_err *e)
{
    const size_t n = v->l->base->arch->ntensors;
    uint8_t p[FM_BAT_BYTES];
    struct fm_member m = {0};
    int rc;

    if ((rc = fm_sealed_next(&c->sealed, &m, e)))
        return rc;
    if (strcmp(m.name, "steps") != 0 || m.size != n * sizeof p)
        return fm_err_set(e, FM_EINPUT,
                          "a member %s of %zu bytes, where steps has %zu",
                          m.name, m.size, n * sizeof p);
    for (size_t i = 0; i < n; i++) {
        if ((rc = fm_sealed_read(&c->sealed, p, sizeof p, e)))
            return rc;
        fm_bat_get(v, i, p);
    }
    return 0;
}

int
fm_checkpoint_load(struct fm_checkpoint *c, struct fm_weights *v,
                   const struct fm_id *data, struct fm_err *e)
{
    struct array a[ARRAYS];
    const size_t n = list(a, v), members = n + 2 + (v->bat != NULL);
    uint8_t beyond;
    struct fm_id sum;
    size_t got;
    int rc;

    assert(v->t == 0 && v->made == 0);
    if ((rc =
             fm_checkpoint_head_check(&c->head, c->json, &c->text, v, data, e)))
        goto out;
    for (size_t i = 0; i < n; i++)
        if ((rc = read_array(&a[i], c, v, e)))
            goto out;
    if (v->bat && (rc = read_steps(c, v, e)))
        goto out;
    /* Only now is known that all of it is whole. */
    if ((rc = fm_sealed_end(&c->sealed, &sum, e)))
        goto out;
    if (c->sealed.members != members)
        rc = fm_err_set(e, FM_EINPUT, "it has %zu members, not %zu",
                        c->sealed.members, members);
    else if (!(rc = fm_source_some(&c->src, &beyond, 1, &got, e)) && got)
        rc = fm_err_set(e, FM_EINPUT, "bytes follow its end");
    v->adam = c->head.adam;
    v->t = (uint32_t)c->head.step;
out:
    if (rc)
        fm_err_where(e, c->path);
    return rc;
}

/* --- Writing ---------------------------------------------------------------
 */

static void
put_array(struct fm_sealing *s, const struct array *a,
          const struct fm_weights *v)
{
    const struct fm_arch *arch = v->l->base->arch;
    uint8_t p[4 * STEP];

    for (size_t i = 0; i < arch->ntensors; i++) {
        const float *from = tensor_of(a, v, i);
        size_t left = arch->tensor[i].count;

        while (left) {
            size_t n = left < STEP ? left : STEP;

            for (size_t k = 0; k < n; k++)
                fm_putf(p + 4 * k, *from++);
            fm_sealing_put(s, p, 4 * n);
            left -= n;
        }
    }
}

static int
put_steps(struct fm_sealing *s, const struct fm_weights *v, struct fm_err *e)
{
    const size_t n = v->l->base->arch->ntensors;
    uint8_t p[FM_BAT_BYTES];
    int rc = fm_sealing_member(s, "steps", n * sizeof p, e);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        fm_bat_put(p, v, i);
        fm_sealing_put(s, p, sizeof p);
    }
    return rc;
}

int
fm_checkpoint_write(FILE *out, const struct fm_weights *v,
                    const struct fm_id *data, struct fm_err *e)
{
    const struct fm_checkpoint_head h = fm_checkpoint_head_of(v, data);
    struct array a[ARRAYS];
    const size_t n = list(a, v);
    struct fm_sealing s = {0};
    struct fm_buf text = {0};
    int rc;

    if ((rc = fm_checkpoint_head_write(&text, &h, v->l->set, e)) ||
        (rc = fm_sealing_open(&s, out, e)) ||
        (rc = fm_sealing_member(&s, FM_CHECKPOINT_HEAD, text.len, e)))
        goto out;
    fm_sealing_put(&s, text.data, text.len);
    for (size_t i = 0; i < n; i++) {
        if ((rc = fm_sealing_member(&s, a[i].name,
                                    4 * (uint64_t)v->l->base->arch->params, e)))
            goto out;
        put_array(&s, &a[i], v);
    }
    if (v->bat && (rc = put_steps(&s, v, e)))
        goto out;
    fm_sealing_end(&s);
out:
    fm_sealing_close(&s);
    fm_buf_free(&text);
    return rc;
}
