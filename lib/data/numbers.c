#include "data/numbers.h"

#include "base/mem.h"

#include <assert.h>

int
fm_numbers_from_labels(struct fm_dataset *d, struct fm_err *e)
{
    struct fm_buf file = {0};
    size_t bytes;
    float *t;

    if (!d->y)
        return 0;
    if (!fm_mul_ok(d->n, sizeof *t, &bytes))
        return fm_err_nomem(e);
    if (fm_buf_reserve(&file, bytes, e))
        return FM_ESYS;
    t = (float *)(void *)file.data;
    for (size_t i = 0; i < d->n; i++)
        t[i] = (float)d->y[i];
    file.len = bytes;
    fm_buf_free(&d->yfile);
    d->yfile = file;
    d->y = NULL;
    d->t = t;
    d->numbers = 1;
    return 0;
}

int
fm_numbers_check(const struct fm_dataset *d, const char *name, size_t outputs,
                 struct fm_err *e)
{
    assert(d->t);
    if (d->numbers != outputs)
        return fm_err_set(e, FM_EINPUT,
                          "%s: %zu number%s a sample to learn, but the model "
                          "has %zu output%s",
                          fm_file_name(name), d->numbers,
                          d->numbers == 1 ? "" : "s", outputs,
                          outputs == 1 ? "" : "s");
    for (size_t i = 0; i < d->n * d->numbers; i++)
        if (d->t[i] - d->t[i] != 0)
            return fm_err_set(e, FM_EINPUT,
                              "%s: what sample %zu should learn is not finite",
                              fm_file_name(name), i / d->numbers);
    return 0;
}

void
fm_numbers_batch(const struct fm_dataset *d, const uint32_t *row, size_t n,
                 float *t)
{
    for (size_t i = 0; i < n; i++, t += d->numbers) {
        assert(row[i] < d->n);
        memcpy(t, d->t + row[i] * d->numbers, d->numbers * sizeof *t);
    }
}
