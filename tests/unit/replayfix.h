/*
 * replayfix: a run of two rounds in the working directory, and its ledger.
 */
#ifndef FM_TESTS_REPLAYFIX_H
#define FM_TESTS_REPLAYFIX_H

#include "fed/record.h"
#include "fed/round.h"
#include "fixture.h"

#include <sys/stat.h>

static inline struct fm_model *
rf_read(const char *path)
{
    struct fm_err e = {0};
    struct fm_model *m = fm_model_read(path, &e);

    CHECK(m, "%s", e.msg);
    return m;
}

/* The answers of `n` clients to the model at `base`, as NAME-0.mrn ... */
static inline void
rf_answers(const char *base, const char *name, size_t n)
{
    struct fm_model *m = rf_read(base);

    for (size_t i = 0; i < n; i++) {
        char path[64], client[24];
        struct fm_buf b = {0};

        snprintf(path, sizeof path, "%s-%zu.mrn", name, i);
        snprintf(client, sizeof client, "c%zu", i);
        fx_file(&b, m, client, 10 + i, 7 * i + m->round);
        fx_save(path, &b);
        fm_buf_free(&b);
    }
    fm_model_free(m);
}

/* Close the round over `base` with NAME-0.mrn ... into `out`, and record it in
 * "ledger". */
static inline struct fm_record
rf_close(const char *base, const char *name, size_t n, const char *out)
{
    struct fm_err e = {0};
    struct fm_model *m = rf_read(base);
    struct fm_policy policy = fm_policy_default(m->set.method);
    struct fm_record r;
    const struct fm_round_hooks hooks = {.count = fm_record_count, .ctx = &r};
    struct fm_model_file f = {.model = m};
    struct fm_round *round;
    FILE *file;

    CHECK(!fm_record_open(&r, "ledger", false, "test 1", &e) &&
              !fm_record_base(&r, m, &policy, &e),
          "%s", e.msg);
    round = fm_round_new(m, NULL, &policy, &hooks, &e);
    CHECK(round, "%s", e.msg);
    for (size_t i = 0; i < n; i++) {
        char path[64];

        snprintf(path, sizeof path, "%s-%zu.mrn", name, i);
        CHECK(!fm_round_take(round, path, &e), "%s", e.msg);
    }
    fm_record_refuse(&r, "somebody: no");
    CHECK(!fm_round_next(&f.head, round, m, &e) &&
              !fm_record_output(&r, &f, &e) && !fm_record_write(&r, &e),
          "%s", e.msg);
    file = fopen(out, "wb");
    CHECK(file && !fm_model_file_put(&f, file, &e) && !fclose(file), "%s", out);
    fm_record_close(&r);
    fm_round_free(round);
    fm_buf_free(&f.head);
    fm_model_free(m);
    return r;
}

/* w0, three answers, w1, two answers, w2; all of it in "ledger". */
static inline void
rf_run(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_err e = {0};
    struct fm_buf b = {0};

    m->set.lineage = 2;

    CHECK(!fm_model_dump(&b, m, &e), "%s", e.msg);
    fx_save("w0", &b);
    fm_buf_free(&b);
    fm_model_free(m);
    rf_answers("w0", "a", 3);
    rf_close("w0", "a", 3, "w1");
    rf_answers("w1", "b", 2);
    rf_close("w1", "b", 2, "w2");
}

#endif
