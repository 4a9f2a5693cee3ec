#include "nn/transform.h"

#include "nn/vec.h"

#include <string.h>

enum { LANES = FM_VEC_LANES, T = FM_TRANSFORM_TILE, S = T + 2 };
enum { ROWS = 8 }; /* of kernels turned round at a time */

/* Sixteen channels. */
typedef fm_vec vec;

/*
 * The matrices in one dimension, for the points 0, a, -a, b, -b, infinity.
 * The usual a = 1, b = 2 save multiplications that cost nothing here; 3/4 and
 * 3/2 halve the rounding error (measured; on the choice of points see Barabasz
 * et al., arXiv 1803.10986), and are as exact in binary.
 */
#define A  0.75f
#define B  1.5f
#define A2 (A * A)
#define B2 (B * B)
/* The products of a's and b's differences from the other points. */
#define FA (2 * A2 * (A2 - B2))
#define FB (2 * B2 * (B2 - A2))

/* v = B' d; `i` and `o` are the strides of input and output. */
FM_INLINE void
map_input(const vec *d, size_t i, vec *v, size_t o)
{
    vec even_a = d[4 * i] - B2 * d[2 * i], odd_a = A * (d[3 * i] - B2 * d[i]);
    vec even_b = d[4 * i] - A2 * d[2 * i], odd_b = B * (d[3 * i] - A2 * d[i]);

    v[0] = A2 * B2 * d[0] - (A2 + B2) * d[2 * i] + d[4 * i];
    v[o] = even_a + odd_a;
    v[2 * o] = even_a - odd_a;
    v[3 * o] = even_b + odd_b;
    v[4 * o] = even_b - odd_b;
    v[5 * o] = A2 * B2 * d[i] - (A2 + B2) * d[3 * i] + d[5 * i];
}

/* d = B v */
FM_INLINE void
map_input_back(const vec *v, size_t i, vec *d, size_t o)
{
    vec sum_a = v[i] + v[2 * i], dif_a = A * (v[i] - v[2 * i]);
    vec sum_b = v[3 * i] + v[4 * i], dif_b = B * (v[3 * i] - v[4 * i]);

    d[0] = A2 * B2 * v[0];
    d[o] = A2 * B2 * v[5 * i] - B2 * dif_a - A2 * dif_b;
    d[2 * o] = -(A2 + B2) * v[0] - B2 * sum_a - A2 * sum_b;
    d[3 * o] = dif_a + dif_b - (A2 + B2) * v[5 * i];
    d[4 * o] = v[0] + sum_a + sum_b;
    d[5 * o] = v[5 * i];
}

/* y = A' m */
FM_INLINE void
map_output(const vec *m, size_t i, vec *y, size_t o)
{
    vec sum_a = m[i] + m[2 * i], dif_a = A * (m[i] - m[2 * i]);
    vec sum_b = m[3 * i] + m[4 * i], dif_b = B * (m[3 * i] - m[4 * i]);

    y[0] = m[0] + sum_a + sum_b;
    y[o] = dif_a + dif_b;
    y[2 * o] = A2 * sum_a + B2 * sum_b;
    y[3 * o] = A2 * dif_a + B2 * dif_b + m[5 * i];
}

/* m = A y */
FM_INLINE void
map_output_back(const vec *y, size_t i, vec *m, size_t o)
{
    vec even_a = y[0] + A2 * y[2 * i], odd_a = A * (y[i] + A2 * y[3 * i]);
    vec even_b = y[0] + B2 * y[2 * i], odd_b = B * (y[i] + B2 * y[3 * i]);

    m[0] = y[0];
    m[o] = even_a + odd_a;
    m[2 * o] = even_a - odd_a;
    m[3 * o] = even_b + odd_b;
    m[4 * o] = even_b - odd_b;
    m[5 * o] = y[3 * i];
}

/* u = G g */
FM_INLINE void
map_weight(const vec *g, size_t i, vec *u, size_t o)
{
    vec even_a = (g[0] + A2 * g[2 * i]) * (1 / FA), odd_a = g[i] * (A / FA);
    vec even_b = (g[0] + B2 * g[2 * i]) * (1 / FB), odd_b = g[i] * (B / FB);

    u[0] = g[0] * (1 / (A2 * B2));
    u[o] = even_a + odd_a;
    u[2 * o] = even_a - odd_a;
    u[3 * o] = even_b + odd_b;
    u[4 * o] = even_b - odd_b;
    u[5 * o] = g[2 * i];
}

/* g = G' u */
FM_INLINE void
map_weight_back(const vec *u, size_t i, vec *g, size_t o)
{
    vec sum_a = (u[i] + u[2 * i]) * (1 / FA);
    vec sum_b = (u[3 * i] + u[4 * i]) * (1 / FB);

    g[0] = u[0] * (1 / (A2 * B2)) + sum_a + sum_b;
    g[o] = (u[i] - u[2 * i]) * (A / FA) + (u[3 * i] - u[4 * i]) * (B / FB);
    g[2 * o] = A2 * sum_a + B2 * sum_b + u[5 * i];
}

/* to = map from map', for a map of n numbers to m: columns, then rows. */
#define BOTH(map, from, n, to, m)                                              \
    do {                                                                       \
        vec half_[(m) * (n)];                                                  \
                                                                               \
        for (size_t c_ = 0; c_ < (n); c_++)                                    \
            map((from) + c_, n, half_ + c_, n);                                \
        for (size_t r_ = 0; r_ < (m); r_++)                                    \
            map(half_ + r_ * (n), 1, (to) + r_ * (m), 1);                      \
    } while (0)

/* The part of a tile that lies in an image: rows h0.., columns w0.. of the
 * image are rows r0..r1-1, columns s0..s1-1 of the tile. */
struct part {
    size_t r0, r1, s0, s1, h0, w0;
};

static void
clip(size_t tile, size_t pad, size_t size, size_t n, size_t *from, size_t *to,
     size_t *first)
{
    size_t left = tile * T; /* in an image with `pad` more on the left */

    *from = left < pad ? pad - left : 0;
    *to = left + size > pad + n ? pad + n - left : size;
    *first = left < pad ? 0 : left - pad;
    if (left >= pad + n || *to < *from)
        *to = *from;
}

static struct part
part_of(const struct fm_layer *l, size_t p, size_t q, bool input)
{
    struct fm_shape s = input ? l->in : l->out;
    size_t pad = input ? l->pad : 0, size = input ? S : T;
    struct part k;

    clip(p, pad, size, s.h, &k.r0, &k.r1, &k.h0);
    clip(q, pad, size, s.w, &k.s0, &k.s1, &k.w0);
    return k;
}

static size_t
tiles_high(const struct fm_layer *l)
{
    return (l->out.h + T - 1) / T;
}

static size_t
tiles_wide(const struct fm_layer *l)
{
    return (l->out.w + T - 1) / T;
}

size_t
fm_transform_tiles(const struct fm_layer *l)
{
    return tiles_high(l) * tiles_wide(l);
}

/* Calls one of the four functions below for every tile of an image, with the
 * tile's own corner of the image and the planes. */
#define EACH_TILE(l, shape, input, call)                                       \
    for (size_t p = 0; p < tiles_high(l); p++)                                 \
        for (size_t q = 0; q < tiles_wide(l); q++) {                           \
            const struct part k = part_of(l, p, q, input);                     \
            size_t corner = (k.h0 * (shape).w + k.w0) * (shape).c;             \
            size_t tile = (p * tiles_wide(l) + q) * (shape).c;                 \
                                                                               \
            call;                                                              \
        }

FM_CLONES static void
input_tile(struct part k, const float *x, size_t width, size_t nc, float *v,
           size_t plane)
{
    for (size_t c = 0; c < nc; c += LANES) {
        vec d[S * S], o[S * S];
        const float *from = x + c;

        if (k.r1 - k.r0 < S || k.s1 - k.s0 < S)
            memset(d, 0, sizeof d);
        for (size_t r = k.r0; r < k.r1; r++, from += width)
            for (size_t s = k.s0; s < k.s1; s++)
                d[r * S + s] = VEC_AT_CONST(from + (s - k.s0) * nc);
        BOTH(map_input, d, S, o, S);
        for (size_t i = 0; i < S * S; i++)
            VEC_AT(v + i * plane + c) = o[i];
    }
}

void
fm_transform_input(const struct fm_layer *l, const float *x, float *v,
                   size_t plane){
    EACH_TILE(l, l->in, true,
              input_tile(k, x + corner, l->in.w * l->in.c, l->in.c, v + tile,
                         plane))}

FM_CLONES
    static void input_tile_back(struct part k, const float *dv, size_t plane,
                                size_t width, size_t nc, float *dx)
{
    for (size_t c = 0; c < nc; c += LANES) {
        vec d[S * S], o[S * S];
        float *to = dx + c;

        for (size_t i = 0; i < S * S; i++)
            o[i] = VEC_AT_CONST(dv + i * plane + c);
        BOTH(map_input_back, o, S, d, S);
        for (size_t r = k.r0; r < k.r1; r++, to += width)
            for (size_t s = k.s0; s < k.s1; s++)
                VEC_AT(to + (s - k.s0) * nc) += d[r * S + s];
    }
}

void
fm_transform_input_back(const struct fm_layer *l, const float *dv, size_t plane,
                        float *dx){
    EACH_TILE(l, l->in, true,
              input_tile_back(k, dv + tile, plane, l->in.w * l->in.c, l->in.c,
                              dx + corner))}

FM_CLONES static void output_tile(struct part k, const float *m, size_t plane,
                                  const float *b, bool relu, size_t width,
                                  size_t nk, float *y)
{
    for (size_t c = 0; c < nk; c += LANES) {
        vec d[S * S], o[T * T], bias;
        float *to = y + c;

        memset(&bias, 0, sizeof bias);
        if (b)
            bias = VEC_AT_CONST(b + c);
        for (size_t i = 0; i < S * S; i++)
            d[i] = VEC_AT_CONST(m + i * plane + c);
        BOTH(map_output, d, S, o, T);
        for (size_t r = 0; r < k.r1; r++, to += width)
            for (size_t s = 0; s < k.s1; s++) {
                vec v = o[r * T + s] + bias;

                VEC_AT(to + s * nk) = relu ? VEC_ONLY(~(v < 0.0f), v) : v;
            }
    }
}

void
fm_transform_output(const struct fm_layer *l, const float *m, size_t plane,
                    const float *b, bool relu, float *y){
    EACH_TILE(l, l->out, false,
              output_tile(k, m + tile, plane, b, relu, l->out.w * l->out.c,
                          l->out.c, y + corner))}

FM_CLONES static void output_tile_back(struct part k, const float *y,
                                       const float *dy, size_t width, size_t nk,
                                       float *dm, size_t plane, float *db)
{
    for (size_t c = 0; c < nk; c += LANES) {
        vec d[T * T], o[S * S], sum;

        if (k.r1 < T || k.s1 < T)
            memset(d, 0, sizeof d);
        memset(&sum, 0, sizeof sum);
        for (size_t r = 0; r < k.r1; r++)
            for (size_t s = 0; s < k.s1; s++) {
                size_t at = r * width + s * nk + c;
                vec g = VEC_AT_CONST(dy + at);

                if (y)
                    g = VEC_ONLY(VEC_AT_CONST(y + at) > 0.0f, g);
                d[r * T + s] = g;
                sum += g;
            }
        if (db)
            VEC_AT(db + c) += sum;
        BOTH(map_output_back, d, T, o, S);
        for (size_t i = 0; i < S * S; i++)
            VEC_AT(dm + i * plane + c) = o[i];
    }
}

void
fm_transform_output_back(const struct fm_layer *l, const float *y,
                         const float *dy, float *dm, size_t plane, float *db){
    EACH_TILE(l, l->out, false,
              output_tile_back(k, y ? y + corner : NULL, dy + corner,
                               l->out.w * l->out.c, l->out.c, dm + tile, plane,
                               db))}

/*
 * Sixteen columns of kernels, `lane` floats apart, in `rows` rows, `step`
 * floats apart: their 36 elements.  They are turned round for several rows
 * before any is used: a vector that is read while the parts it was written in
 * are still on their way to the cache waits for them.
 */
FM_CLONES static void kernels(const float *w, size_t rows, size_t step,
                              size_t lane, float *u, size_t row, size_t plane)
{
    float turned[ROWS * 9 * LANES];

    for (size_t i = 0; i < LANES; i++)
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < 9; j++)
                turned[(r * 9 + j) * LANES + i] = w[r * step + i * lane + j];
    for (size_t r = 0; r < rows; r++, u += row) {
        vec g[9], o[S * S];

        for (size_t j = 0; j < 9; j++)
            g[j] = VEC_AT(turned + (r * 9 + j) * LANES);
        BOTH(map_weight, g, 3, o, S);
        for (size_t j = 0; j < S * S; j++)
            VEC_AT(u + j * plane) = o[j];
    }
}

void
fm_transform_weight(const struct fm_layer *l, const float *w, size_t first,
                    size_t n, float *u, size_t plane, bool swap)
{
    size_t nc = l->in.c, rows = swap ? l->out.c : nc;
    size_t step = swap ? nc * 9 : 9; /* from one row's kernels to the next's */
    size_t lane = swap ? 9 : nc * 9; /* from one column's to the next's */

    for (size_t r = 0; r < rows; r += ROWS)
        for (size_t i = 0; i < n; i += LANES)
            kernels(w + r * step + (first + i) * lane,
                    rows - r < ROWS ? rows - r : ROWS, step, lane,
                    u + r * n + i, n, plane);
}

FM_CLONES static void
kernels_back(const float *du, size_t plane, float *dw, size_t stride)
{
    vec o[S * S], g[9];

    for (size_t i = 0; i < S * S; i++)
        o[i] = VEC_AT_CONST(du + i * plane);
    BOTH(map_weight_back, o, S, g, 3);
    for (size_t lane = 0; lane < LANES; lane++)
        for (size_t i = 0; i < 9; i++)
            dw[lane * stride + i] = g[i][lane];
}

void
fm_transform_weight_back(const struct fm_layer *l, const float *du,
                         size_t plane, size_t first, size_t n, float *dw)
{
    size_t nc = l->in.c;

    for (size_t c = 0; c < nc; c++)
        for (size_t i = 0; i < n; i += LANES)
            kernels_back(du + c * n + i, plane, dw + ((first + i) * nc + c) * 9,
                         nc * 9);
}
