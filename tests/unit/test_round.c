#include "bundle/coded.h"
#include "check.h"
#include "fed/round.h"
#include "fixture.h"
#include "partial_file.h"

#include <math.h>
#include <sys/resource.h>

enum { CLIENTS = 20 };

/* The address sanitizer keeps what is freed for a while. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { FREED_STAYS = true };
#else
enum { FREED_STAYS = false };
#endif

static char notes[4096];

static void
note(void *ctx, const char *text)
{
    size_t n = strlen(notes);

    (void)ctx;
    snprintf(notes + n, sizeof notes - n, "%s\n", text);
}

static void
progress(void *ctx, size_t bundles)
{
    *(size_t *)ctx = bundles;
}

/* Files 0, 1, ..., of clients with these names. */
static void
make_files(const struct fm_model *m)
{
    for (size_t k = 0; k < CLIENTS; k++) {
        struct fm_buf b = {0};
        char name[16];

        snprintf(name, sizeof name, "%zu", k);
        fx_file(&b, m, name, 5 + k * k, k);
        fx_save(name, &b);
        fm_buf_free(&b);
    }
}

static void
add_values(struct fm_buf *out, const struct fm_model *m)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&bytes, &size);

    CHECK(f, "memory");
    fm_model_put(f, m);
    CHECK(fclose(f) == 0 && size == 4 * m->arch->params, "%zu bytes", size);
    CHECK(fm_buf_add(out, bytes, size, NULL) == 0, "memory");
    free(bytes);
}

/* Aggregate the named files; the code. */
static int
aggregate(struct fm_buf *out, const struct fm_model *m, char *const *path,
          size_t n, bool partial, struct fm_err *e)
{
    size_t seen = 0;
    const struct fm_round_hooks hooks = {
        .note = note, .progress = progress, .ctx = &seen};
    struct fm_pool *pool = fm_pool_new(2, NULL);
    struct fm_model *base = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_round *r = fm_round_new(base, pool, NULL, &hooks, NULL);
    struct fm_partial sum = {0};
    int rc = 0;

    CHECK(r, "memory");
    notes[0] = '\0';
    *e = (struct fm_err){0};
    out->len = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = fm_round_take(r, path[i], e);
    CHECK(seen <= fm_round_clients(r), "progress");
    if (rc == 0 && partial) {
        rc = fm_round_sum(&sum, r, e);
        if (rc == 0)
            rc = pf_write(out, &sum, e);
        free(sum.part);
    } else if (rc == 0 && (rc = fm_round_next(out, r, base, e)) == 0)
        add_values(out, base);
    CHECK(base->round > m->round || !fm_id_cmp(&base->id, &m->id), "base");
    fm_round_free(r);
    fm_model_free(base);
    fm_pool_free(pool);
    return rc;
}

static void
shuffle(char **p, size_t n, uint64_t *x)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = fx_random(x) % i;
        char *t = p[k];

        p[k] = p[i - 1];
        p[i - 1] = t;
    }
}

/* Any order and any tree of partial sums give one model file. */
static void
orders(const struct fm_model *m)
{
    char *path[CLIENTS], text[CLIENTS][8], s1[] = "s1", s2[] = "s2",
                                           s3[] = "s3";
    struct fm_buf want = {0}, got = {0}, sum = {0};
    struct fm_model *next;
    struct fm_err e;
    uint64_t x = 5;

    for (size_t k = 0; k < CLIENTS; k++) {
        snprintf(text[k], sizeof text[k], "%zu", k);
        path[k] = text[k];
    }
    CHECK(aggregate(&want, m, path, CLIENTS, false, &e) == 0, "%s", e.msg);
    CHECK(notes[0] == '\0', "%s", notes);
    for (int trial = 0; trial < 10; trial++) {
        char *tree[CLIENTS];
        size_t a, b;

        shuffle(path, CLIENTS, &x);
        CHECK(aggregate(&got, m, path, CLIENTS, false, &e) == 0, "%s", e.msg);
        CHECK(got.len == want.len && !memcmp(got.data, want.data, want.len),
              "shuffle %d", trial);

        a = 1 + fx_random(&x) % 8;
        b = a + 1 + fx_random(&x) % 8;
        CHECK(aggregate(&sum, m, path, a, true, &e) == 0, "%s", e.msg);
        fx_save(s1, &sum);
        CHECK(aggregate(&sum, m, path + a, b - a, true, &e) == 0, "%s", e.msg);
        fx_save(s2, &sum);
        tree[0] = s1;
        tree[1] = s2;
        tree[2] = path[b];
        shuffle(tree, 3, &x);
        CHECK(aggregate(&sum, m, tree, 3, true, &e) == 0, "%s", e.msg);
        fx_save(s3, &sum);
        tree[0] = s3;
        for (size_t k = b + 1; k < CLIENTS; k++)
            tree[k - b] = path[k];
        shuffle(tree, CLIENTS - b, &x);
        CHECK(aggregate(&got, m, tree, CLIENTS - b, false, &e) == 0, "%s",
              e.msg);
        CHECK(got.len == want.len && !memcmp(got.data, want.data, want.len),
              "tree %d", trial);
    }

    next = fm_model_parse(&got, &e);
    CHECK(next, "%s", e.msg);
    CHECK(next->round == m->round + 1 && next->nbundles == CLIENTS, "fields");
    CHECK(fm_id_cmp(&next->parent, &m->id) == 0, "parent");
    fm_model_free(next);
    fm_buf_free(&want);
    fm_buf_free(&got);
    fm_buf_free(&sum);
}

static void
expect(const struct fm_model *m, char *a, char *b, const char *message)
{
    char *ab[2] = {a, b}, *ba[2] = {b, a};
    struct fm_buf out = {0};
    struct fm_err e;

    CHECK(aggregate(&out, m, ab, 2, false, &e) == FM_EINPUT, "%s %s", a, b);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
    CHECK(out.len == 0, "output after a refusal");
    CHECK(aggregate(&out, m, ba, 2, false, &e) == FM_EINPUT, "%s %s", b, a);
    fm_buf_free(&out);
}

static void
rules(const struct fm_model *m)
{
    char f0[] = "0", f1[] = "1", copy[] = "copy", other[] = "other";
    char sum[] = "sum", sum1[] = "sum1", cut[] = "cut", late[] = "late";
    char nosuch[] = "nosuch";
    char *twice[] = {f0, f1, copy}, *once[] = {f0, f1};
    struct fm_buf b = {0}, want = {0};
    struct fm_bundle answer;
    struct fm_err e;

    /* The same bundle twice counts once and is named. */
    fx_file(&b, m, "0", 5, 0);
    fx_save(copy, &b);
    CHECK(aggregate(&want, m, once, 2, false, &e) == 0, "%s", e.msg);
    for (int turn = 0; turn < 3; turn++) {
        static const char *const named[] = {
            "copy: the same bundle as 0, counted once\n",
            "0: the same bundle as copy, counted once\n",
            "0: the same bundle as copy, counted once\n",
        };
        char *last = twice[2];

        CHECK(aggregate(&b, m, twice, 3, false, &e) == 0, "%s", e.msg);
        CHECK(b.len == want.len && !memcmp(b.data, want.data, b.len), "twice");
        CHECK(strcmp(notes, named[turn]) == 0, "%s", notes);
        twice[2] = twice[1];
        twice[1] = twice[0];
        twice[0] = last;
    }

    b.len = 0;
    fx_file(&b, m, "0", 5, 1000);
    fx_save(other, &b);
    expect(m, f0, other, "other: another bundle of client 0 than 0: both");

    CHECK(aggregate(&b, m, once, 2, true, &e) == 0, "%s", e.msg);
    fx_save(sum, &b);
    CHECK(aggregate(&b, m, once, 1, true, &e) == 0, "%s", e.msg);
    fx_save(sum1, &b);
    expect(m, sum, f0, "0: client 0 is already counted by sum");
    expect(m, sum, other, "other: client 0 is already counted by sum");
    expect(m, sum, sum1, "sum1: client 0 is already counted by sum");
    expect(m, sum, sum, "sum: client 0 is already counted by sum");

    b.len = 0;
    fx_file(&b, m, "x", 5, 1000);
    b.len--;
    fx_save(cut, &b);
    expect(m, f0, cut, "cut: ");
    expect(m, f0, nosuch, "nosuch: ");
    answer = fx_answer(m, "late", 5, 1);
    answer.round++;
    b.len = 0;
    CHECK(fm_bundle_write(&b, &answer, NULL) == 0, "write");
    fx_save(late, &b);
    expect(m, f0, late, "late: says round 2");
    fm_bundle_free(&answer);

    CHECK(aggregate(&b, m, once, 0, false, &e) == FM_EINPUT, "nothing");
    CHECK(strstr(e.msg, "no bundle"), "%s", e.msg);
    fm_buf_free(&b);
    fm_buf_free(&want);
}

/* Three rounds of three clients: the files 00 to 22, and the models that
 * they make, one after another.  Takes `m`. */
static void
make_rounds(struct fm_buf want[3], struct fm_model *m)
{
    struct fm_err e = {0};
    struct fm_buf file = {0};
    struct fm_model *base = m;

    for (unsigned r = 0; r < 3; r++) {
        struct fm_pool *pool = fm_pool_new(1, NULL);
        struct fm_round *round = fm_round_new(base, pool, NULL, NULL, NULL);

        for (unsigned k = 0; k < 3; k++) {
            char name[3] = {(char)('0' + r), (char)('0' + k)};

            file.len = 0;
            fx_file(&file, base, name + 1, 5 + k, 10 * r + k);
            fx_save(name, &file);
            CHECK(fm_round_take(round, name, &e) == 0, "%s", e.msg);
        }
        CHECK(fm_round_next(&want[r], round, base, &e) == 0, "%s", e.msg);
        add_values(&want[r], base);
        fm_round_free(round);
        fm_pool_free(pool);
        fm_model_free(base);
        file.len = 0;
        CHECK(!fm_buf_add(&file, want[r].data, want[r].len, NULL), "memory");
        base = fm_model_parse(&file, &e);
        CHECK(base, "%s", e.msg);
    }
    fm_model_free(base);
    fm_buf_free(&file);
}

/* Rounds in one go give what they gave one by one. */
static void
replay(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_buf want[3] = {{0}}, got = {0};
    char f[9][3], *all[9], *one_missing[] = {f[0], f[2], f[3]};
    char *no_second[] = {f[0], f[6]}, *no_first[] = {f[4], f[5]};
    char *back[] = {f[0], f[1], f[2], f[3], f[1]}, sum[] = "sum";
    char *summed[] = {f[0], f[1], f[2], sum, f[6], f[7], f[8]};
    struct fm_err e;

    for (unsigned i = 0; i < 9; i++) {
        snprintf(f[i], sizeof f[i], "%u%u", i / 3 % 3, i % 3);
        all[i] = f[i];
    }
    make_rounds(want, m);
    m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    for (size_t r = 0; r < 3; r++) {
        CHECK(!aggregate(&got, m, all, 3 * r + 3, false, &e), "%s", e.msg);
        CHECK(got.len == want[r].len &&
                  !memcmp(got.data, want[r].data, got.len),
              "round %zu", r);
    }
    /* A sum is of the last round, and takes the place of its bundles. */
    CHECK(aggregate(&got, m, all, 6, true, &e) == 0, "%s", e.msg);
    fx_save("sum", &got);
    CHECK(aggregate(&got, m, summed, 7, false, &e) == 0, "%s", e.msg);
    CHECK(got.len == want[2].len && !memcmp(got.data, want[2].data, got.len),
          "with a sum");
    CHECK(aggregate(&got, m, summed + 3, 1, false, &e) == FM_EINPUT, "sum");
    CHECK(strstr(e.msg, "sum: answers round 2, but round 1 is missing"), "%s",
          e.msg);

    CHECK(aggregate(&got, m, no_second, 2, false, &e) == FM_EINPUT, "2");
    CHECK(strcmp(e.msg, "20: answers round 3, but round 2 is missing: nothing "
                        "before it answers that") == 0,
          "%s", e.msg);
    CHECK(aggregate(&got, m, no_first, 2, false, &e) == FM_EINPUT, "1");
    CHECK(strstr(e.msg, "11: answers round 2, but round 1 is missing: "), "%s",
          e.msg);
    CHECK(aggregate(&got, m, one_missing, 3, false, &e) == FM_EINPUT, "01");
    CHECK(strstr(e.msg, "10: made for round 2 from model "), "%s", e.msg);
    CHECK(strstr(e.msg,
                 "is one missing, or too many, or was the policy another?"),
          "%s", e.msg);
    CHECK(aggregate(&got, m, back, 5, false, &e) == FM_EINPUT, "back");
    CHECK(strcmp(e.msg, "01: answers round 1, which answers to round 2 have "
                        "ended: rounds must come in order") == 0,
          "%s", e.msg);
    for (size_t r = 0; r < 3; r++)
        fm_buf_free(&want[r]);
    fm_buf_free(&got);
    fm_model_free(m);
}

/* The most memory that the process has had, in megabytes. */
static size_t
memory(void)
{
    struct rusage u;

    CHECK(getrusage(RUSAGE_SELF, &u) == 0, "getrusage");
    return (size_t)u.ru_maxrss >> 10; /* Linux counts in KiB */
}

/*
 * Bundles of few bytes that stand for many do not fill the memory: as decoded
 * they are waited for, not as they came.
 */
static void
frugal(void)
{
    struct fm_model *m =
        fx_model("input 1x1x1000\nlinear 1200\n", FM_FEDAVG, FM_UNIFORM);
    const size_t each = 4 * m->full >> 20; /* megabytes */
    struct fm_bundle b = fx_answer(m, "0", 1, 1);
    struct fm_buf file = {0}, raw = {0};
    struct fm_err e = {0};
    struct fm_round *r;
    size_t before;

    memset(b.bytes.data, 0, 4 * b.full);
    CHECK(fm_coded_encode(&b, m, NULL, &e) == 0, "%s", e.msg);
    for (int k = 0; k < 32; k++) {
        snprintf(b.client, sizeof b.client, "%d", k);
        raw.len = 0;
        b.coder = FM_CODER_RAW; /* which gives it its id */
        CHECK(fm_bundle_write(&raw, &b, &e) == 0, "%s", e.msg);
        b.coder = FM_CODER_RANS;
        CHECK(fm_bundle_write(&file, &b, &e) == 0, "%s", e.msg);
    }
    fm_bundle_free(&b);
    fm_buf_free(&raw);
    CHECK(file.len < 32 * 1024, "%zu bytes", file.len);
    fx_save("many", &file);
    CHECK(freopen("many", "rb", stdin), "many");

    before = memory();
    r = fm_round_new(m, NULL, NULL, NULL, &e);
    CHECK(r && fm_round_take(r, "-", &e) == 0, "%s", e.msg);
    CHECK(fm_round_clients(r) == 32, "%zu clients", fm_round_clients(r));
    /* The sums take four times one, and 24 MB wait. */
    if (!FREED_STAYS)
        CHECK(memory() - before < 24 + 8 * each, "%zu MB", memory() - before);
    fm_round_free(r);
    fm_buf_free(&file);
    fm_model_free(m);
}

/* No round follows the last. */
static void
last(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_err e = {0};
    struct fm_buf head = {0};
    struct fm_round *r;

    m->round = FM_ROUND_MAX;
    r = fm_round_new(m, NULL, NULL, NULL, &e);
    CHECK(r && fm_round_next(&head, r, m, &e) == FM_EINPUT, "a round more");
    CHECK(strstr(e.msg, "is the last there can be"), "%s", e.msg);
    fm_round_free(r);
    fm_buf_free(&head);
    fm_model_free(m);
}

/*
 * One client claims 2^32 samples.  Under a cap it weighs no more than that,
 * and moves no weight by more than its share of A.
 */
static void
liar(const struct fm_model *m)
{
    const struct fm_policy capped = {.weighting.cap = 100};
    const char *const honest[] = {"ha", "hb", "hc"};
    struct fm_model *base[2];
    struct fm_err e = {0};
    double most = 0;

    for (size_t k = 0; k < 3; k++) {
        struct fm_buf b = {0};

        fx_file(&b, m, honest[k], 150, k);
        fx_save(honest[k], &b);
        fm_buf_free(&b);
    }
    for (size_t lies = 0; lies < 2; lies++) {
        struct fm_round *r;
        struct fm_buf b = {0};

        base[lies] = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
        r = fm_round_new(base[lies], NULL, &capped, NULL, &e);
        CHECK(r, "%s", e.msg);
        for (size_t k = 0; k < 3; k++)
            CHECK(fm_round_take(r, honest[k], &e) == 0, "%s", e.msg);
        fx_file(&b, m, "liar", FM_SAMPLES_MAX, 9);
        fx_save("liar", &b);
        b.len = 0;
        if (lies)
            CHECK(fm_round_take(r, "liar", &e) == 0, "%s", e.msg);
        CHECK(fm_round_next(&b, r, base[lies], &e) == 0, "%s", e.msg);
        fm_buf_free(&b);
        fm_round_free(r);
    }
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const double a =
            m->tensor[t].masked ? fm_model_noise_a(m, 1, t) * 0x1p-24 : 0;

        for (size_t i = 0; a > 0 && i < m->tensor[t].spec->count; i++) {
            double d = (double)base[1]->tensor[t].value[i] -
                       (double)base[0]->tensor[t].value[i];

            /* 100 of 400: the others' mean gives a quarter, the liar takes
             * it. */
            CHECK(fabs(d) <= 0.25 * 2 * a + 1e-9, "%zu moves by %g", i, d);
            most = fabs(d) > most ? fabs(d) : most;
        }
    }
    CHECK(most > 0, "the liar does not count at all");
    fm_model_free(base[0]);
    fm_model_free(base[1]);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    char dir[32];

    fx_enter(dir);
    make_files(m);
    orders(m);
    rules(m);
    replay();
    liar(m);
    last();
    frugal();
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
