#include "data/cifar.h"

enum { CHANNELS = 3, SIDE = 32, PIXELS = CHANNELS * SIDE * SIDE };

/* How many label bytes a record has: 1, 2, or 0 when these are no records. */
static size_t
kind(const uint8_t *p, size_t size)
{
    static const uint8_t below[2][2] = {{10}, {20, 100}};

    for (size_t labels = 1; labels <= 2; labels++) {
        const size_t record = labels + PIXELS;
        bool fits = size >= record && size % record == 0;

        for (size_t at = 0; fits && at < size; at += record)
            for (size_t k = 0; k < labels; k++)
                fits = fits && p[at + k] < below[labels - 1][k];
        if (fits)
            return labels;
    }
    return 0;
}

bool
fm_cifar_is(const uint8_t *bytes, size_t size)
{
    size_t labels = kind(bytes, size);

    return labels && (size > labels + PIXELS || memchr(bytes, 0, size));
}

int
fm_cifar_take(struct fm_dataset *d, const uint8_t *bytes, size_t size,
              const char *label, struct fm_err *e)
{
    const size_t labels = kind(bytes, size), record = labels + PIXELS;
    size_t which = labels - 1;

    if (labels == 0)
        return fm_err_set(e, FM_EINPUT,
                          "%zu bytes are not records of CIFAR-10 (3073 bytes, "
                          "the first below 10) nor of CIFAR-100 (3074, the "
                          "first two below 20 and 100)",
                          size);
    if (label && labels == 1)
        return fm_err_set(e, FM_EINPUT,
                          "CIFAR-10 has one label; --label is for CIFAR-100");
    if (label && strcmp(label, "coarse") == 0)
        which = 0;
    else if (label && strcmp(label, "fine") != 0)
        return fm_err_set(e, FM_EINPUT,
                          "CIFAR-100 has the labels coarse and fine, not "
                          "'%.40s'",
                          label);
    d->n = size / record;
    d->c = CHANNELS;
    d->h = d->w = SIDE;
    d->x = bytes + labels;
    d->step = record;
    if (fm_buf_reserve(&d->yfile, d->n, e))
        return FM_ESYS;
    for (size_t i = 0; i < d->n; i++)
        d->yfile.data[i] = bytes[i * record + which];
    d->yfile.len = d->n;
    d->y = d->yfile.data;
    return 0;
}
