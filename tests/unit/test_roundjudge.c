/* roundjudge: what the others think of every bundle that counts. */
#include "roundfix.h"

#include "fed/round_impl.h"

#include <math.h>

enum { CLIENTS = FM_ROUND_BATCH + 5 };

static const struct fm_policy told = {.quorum = 1, .report = true};

static void
name_of(char name[8], int i)
{
    snprintf(name, 8, "%c%d", 'a' + i % 26, i);
}

/* All have been added: `gone` is not there when it is to be judged. */
static int
take_away(void *ctx, const struct fm_part *part, uint64_t round,
          const uint8_t *digest, struct fm_err *e)
{
    const char *gone = ctx;

    (void)round, (void)digest, (void)e;
    if (strcmp(part->client, gone) == 0)
        CHECK(remove(gone) == 0, "%s", gone);
    return 0;
}

/* More than are judged at once, a sum, and one that has gone. */
static void
everybody(const struct fm_model *m)
{
    char gone[8], name[8];
    const struct fm_round_hooks hooks = {
        .note = rf_note, .count = take_away, .ctx = gone};
    struct fm_model *base = rf_copy(m);
    struct fm_round *r = fm_round_new(base, NULL, &told, &hooks, NULL);
    struct fm_buf head = {0};
    struct fm_err e = {0};
    const struct fm_buf *text;
    size_t judged = 0;

    CHECK(r, "memory");
    rf_answer(m, "x", "x", 10);
    rf_answer(m, "y", "y", 10);
    rf_partial(m, "x y", "sum");
    CHECK(!fm_round_take(r, "sum", &e), "%s", e.msg);
    for (int i = 0; i < CLIENTS; i++) {
        name_of(name, i);
        rf_answer(m, name, name, 10);
        CHECK(!fm_round_take(r, name, &e), "%s", e.msg);
    }
    name_of(gone, 7);
    rf_notes[0] = '\0';
    CHECK(!fm_round_next(&head, r, base, &e), "%s", e.msg);
    rf_said("");
    for (size_t i = 0; i < r->claims.n; i++) {
        const struct fm_answer *a = &r->claims.answer[i];

        CHECK(a->verdict == FM_COUNTS, "%s", a->file);
        CHECK(a->judged == (!a->summed && strcmp(a->file, gone) != 0), "%s",
              a->file);
        CHECK(!a->judged || (fabs(a->agreement) > 0 && fabs(a->agreement) < 9),
              "%s: %g", a->file, a->agreement);
        judged += a->judged;
    }
    CHECK(judged == CLIENTS - 1, "%zu are judged", judged);
    text = fm_round_report(r, &e);
    CHECK(text && text->len, "%s", e.msg);
    fm_round_free(r);
    fm_buf_free(&head);
    fm_model_free(base);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    char dir[32];

    fx_enter(dir);
    everybody(m);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
