#include "agg/staleness.h"

#include "rand/fmath.h"
#include "tensor/number.h"
#include "tensor/schedule.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"const", "poly", "hinge"};

#define POLY_MAX  16.0
#define HINGE_MAX 1e6

bool
fm_staleness_parse(struct fm_staleness *s, const char *text)
{
    struct fm_staleness new = {.kind = FM_STALE_CONST};
    char field[FM_SCHEDULE_FIELD];
    uint64_t b;

    if (strcmp(text, names[FM_STALE_CONST]) == 0) {
        *s = new;
        return true;
    }
    fm_schedule_cut(field, &text, ':');
    if (strcmp(field, names[FM_STALE_POLY]) == 0)
        new.kind = FM_STALE_POLY;
    else if (strcmp(field, names[FM_STALE_HINGE]) == 0)
        new.kind = FM_STALE_HINGE;
    else
        return false;
    fm_schedule_cut(field, &text, ',');
    if (!fm_double_parse(&new.a, field) || new.a < 0 ||
        new.a > (new.kind == FM_STALE_POLY ? POLY_MAX : HINGE_MAX))
        return false;
    if ((text != NULL) != (new.kind == FM_STALE_HINGE))
        return false;
    if (text && !fm_count_parse(&b, text, 0, FM_STALE_MAX))
        return false;
    if (text)
        new.b = (uint32_t)b;
    *s = new;
    return true;
}

char *
fm_staleness_text(char out[FM_STALENESS_TEXT], const struct fm_staleness *s)
{
    char a[FM_DOUBLE_TEXT];

    if (s->kind != FM_STALE_CONST)
        fm_double_text(a, s->a);
    if (s->kind == FM_STALE_HINGE)
        snprintf(out, FM_STALENESS_TEXT, "hinge:%s,%u", a, s->b);
    else if (s->kind == FM_STALE_POLY)
        snprintf(out, FM_STALENESS_TEXT, "poly:%s", a);
    else
        snprintf(out, FM_STALENESS_TEXT, "const");
    return out;
}

uint32_t
fm_staleness_weight(const struct fm_staleness *s, uint32_t tau)
{
    double w = FM_STALE_CURRENT;

    assert(tau <= FM_STALE_MAX);
    if (s->kind == FM_STALE_POLY && tau > 0)
        w *= fm_exp(-s->a * fm_log(1 + (double)tau));
    if (s->kind == FM_STALE_HINGE && tau > s->b)
        w /= 1 + s->a * (double)(tau - s->b);
    return w < 1 ? 1 : (uint32_t)(w + 0.5);
}
