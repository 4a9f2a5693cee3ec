#include "data/augment.h"

#include <assert.h>
#include <string.h>

/* Where a sample's pixels come from. */
struct move {
    long down, right;
    bool mirror;
};

int
fm_augment_check(const struct fm_augment *a, const struct fm_dataset *d,
                 const char *name, size_t nmean, size_t nstd, struct fm_err *e)
{
    const char *what = a->crop ? "crop" : "flip";

    name = fm_file_name(name);
    if (!fm_augment_on(a))
        return 0;
    if (d->text || (d->h == 1 && d->w == 1))
        return fm_err_set(e, FM_EINPUT,
                          "%s: %s is for images, and these are %s; --crop 0 "
                          "--flip no would do",
                          name, what,
                          d->text ? "characters"
                          : d->f  ? "features"
                                  : "vectors");
    if (a->crop >= d->h || a->crop >= d->w)
        return fm_err_set(e, FM_EINPUT,
                          "%s: crop %lu could leave nothing of images of "
                          "%zux%zu",
                          name, (unsigned long)a->crop, d->h, d->w);
    if ((nmean != 1 && nmean != d->c) || (nstd != 1 && nstd != d->c))
        return fm_err_set(e, FM_EINPUT,
                          "%s: %s wants one mean and std for each channel, or "
                          "for all, and not for each pixel",
                          name, what);
    return 0;
}

static struct move
draw(const struct fm_augment *a, struct fm_stream *s)
{
    struct move m = {0};

    if (a->crop) {
        m.down = (long)fm_stream_below(s, 2 * a->crop + 1) - (long)a->crop;
        m.right = (long)fm_stream_below(s, 2 * a->crop + 1) - (long)a->crop;
    }
    m.mirror = a->flip && fm_stream_below(s, 2);
    return m;
}

static void
fill(float *to, size_t n, float black)
{
    while (n--)
        *to++ = black;
}

/* A row from one that may be itself. */
static void
move_row(float *to, const float *from, size_t w, long right, float black)
{
    size_t by = (size_t)(right < 0 ? -right : right), left = w - by;

    if (right < 0) {
        memmove(to + by, from, left * sizeof *to);
        fill(to, by, black);
    } else {
        memmove(to, from + by, left * sizeof *to);
        fill(to + left, by, black);
    }
}

static void
mirror_row(float *p, size_t w)
{
    for (size_t i = 0, j = w - 1; i < j; i++, j--) {
        float t = p[i];

        p[i] = p[j];
        p[j] = t;
    }
}

/* From the side that rows leave, so that none is written before it is read. */
static void
move_plane(float *p, size_t h, size_t w, const struct move *m, float black)
{
    for (size_t k = 0; k < h; k++) {
        size_t row = m->down < 0 ? h - 1 - k : k;
        long from = (long)row + m->down;

        if (from < 0 || from >= (long)h)
            fill(p + row * w, w, black);
        else if (m->down || m->right)
            move_row(p + row * w, p + (size_t)from * w, w, m->right, black);
    }
    for (size_t row = 0; m->mirror && row < h; row++)
        mirror_row(p + row * w, w);
}

void
fm_augment_batch(const struct fm_augment *a, const struct fm_dataset *d,
                 size_t n, const float *mean, size_t nmean, const float *std,
                 size_t nstd, float *x, struct fm_stream *s)
{
    assert(a->crop < d->h && a->crop < d->w);
    for (size_t i = 0; i < n; i++) {
        struct move m = draw(a, s);

        for (size_t c = 0; c < d->c; c++, x += d->h * d->w)
            move_plane(x, d->h, d->w, &m,
                       (0.0f - mean[nmean == 1 ? 0 : c]) /
                           std[nstd == 1 ? 0 : c]);
    }
}
