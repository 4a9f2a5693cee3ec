#include "agg/rule.h"

#include "agg/partial.h"

#include <stdio.h>
#include <string.h>

bool
fm_rule_parse(struct fm_rule *r, const char *text)
{
    struct fm_rule new = {.kind = FM_RULE_MEAN};
    char field[FM_SCHEDULE_FIELD];
    uint64_t n;

    if (strcmp(text, "mean") == 0 || strcmp(text, "majority") == 0) {
        if (text[1] == 'a')
            new.kind = FM_RULE_MAJORITY;
        *r = new;
        return true;
    }
    fm_schedule_cut(field, &text, ':');
    if (strcmp(field, "trimmed") == 0)
        new.kind = FM_RULE_TRIMMED;
    else if (strcmp(field, "krum") == 0)
        new.kind = FM_RULE_KRUM;
    else
        return false;
    fm_schedule_cut(field, &text, ':');
    if (!fm_count_parse(&n, field, 0, FM_PARTS_MAX))
        return false;
    new.n = (uint32_t)n;
    new.keep = new.kind == FM_RULE_KRUM;
    if (text) {
        if (new.kind != FM_RULE_KRUM ||
            !fm_count_parse(&n, text, 1, FM_PARTS_MAX))
            return false;
        new.keep = (uint32_t)n;
    }
    *r = new;
    return true;
}

char *
fm_rule_text(char out[FM_RULE_TEXT], const struct fm_rule *r)
{
    switch (r->kind) {
    case FM_RULE_MEAN:
        snprintf(out, FM_RULE_TEXT, "mean");
        break;
    case FM_RULE_MAJORITY:
        snprintf(out, FM_RULE_TEXT, "majority");
        break;
    case FM_RULE_TRIMMED:
        snprintf(out, FM_RULE_TEXT, "trimmed:%u", r->n);
        break;
    case FM_RULE_KRUM:
        snprintf(out, FM_RULE_TEXT, "krum:%u:%u", r->n, r->keep);
        break;
    }
    return out;
}

int
fm_rule_check(const struct fm_rule *r, const struct fm_settings *set,
              struct fm_err *e)
{
    char rule[FM_RULE_TEXT];

    fm_rule_text(rule, r);
    if (r->kind == FM_RULE_MEAN || set->method == FM_FEDPM)
        return 0;
    if (set->method == FM_FEDMRN)
        return fm_err_set(e, FM_EINPUT,
                          "rule %s: under fedmrn most bits of every client are "
                          "0, and so would be their median, whatever they "
                          "learned; fedmrns with noise-key round has signs",
                          rule);
    if (set->method != FM_FEDMRNS)
        return fm_err_set(e, FM_EINPUT,
                          "rule %s: clients send no bits that can be held "
                          "against each other; fedpm has them, and fedmrns "
                          "with noise-key round",
                          rule);
    if (set->noise_key != FM_NOISE_ROUND)
        return fm_err_set(e, FM_EINPUT,
                          "rule %s: each client has noise of its own, so that "
                          "equal bits are not equal steps; "
                          "fedmrn-init --noise-key round gives all the same",
                          rule);
    return 0;
}

int
fm_rule_cut(size_t *cut, const struct fm_rule *r, size_t clients,
            struct fm_err *e)
{
    char rule[FM_RULE_TEXT];
    size_t least = 1;

    *cut = 0;
    if (r->kind == FM_RULE_MAJORITY && clients)
        *cut = (clients - 1) / 2;
    if (r->kind == FM_RULE_TRIMMED) {
        *cut = r->n;
        least = 2 * (size_t)r->n + 1;
    }
    if (r->kind == FM_RULE_KRUM) {
        least = 2 * (size_t)r->n + 3;
        if (least < (size_t)r->n + r->keep)
            least = (size_t)r->n + r->keep;
    }
    if (clients >= least)
        return 0;
    return fm_err_set(e, FM_EINPUT,
                      "rule %s takes %zu clients at least, and %zu count",
                      fm_rule_text(rule, r), least, clients);
}
