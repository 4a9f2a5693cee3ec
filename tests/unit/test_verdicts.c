#include "base/json.h"
#include "check.h"
#include "fixture.h"
#include "trust/verdicts.h"

int
main(void)
{
    static const char *const out[] = {"rome"};
    const struct fm_policy p = {.quorum = 2,
                                .weighting = {FM_BY_SAMPLES, 9},
                                .exclude = out,
                                .nexclude = 1};
    static const char want[] =
        "\"policy\":{\"quorum\":2,\"weights\":\"samples:9\",\"max_stale\":0,"
        "\"staleness\":\"const\",\"rule\":\"mean\",\"excluded\":[\"rome\"]},"
        "\"counted\":3,\"refused\":1,\"answers\":[\n"
        "{\"file\":\"x\",\"offset\":0,\"kind\":\"unknown\",\"verdict\":"
        "\"refused\",\"why\":\"cut \\u001B[2J short\"},\n"
        "{\"file\":\"a\",\"offset\":0,\"kind\":\"bundle\",\"verdict\":"
        "\"counted\",\"round\":1,\"id\":\"01000000000000000000000000000000\","
        "\"client\":\"a\",\"samples\":12,\"weight\":9,\"agreement\":-3.14,"
        "\"outlier\":true},\n"
        "{\"file\":\"s\",\"offset\":77,\"kind\":\"partial sum\",\"verdict\":"
        "\"counted\",\"round\":1,\"id\":\"02000000000000000000000000000000\","
        "\"clients\":[{\"client\":\"b\",\"samples\":5,\"weight\":5,\"id\":"
        "\"03000000000000000000000000000000\"},{\"client\":\"c\",\"samples\":6,"
        "\"weight\":6,\"id\":\"00000000000000000000000000000000\"}]}]}";
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_part a = {"a", {{1}}, 12, 9};
    struct fm_part bc[] = {{"b", {{3}}, 5, 5}, {"c", {{0}}, 6, 6}};
    struct fm_answer sum = {
        .file = "s", .offset = 77, .summed = true, .round = 1, .id = {{2}}};
    struct fm_answer one = {.file = "a",
                            .round = 1,
                            .id = {{1}},
                            .judged = true,
                            .outlier = true,
                            .agreement = -3.14159};
    struct fm_answer bad = {.file = "x", .verdict = FM_REFUSED};
    struct fm_buf text[2] = {{0}, {0}};
    struct fm_err e = {0};

    /* In any order of the answers. */
    for (int turn = 0; turn < 2; turn++) {
        struct fm_claims c = {0};

        if (turn)
            CHECK(!fm_claims_add(&c, &one, &a, 1, NULL, &e), "%s", e.msg);
        CHECK(!fm_claims_add(&c, &sum, bc, 2, NULL, &e), "%s", e.msg);
        CHECK(!fm_claims_add(&c, &bad, NULL, 0, "cut \033[2J short", &e), "%s",
              e.msg);
        if (!turn)
            CHECK(!fm_claims_add(&c, &one, &a, 1, NULL, &e), "%s", e.msg);
        CHECK(!fm_verdicts_add(&text[turn], m->round + 1, &m->id, &p, &c, NULL,
                               &e),
              "%s", e.msg);
        CHECK(memmem(text[turn].data, text[turn].len, want, sizeof want - 1),
              "%.*s", (int)text[turn].len, text[turn].data);
        if (turn)
            CHECK(!fm_verdicts_add(&text[1], m->round + 1, &m->id, &p, &c,
                                   "too few", &e),
                  "%s", e.msg);
        fm_claims_free(&c);
    }
    CHECK(memmem(text[1].data, text[1].len, "\"failed\":\"too few\"", 18),
          "failed");
    for (int i = 0; i < 2; i++) {
        struct fm_json *j;

        CHECK(!fm_verdicts_end(&text[i], &e), "%s", e.msg);
        j = fm_json_parse(text[i].data, text[i].len, "report", &e);
        CHECK(j, "%s", e.msg);
        CHECK(fm_json_size(fm_json_get(j, "rounds")) == (size_t)i + 1,
              "rounds");
        fm_json_free(j);
        fm_buf_free(&text[i]);
    }
    fm_model_free(m);
    return 0;
}
