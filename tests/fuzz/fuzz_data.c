/*
 * fuzz_data: any bytes as the file of --data.  The first byte says which
 * options come with it.
 */
#include "data/datafile.h"

#include "../unit/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value that there is can be read. */
static void
touch(const struct fm_dataset *d)
{
    const size_t values = d->c * d->h * d->w;
    size_t sum = 0, finite = 0;

    CHECK(d->n && values && !d->x != !d->f, "no samples");
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < values; k++)
            if (d->x)
                sum += fm_dataset_row(d, i)[k];
            else
                finite += d->f[i * values + k] - d->f[i * values + k] == 0;
    CHECK(!d->f || finite == d->n * values, "not a number");
    for (size_t i = 0; d->y && i < d->n; i++)
        sum += d->y[i];
    CHECK(sum <= UINT8_MAX * d->n * (values + 1), "bytes from nowhere");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fm_dataset_from from = {0};
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    if (size == 0)
        return 0;
    from.label = *data & 1 ? "y" : *data & 2 ? "coarse" : NULL;
    from.part = *data & 4 ? "train" : NULL;
    from.mean = *data & 8;
    from.unlabelled = *data & 16;
    CHECK(fm_buf_add(&d.xfile, data + 1, size - 1, &e) == 0, "memory");
    if (fm_datafile_take(&d, &from, NULL, &e) == 0)
        touch(&d);
    else
        CHECK(e.code != FM_OK && *e.msg, "no reason");
    fm_dataset_free(&d);
    return 0;
}
