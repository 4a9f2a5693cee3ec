#include "agg/rule.h"
#include "check.h"

#include <string.h>

static void
texts(void)
{
    static const char *const good[] = {"mean",       "majority", "trimmed:0",
                                       "trimmed:12", "krum:2:1", "krum:0:5"};
    static const char *const bad[] = {"",         "median",     "trimmed",
                                      "trimmed:", "trimmed:-1", "trimmed:1:2",
                                      "krum",     "krum:",      "krum:1:",
                                      "krum:1:0", "krum:1:2:3", "mean:1",
                                      "majority:"};
    char text[FM_RULE_TEXT];
    struct fm_rule r;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(fm_rule_parse(&r, good[i]), "%s", good[i]);
        CHECK(strcmp(fm_rule_text(text, &r), good[i]) == 0, "%s", text);
    }
    CHECK(fm_rule_parse(&r, "krum:3"), "krum:3");
    CHECK(strcmp(fm_rule_text(text, &r), "krum:3:1") == 0, "%s", text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!fm_rule_parse(&r, bad[i]), "%s", bad[i]);
        CHECK(r.kind == FM_RULE_KRUM && r.n == 3, "%s: changed", bad[i]);
    }
}

static void
sound(void)
{
    struct fm_rule mean = {FM_RULE_MEAN, 0, 0}, r = {FM_RULE_MAJORITY, 0, 0};
    struct fm_settings set;
    struct fm_err e = {0};

    fm_settings_default(&set, FM_FEDMRN);
    set.noise_key = FM_NOISE_ROUND;
    CHECK(fm_rule_check(&mean, &set, NULL) == 0, "mean");
    CHECK(fm_rule_check(&r, &set, &e) == FM_EINPUT, "binary masks");
    CHECK(strstr(e.msg, "rule majority: under fedmrn most bits of every client "
                        "are 0"),
          "%s", e.msg);
    e.code = FM_OK;
    fm_settings_default(&set, FM_FEDMRNS);
    CHECK(fm_rule_check(&r, &set, &e) == FM_EINPUT, "noise of its own");
    CHECK(strstr(e.msg, "--noise-key round"), "%s", e.msg);
    set.noise_key = FM_NOISE_ROUND;
    CHECK(fm_rule_check(&r, &set, NULL) == 0, "signs");
    fm_settings_default(&set, FM_FEDPM);
    CHECK(fm_rule_check(&r, &set, NULL) == 0, "votes");
    fm_settings_default(&set, FM_FEDAVG);
    e = (struct fm_err){0};
    CHECK(fm_rule_check(&r, &set, &e) == FM_EINPUT, "no bits");
    CHECK(strstr(e.msg, "clients send no bits"), "%s", e.msg);
}

static void
cuts(void)
{
    static const struct {
        const char *text;
        size_t clients, cut; /* cut 99: too few */
    } known[] = {
        {"majority", 1, 0},   {"majority", 2, 0},  {"majority", 3, 1},
        {"majority", 4, 1},   {"majority", 5, 2},  {"trimmed:2", 5, 2},
        {"trimmed:2", 4, 99}, {"trimmed:0", 1, 0}, {"krum:2", 7, 0},
        {"krum:2", 6, 99},    {"krum:1:5", 6, 0},  {"krum:1:6", 6, 99},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct fm_rule r;
        size_t cut;
        int rc;

        CHECK(fm_rule_parse(&r, known[i].text), "%s", known[i].text);
        rc = fm_rule_cut(&cut, &r, known[i].clients, NULL);
        CHECK(known[i].cut == 99 ? rc == FM_EINPUT
                                 : rc == 0 && cut == known[i].cut,
              "%s of %zu", known[i].text, known[i].clients);
    }
}

int
main(void)
{
    texts();
    sound();
    cuts();
    return 0;
}
