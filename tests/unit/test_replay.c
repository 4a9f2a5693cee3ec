#include "fed/replay.h"

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
    *e = (struct fm_err){FM_OK, ""};
    CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", e), "%s", e->msg);
    rc = fm_replay(&l, ".", NULL, count, lines, e);
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
    struct fm_err e = {FM_OK, ""};
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
    late_twice();
    fx_leave(dir);
    return 0;
}
