#include "agg/partial.h"
#include "bundle/checksum.h"
#include "check.h"
#include "fixture.h"
#include "partial_file.h"

enum { CLIENTS = 4, PART = 88 };

/* A sum of clients first..end-1 of a fixed set. */
static struct fm_partial
sum_of(const struct fm_model *m, size_t first, size_t end)
{
    static const char *const name[CLIENTS] = {"a", "b.2", "c", "zz"};
    struct fm_partial p = {.sum = fm_accum_new(m, NULL)};

    p.part = fm_alloc(CLIENTS, sizeof *p.part, NULL);
    CHECK(p.sum && p.part, "memory");
    for (size_t k = first; k < end; k++) {
        struct fm_bundle b = fx_answer(m, name[k], 10 * k + 1, k);
        const struct fm_bundle *one = &b;
        struct fm_buf out = {0};

        CHECK(fm_bundle_write(&out, &b, NULL) == 0, "write");
        CHECK(fm_accum_add(p.sum, &one, 1, NULL, NULL) == 0, "add");
        strcpy(p.part[p.n].client, b.client);
        p.part[p.n].bundle = b.id;
        p.part[p.n].samples = b.samples;
        p.n++;
        fm_buf_free(&out);
        fm_bundle_free(&b);
    }
    return p;
}

static void
sum_free(struct fm_partial *p)
{
    free(p->part);
    fm_accum_free(p->sum);
}

static void
golden(const struct fm_model *m)
{
    struct fm_partial p = sum_of(m, 0, 2);
    struct fm_partial_info info;
    struct fm_buf out = {0};
    struct fm_id id;
    char head[512], hex[FM_ID_HEX];
    const uint8_t *at;

    p.sum->masked[0] = -2;
    p.sum->full[0] = -3;
    CHECK(pf_write(&out, &p, NULL) == 0, "write");
    snprintf(head, sizeof head,
             "{\"fedmrn\":1,\"method\":\"fedmrn\",\"weights\":\"samples\","
             "\"round\":1,\"base\":\"%s\",\"samples\":12,\"masked\":%zu,"
             "\"full\":%zu,\"clients\":2}",
             fm_id_hex(hex, &m->id), m->masked, m->full);
    at = out.data + 76;
    CHECK(strcmp((const char *)at, "partial.json") == 0, "first name");
    at += 13;
    CHECK(memcmp(at, head, strlen(head)) == 0, "%.*s", (int)strlen(head), at);
    at += strlen(head) + 76;
    CHECK(strcmp((const char *)at, "clients") == 0, "second name");
    at += 8;
    CHECK(memcmp(at, "a\0\0", 3) == 0 && at[63] == 0, "first client");
    CHECK(memcmp(at + 64, p.part[0].bundle.b, 16) == 0, "its bundle");
    CHECK(fm_get64(at + 80) == 1 && fm_get64(at + PART + 80) == 11, "samples");
    CHECK(memcmp(at + PART, "b.2", 4) == 0, "second client");
    at += 2 * PART + 76;
    CHECK(strcmp((const char *)at, "sums") == 0, "third name");
    at += 5;
    CHECK(memcmp(at, "\376\377\377\377\377\377\377\377", 8) == 0, "-2");
    CHECK((int64_t)fm_get64(at + 8) == p.sum->masked[1], "masked");
    at += 8 * m->masked;
    CHECK(fm_get64(at) == (uint64_t)-3 && fm_get64(at + 8) == UINT64_MAX, "-3");
    at += 16 * m->full;
    id = fm_hash128(out.data, (size_t)(at - out.data));
    at += 76 + 9;
    CHECK(memcmp(at, id.b, 16) == 0, "checksum");
    CHECK(at + 16 + 87 == out.data + out.len, "length");

    CHECK(pf_read(&info, out.data, out.len, NULL, NULL, NULL) == 0, "read");
    CHECK(info.method == FM_FEDMRN && info.round == 1 && info.samples == 12 &&
              info.n == 2 && info.masked == m->masked && info.full == m->full,
          "fields");
    CHECK(fm_id_cmp(&info.id, &id) == 0 && fm_id_cmp(&info.base, &m->id) == 0,
          "ids");
    CHECK(strcmp(info.part[1].client, "b.2") == 0, "client");
    free(info.part);
    fm_buf_free(&out);
    sum_free(&p);
}

/* What is read is added: any grouping comes to the same bytes. */
static void
round_trip(const struct fm_model *m)
{
    struct fm_partial all = sum_of(m, 0, CLIENTS), half = sum_of(m, 0, 2);
    struct fm_partial rest = sum_of(m, 2, CLIENTS);
    struct fm_partial_info got;
    struct fm_buf a = {0}, b = {0};

    CHECK(pf_write(&a, &half, NULL) == 0, "write");
    CHECK(pf_read(&got, a.data, a.len, m, rest.sum, NULL) == 0, "read");
    memmove(rest.part + got.n, rest.part, rest.n * sizeof *rest.part);
    memcpy(rest.part, got.part, got.n * sizeof *rest.part);
    rest.n += got.n;
    free(got.part);
    a.len = 0;
    CHECK(pf_write(&a, &all, NULL) == 0, "write");
    CHECK(pf_write(&b, &rest, NULL) == 0, "write");
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0,
          "a grouping shows in the bytes");
    fm_buf_free(&a);
    fm_buf_free(&b);
    sum_free(&all);
    sum_free(&half);
    sum_free(&rest);
}

/* More sums than are read and written at a time. */
static void
large(void)
{
    struct fm_model *m =
        fx_model("input 300\nbatchnorm\nlinear 999\n", FM_FEDMRN, FM_GAUSSIAN);
    struct fm_partial p = sum_of(m, 0, 3), got = sum_of(m, 0, 0);
    struct fm_partial_info info;
    struct fm_buf b = {0};

    CHECK(m->masked > 4 << 16, "too few");
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&info, b.data, b.len, m, got.sum, NULL) == 0, "read");
    CHECK(memcmp(got.sum->masked, p.sum->masked, 8 * m->masked) == 0, "masked");
    CHECK(memcmp(got.sum->full, p.sum->full, 16 * m->full) == 0, "full");
    CHECK(got.sum->samples == p.sum->samples, "samples");
    free(info.part);
    fm_buf_free(&b);
    sum_free(&p);
    sum_free(&got);
    fm_model_free(m);
}

static void
damage(const struct fm_model *m)
{
    struct fm_partial p = sum_of(m, 0, 1);
    struct fm_partial_info got;
    struct fm_buf b = {0};

    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(pf_read(&got, b.data, b.len, m, NULL, NULL) == FM_EINPUT,
              "bit %zu", bit);
        b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < b.len; n++) {
        CHECK(pf_read(&got, b.data, n, m, NULL, NULL) == FM_EINPUT, "%zu bytes",
              n);
    }
    fm_buf_free(&b);
    sum_free(&p);
}

/*
 * A liar's sum: the good file with `to` written at byte `at` of member `which`
 * and a checksum that holds.  The message must tell.
 */
static void
lie(const struct fm_model *m, size_t which, size_t at, const void *to, size_t n,
    const char *message)
{
    struct fm_partial p = sum_of(m, 0, CLIENTS);
    struct fm_partial_info got;
    struct fm_member member[FM_MEMBERS_MAX];
    struct fm_err e = {FM_OK, ""};
    struct fm_buf b = {0}, bad = {0};
    struct fm_id id;
    size_t count;

    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(fm_checksum_open(member, &count, &id, b.data, b.len, NULL) == 0,
          "open");
    CHECK(at + n <= member[which].size, "outside");
    memcpy(b.data + (member[which].data - b.data) + at, to, n);
    CHECK(fm_checksum_seal(&bad, member, 3, &id, NULL) == 0, "seal");
    CHECK(pf_read(&got, bad.data, bad.len, m, NULL, &e) == FM_EINPUT,
          "accepted: %s", message);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
    fm_buf_free(&b);
    fm_buf_free(&bad);
    sum_free(&p);
}

/* Replace `from` by `to`, of the same length, in partial.json. */
static void
lie_head(const struct fm_model *m, const char *from, const char *to,
         const char *message)
{
    struct fm_partial p = sum_of(m, 0, CLIENTS);
    struct fm_buf b = {0};
    const char *head, *at;

    CHECK(strlen(from) == strlen(to), "%s", from);
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    head = (const char *)b.data + 76 + 13;
    at = memmem(head, b.len - 89, from, strlen(from));
    CHECK(at, "no %s", from);
    lie(m, 0, (size_t)(at - head), to, strlen(to), message);
    fm_buf_free(&b);
    sum_free(&p);
}

/* What the samples can just reach, on both sides, is accepted. */
static void
bounds(const struct fm_model *m)
{
    struct fm_partial p = sum_of(m, 0, CLIENTS);
    struct fm_partial_info got;
    const __int128 most = (__int128)64 << 86;
    struct fm_err e = {FM_OK, ""};
    struct fm_buf b = {0};

    p.sum->masked[0] = 64 * 65535;
    p.sum->masked[1] = -64 * 65535;
    p.sum->full[0] = most;
    p.sum->full[1] = -most;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, m, NULL, &e) == 0, "%s", e.msg);
    free(got.part);
    fm_buf_free(&b);
    sum_free(&p);
}

/* The second client claims the bundle of the first. */
static void
lie_twin(const struct fm_model *m)
{
    struct fm_partial p = sum_of(m, 0, 1);
    struct fm_id id = p.part[0].bundle;

    lie(m, 1, PART + 64, id.b, sizeof id.b, "two of them claim bundle");
    sum_free(&p);
}

static void
hostile(const struct fm_model *m)
{
    uint8_t v[16] = {0};
    __int128 most = (__int128)64 << 86; /* samples 1 + 11 + 21 + 31 */

    lie_head(m, "\"fedmrn\":1", "\"fedmrn\":2", "format 2");
    lie_head(m, "\"weights\":\"samples\"", "\"weights\":\"uniform\"",
             "weights");
    lie_head(m, "\"method\":\"fedmrn\"", "\"method\":\"fedavg\"",
             "method fedavg");
    lie_head(m, "\"round\":1", "\"round\":2", "round 2");
    lie_head(m, "\"clients\":4", "\"clients\":5", "5 clients are announced");
    lie_head(m, "\"clients\":4", "\"clients\":0", "clients");
    lie_head(m, "\"samples\":64", "\"samples\":65", "add up to 64, not 65");
    lie_head(m, "\"full\":", "\"fuli\":", "full");
    lie_head(m, "{\"fedmrn\"", "[\"fedmrn\"", "partial.json");
    lie_head(m, "\"clients\":4}", "\"client\":44}", "clients");

    lie(m, 1, 0, "A", 1, "number 0 has no valid id");
    lie(m, 1, 0, "", 1, "number 0 has no valid id");
    lie(m, 1, 63, "a", 1, "number 0 is not padded");
    lie(m, 1, PART, "a\0\0", 3, "a and a are not in order");
    lie(m, 1, PART, "0\0\0", 3, "a and 0 are not in order");
    lie(m, 1, 80, v, 8, "samples of a");
    lie_twin(m);
    fm_put64(v, FM_SAMPLES_MAX + 1);
    lie(m, 1, 80, v, 8, "samples of a");

    /* One beyond the bound, on both sides. */
    fm_put64(v, (uint64_t)(64 * 65535 + 1));
    lie(m, 2, 0, v, 8, "masked parameter 0");
    fm_put64(v, (uint64_t)(-64 * 65535 - 1));
    lie(m, 2, 8 * (m->masked - 1), v, 8, "beyond what its samples");
    fm_put64(v, (uint64_t)(most + 1));
    fm_put64(v + 8, (uint64_t)((unsigned __int128)(most + 1) >> 64));
    lie(m, 2, 8 * m->masked, v, 16, "full parameter 0");
    fm_put64(v, (uint64_t)(-most - 1));
    fm_put64(v + 8, (uint64_t)((unsigned __int128)(-most - 1) >> 64));
    lie(m, 2, 8 * m->masked + 16 * (m->full - 1), v, 16, "full parameter");
}

static void
other_base(const struct fm_model *m)
{
    struct fm_model *other = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_partial p = sum_of(m, 0, 1);
    struct fm_partial_info got;
    struct fm_err e = {FM_OK, ""};
    struct fm_buf b = {0};

    other->id.b[3] ^= 1;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, other, NULL, &e) == FM_EINPUT,
          "another model's");
    CHECK(strstr(e.msg, "but the model given is"), "%s", e.msg);
    fm_buf_free(&b);
    sum_free(&p);
    fm_model_free(other);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);

    golden(m);
    round_trip(m);
    large();
    damage(m);
    bounds(m);
    hostile(m);
    other_base(m);
    fm_model_free(m);
    return 0;
}
