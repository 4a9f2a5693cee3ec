#include "bundle/pack.h"

#include "base/mem.h"
#include "bundle/coded.h"
#include "bundle/lossy.h"
#include "bundle/manifest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static const char spool_name[] = "temporary file";

/* Move what is held to the temporary file. */
static int
spill(struct fm_pack *p, struct fm_err *e)
{
    if (!p->spool && !(p->spool = tmpfile()))
        return fm_err_set(e, FM_ESYS, "%s: %s", spool_name, strerror(errno));
    if (fwrite(p->hold.data, 1, p->hold.len, p->spool) != p->hold.len)
        return fm_err_set(e, FM_ESYS, "%s: %s", spool_name, strerror(errno));
    p->hold.len = 0;
    return 0;
}

static int
list(struct fm_pack *p, const struct fm_id *id, struct fm_err *e)
{
    if (p->n == p->room) {
        void *more = fm_grow(p->id, p->n, &p->room, sizeof *p->id, e);

        if (!more)
            return FM_ESYS;
        p->id = more;
    }
    p->id[p->n++] = *id;
    return 0;
}

/* The bundle's file, as it is now or as it was read, to what is held. */
static int
append(struct fm_pack *p, struct fm_bundle *b, bool as_read, struct fm_err *e)
{
    size_t before = p->hold.len;
    int rc = as_read ? fm_buf_add(&p->hold, b->bytes.data, b->bytes.len, e)
                     : fm_bundle_write(&p->hold, b, e);

    if (rc == 0 && p->hash)
        fm_blaker_add(p->hash, p->hold.data + before, p->hold.len - before);
    return rc;
}

static int
add(struct fm_pack *p, struct fm_bundle *b, bool as_read, struct fm_err *e)
{
    char first[FM_ID_HEX], this[FM_ID_HEX];
    int rc;

    if (p->n == 0) {
        p->base = b->base;
        p->round = b->round;
        memcpy(p->client, b->client, sizeof p->client);
    }
    if (fm_id_cmp(&p->base, &b->base) != 0)
        return fm_err_set(e, FM_EINPUT,
                          "answers model %s, but the first bundle answers %s; "
                          "a round file holds one round",
                          fm_id_hex(this, &b->base),
                          fm_id_hex(first, &p->base));
    if ((rc = append(p, b, as_read, e)) || (rc = list(p, &b->id, e)))
        return rc;
    return p->hold.len >= FM_PACK_HOLD ? spill(p, e) : 0;
}

int
fm_pack_add(struct fm_pack *p, struct fm_bundle *b, struct fm_err *e)
{
    return add(p, b, false, e);
}

/* A bundle's size follows from its model, which is not at hand here; memory
 * grows only by what has arrived. */
static const size_t limit = SIZE_MAX / 4;

/* Is a bundle to be coded by p->codec?  0, or why it cannot be. */
static int
choose(bool *yes, const struct fm_pack *p, const struct fm_bundle *b,
       struct fm_err *e)
{
    char by[FM_CODEC_TEXT];
    const bool asked = p->codec && p->codec->asked;

    *yes =
        p->codec && !fm_method_masked(b->method) && b->coder != FM_CODER_CODEC;
    if (asked && fm_method_masked(b->method))
        return fm_err_set(e, FM_EINPUT,
                          "holds masks of %s, and a codec is for float "
                          "updates, as those of fedavg are",
                          fm_manifest_method(b->method));
    if (asked && b->coder == FM_CODER_CODEC)
        return fm_err_set(e, FM_EINPUT,
                          "made by the codec %s already, and what that left "
                          "out does not come back",
                          fm_manifest_coder(by, b));
    if (*yes && p->codec->residual && p->residual.left)
        return fm_err_set(e, FM_EINPUT,
                          "a second bundle, where a residual is one client's "
                          "and of one round: pack them one by one");
    return 0;
}

/* The floats become what the codec makes of them and of what was left out. */
static int
lossy(struct fm_pack *p, struct fm_bundle *b, struct fm_err *e)
{
    const struct fm_pack_codec *c = p->codec;
    int rc;

    if (c->residual &&
        (rc = fm_residual_take(&p->residual, c->residual, p->model, b, e)))
        return rc;
    p->residual.round = b->round;
    return fm_lossy_encode(b, &c->codec, p->model, c->seed, p->residual.left,
                           e);
}

/* Bring a bundle into its form. */
static int
shape(struct fm_pack *p, struct fm_bundle *b, enum fm_pack_form form,
      struct fm_err *e)
{
    bool by_codec;
    int rc;

    if ((rc = choose(&by_codec, p, b, e)))
        return rc;
    if (by_codec && p->codec->codec.kind != FM_CODEC_FLOAT32)
        return lossy(p, b, e);
    if (form == FM_PACK_AUTO && b->coder == FM_CODER_CODEC)
        return 0;
    if (form == FM_PACK_RANS && b->coder == FM_CODER_CODEC &&
        !fm_bundle_decoded(b) &&
        (rc = fm_coded_decode(b, p->model, p->pool, e)))
        return rc;
    if (form == FM_PACK_RAW) {
        /* Decoded already, or it could not be; then this says why. */
        rc =
            fm_bundle_decoded(b) ? 0 : fm_coded_decode(b, p->model, p->pool, e);
        b->coder = FM_CODER_RAW;
        return rc;
    }
    if (b->coder != FM_CODER_RANS || (p->model && fm_coded_alone(b))) {
        if ((rc = fm_coded_encode(b, p->model, p->pool, e)))
            return rc;
        if (form == FM_PACK_AUTO && !fm_coded_smaller(b))
            b->coder = FM_CODER_RAW;
    }
    if (b->masked && !p->model && b->coder == FM_CODER_RANS &&
        fm_coded_alone(b))
        p->blind++;
    return 0;
}

/* Where the model fits the bundles before, another model is not the remedy. */
static int
another_round(void *ctx, uint64_t round, const struct fm_id *from,
              struct fm_err *e)
{
    const struct fm_pack *p = ctx;

    (void)from;
    if (p->n == 0)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "answers round %llu, but the first bundle answers round "
                      "%llu; a round file holds one round",
                      (unsigned long long)round,
                      (unsigned long long)p->model->round + 1);
}

int
fm_pack_put_in(struct fm_pack *p, struct fm_bundle *b, enum fm_pack_form form,
               struct fm_err *e)
{
    const bool keep = form == FM_PACK_KEEP;
    int rc = keep ? 0 : shape(p, b, form, e);

    return rc ? rc : add(p, b, keep, e);
}

int
fm_pack_take(struct fm_pack *p, const char *path, enum fm_pack_form form,
             struct fm_err *e)
{
    struct fm_items it;
    struct fm_item item;
    int rc;

    rc = fm_items_open(&it, path, p->model, limit, e);
    if (rc)
        return rc;
    if ((rc = fm_items_guard(&it, p->guard, path, e)))
        goto out;
    it.pool = p->pool;
    if (p->model) {
        it.turn = another_round;
        it.turn_ctx = p;
    }
    while ((rc = fm_items_next(&it, &item, e)) == 0 &&
           item.kind != FM_ITEM_NONE) {
        if (item.kind == FM_ITEM_BUNDLE) {
            rc = fm_pack_put_in(p, &item.bundle, form, e);
        } else {
            rc = fm_err_set(e, FM_EINPUT,
                            "a partial sum, not a bundle: send it as it is");
        }
        fm_item_free(&item);
        if (rc) {
            fm_err_where(e, it.src.name);
            break;
        }
    }
out:
    fm_items_close(&it);
    return rc;
}

static int
copy(FILE *to, FILE *from, struct fm_err *e)
{
    char chunk[1 << 16];
    size_t n;

    rewind(from);
    while ((n = fread(chunk, 1, sizeof chunk, from)) > 0)
        fwrite(chunk, 1, n, to);
    if (ferror(from))
        return fm_err_set(e, FM_ESYS, "%s: %s", spool_name, strerror(errno));
    return 0;
}

int
fm_pack_write(struct fm_pack *p, FILE *out, struct fm_err *e)
{
    struct fm_buf index = {0};
    int rc = 0;

    assert(p->n > 0);
    if (p->n > 1) {
        if ((rc = fm_index_write(&index, p->id, p->n, e)))
            goto out;
        fwrite(index.data, 1, index.len, out);
    }
    if (p->spool) {
        if (fflush(p->spool)) {
            rc = fm_err_set(e, FM_ESYS, "%s: %s", spool_name, strerror(errno));
            goto out;
        }
        if ((rc = copy(out, p->spool, e)))
            goto out;
    }
    fwrite(p->hold.data, 1, p->hold.len, out);
out:
    fm_buf_free(&index);
    return rc;
}

void
fm_pack_free(struct fm_pack *p)
{
    if (p->spool)
        fclose(p->spool); /* nothing in it is wanted any more */
    free(p->id);
    fm_residual_free(&p->residual);
    fm_buf_free(&p->hold);
    *p = (struct fm_pack){0};
}
