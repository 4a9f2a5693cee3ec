#include "tensor/idle.h"

#include <string.h>

const char *
fm_setting_idle(const struct fm_settings *s, const char *name)
{
    const bool masked = s->method == FM_FEDMRN || s->method == FM_FEDMRNS;

    if (strcmp(name, "dither") == 0 && masked && s->masking == FM_DM)
        return "masking dm, which draws no mask";
    if (strcmp(name, "dither") == 0 && masked && s->masking == FM_PM)
        return "masking pm, which draws no mask";
    if (strcmp(name, "rho") == 0 && s->method == FM_FEDBAT && s->warmup >= 1)
        return "warmup 1, which learns no step";
    if (strcmp(name, "sparsity-first") == 0 && s->method == FM_FEDSPARSIFY &&
        s->sparsity_to == s->sparsity_from)
        return "a sparsity-to that is sparsity-from";
    return NULL;
}
