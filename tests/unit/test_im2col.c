#include "check.h"
#include "nn/im2col.h"
#include "nn_ref.h"

/* A 2x2 image of one channel, 3x3 windows, pad 1: zeros around 1 2 / 3 4. */
static void
by_hand(void)
{
    struct fm_layer l = {.in = {1, 2, 2},
                         .out = {1, 2, 2},
                         .r = 3,
                         .s = 3,
                         .stride = 1,
                         .pad = 1};
    const float x[4] = {1, 2, 3, 4};
    const float want[36] = {0, 0, 0, 0, 1, 2, 0, 3, 4, 0, 0, 0,
                            1, 2, 0, 3, 4, 0, 0, 1, 2, 0, 3, 4,
                            0, 0, 0, 1, 2, 0, 3, 4, 0, 0, 0, 0};
    float col[36], back[4] = {0};

    fm_im2col(&l, x, 0, 2, col);
    CHECK(memcmp(col, want, sizeof want) == 0, "windows");
    fm_col2im(&l, col, 0, 2, back);
    for (size_t i = 0; i < 4; i++) /* each pixel lies under four windows */
        CHECK(back[i] == 4 * x[i], "back[%zu] = %g", i, (double)back[i]);
}

/* Every entry by its definition, any run of lines; and the transpose by
 * <im2col x, c> = <x, col2im c>, in small integers: exact. */
static void
compare(struct fm_layer l, size_t n, size_t from, size_t to)
{
    size_t m = n * fm_shape_count(l.in), row = l.r * l.s * l.in.c;
    size_t size = (to - from) * l.out.w * row;
    float *x = calloc(m, sizeof *x), *back = calloc(m, sizeof *back);
    float *col = calloc(size, sizeof *col);
    double left = 0, right = 0;

    for (size_t i = 0; i < m; i++)
        x[i] = (float)(i * 2654435761u % 31) - 15;
    fm_im2col(&l, x, from, to, col);
    if (l.in.c == 1) {
        float *turned = calloc(size, sizeof *turned);

        fm_im2col_turned(&l, x, from, to, turned);
        for (size_t i = 0; i < size; i++)
            CHECK(turned[i % row * (size / row) + i / row] == col[i],
                  "turned %zu", i);
        free(turned);
    }
    for (size_t i = 0; i < size; i++) {
        size_t c = i % l.in.c, s = i / l.in.c % l.s;
        size_t r = i / l.in.c / l.s % l.r, q = i / row % l.out.w;
        size_t line = from + i / row / l.out.w;
        long h = (long)(line % l.out.h * l.stride + r) - (long)l.pad;
        long w = (long)(q * l.stride + s) - (long)l.pad;
        float want = 0;

        if (h >= 0 && w >= 0 && h < (long)l.in.h && w < (long)l.in.w)
            want =
                x[((line / l.out.h * l.in.h + (size_t)h) * l.in.w + (size_t)w) *
                      l.in.c +
                  c];
        CHECK(col[i] == want, "entry %zu: %g, not %g", i, (double)col[i],
              (double)want);
        left += (double)col[i] * (double)(i % 13);
        col[i] = (float)(i % 13);
    }
    fm_col2im(&l, col, from, to, back);
    for (size_t i = 0; i < m; i++)
        right += (double)x[i] * (double)back[i];
    CHECK(left == right, "transpose: %g, not %g", right, left);
    free(x);
    free(back);
    free(col);
}

int
main(void)
{
    by_hand();
    for (size_t pad = 0; pad < 4; pad++)
        for (size_t stride = 1; stride < 4; stride++)
            for (size_t k = 0; k < 4; k++) {
                static const size_t rs[4][2] = {{1, 1}, {3, 3}, {2, 5}, {5, 1}};
                struct fm_layer l = {.in = {k + 1, 6, 7},
                                     .r = rs[k][0],
                                     .s = rs[k][1],
                                     .stride = stride,
                                     .pad = pad};

                l.out.h = (6 + 2 * pad - l.r) / stride + 1;
                l.out.w = (7 + 2 * pad - l.s) / stride + 1;
                compare(l, 2, 0, 2 * l.out.h);
                compare(l, 3, 1, 2 * l.out.h + 1);
                l.in.c = 1;
                compare(l, 3, 1, 2 * l.out.h + 1);
            }
    return 0;
}
