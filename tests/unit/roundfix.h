/*
 * roundfix: rounds over small models with answers in files, for the tests of
 * fed/round*.c.
 */
#ifndef FM_TESTS_ROUNDFIX_H
#define FM_TESTS_ROUNDFIX_H

#include "check.h"
#include "fed/round.h"
#include "fixture.h"
#include "partial_file.h"

#include <stdarg.h>
#include <stdio.h>

/* What the user would have heard. */
static char rf_notes[16384];

static inline void
rf_note(void *ctx, const char *text)
{
    size_t n = strlen(rf_notes);

    (void)ctx;
    snprintf(rf_notes + n, sizeof rf_notes - n, "%s\n", text);
}

/* A client's answer to `m` as the file `name`; client and seed follow from it.
 */
static inline struct fm_id
rf_answer(const struct fm_model *m, const char *name, const char *client,
          uint64_t samples)
{
    struct fm_buf b = {0};
    struct fm_id id = fx_file(&b, m, client, samples, (uint64_t)name[0] * 7);

    fx_save(name, &b);
    fm_buf_free(&b);
    return id;
}

static inline struct fm_model *
rf_copy(const struct fm_model *m)
{
    struct fm_err e = {0};
    struct fm_buf file = {0};
    struct fm_model *copy;

    /* A dump sets the id, and it is the same. */
    copy = (struct fm_model *)(uintptr_t)m;
    CHECK(fm_model_dump(&file, copy, &e) == 0, "%s", e.msg);
    copy = fm_model_parse(&file, &e);
    CHECK(copy, "%s", e.msg);
    return copy;
}

/*
 * The round over `m` with the files in `names`, separated by blanks.  Its next
 * model, with an id, or NULL and the reason in `e`.
 */
static inline struct fm_model *
rf_round(const struct fm_model *m, const struct fm_policy *policy,
         const char *names, struct fm_err *e)
{
    static const struct fm_round_hooks hooks = {.note = rf_note};
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, policy, &hooks, e);
    struct fm_buf head = {0};
    char name[64];
    int rc = r ? 0 : (int)e->code, n;

    rf_notes[0] = '\0';
    for (; rc == 0 && sscanf(names, " %63s%n", name, &n) == 1; names += n)
        rc = fm_round_take(r, name, e);
    if (rc == 0)
        rc = fm_round_next(&head, r, base, e);
    if (rc == 0)
        rc = fm_model_identify(base, e);
    fm_round_free(r);
    fm_buf_free(&head);
    if (rc == 0)
        return base;
    CHECK(e->code, "a failure without a reason");
    fm_model_free(base);
    return NULL;
}

/* It comes to nothing, and the message tells. */
static inline void
rf_refused(const struct fm_model *m, const struct fm_policy *policy,
           const char *names, const char *message)
{
    struct fm_err e = {0};
    struct fm_model *next = rf_round(m, policy, names, &e);

    CHECK(!next && e.code == FM_EINPUT, "%s: accepted", names);
    CHECK(strstr(e.msg, message), "%s, not: %s", message, e.msg);
}

/* It comes to the model with that id. */
static inline void
rf_same(const struct fm_model *m, const struct fm_policy *policy,
        const char *names, const struct fm_model *want)
{
    struct fm_err e = {0};
    struct fm_model *next = rf_round(m, policy, names, &e);

    CHECK(next, "%s: %s", names, e.msg);
    CHECK(fm_id_cmp(&next->id, &want->id) == 0, "%s: another model", names);
    fm_model_free(next);
}

/* What is in the files `names`, added up, as `to`. */
static inline void
rf_partial(const struct fm_model *m, const char *names, const char *to)
{
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, NULL, NULL, NULL);
    struct fm_partial p;
    struct fm_buf b = {0};
    char name[64];
    int n;

    CHECK(r, "memory");
    for (; sscanf(names, " %63s%n", name, &n) == 1; names += n)
        CHECK(fm_round_take(r, name, NULL) == 0, "%s", name);
    CHECK(fm_round_sum(&p, r, NULL) == 0, "sum");
    CHECK(pf_write(&b, &p, NULL) == 0, "write");
    fx_save(to, &b);
    free(p.part);
    fm_buf_free(&b);
    fm_round_free(r);
    fm_model_free(base);
}

/* The notes so far are these. */
static inline void
rf_said(const char *want)
{
    CHECK(strcmp(rf_notes, want) == 0, "%s, not: %s", want, rf_notes);
}

#endif
