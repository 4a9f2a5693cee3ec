#include "fed/replay.h"

#include "partial_file.h"
#include "replayfix.h"

static void
count(void *ctx, const struct fm_ledger_entry *t, const char *path)
{
    size_t *n = ctx;

    CHECK(t->line == ++*n && path, "line %d", (int)t->line);
}

static int
replay(size_t *lines, struct fm_err *e)
{
    struct fm_ledger l;
    size_t torn;
    int rc;

    *lines = 0;
    *e = (struct fm_err){0};
    CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", e), "%s", e->msg);
    rc = fm_replay(&l, ".", NULL, NULL, count, lines, e);
    fm_ledger_free(&l);
    return rc;
}

static void
fails(size_t lines, const char *message)
{
    struct fm_err e;
    size_t n;

    CHECK(replay(&n, &e) == FM_EINPUT && n == lines, "%zu: %s", n, message);
    CHECK(strstr(e.msg, message), "%s", e.msg);
}

static void
swap(const char *a, const char *b)
{
    CHECK(rename(a, "tmp") == 0 && rename(b, a) == 0 && rename("tmp", b) == 0,
          "%s", a);
}

/* A line in which a client counts late who counted in time, by another bundle:
 * its writer did not look, and the replay does. */
static void
late_twice(void)
{
    struct fm_model *w0 = rf_read("w0"), *m = rf_read("w1");
    struct fm_policy policy = {.max_stale = 1};
    struct fm_err e = {0};
    struct fm_record r;
    const struct fm_round_hooks hooks = {.count = fm_record_count, .ctx = &r};
    struct fm_model_file f = {.model = m};
    struct fm_round *round;
    struct fm_buf b = {0};

    fx_file(&b, w0, "c1", 9, 99);
    fx_save("late.mrn", &b);
    fm_buf_free(&b);
    CHECK(!fm_record_open(&r, "ledger", false, "test 1", &e) &&
              !fm_record_base(&r, m, &policy, &e),
          "%s", e.msg);
    round = fm_round_new(m, NULL, &policy, &hooks, &e);
    CHECK(round && !fm_round_take(round, "b-0.mrn", &e) &&
              !fm_round_take(round, "late.mrn", &e) &&
              !fm_round_next(&f.head, round, m, &e) &&
              !fm_record_output(&r, &f, &e) && !fm_record_write(&r, &e),
          "%s", e.msg);
    fm_record_close(&r);
    fm_round_free(round);
    fm_buf_free(&f.head);
    fm_model_free(m);
    fm_model_free(w0);
    fails(2, "round 2 (line 3) does not follow: ./late.mrn: answers round 1, "
             "in which client c1 has counted already, by another bundle");
}

/* Lines that say one thing that was not so: replayed from memory, where no hash
 * stands before the replay's own checks. */
static void
forged(void)
{
    enum { NUMBERS = 5, BYTES = 2, ALL = NUMBERS + BYTES + 5 };
    static const char *const why[ALL] = {
        "mrn: client c0 answers round 1 with 10 samples and weighs 10, which",
        "mrn: client c0 answers round 1 with 10 samples and weighs 10, which",
        "mrn: client c0 answers round 1 with 10 samples and weighs 10, which",
        "line 2) does not follow: the model that it starts from is not the one",
        "line 1) does not follow: it closes no round",
        "line 1) does not follow: the model that it starts from is not the one",
        "not the ledger's",
        "mrn: client c0 answers round 1 with 10 samples and weighs 10, which",
        "line 1) does not follow: a bundle counts twice",
        /* There is no roster that would allow it less. */
        "mrn: client c0 answers round 1 with 10 samples and weighs 10, which",
        "line 1) does not follow: client c1 counts inside a partial sum, which "
        "a roster does not admit",
        "line 1) does not follow: 0 clients answer round 2, and its quorum is "
        "1",
    };

    for (size_t i = 0; i < ALL; i++) {
        struct fm_err e = {0};
        struct fm_ledger l;
        size_t torn;

        CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", &e), "%s", e.msg);
        {
            struct fm_ledger_entry *t = l.entry;
            struct fm_ledger_input *in = t->input;
            uint64_t *const number[] = {&in->round, &in->part.samples,
                                        &in->part.weight, &t[1].base.round,
                                        &t->output.round};
            uint8_t *const byte[] = {t->base.digest, t[1].output.digest};

            if (i < NUMBERS)
                *number[i] ^= 1;
            else if (i < NUMBERS + BYTES)
                *byte[i - NUMBERS] ^= 1;
            else if (i == NUMBERS + BYTES + 1)
                in[1].part.bundle = in[0].part.bundle;
            else if (i == NUMBERS + BYTES + 2)
                in[0].part.weight -= 2;
            else if (i == NUMBERS + BYTES + 3)
                t->policy.rostered = in[1].summed = true;
            else if (i == NUMBERS + BYTES + 4) {
                t->policy.quorum = 1;
                t->output.round = 2;
            } else { /* c0 is known, by another answer than its own */
                strcpy(in[0].part.client, "c1");
                strcpy(in[2].part.client, "c0");
            }
        }
        CHECK(fm_replay(&l, ".", NULL, NULL, NULL, NULL, &e) == FM_EINPUT &&
                  strstr(e.msg, why[i]),
              "%zu: %s", i, e.msg);
        fm_ledger_free(&l);
    }
}

/* Under a quorum an answer that belongs elsewhere was left out alone: the round
 * file that has it beside two that count is replayed. */
static void
mixed(void)
{
    struct fm_model *w0 = rf_read("w0");
    struct fm_err e = {0};
    struct fm_buf all = {0}, b[3] = {{0}};
    struct fm_bundle first;
    struct fm_id id[3];
    struct fm_ledger l;
    size_t torn;

    CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", &e), "%s", e.msg);
    for (size_t i = 0; i < 3; i++) {
        struct fm_buf copy = {0};

        w0->id.b[0] ^= i == 1;
        fx_file(&b[i], w0,
                i == 1 ? "elsewhere"
                : i    ? "c1"
                       : "c0",
                10 + i / 2, 7 * (i / 2));
        w0->id.b[0] ^= i == 1;
        CHECK(!fm_buf_add(&copy, b[i].data, b[i].len, &e) &&
                  !fm_bundle_parse(&first, &copy, NULL, &e),
              "%s", e.msg);
        id[i] = first.id;
        fm_bundle_free(&first);
    }
    CHECK(!fm_index_write(&all, id, 3, &e), "%s", e.msg);
    for (size_t i = 0; i < 3; i++) {
        CHECK(!fm_buf_add(&all, b[i].data, b[i].len, &e), "%s", e.msg);
        fm_buf_free(&b[i]);
    }
    fx_save("a-round", &all);
    fm_buf_free(&all);
    CHECK(rename("a-0.mrn", ".0") == 0 && rename("a-1.mrn", ".1") == 0,
          "rename");
    l.entry->policy.quorum = 2;
    CHECK(!fm_replay(&l, ".", NULL, NULL, NULL, NULL, &e), "%s", e.msg);
    l.entry->input[1].part.bundle = id[1];
    strcpy(l.entry->input[1].part.client, "elsewhere");
    CHECK(fm_replay(&l, ".", NULL, NULL, NULL, NULL, &e) == FM_EINPUT &&
              strstr(e.msg, "2 clients count, and the ledger has 3 (./a-round "
                            "(at byte "),
          "%s", e.msg);
    fm_ledger_free(&l);
    fm_model_free(w0);
    CHECK(remove("a-round") == 0 && rename(".0", "a-0.mrn") == 0 &&
              rename(".1", "a-1.mrn") == 0,
          "rename");
}

/* What becomes another file after the first line. */
struct swap {
    const char *from, *to;
};

static void
meddle(void *ctx, const struct fm_ledger_entry *t, const char *path)
{
    const struct swap *s = ctx;

    (void)path;
    CHECK(t->line > 1 || rename(s->from, s->to) == 0, "%s", s->to);
}

/* A file that changes after the depot has looked at it is not believed. */
static void
meddled(const char *from, const char *to, const char *message)
{
    struct swap s = {from, to};
    struct fm_err e = {0};
    struct fm_ledger l;
    size_t torn;

    CHECK(link(to, ".kept") == 0, "%s", to);
    CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", &e), "%s", e.msg);
    CHECK(fm_replay(&l, ".", NULL, NULL, meddle, &s, &e) == FM_EINPUT &&
              strstr(e.msg, message),
          "%s", e.msg);
    fm_ledger_free(&l);
    CHECK(rename(".kept", to) == 0, "%s", to);
}

static void
changes(void)
{
    struct fm_model *m = rf_read("w1");
    struct fm_round *r = fm_round_new(m, NULL, NULL, NULL, NULL);
    struct fm_err e = {0};
    struct fm_partial p;
    struct fm_buf b = {0};

    fx_file(&b, m, "c0", 9, 99);
    fx_save(".b", &b);
    b.len = 0;
    CHECK(r && !fm_round_take(r, ".b", &e) && !fm_round_sum(&p, r, &e) &&
              !pf_write(&b, &p, &e),
          "%s", e.msg);
    fx_save(".sum", &b);
    free(p.part);
    fm_round_free(r);
    fm_model_free(m);
    meddled(".b", "b-0.mrn", "1 client counts, and the ledger has 2");
    meddled(".sum", "b-0.mrn", "mrn: client c0 answers round 2 with 9 samples");

    /* Two rounds over w0, which is read again for the second. */
    CHECK(rename("ledger", "whole") == 0, "rename");
    rf_close("w0", "a", 3, "w1");
    rf_close("w0", "a", 2, "other");
    CHECK(rename("other", ".w") == 0, "rename");
    meddled(".w", "w0", "line 2) does not follow: the model that it starts");
    CHECK(rename("whole", "ledger") == 0, "rename");
    fm_buf_free(&b);
}

int
main(void)
{
    struct fm_err e;
    char dir[32];
    size_t n;

    fx_enter(dir);
    rf_run();
    CHECK(!replay(&n, &e) && n == 2, "%zu lines: %s", n, e.msg);
    /* Names do not matter, what is in the files does. */
    swap("a-0.mrn", "a-1.mrn");
    swap("w1", "w2");
    CHECK(!replay(&n, &e) && n == 2, "%zu lines: %s", n, e.msg);
    /* A model of a round that the ledger does not have. */
    swap("w1", "w2");
    CHECK(rename("ledger", "whole") == 0, "rename");
    rf_close("w0", "a", 3, "w1");
    fails(1, "round 2 does not follow: ./w2 is of that round, and the ledger "
             "ends with round 1");
    CHECK(rename("whole", "ledger") == 0, "rename");
    /* A bundle that is not there. */
    CHECK(rename("b-1.mrn", ".b") == 0, "rename");
    fails(1, "round 2 (line 2) does not follow: bundle ");
    CHECK(rename(".b", "b-1.mrn") == 0, "rename");
    CHECK(rename("w0", ".w0") == 0, "rename");
    fails(0, "round 1 (line 1) does not follow: its model ");
    CHECK(rename(".w0", "w0") == 0, "rename");
    CHECK(!replay(&n, &e) && n == 2, "%zu lines: %s", n, e.msg);
    forged();
    mixed();
    changes();
    late_twice();
    fx_leave(dir);
    return 0;
}
