#include "bundle/checksum.h"
#include "check.h"
#include "fixture.h"
#include "partial_file.h"

#include <sys/socket.h>

enum { CLIENTS = PF_CLIENTS, PART = 96 };

static void
damage(const struct fm_model *m)
{
    struct fm_partial p = pf_sum(m, 0, 1);
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
    pf_sum_free(&p);
}

/*
 * A liar's sum: the good file with `to` written at byte `at` of member `which`
 * and a checksum that holds.  The message must tell.
 */
static void
lie(const struct fm_model *m, size_t which, size_t at, const void *to, size_t n,
    const char *message)
{
    struct fm_partial p = pf_sum(m, 0, CLIENTS);
    struct fm_partial_info got;
    struct fm_member member[FM_MEMBERS_MAX];
    struct fm_err e = {0};
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
    pf_sum_free(&p);
}

/* Replace `from` by `to`, of the same length, in partial.json. */
static void
lie_head(const struct fm_model *m, const char *from, const char *to,
         const char *message)
{
    struct fm_partial p = pf_sum(m, 0, CLIENTS);
    struct fm_buf b = {0};
    const char *head, *at;

    CHECK(strlen(from) == strlen(to), "%s", from);
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    head = (const char *)b.data + 76 + 13;
    at = memmem(head, b.len - 89, from, strlen(from));
    CHECK(at, "no %s", from);
    lie(m, 0, (size_t)(at - head), to, strlen(to), message);
    fm_buf_free(&b);
    pf_sum_free(&p);
}

/* The good sum with a member by another name, or one more. */
static void
lie_members(const struct fm_model *m)
{
    static const char *const message[] = {"member 2 is not clients",
                                          "member 3 is not sums",
                                          "member 4 is not checksum"};
    struct fm_partial p = pf_sum(m, 0, CLIENTS);
    struct fm_partial_info got;
    struct fm_member member[FM_MEMBERS_MAX];
    struct fm_buf b = {0}, bad = {0};
    struct fm_err e;
    struct fm_id id;
    size_t n;

    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    for (int k = 0; k < 3; k++) {
        CHECK(fm_checksum_open(member, &n, &id, b.data, b.len, NULL) == 0,
              "open");
        if (k < 2)
            strcat(member[1 + k].name, "x");
        else
            member[3] = member[1];
        bad.len = 0;
        e = (struct fm_err){0};
        CHECK(!fm_checksum_seal(&bad, member, k < 2 ? 3 : 4, &id, NULL),
              "seal");
        CHECK(pf_read(&got, bad.data, bad.len, m, NULL, &e) == FM_EINPUT,
              "accepted: %s", message[k]);
        CHECK(strstr(e.msg, message[k]), "%s", e.msg);
    }
    fm_buf_free(&b);
    fm_buf_free(&bad);
    pf_sum_free(&p);
}

/*
 * A sum that is refused, and behind that a machine that fails: a socket whose
 * other end is gone before all was read.  A retry may find it good.
 */
static void
lost(const struct fm_model *m)
{
    struct fm_partial p = pf_sum(m, 0, 1);
    struct fm_partial_info got;
    struct fm_items it;
    struct fm_item item;
    struct fm_err e = {0};
    struct fm_buf b = {0};
    int pair[2];
    char *policy;

    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    policy = memmem(b.data, b.len, "\"weights\":\"s", 12);
    CHECK(policy && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socket");
    policy[11] = 'x';
    CHECK(write(pair[0], "?", 1) == 1 &&
              write(pair[1], b.data, b.len - 90) == (ssize_t)b.len - 90,
          "write");
    close(pair[1]);
    CHECK(dup2(pair[0], STDIN_FILENO) == STDIN_FILENO, "stdin");
    close(pair[0]);
    CHECK(fm_items_open(&it, "-", m, (size_t)1 << 20, &e) == 0 &&
              fm_items_next(&it, &item, &e) == 0,
          "%s", e.msg);
    CHECK(fm_partial_read(&got, &it, &item, NULL, &e) == FM_ESYS &&
              e.code == FM_ESYS,
          "code %d: %s", (int)e.code, e.msg);
    fm_item_free(&item);
    fm_items_close(&it);
    fm_buf_free(&b);
    pf_sum_free(&p);
}

/* What the samples can just reach, on both sides, is accepted. */
static void
bounds(const struct fm_model *m)
{
    struct fm_partial p = pf_sum(m, 0, CLIENTS);
    struct fm_partial_info got;
    const __int128 most = (__int128)64 << 86;
    struct fm_err e = {0};
    struct fm_buf b = {0};

    p.sum->masked[0] = 64 * 65535;
    p.sum->masked[1] = -64 * 65535;
    p.sum->full[0] = most;
    p.sum->full[1] = -most;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, m, NULL, &e) == 0, "%s", e.msg);
    free(got.part);
    fm_buf_free(&b);
    pf_sum_free(&p);
}

/* The second client claims the bundle of the first. */
static void
lie_twin(const struct fm_model *m)
{
    struct fm_partial p = pf_sum(m, 0, 1);
    struct fm_id id = p.part[0].bundle;

    lie(m, 1, PART + 64, id.b, sizeof id.b, "two of them claim bundle");
    pf_sum_free(&p);
}

static void
hostile(const struct fm_model *m)
{
    uint8_t v[16] = {0};
    __int128 most = (__int128)64 << 86; /* samples 1 + 11 + 21 + 31 */
    size_t var = 0;

    lie_head(m, "\"fedmrn\":1", "\"fedmrn\":2", "format 2");
    lie_head(m, "\"weights\":\"samples\"", "\"weights\":\"sampled\"",
             "weights");
    /* Their policy gives each client 1, and they weigh more. */
    lie_head(m, "\"weights\":\"samples\"", "\"weights\":\"uniform\"",
             "b.2 weighs what its policy cannot give");
    lie_head(m, "\"weight\":64", "\"weight\":65", "add up to 64, not 65");
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
    lie(m, 1, 88, v, 8, "a weighs what its policy");
    lie_twin(m);
    lie_members(m);
    lie_head(m, "\"fedmrn\",", "\"fedpm\" ,", "is no policy of this method");
    fm_put64(v, FM_SAMPLES_MAX + 1);
    lie(m, 1, 80, v, 8, "samples of a");
    fm_put64(v, 12);
    lie(m, 1, PART + 88, v, 8, "b.2 weighs what its policy");

    /* One beyond the bound, on both sides. */
    fm_put64(v, (uint64_t)(64 * 65535 + 1));
    lie(m, 2, 0, v, 8, "masked parameter 0");
    fm_put64(v, (uint64_t)(-64 * 65535 - 1));
    lie(m, 2, 8 * (m->masked - 1), v, 8, "beyond what its clients");
    fm_put64(v, (uint64_t)(most + 1));
    fm_put64(v + 8, (uint64_t)((unsigned __int128)(most + 1) >> 64));
    lie(m, 2, 8 * m->masked, v, 16, "full parameter 0");
    fm_put64(v, (uint64_t)(-most - 1));
    fm_put64(v + 8, (uint64_t)((unsigned __int128)(-most - 1) >> 64));
    lie(m, 2, 8 * m->masked + 16 * (m->full - 1), v, 16, "full parameter");

    /* More of a running variance than there is. */
    while (m->tensor[var].spec->role != FM_VAR)
        var++;
    most = 64 * fm_full_quantise(m->tensor[var].value[0]);
    fm_put64(v, (uint64_t)(-most - 1));
    fm_put64(v + 8, (uint64_t)((unsigned __int128)(-most - 1) >> 64));
    lie(m, 2, 8 * m->masked + 16 * m->tensor[var].at, v, 16, "full parameter");
}

/* Votes on signs: a weight's sum is within the samples, a batchnorm's is not.
 */
static void
votes(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    const size_t shift = m->tensor[2].at;
    uint8_t v[16] = {0};
    struct fm_partial p;
    struct fm_partial_info got;
    struct fm_err e = {0};
    struct fm_buf b = {0};

    m->set.vote = 0.5;
    CHECK(m->tensor[2].spec->role == FM_SHIFT, "fixture");
    p = pf_sum(m, 0, CLIENTS);
    CHECK(p.sum->full[shift] > 64 || p.sum->full[shift] < -64, "a batchnorm");
    p.sum->full[0] = 64;
    p.sum->full[m->full - 1] = -64;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, m, NULL, &e) == 0, "%s", e.msg);
    free(got.part);
    fm_buf_free(&b);
    pf_sum_free(&p);
    fm_put64(v, 65);
    lie(m, 2, 0, v, 16, "full parameter 0");
    lie(m, 2, 16 * (m->full - 1), v, 16, "full parameter");
    fm_model_free(m);
}

static void
other_base(const struct fm_model *m)
{
    struct fm_model *other = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_partial p = pf_sum(m, 0, 1);
    struct fm_partial_info got;
    struct fm_err e = {0};
    struct fm_buf b = {0};

    other->id.b[3] ^= 1;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, other, NULL, &e) == FM_EINPUT,
          "another model's");
    CHECK(strstr(e.msg, "but the model given is"), "%s", e.msg);
    fm_buf_free(&b);
    pf_sum_free(&p);
    fm_model_free(other);
}

/* Sums of different policies do not add up to one of either. */
static void
other_policy(const struct fm_model *m)
{
    struct fm_partial p = pf_sum(m, 0, 2), to = pf_sum(m, 2, 3);
    struct fm_partial_info got;
    struct fm_err e = {0};
    struct fm_buf b = {0};

    p.sum->weighting.cap = 100;
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    CHECK(pf_read(&got, b.data, b.len, m, to.sum, &e) == FM_EINPUT, "added");
    CHECK(strstr(e.msg, "its clients weigh by samples:100, and here by samples:"
                        " sums of different policies do not add up"),
          "%s", e.msg);
    CHECK(to.sum->weight == 21, "something was added");
    to.sum->weighting.cap = 100;
    CHECK(pf_read(&got, b.data, b.len, m, to.sum, NULL) == 0, "the same");
    CHECK(to.sum->weight == 33 && got.weighting.cap == 100, "weight");
    free(got.part);
    fm_buf_free(&b);
    pf_sum_free(&p);
    pf_sum_free(&to);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);

    damage(m);
    bounds(m);
    hostile(m);
    votes();
    other_base(m);
    other_policy(m);
    lost(m); /* and with it standard input */
    fm_model_free(m);
    return 0;
}
