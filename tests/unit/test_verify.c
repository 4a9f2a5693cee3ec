#include "agg/verify.h"
#include "bundle/item.h"
#include "check.h"
#include "fixture.h"
#include "partial_file.h"

static struct fm_err e;

static int
verify(const struct fm_buf *bytes, const struct fm_model *base)
{
    e = (struct fm_err){0};
    fx_save("f", bytes);
    return fm_verify("f", base, NULL, &e);
}

/* Good alone, good with its base, and bad in every cut and with another base.
 */
static void
kind(const struct fm_buf *good, const struct fm_model *base,
     const struct fm_model *other)
{
    struct fm_buf cut = *good;

    CHECK(verify(good, NULL) == 0, "%s", e.msg);
    CHECK(verify(good, base) == 0, "%s", e.msg);
    if (other) {
        CHECK(verify(good, other) == FM_EINPUT, "another base");
        CHECK(strncmp(e.msg, "f: ", 3) == 0 &&
                  strstr(e.msg, "but the model given is"),
              "%s", e.msg);
    }
    for (cut.len = 0; cut.len < good->len; cut.len += 1 + cut.len / 50) {
        CHECK(verify(&cut, cut.len % 2 ? base : NULL) == FM_EINPUT,
              "%zu of %zu bytes", cut.len, good->len);
        CHECK(strncmp(e.msg, "f: ", 3) == 0, "not named: %s", e.msg);
    }
    CHECK(freopen("f", "rb", stdin), "freopen");
    CHECK(fm_verify("-", base, NULL, &e) == FM_EINPUT, "cut on stdin");
    fx_save("f", good);
    CHECK(freopen("f", "rb", stdin), "freopen");
    e = (struct fm_err){0};
    CHECK(fm_verify("-", base, NULL, &e) == 0, "%s", e.msg);
}

static void
partial(struct fm_buf *out, const struct fm_model *m)
{
    struct fm_partial p = {.sum = fm_accum_new(m, NULL), .n = 1};
    struct fm_bundle b = fx_answer(m, "a", 7, 1);
    const struct fm_bundle *one = &b;

    p.part = fm_alloc(1, sizeof *p.part, NULL);
    CHECK(p.sum && p.part, "memory");
    CHECK(fm_accum_add(p.sum, &one, 1, NULL, NULL) == 0, "add");
    p.part[0].samples = p.part[0].weight = 7;
    strcpy(p.part[0].client, "a");
    CHECK(pf_write(out, &p, NULL) == 0, "write");
    free(p.part);
    fm_accum_free(p.sum);
    fm_bundle_free(&b);
}

static int
begin(void *ctx, const char *path, struct fm_err *err)
{
    (void)ctx, (void)err;
    CHECK(strcmp(path, "f") == 0, "%s", path);
    return 0;
}

/* With a guard only bundles pass; it is never asked about these. */
static void
unsigned_kind(const struct fm_buf *bytes, const char *word)
{
    static const struct fm_guard guard = {.begin = begin};

    e = (struct fm_err){0};
    fx_save("f", bytes);
    CHECK(fm_verify("f", NULL, &guard, &e) == FM_EINPUT, "passed: a %s", word);
    CHECK(strncmp(e.msg, "f: a ", 5) == 0 && strstr(e.msg, word), "%s", e.msg);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_model *other = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_buf out = {0}, two = {0};
    struct fm_id id[2];
    char dir[32];

    other->id.b[0] ^= 1;
    fx_enter(dir);

    id[0] = fx_file(&out, m, "a", 7, 1);
    kind(&out, m, other);

    two.len = 0;
    id[0] = fx_file(&two, m, "a", 7, 1);
    id[1] = fx_file(&two, m, "b", 7, 2);
    out.len = 0;
    CHECK(fm_index_write(&out, id, 2, NULL) == 0, "index");
    CHECK(fm_buf_add(&out, two.data, two.len, NULL) == 0, "memory");
    kind(&out, m, other);

    out.len = 0;
    partial(&out, m);
    kind(&out, m, other);
    unsigned_kind(&out, "partial sum");

    out.len = 0;
    CHECK(fm_model_dump(&out, m, NULL) == 0, "dump");
    kind(&out, m, NULL);
    unsigned_kind(&out, "model");

    out.len = 0;
    CHECK(fm_buf_add(&out, "to be or not to be", 18, NULL) == 0, "memory");
    CHECK(verify(&out, NULL) == FM_EINPUT, "text");
    CHECK(strstr(e.msg, "f: not a bundle, round file"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_verify("nosuch", NULL, NULL, &e) == FM_EINPUT, "missing");

    fm_buf_free(&out);
    fm_buf_free(&two);
    fm_model_free(m);
    fm_model_free(other);
    fx_leave(dir);
    return 0;
}
