#include "base/select.h"

#include "check.h"

#include <math.h>

enum { N = 3000 };

static int
smaller(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Against sorting, with many ties, zeros of both signs and denormals. */
int
main(void)
{
    static float x[N], sorted[N];
    const struct fm_select_part part[3] = {
        {x, 1000}, {x + 1000, 0}, {x + 1000, N - 1000}};
    struct fm_err e = {0};
    struct fm_selected s;

    for (size_t i = 0; i < N; i++) {
        x[i] = ldexpf((float)(i * 7919 % 1009) - 500, (int)(i % 5) * 20 - 145);
        if (i % 3 == 0)
            x[i] = -x[i];
        sorted[i] = fabsf(x[i]);
    }
    qsort(sorted, N, sizeof *sorted, smaller);
    for (size_t k = 0; k < N; k++) {
        size_t below = 0, equal = 0;

        CHECK(!fm_select(&s, part, 3, k, &e), "%s", e.msg);
        CHECK(s.bits == fm_select_bits(sorted[k]), "place %zu: %x", k, s.bits);
        for (size_t i = 0; i < N && k % 100 == 0; i++) {
            below += sorted[i] < sorted[k];
            equal += sorted[i] == sorted[k];
        }
        CHECK(k % 100 || (s.below == below && s.equal == equal),
              "place %zu: %zu below, %zu equal", k, s.below, s.equal);
        k += k % 7 ? 0 : 30;
    }
    return 0;
}
