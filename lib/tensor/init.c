#include "base/mem.h"
#include "rand/noise.h"
#include "rand/philox.h"
#include "tensor/model.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 4096 }; /* lanes drawn at a time; a multiple of FM_LANES */

enum scheme { NORMAL, KAIMING, XAVIER, UNIFORM };

static int
parse_scheme(enum scheme *scheme, double *s, const char *text, struct fm_err *e)
{
    static const char *const names[] = {"", "kaiming", "xavier", "uniform"};

    if (strncmp(text, "normal:", 7) == 0 && fm_double_parse(s, text + 7) &&
        *s > 0 && *s <= 1e6) {
        *scheme = NORMAL;
        return 0;
    }
    for (int i = KAIMING; i <= UNIFORM; i++)
        if (strcmp(text, names[i]) == 0) {
            *scheme = (enum scheme)i;
            return 0;
        }
    return fm_err_set(e, FM_EINPUT,
                      "init: %.60s is not normal:S (S in (0,1e6]), kaiming, "
                      "xavier or uniform",
                      text);
}

/* What a draw is multiplied with; sqrt and division alone, so it is exact. */
static double
scale_of(enum scheme scheme, double s, const struct fm_tensor_spec *t)
{
    double in = (double)t->fan_in, out = (double)t->dim[0];

    for (size_t i = 2; i < t->ndim; i++)
        out *= (double)t->dim[i];
    switch (scheme) {
    case NORMAL:
        return s;
    case KAIMING:
        return sqrt(2 / in);
    case XAVIER:
        return sqrt(6 / (in + out));
    case UNIFORM:
        break;
    }
    return 1; /* divided by sqrt(fan_in) instead, see draw */
}

/* Fill tensor `ordinal` from the run seed. */
static void
draw(float *v, size_t count, uint64_t seed, size_t ordinal, enum scheme scheme,
     double scale, double divisor)
{
    const struct fm_place at = {seed, 0, (uint32_t)ordinal, FM_FOR_INIT};
    const int32_t *gauss = fm_noise_table();
    bool normal = scheme == NORMAL || scheme == KAIMING;
    uint16_t k[CHUNK];

    for (size_t first = 0; first < count; first += CHUNK) {
        size_t n = count - first < CHUNK ? count - first : CHUNK;

        fm_philox_lanes(k, &at, (uint32_t)(first / FM_LANES),
                        (n + FM_LANES - 1) / FM_LANES);
        for (size_t i = 0; i < n; i++) {
            int32_t z = normal ? gauss[k[i]] : 2 * (int32_t)k[i] - 65535;

            v[first + i] = (float)(scale * ((double)z / 65536) / divisor);
        }
    }
}

static void
fill(float *v, size_t count, float with)
{
    for (size_t i = 0; i < count; i++)
        v[i] = with;
}

int
fm_model_init_values(struct fm_model *m, const char *text, struct fm_err *e)
{
    enum scheme scheme = NORMAL;
    double s = 0;
    int rc = parse_scheme(&scheme, &s, text, e);

    if (rc)
        return rc;
    for (size_t i = 0; i < m->arch->ntensors; i++) {
        const struct fm_tensor_spec *t = m->tensor[i].spec;
        float *v = m->tensor[i].value;

        if (t->role == FM_WEIGHT || (t->role == FM_BIAS && scheme == UNIFORM))
            draw(v, t->count, m->seed, i, scheme, scale_of(scheme, s, t),
                 scheme == UNIFORM ? sqrt((double)t->fan_in) : 1);
        else
            fill(v, t->count,
                 t->role == FM_SCALE || t->role == FM_VAR ? 1.0f : 0.0f);
    }
    return 0;
}
