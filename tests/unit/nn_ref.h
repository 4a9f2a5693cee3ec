/*
 * nn_ref: a network computed as the formulas are written, in double, NCHW,
 * one loop per index.  It shares nothing with lib/nn but the architecture and
 * what is to be learned, so that the two can be compared; and in double a
 * central difference of its loss is a gradient good to nine digits.
 */
#ifndef FM_TESTS_NN_REF_H
#define FM_TESTS_NN_REF_H

#include "nn/loss.h"
#include "rand/philox.h"
#include "tensor/arch.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Numbers that look random: x in [-1, 1), multiples of 2^-22 (golden/
 * make_cnn4.py has the same). */
static inline double
ref_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 9) * 0x1p-22 - 1.0;
}

/* Classes as what is to be learned. */
#define LABELS(y) (&(const struct fm_target){.label = (y)})

static inline double *
ref_room(size_t n)
{
    double *p = calloc(n ? n : 1, sizeof *p);

    if (!p)
        abort();
    return p;
}

/* What lies at (c,h,w) of image `x`, zero outside. */
static inline double
ref_at(const double *x, struct fm_shape s, size_t c, long h, long w)
{
    if (h < 0 || w < 0 || h >= (long)s.h || w >= (long)s.w)
        return 0;
    return x[(c * s.h + (size_t)h) * s.w + (size_t)w];
}

/* Term by term over all outputs of a channel, which is quicker. */
static inline void
ref_conv(const struct fm_layer *l, double *const *w, const double *x, double *y)
{
    const size_t plane = l->out.h * l->out.w, terms = l->in.c * l->r * l->s;

    for (size_t i = 0; i < l->out.c * plane; i++)
        y[i] = l->bias ? w[1][i / plane] : 0;
    for (size_t kj = 0; kj < l->out.c * terms; kj++) {
        const size_t j = kj % terms, r = j / l->s % l->r, s = j % l->s;
        double *out = y + kj / terms * plane;

        for (size_t p = 0; p < l->out.h; p++, out += l->out.w) {
            const size_t h = p * l->stride + r - l->pad; /* wraps: too large */
            const size_t row = (j / l->s / l->r * l->in.h + h) * l->in.w;

            for (size_t q = 0; h < l->in.h && q < l->out.w; q++) {
                const size_t v = q * l->stride + s - l->pad;

                out[q] += v < l->in.w ? w[0][kj] * x[row + v] : 0;
            }
        }
    }
}

static inline void
ref_pool(const struct fm_layer *l, const double *x, double *y)
{
    for (size_t c = 0; c < l->out.c; c++)
        for (size_t p = 0; p < l->out.h; p++)
            for (size_t q = 0; q < l->out.w; q++) {
                double max = -INFINITY, sum = 0;

                for (size_t r = 0; r < l->r; r++)
                    for (size_t s = 0; s < l->s; s++) {
                        double v =
                            ref_at(x, l->in, c, (long)(p * l->stride + r),
                                   (long)(q * l->stride + s));

                        max = v > max ? v : max;
                        sum += v;
                    }
                *y++ = l->op == FM_MAXPOOL ? max : sum / (double)(l->r * l->s);
            }
}

/* Tokens x (T) -> y (D,T): images are NCHW here. */
static inline void
ref_embedding(const struct fm_layer *l, double *const *w, const double *x,
              double *y)
{
    for (size_t t = 0; t < l->out.h; t++)
        for (size_t d = 0; d < l->out.c; d++)
            y[d * l->out.h + t] = w[0][(size_t)x[t] * l->out.c + d];
}

/* x (D,T) -> y (K), one layer after the other. */
static inline void
ref_lstm(const struct fm_layer *l, double *const *w, const double *x, double *y)
{
    size_t k = l->out.c, steps = l->in.h, d = l->in.c;
    double *in = ref_room(steps * d);

    for (size_t i = 0; i < steps * d; i++)
        in[i % steps * d + i / steps] = x[i];
    for (size_t q = 0; q < l->layers; q++, w += l->bias ? 4 : 2, d = k) {
        double *out = ref_room((steps + 1) * k), *c = ref_room(k);

        for (size_t t = 0; t < steps; t++) {
            double *gate = ref_room(4 * k), *h = out + t * k;

            for (size_t g = 0; g < 4 * k; g++) {
                gate[g] = l->bias ? w[2][g] + w[3][g] : 0;
                for (size_t i = 0; i < d; i++)
                    gate[g] += w[0][g * d + i] * in[t * d + i];
                for (size_t i = 0; i < k; i++)
                    gate[g] += w[1][g * k + i] * h[i];
            }
            for (size_t i = 0; i < k; i++) {
                c[i] = c[i] / (1 + exp(-gate[k + i])) +
                       tanh(gate[2 * k + i]) / (1 + exp(-gate[i]));
                h[k + i] = tanh(c[i]) / (1 + exp(-gate[3 * k + i]));
            }
            free(gate);
        }
        memcpy(y, out + steps * k, k * sizeof *y);
        free(in);
        free(c);
        in = ref_room(steps * k);
        memcpy(in, out + k, steps * k * sizeof *in);
        free(out);
    }
    free(in);
}

/* Over the batch x (n,C,H,W); in training the running moments move. */
static inline void
ref_norm(const struct fm_layer *l, double *const *w, const double *x, double *y,
         size_t n, bool train)
{
    size_t hw = l->in.h * l->in.w, image = l->in.c * hw;

    for (size_t c = 0; c < l->in.c; c++) {
        double mean = w[2][c], var = w[3][c], m = (double)(n * hw), sum = 0;

        if (train) {
            for (size_t i = 0; i < n * hw; i++)
                sum += x[i / hw * image + c * hw + i % hw];
            mean = sum / m;
            sum = 0;
            for (size_t i = 0; i < n * hw; i++)
                sum += pow(x[i / hw * image + c * hw + i % hw] - mean, 2);
            var = sum / m;
            w[2][c] = (1 - l->momentum) * w[2][c] + l->momentum * mean;
            w[3][c] = (1 - l->momentum) * w[3][c] +
                      l->momentum * (m > 1 ? sum / (m - 1) : 0);
        }
        for (size_t i = 0; i < n * hw; i++) {
            size_t at = i / hw * image + c * hw + i % hw;

            y[at] = w[0][c] * (x[at] - mean) / sqrt(var + l->eps) + w[1][c];
        }
    }
}

/* Elements count in (N,H,W,C) order: dropout.h. */
static inline void
ref_dropout(const struct fm_layer *l, uint32_t ordinal, const double *x,
            double *y, size_t n, uint64_t key, uint32_t pass)
{
    for (size_t i = 0; i < n * fm_shape_count(l->in); i++) {
        size_t c = i % l->in.c, rest = i / l->in.c;
        size_t w = rest % l->in.w, h = rest / l->in.w % l->in.h;
        size_t at =
            ((rest / l->in.w / l->in.h * l->in.c + c) * l->in.h + h) * l->in.w +
            w;
        const uint32_t ctr[4] = {(uint32_t)(i / 8), pass, ordinal, 8};
        uint32_t out[4], lane;

        fm_philox_block(out, key, ctr);
        lane = out[i % 8 / 2] >> (i % 2 ? 16 : 0) & 0xffff;
        y[at] = (2 * lane + 1) / 131072.0 < l->p ? 0 : x[at] / (1 - l->p);
    }
}

/* Logits (n,classes), to be freed. */
static inline double *
ref_forward(const struct fm_arch *a, double *const *weight, const double *in,
            size_t n, bool train, uint64_t key, uint32_t pass)
{
    double *x = ref_room(n * fm_shape_count(a->input));

    memcpy(x, in, n * fm_shape_count(a->input) * sizeof *x);
    for (size_t i = 0; i < a->nlayers; i++) {
        const struct fm_layer *l = &a->layer[i];
        double *const *w = weight + l->tensor;
        size_t ni = fm_shape_count(l->in), no = fm_shape_count(l->out);
        double *y = ref_room(n * no);

        for (size_t b = 0; b < n; b++) {
            if (l->op == FM_CONV)
                ref_conv(l, w, x + b * ni, y + b * no);
            else if (l->op == FM_MAXPOOL || l->op == FM_AVGPOOL)
                ref_pool(l, x + b * ni, y + b * no);
            else if (l->op == FM_EMBEDDING)
                ref_embedding(l, w, x + b * ni, y + b * no);
            else if (l->op == FM_LSTM)
                ref_lstm(l, w, x + b * ni, y + b * no);
            for (size_t k = 0; k < no && l->op == FM_LINEAR; k++) {
                double sum = l->bias ? w[1][k] : 0;

                for (size_t f = 0; f < ni; f++)
                    sum += x[b * ni + f] * w[0][k * ni + f];
                y[b * no + k] = sum;
            }
        }
        if (l->op == FM_BATCHNORM)
            ref_norm(l, w, x, y, n, train);
        else if (l->op == FM_DROPOUT && train)
            ref_dropout(l, (uint32_t)i, x, y, n, key, pass);
        else if (l->op == FM_FLATTEN || l->op == FM_DROPOUT)
            memcpy(y, x, n * no * sizeof *y);
        for (size_t k = 0; k < n * no; k++)
            if (l->op == FM_RELU)
                y[k] = x[k] > 0 ? x[k] : 0;
            else if (l->op == FM_TANH)
                y[k] = tanh(x[k]);
            else if (l->op == FM_SIGMOID)
                y[k] = 1 / (1 + exp(-x[k]));
        free(x);
        x = y;
    }
    return x;
}

static inline double
ref_loss(const double *z, const struct fm_target *y, size_t n, size_t k)
{
    double all = 0;

    for (size_t i = 0; i < n; i++, z += k) {
        double sum = 0;

        if (y->kind == FM_LOSS_MSE)
            for (size_t c = 0; c < k; c++)
                all += pow(z[c] - (double)y->number[i * k + c], 2) / (double)k;
        if (y->kind == FM_LOSS_BCE)
            all -=
                log(y->label[i] ? 1 / (1 + exp(-z[0])) : 1 / (1 + exp(z[0])));
        if (y->kind != FM_LOSS_SOFTMAX)
            continue;
        for (size_t c = 0; c < k; c++)
            sum += exp(z[c]);
        all += log(sum) - z[y->label[i]];
    }
    return all / (double)n;
}

#endif
