#include "nn/im2col.h"

#include "nn/vec.h"

#include <string.h>

/* What of a window's row lies in the image: pixels s0 to s1-1 of S, which are
 * pixels w0 and on of the image's row. */
struct cut {
    size_t s0, s1, w0;
};

static struct cut
clip(const struct fm_layer *l, size_t q)
{
    size_t left = q * l->stride; /* of the window, in the padded image */
    struct cut k = {.s0 = 0, .s1 = l->s, .w0 = 0};

    if (left < l->pad)
        k.s0 = l->pad - left < l->s ? l->pad - left : l->s;
    else
        k.w0 = left - l->pad;
    if (left + l->s > l->pad + l->in.w)
        k.s1 = left < l->pad + l->in.w ? l->pad + l->in.w - left : 0;
    if (k.s1 < k.s0)
        k.s1 = k.s0;
    return k;
}

/* The image's row under row r of the windows of an output line, or NULL. */
static const float *
row_of(const struct fm_layer *l, const float *image, size_t p, size_t r)
{
    size_t h = p * l->stride + r;

    if (h < l->pad || h - l->pad >= l->in.h)
        return NULL;
    return image + (h - l->pad) * l->in.w * l->in.c;
}

/* One line's windows, row r of each: whole stretches of S pixels. */
static void
wide_row(const struct fm_layer *l, const float *line, float *out)
{
    size_t nc = l->in.c, wide = l->s * nc, row = l->r * wide;

    for (size_t q = 0; q < l->out.w; q++, out += row) {
        struct cut k = clip(l, q);

        if (!line || k.s1 - k.s0 != l->s)
            memset(out, 0, wide * sizeof *out);
        if (line && k.s0 < k.s1)
            memcpy(out + k.s0 * nc, line + k.w0 * nc,
                   (k.s1 - k.s0) * nc * sizeof *out);
    }
}

void
fm_im2col(const struct fm_layer *l, const float *x, size_t from, size_t to,
          float *col)
{
    size_t wide = l->s * l->in.c, row = l->r * wide;

    for (size_t i = from; i < to; i++, col += l->out.w * row) {
        const float *image = x + i / l->out.h * fm_shape_count(l->in);

        for (size_t r = 0; r < l->r; r++)
            wide_row(l, row_of(l, image, i % l->out.h, r), col + r * wide);
    }
}

/* Pixel s of the windows of one line; windows q0 to q1-1 have it inside. */
static void
turned_line(const struct fm_layer *l, const float *line, size_t s, float *out)
{
    size_t step = l->stride, end = l->in.w + l->pad;
    size_t q0 = s < l->pad ? (l->pad - s + step - 1) / step : 0;
    size_t q1 = s < end ? (end - s - 1) / step + 1 : 0;

    q1 = !line ? 0 : q1 > l->out.w ? l->out.w : q1;
    if (q0 >= q1) {
        memset(out, 0, l->out.w * sizeof *out);
        return;
    }
    memset(out, 0, q0 * sizeof *out);
    memset(out + q1, 0, (l->out.w - q1) * sizeof *out);
    line += q0 * step + s - l->pad;
    if (step == 1)
        memcpy(out + q0, line, (q1 - q0) * sizeof *out);
    else
        for (size_t q = q0; q < q1; q++)
            out[q] = line[(q - q0) * step];
}

void
fm_im2col_turned(const struct fm_layer *l, const float *x, size_t from,
                 size_t to, float *col)
{
    size_t rows = (to - from) * l->out.w;

    for (size_t i = from; i < to; i++, col += l->out.w) {
        const float *image = x + i / l->out.h * l->in.h * l->in.w;

        for (size_t r = 0; r < l->r; r++)
            for (size_t s = 0; s < l->s; s++)
                turned_line(l, row_of(l, image, i % l->out.h, r), s,
                            col + (r * l->s + s) * rows);
    }
}

FM_CLONES static void
add(float *x, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += v[i];
}

void
fm_col2im(const struct fm_layer *l, const float *col, size_t from, size_t to,
          float *x)
{
    size_t nc = l->in.c, wide = l->s * nc, row = l->r * wide;

    for (size_t i = from; i < to; i++, col += l->out.w * row) {
        float *image = x + i / l->out.h * fm_shape_count(l->in);

        for (size_t r = 0; r < l->r; r++) {
            const float *line = row_of(l, image, i % l->out.h, r);
            const float *in = col + r * wide;

            if (!line)
                continue;
            for (size_t q = 0; q < l->out.w; q++, in += row) {
                struct cut k = clip(l, q);

                add(image + (line - image) + k.w0 * nc, in + k.s0 * nc,
                    (k.s1 - k.s0) * nc);
            }
        }
    }
}
