#include "replayfix.h"

static void
writes(void)
{
    struct fm_err e = {0};
    struct fm_ledger l;
    struct fm_record r;
    size_t torn;

    rf_run();
    CHECK(!fm_ledgerfile_read(&l, &torn, "ledger", &e), "%s", e.msg);
    CHECK(l.n == 2 && l.entry[0].n == 3 && l.entry[1].n == 2, "%zu lines", l.n);
    CHECK(l.entry[1].nrefused == 1 &&
              strcmp(l.entry[1].refused[0], "somebody: no") == 0,
          "refused");
    fm_ledger_free(&l);
    /* Once more: no line.  With fewer clients: another line over the same. */
    r = rf_close("w1", "b", 2, "again");
    CHECK(r.again && r.line == 2 && r.other == 0, "line %zu", r.line);
    r = rf_close("w1", "b", 1, "other");
    CHECK(!r.again && r.line == 3 && r.other == 2, "line %zu", r.line);
}

/* Who sends rubbish without end fills no line with it. */
static void
rubbish(void)
{
    struct fm_model *m = rf_read("w0");
    struct fm_policy policy = fm_policy_default(m->set.method);
    struct fm_err e = {0};
    struct fm_ledger l;
    struct fm_record r;
    size_t torn;

    CHECK(!fm_record_open(&r, "rubbish", false, "test 1", &e) &&
              !fm_record_base(&r, m, &policy, &e),
          "%s", e.msg);
    for (size_t i = 0; i < FM_RECORD_REFUSED + 7; i++)
        fm_record_refuse(&r, "no");
    r.entry.output = r.entry.base;
    r.entry.output.round++;
    CHECK(!fm_record_write(&r, &e), "%s", e.msg);
    fm_record_close(&r);
    CHECK(!fm_ledgerfile_read(&l, &torn, "rubbish", &e), "%s", e.msg);
    CHECK(l.entry[0].nrefused == FM_RECORD_REFUSED + 1 &&
              strcmp(l.entry[0].refused[FM_RECORD_REFUSED], "and 7 more") == 0,
          "%zu", l.entry[0].nrefused);
    fm_ledger_free(&l);
    fm_model_free(m);
}

/* A base that no line made. */
static void
foreign(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDAVG, FM_UNIFORM);
    struct fm_policy policy = fm_policy_default(FM_FEDAVG);
    struct fm_err e = {0};
    struct fm_record r;

    CHECK(!fm_record_open(&r, "ledger", false, "test 1", &e), "%s", e.msg);
    CHECK(fm_record_base(&r, m, &policy, &e) == FM_EINPUT &&
              strstr(e.msg, "ledger: no line of it made the model "),
          "%s", e.msg);
    fm_record_close(&r);
    fm_model_free(m);
}

/* Who counted before w2, from the ledger: c0 to c2 in round 1, c0 and c1 in
 * round 2. */
static void
past(void)
{
    static const struct {
        const char *client;
        uint32_t late;
        bool refused;
    } row[] = {{"c2", 1, false},
               {"c1", 1, true},
               {"c2", 2, true},
               {"c3", 2, false},
               {"c0", 2, true}};
    struct fm_policy policy = {.max_stale = 2};
    struct fm_model *w[2] = {rf_read("w0"), rf_read("w1")};
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_model *base = rf_read("w2");
        struct fm_round *round = fm_round_new(base, NULL, &policy, NULL, &e);
        struct fm_buf b = {0};
        struct fm_record r;
        int rc;

        fx_file(&b, w[2 - row[i].late], row[i].client, 9, 99);
        fx_save("late", &b);
        fm_buf_free(&b);
        CHECK(round && !fm_record_open(&r, "ledger", false, "test 1", &e) &&
                  !fm_record_base(&r, base, &policy, &e) &&
                  !fm_record_past(&r.file.lines, r.file.lines.n, &r.entry.base,
                                  round, policy.max_stale, &e),
              "%s", e.msg);
        rc = fm_round_take(round, "late", &e);
        CHECK(rc == (row[i].refused ? FM_EINPUT : 0), "row %zu: %s", i, e.msg);
        CHECK(!rc || strstr(e.msg, "has counted already, by another bundle"),
              "%s", e.msg);
        CHECK(fm_round_unsure(round) == 0, "unsure");
        e = (struct fm_err){0};
        fm_record_close(&r);
        fm_round_free(round);
        fm_model_free(base);
    }
    fm_model_free(w[0]);
    fm_model_free(w[1]);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    writes();
    past();
    foreign();
    rubbish();
    fx_leave(dir);
    return 0;
}
