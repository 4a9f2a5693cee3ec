/*
 * newmodel: models of round 0 from a text, for tests.
 */
#ifndef FM_TESTS_NEWMODEL_H
#define FM_TESTS_NEWMODEL_H

#include "check.h"
#include "tensor/model.h"

/* nm_with - of these settings; the weights are zeros. */
static inline struct fm_model *
nm_with(const struct fm_settings *set, const char *text, uint64_t seed)
{
    struct fm_err e = {0};
    struct fm_model *m =
        fm_model_new(fm_arch_parse(text, "net", &e), set, seed, &e);

    CHECK(m, "%s", e.msg);
    return m;
}

/* nm_model - of the method's own settings. */
static inline struct fm_model *
nm_model(enum fm_method method, const char *text, uint64_t seed)
{
    struct fm_settings set;

    fm_settings_default(&set, method);
    return nm_with(&set, text, seed);
}

#endif
