#include "check.h"
#include "trust/policy.h"

#include <string.h>

static uint64_t
listed(const void *roster, const char *client)
{
    return strcmp(client, roster) == 0 ? 20 : 0;
}

static int
check(const struct fm_policy *p, enum fm_method m, struct fm_err *e)
{
    struct fm_settings set;

    fm_settings_default(&set, m);
    return fm_policy_check(p, &set, e);
}

int
main(void)
{
    static const char *const out[] = {"paris", "b.2"};
    struct fm_policy p = fm_policy_default(FM_FEDMRN);
    struct fm_err e = {0};
    uint64_t w;

    CHECK(check(&p, FM_FEDMRN, &e) == 0, "%s", e.msg);
    CHECK(!fm_policy_excludes(&p, "paris"), "nobody is excluded");
    CHECK(fm_policy_weigh(&w, &p, "rome", 30, &e) == 0 && w == 30, "samples");
    p.exclude = out;
    p.nexclude = 2;
    CHECK(fm_policy_excludes(&p, "paris") && fm_policy_excludes(&p, "b.2") &&
              !fm_policy_excludes(&p, "b.") && !fm_policy_excludes(&p, "pari"),
          "excluded");

    p.listed = listed;
    p.roster = "rome";
    CHECK(fm_policy_weigh(&w, &p, "rome", 30, &e) == 0 && w == 20, "capped");
    CHECK(fm_policy_weigh(&w, &p, "oslo", 30, &e) == FM_EINPUT, "unlisted");
    CHECK(strstr(e.msg, "oslo is not in the roster"), "%s", e.msg);
    p.weighting.by = FM_BY_ROSTER;
    CHECK(fm_policy_weigh(&w, &p, "rome", 3, NULL) == 0 && w == 20, "roster");
    CHECK(check(&p, FM_FEDMRN, NULL) == 0, "with a roster");
    p.listed = NULL;
    e = (struct fm_err){0};
    CHECK(check(&p, FM_FEDMRN, &e) == FM_EINPUT, "without one");
    CHECK(strstr(e.msg, "there is no roster"), "%s", e.msg);

    p = fm_policy_default(FM_FEDPM);
    CHECK(check(&p, FM_FEDPM, NULL) == 0, "votes");
    p.max_stale = 1;
    e = (struct fm_err){0};
    CHECK(check(&p, FM_FEDPM, &e) == FM_EINPUT, "late votes");
    CHECK(strstr(e.msg, "a late answer does not count"), "%s", e.msg);
    p = fm_policy_default(FM_FEDMRNS);
    p.rule.kind = FM_RULE_MAJORITY;
    e = (struct fm_err){0};
    CHECK(check(&p, FM_FEDMRNS, &e) == FM_EINPUT, "weighted majority");
    CHECK(strstr(e.msg, "a rule counts each client once"), "%s", e.msg);
    p.weighting.by = FM_BY_CLIENT;
    p.max_stale = 1;
    e = (struct fm_err){0};
    CHECK(check(&p, FM_FEDMRNS, &e) == FM_EINPUT, "late majority");
    CHECK(strstr(e.msg, "a rule takes no late answers"), "%s", e.msg);
    p = fm_policy_default(FM_FEDAVG);
    e = (struct fm_err){0};
    CHECK(check(&p, FM_FEDPM, &e) == FM_EINPUT, "weighted votes");
    CHECK(strstr(e.msg, "one vote on each weight"), "%s", e.msg);
    return 0;
}
