/*
 * ledgerfix: a small ledger, for the tests of what reads and writes them.
 */
#ifndef FM_TESTS_LEDGERFIX_H
#define FM_TESTS_LEDGERFIX_H

#include "fixture.h"
#include "trust/ledgerline.h"

/* Line `i` of a run: model i to model i + 1, with two clients and a refusal. */
static inline struct fm_ledger_entry
lf_entry(uint8_t i)
{
    static const char *const exclude[] = {"mallory"};
    const struct fm_policy policy = {
        .weighting = {FM_BY_SAMPLES, 100}, .exclude = exclude, .nexclude = 1};
    struct fm_part part = {.client = "b", .samples = 120, .weight = 100};
    struct fm_ledger_entry t = {.tool = "test 1"};
    struct fm_err e = {0};
    uint8_t digest[FM_BLAKE_256];

    fm_blake(digest, sizeof digest, "abc", 3);
    t.base.round = i;
    t.base.id.b[0] = t.base.digest[0] = i;
    t.output.round = i + 1u;
    t.output.id.b[0] = t.output.digest[0] = (uint8_t)(i + 1);
    part.bundle.b[0] = i;
    CHECK(!fm_ledger_set_policy(&t, &policy, &e) &&
              !fm_ledger_count(&t, &part, i + 1u, digest, &e),
          "%s", e.msg);
    part = (struct fm_part){.client = "a", .samples = 7, .weight = 7};
    part.bundle.b[1] = i;
    CHECK(!fm_ledger_count(&t, &part, i + 1u, NULL, &e) &&
              !fm_ledger_refuse(&t, "x.mrn: \x1b[1m no", &e),
          "%s", e.msg);
    return t;
}

/* The text of `n` lines that follow each other. */
static inline struct fm_buf
lf_text(uint8_t n)
{
    uint8_t last[FM_BLAKE_256] = {0};
    struct fm_err e = {0};
    struct fm_buf out = {0};

    for (uint8_t i = 0; i < n; i++) {
        struct fm_ledger_entry t = lf_entry(i);

        t.line = i + 1u;
        memcpy(t.previous, last, sizeof last);
        CHECK(!fm_ledgerline_write(&out, &t, &e), "%s", e.msg);
        memcpy(last, t.hash, sizeof last);
        fm_ledger_entry_free(&t);
    }
    return out;
}

#endif
