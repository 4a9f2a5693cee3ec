#include "check.h"
#include "nn/layout.h"

#include <string.h>

/* Two images of two channels, 1x3 pixels: by hand. */
static void
by_hand(void)
{
    const struct fm_shape s = {2, 1, 3};
    const float nchw[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const float nhwc[12] = {1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12};
    float y[12];

    fm_layout_nhwc(nchw, y, 2, s, NULL);
    CHECK(memcmp(y, nhwc, sizeof y) == 0, "to NHWC");
    fm_layout_nchw(nhwc, y, 2, s, NULL);
    CHECK(memcmp(y, nchw, sizeof y) == 0, "to NCHW");
}

static void
there_and_back(struct fm_shape s, size_t n)
{
    size_t m = n * fm_shape_count(s);
    float *x = calloc(m, sizeof *x), *y = calloc(m, sizeof *y);

    for (size_t i = 0; i < m; i++)
        x[i] = (float)i;
    fm_layout_nhwc(x, y, n, s, NULL);
    for (size_t i = 0; i < m; i++) {
        size_t c = i % s.c, hw = i / s.c % (s.h * s.w);

        CHECK(y[i] == x[i / s.c / (s.h * s.w) * fm_shape_count(s) +
                        c * s.h * s.w + hw],
              "%zux%zux%zu[%zu]", s.c, s.h, s.w, i);
    }
    CHECK(!fm_layout_same(s) || memcmp(x, y, m * sizeof *x) == 0, "not same");
    memset(x, 0, m * sizeof *x);
    fm_layout_nchw(y, x, n, s, NULL);
    for (size_t i = 0; i < m; i++)
        CHECK(x[i] == (float)i, "back: %zu", i);
    free(x);
    free(y);
}

int
main(void)
{
    by_hand();
    there_and_back((struct fm_shape){1, 4, 5}, 3);
    there_and_back((struct fm_shape){7, 1, 1}, 18);
    there_and_back((struct fm_shape){3, 5, 7}, 1);
    there_and_back((struct fm_shape){17, 33, 2}, 17);
    CHECK(!fm_layout_same((struct fm_shape){2, 1, 3}), "2x1x3");
    return 0;
}
