#include "bundle/pack.h"
#include "check.h"
#include "fixture.h"
#include "partial_file.h"

/* What fm_pack_write writes, read back. */
static void
written(struct fm_buf *out, struct fm_pack *p)
{
    struct fm_err e = {0};
    FILE *f = fopen("out", "wb");

    CHECK(f && fm_pack_write(p, f, &e) == 0, "%s", e.msg);
    CHECK(fclose(f) == 0, "close");
    out->len = 0;
    CHECK(fm_file_read(out, "out", SIZE_MAX / 4, NULL) == 0, "read");
}

static void
add(struct fm_pack *p, const struct fm_model *m, const char *client,
    uint64_t seed)
{
    struct fm_bundle b = fx_answer(m, client, 7, seed);
    struct fm_err e = {0};

    CHECK(fm_pack_add(p, &b, &e) == 0, "%s", e.msg);
    fm_bundle_free(&b);
}

/* One bundle is itself; several follow an index of their ids. */
static void
golden(const struct fm_model *m)
{
    struct fm_buf a = {0}, want = {0}, out = {0};
    struct fm_pack p = {0};
    struct fm_id id[3];

    fx_file(&a, m, "a", 7, 1);
    add(&p, m, "a", 1);
    written(&out, &p);
    CHECK(out.len == a.len && !memcmp(out.data, a.data, a.len), "one");
    fm_pack_free(&p);

    a.len = 0;
    id[0] = fx_file(&a, m, "a", 7, 1);
    id[1] = fx_file(&a, m, "b", 7, 2);
    id[2] = fx_file(&a, m, "c", 7, 3);
    CHECK(fm_index_write(&want, id, 3, NULL) == 0, "index");
    CHECK(fm_buf_add(&want, a.data, a.len, NULL) == 0, "memory");
    add(&p, m, "a", 1);
    add(&p, m, "b", 2);
    add(&p, m, "c", 3);
    written(&out, &p);
    CHECK(out.len == want.len && !memcmp(out.data, want.data, out.len),
          "three");
    fm_pack_free(&p);

    /* From files: the round file gives itself again. */
    fx_save("r", &out);
    CHECK(fm_pack_take(&p, "r", FM_PACK_RAW, NULL) == 0, "take");
    written(&out, &p);
    CHECK(out.len == want.len && !memcmp(out.data, want.data, out.len),
          "again");
    fm_pack_free(&p);
    fm_pack_free(&p);
    fm_buf_free(&a);
    fm_buf_free(&want);
    fm_buf_free(&out);
}

/* More than is held in memory goes through the temporary file. */
static void
large(void)
{
    struct fm_model *m = fx_model("input 1x1x3\nlinear 1200000\nlinear 2\n",
                                  FM_FEDMRN, FM_UNIFORM);
    struct fm_buf out = {0}, all = {0};
    struct fm_pack p = {0};
    size_t one, n = 0;
    char name[8];

    fx_file(&all, m, "0", 7, 0);
    one = all.len;
    for (; p.hold.len + (p.spool ? FM_PACK_HOLD : 0) < FM_PACK_HOLD + 2 * one;
         n++) {
        snprintf(name, sizeof name, "%zu", n);
        add(&p, m, name, n);
        if (n)
            fx_file(&all, m, name, 7, n);
    }
    CHECK(p.spool && p.hold.len < FM_PACK_HOLD, "nothing was spilled");
    written(&out, &p);
    CHECK(out.len > all.len, "%zu bytes", out.len);
    CHECK(memcmp(out.data + (out.len - all.len), all.data, all.len) == 0,
          "bundles in another order");
    fm_pack_free(&p);
    fm_buf_free(&out);
    fm_buf_free(&all);
    fm_model_free(m);
}

static void
refusals(const struct fm_model *m)
{
    struct fm_bundle b = fx_answer(m, "x", 7, 1);
    struct fm_err e = {0};
    struct fm_buf bad = {0};
    struct fm_pack p = {0};

    add(&p, m, "a", 1);
    b.base.b[0] ^= 1;
    CHECK(fm_pack_add(&p, &b, &e) == FM_EINPUT, "another base");
    CHECK(strstr(e.msg, "one round"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_buf_add(&bad, "070707", 6, NULL) == 0, "memory");
    fx_save("bad", &bad);
    CHECK(fm_pack_take(&p, "bad", FM_PACK_RAW, &e) == FM_EINPUT, "bad");
    CHECK(strncmp(e.msg, "bad: ", 5) == 0, "%s", e.msg);
    fm_pack_free(&p);
    fm_buf_free(&bad);
    fm_bundle_free(&b);
}

/* What was coded tensor by tensor is not raw without its model. */
static void
undecoded(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDAVG, FM_UNIFORM);
    struct fm_buf raw = {0}, out = {0};
    struct fm_err e = {0};
    struct fm_pack p = {.model = m};

    fx_file(&raw, m, "a", 7, 1);
    fx_save("raw", &raw);
    CHECK(fm_pack_take(&p, "raw", FM_PACK_RANS, &e) == 0, "%s", e.msg);
    written(&out, &p);
    fx_save("coded", &out);
    fm_pack_free(&p);
    CHECK(fm_pack_take(&p, "coded", FM_PACK_RAW, &e) == FM_EINPUT, "taken");
    CHECK(strstr(e.msg, "which --model must give"), "%s", e.msg);
    fm_pack_free(&p);
    p.model = m;
    CHECK(fm_pack_take(&p, "coded", FM_PACK_RAW, NULL) == 0, "with it");
    written(&out, &p);
    CHECK(out.len == raw.len && !memcmp(out.data, raw.data, raw.len), "raw");
    fm_pack_free(&p);
    fm_buf_free(&raw);
    fm_buf_free(&out);
    fm_model_free(m);
}

static int
on_begin(void *ctx, const char *path, struct fm_err *e)
{
    (void)path;
    return *(int *)ctx ? fm_err_set(e, FM_EINPUT, "no") : 0;
}

static int
on_bytes(void *ctx, bool round_file, const uint8_t *p, size_t n,
         struct fm_err *e)
{
    (void)round_file, (void)p, (void)n, (void)e;
    ++*(int *)ctx;
    return 0;
}

static int
on_claim(void *ctx, const struct fm_bundle *b, struct fm_err *e)
{
    (void)ctx, (void)b, (void)e;
    return 0;
}

static int
on_end(void *ctx, struct fm_err *e)
{
    (void)ctx, (void)e;
    return 0;
}

/* Kept, a bundle is the bytes that were read, although it could be smaller;
 * and what is hashed is what is written. */
static void
keep(const struct fm_model *m)
{
    int asked = 0;
    const struct fm_guard guard = {on_begin, on_bytes, on_claim, on_end,
                                   &asked};
    struct fm_pack p = {.model = m, .guard = &guard};
    uint8_t got[FM_BLAKE_256], want[FM_BLAKE_256];
    struct fm_err e = {0};
    struct fm_buf raw = {0}, out = {0};

    fx_file(&raw, m, "a", 7, 1);
    fx_save("raw", &raw);
    CHECK((p.hash = fm_blaker_new(FM_BLAKE_256, &e)), "%s", e.msg);
    CHECK(fm_pack_take(&p, "raw", FM_PACK_KEEP, &e) == 0, "%s", e.msg);
    CHECK(asked == 1, "asked %d times", asked);
    CHECK(strcmp(p.client, "a") == 0 && p.round == m->round + 1, "who");
    written(&out, &p);
    CHECK(out.len == raw.len && !memcmp(out.data, raw.data, out.len), "kept");
    fm_blake(want, sizeof want, raw.data, raw.len);
    fm_blaker_sum(got, p.hash);
    CHECK(memcmp(got, want, sizeof want) == 0, "hash of the kept");
    CHECK(fm_pack_take(&p, "raw", FM_PACK_KEEP, &e) == FM_EINPUT &&
              strcmp(e.msg, "raw: no") == 0,
          "%s", e.msg);
    fm_blaker_free(p.hash);
    fm_pack_free(&p);

    p = (struct fm_pack){.model = m, .hash = fm_blaker_new(32, NULL)};
    CHECK(p.hash, "memory");
    CHECK(fm_pack_take(&p, "raw", FM_PACK_RANS, NULL) == 0, "coded");
    written(&out, &p);
    CHECK(out.len != raw.len, "not coded");
    fm_blake(want, sizeof want, out.data, out.len);
    fm_blaker_sum(got, p.hash);
    CHECK(memcmp(got, want, sizeof want) == 0, "hash of the coded");
    fm_blaker_free(p.hash);
    fm_pack_free(&p);
    fm_buf_free(&raw);
    fm_buf_free(&out);
}

static void
not_taken(struct fm_pack *p, const char *path, const char *message)
{
    struct fm_err e = {0};

    CHECK(fm_pack_take(p, path, FM_PACK_AUTO, &e) == FM_EINPUT &&
              strncmp(e.msg, path, strlen(path)) == 0 && strstr(e.msg, message),
          "%s: %s", path, e.msg);
}

/* What a codec is not for, and what is no bundle. */
static void
misused(const struct fm_model *m)
{
    struct fm_model *avg = fx_model(FX_ARCH, FM_FEDAVG, FM_UNIFORM);
    struct fm_pack_codec codec = {.codec.kind = FM_CODEC_FLOAT16,
                                  .asked = true};
    struct fm_pack p = {.model = m};
    struct fm_partial sum = pf_sum(m, 0, 2);
    struct fm_err e = {0};
    struct fm_buf b = {0};

    CHECK(!pf_write(&b, &sum, &e), "%s", e.msg);
    fx_save("sum", &b);
    not_taken(&p, "sum", "a partial sum, not a bundle: send it as it is");
    pf_sum_free(&sum);
    b.len = 0;
    fx_file(&b, m, "a", 7, 1);
    fx_save("masks", &b);
    p.codec = &codec;
    not_taken(&p, "masks", "holds masks of fedmrn, and a codec is for float");
    p.model = avg;
    b.len = 0;
    fx_file(&b, avg, "a", 7, 1);
    fx_save("floats", &b);
    CHECK(!fm_pack_take(&p, "floats", FM_PACK_AUTO, &e), "%s", e.msg);
    written(&b, &p);
    fx_save("coded", &b);
    not_taken(&p, "coded", "made by the codec float16 already, and what");
    fm_pack_free(&p);
    p = (struct fm_pack){.model = avg, .codec = &codec};
    codec.residual = "left";
    CHECK(!fm_pack_take(&p, "floats", FM_PACK_AUTO, &e), "%s", e.msg);
    not_taken(&p, "floats", "a second bundle, where a residual is one client");
    fm_pack_free(&p);
    fm_buf_free(&b);
    fm_model_free(avg);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    char dir[32];

    fx_enter(dir);
    golden(m);
    large();
    refusals(m);
    keep(m);
    undecoded();
    misused(m);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
