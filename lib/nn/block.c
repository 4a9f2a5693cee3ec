#include "nn/block.h"

#include "nn/piece.h"
#include "nn/vec.h"

#include <string.h>

enum { LANES = FM_VEC_LANES };

/* Sixteen channels. */
typedef fm_vec vec;
typedef fm_vec_mask ints;

#define ONLY          VEC_ONLY
#define PICK(m, a, b) ((vec)(((ints)(a) & (m)) | ((ints)(b) & ~(m))))

size_t
fm_block_span(const struct fm_layer *l, size_t left)
{
    size_t norm = l->op == FM_BATCHNORM; /* layers in front of the relu */

    if (left < norm + 1 || l[norm].op != FM_RELU || l->in.c % LANES != 0)
        return 0;
    if (left > norm + 1 && l[norm + 1].op == FM_MAXPOOL && l[norm + 1].r == 2 &&
        l[norm + 1].s == 2 && l[norm + 1].stride == 2)
        return norm + 2;
    return norm ? 2 : 0; /* activation.h does it as well */
}

/* Width of the window: what pools ends with a pool. */
static size_t
window(const struct fm_layer *l, size_t span)
{
    return l[span - 1].op == FM_MAXPOOL ? 2 : 1;
}

struct job {
    const struct fm_layer *l;
    struct fm_batchnorm *b;
    struct fm_norm f;
    const float *x, *dy;
    float *out;
    size_t n, k;          /* images; width of a window, 1 or 2 */
    struct fm_shape size; /* after the pool */
};

/* A line of windows: of x, `next` floats from one row of pixels to the next,
 * and what becomes of it. */
struct line {
    const float *x, *dy;
    float *y, *dx, *sum;
    size_t next, nc, windows;
};

/*
 * The largest value of a window before relu, v; which pixel it came from, the
 * first of equals, as a mask for each; and d, x - mean at each.  (Masks and
 * not numbers: gcc 12 compares vectors of integers one by one.)
 */
FM_INLINE void
search(const float *x, size_t next, size_t nc, size_t k, const vec f[3], vec *v,
       ints *from, vec *d)
{
    for (size_t i = 0; i < k * k; i++) {
        vec here;

        d[i] = VEC_AT_CONST(x + i / k * next + i % k * nc) - f[0];
        here = d[i] * f[1] + f[2];
        if (i == 0) {
            *v = here;
            from[0] = ~(ints){0};
            continue;
        }
        from[i] = here > *v;
        *v = PICK(from[i], here, *v);
        for (size_t j = 0; j < i; j++)
            from[j] &= ~from[i];
    }
}

/* Without a norm x is as it is. */
FM_INLINE void
load_norm(vec f[3], const struct fm_norm *n, size_t c)
{
    if (!n->mean) {
        f[0] = f[2] = (vec){0};
        f[1] = f[0] + 1.0f;
        return;
    }
    f[0] = VEC_AT_CONST(n->mean + c);
    f[1] = VEC_AT_CONST(n->mul + c);
    f[2] = VEC_AT_CONST(n->add + c);
}

FM_INLINE void
forward_windows(const struct line *l, const struct fm_norm *n, size_t k)
{
    for (size_t c = 0; c < l->nc; c += LANES) {
        vec f[3], v, d[4];
        ints from[4];

        load_norm(f, n, c);
        for (size_t q = 0; q < l->windows; q++) {
            search(l->x + q * k * l->nc + c, l->next, l->nc, k, f, &v, from, d);
            VEC_AT(l->y + q * l->nc + c) = ONLY(~(v < 0.0f), v);
        }
    }
}

/* sum[c] += dy, sum[nc+c] += dy (x - mean), of the pixels that dy reaches */
FM_INLINE void
sum_windows(const struct line *l, const struct fm_norm *n, size_t k)
{
    for (size_t c = 0; c < l->nc; c += LANES) {
        vec f[3], v, d[4], sum = VEC_AT(l->sum + c), product;
        ints from[4];

        product = VEC_AT(l->sum + l->nc + c);
        load_norm(f, n, c);
        for (size_t q = 0; q < l->windows; q++) {
            vec g = VEC_AT_CONST(l->dy + q * l->nc + c);

            search(l->x + q * k * l->nc + c, l->next, l->nc, k, f, &v, from, d);
            g = ONLY(v > 0.0f, g);
            sum += g;
            for (size_t i = 1; i < k * k; i++)
                d[0] = PICK(from[i], d[i], d[0]);
            product += g * d[0];
        }
        VEC_AT(l->sum + c) = sum;
        VEC_AT(l->sum + l->nc + c) = product;
    }
}

/* dx = mul (dy - a - (x - mean) b), dy only where it reaches */
FM_INLINE void
input_windows(const struct line *l, const struct fm_norm *n, size_t k)
{
    for (size_t c = 0; c < l->nc; c += LANES) {
        vec f[3], v, d[4], a = {0}, b = {0};
        ints from[4];

        if (n->a) {
            a = VEC_AT_CONST(n->a + c);
            b = VEC_AT_CONST(n->b + c);
        }
        load_norm(f, n, c);
        for (size_t q = 0; q < l->windows; q++) {
            vec g = VEC_AT_CONST(l->dy + q * l->nc + c);
            float *dx = l->dx + q * k * l->nc + c;

            search(l->x + q * k * l->nc + c, l->next, l->nc, k, f, &v, from, d);
            g = ONLY(v > 0.0f, g);
            for (size_t i = 0; i < k * k; i++)
                VEC_AT(dx + i / k * l->next + i % k * l->nc) =
                    f[1] * (ONLY(from[i], g) - a - d[i] * b);
        }
    }
}

FM_CLONES static void
forward_line(const struct line *l, const struct fm_norm *n, size_t k)
{
    if (k == 2)
        forward_windows(l, n, 2);
    else
        forward_windows(l, n, 1);
}

FM_CLONES static void
sum_line(const struct line *l, const struct fm_norm *n, size_t k)
{
    if (k == 2)
        sum_windows(l, n, 2);
    else
        sum_windows(l, n, 1);
}

FM_CLONES static void
input_line(const struct line *l, const struct fm_norm *n, size_t k)
{
    if (k == 2)
        input_windows(l, n, 2);
    else
        input_windows(l, n, 1);
}

/* Pixels that no window covers: dy is 0. */
FM_CLONES static void
outside(const float *x, float *dx, size_t pixels, size_t nc,
        const struct fm_norm *n)
{
    if (!n->mean) {
        memset(dx, 0, pixels * nc * sizeof *dx);
        return;
    }
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < nc; c++)
            dx[i * nc + c] =
                n->mul[c] * (-n->a[c] - (x[i * nc + c] - n->mean[c]) * n->b[c]);
}

static struct line
line_of(const struct job *j, size_t image, size_t p)
{
    struct line l = {.nc = j->size.c, .windows = j->size.w};
    size_t in = (image * j->l->in.h + p * j->k) * j->l->in.w * l.nc;
    size_t out = (image * j->size.h + p) * j->size.w * l.nc;

    l.next = j->l->in.w * l.nc;
    l.x = j->x + in;
    if (j->dy) {
        l.dy = j->dy + out;
        l.dx = j->out ? j->out + in : NULL;
    } else
        l.y = j->out + out;
    return l;
}

static void
forward(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t end = fm_piece(j->n, FM_PIECES, i + 1);

    (void)worker;
    for (size_t k = fm_piece(j->n, FM_PIECES, i); k < end; k++)
        for (size_t p = 0; p < j->size.h; p++) {
            struct line l = line_of(j, k, p);

            forward_line(&l, &j->f, j->k);
        }
}

static void
sums(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t end = fm_piece(j->n, FM_PIECES, i + 1);
    float *sum = fm_batchnorm_part(j->b, i);

    (void)worker;
    memset(sum, 0, 2 * j->size.c * sizeof *sum);
    for (size_t k = fm_piece(j->n, FM_PIECES, i); k < end; k++)
        for (size_t p = 0; p < j->size.h; p++) {
            struct line l = line_of(j, k, p);

            l.sum = sum;
            sum_line(&l, &j->f, j->k);
        }
}

static void
input(void *ctx, size_t i, size_t worker)
{
    const struct job *j = ctx;
    size_t end = fm_piece(j->n, FM_PIECES, i + 1);
    size_t wide = j->l->in.w, nc = j->size.c, covered = j->size.w * j->k;

    (void)worker;
    for (size_t k = fm_piece(j->n, FM_PIECES, i); k < end; k++) {
        size_t rest = k * j->l->in.h + j->size.h * j->k;

        for (size_t p = 0; p < j->size.h; p++) {
            struct line l = line_of(j, k, p);

            input_line(&l, &j->f, j->k);
            for (size_t r = 0; r < j->k && covered < wide; r++)
                outside(l.x + (r * wide + covered) * nc,
                        l.dx + (r * wide + covered) * nc, wide - covered, nc,
                        &j->f);
        }
        outside(j->x + rest * wide * nc, j->out + rest * wide * nc,
                ((k + 1) * j->l->in.h - rest) * wide, nc, &j->f);
    }
}

void
fm_block_forward(const struct fm_layer *l, size_t span, struct fm_batchnorm *b,
                 const struct fm_batchnorm_w *w, const float *x, float *y,
                 size_t n, bool train, struct fm_pool *pool)
{
    struct job j = {.l = l, .b = b, .x = x, .out = y, .n = n};

    j.k = window(l, span);
    j.size = l[span - 1].out;
    if (b)
        j.f = fm_batchnorm_start(b, w, x, n * l->in.h * l->in.w, train);
    fm_pool_run(pool, FM_PIECES, forward, &j);
}

void
fm_block_backward(const struct fm_layer *l, size_t span, struct fm_batchnorm *b,
                  const float *x, const float *dy, size_t n, float *dx,
                  float *dscale, float *dshift, struct fm_pool *pool)
{
    struct job j = {.l = l, .b = b, .x = x, .dy = dy, .out = dx, .n = n};

    j.k = window(l, span);
    j.size = l[span - 1].out;
    if (b) {
        j.f = fm_batchnorm_norm(b);
        fm_pool_run(pool, FM_PIECES, sums, &j);
        fm_batchnorm_finish(b, n * l->in.h * l->in.w, dscale, dshift);
    }
    if (dx)
        fm_pool_run(pool, FM_PIECES, input, &j);
}
