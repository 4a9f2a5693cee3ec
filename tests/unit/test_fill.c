#include "data/fill.h"

#include "check.h"

#include <math.h>
#include <string.h>

int
main(void)
{
    float x[] = {1, NAN, 3, 4, NAN, NAN, 2, 6, 9};
    static const float want[] = {1, 5, 3, 4, 5, 6, 2, 6, 9},
                       whole[] = {1, 2, 3, 4};
    float none[] = {1, NAN, 2, NAN}, all[] = {1, 2, 3, 4};
    size_t empty = 9;

    x[4] = 4;
    CHECK(fm_fill_means(x, 3, 3, &empty), "a column of nothing");
    for (size_t i = 0; i < 9; i++)
        CHECK(x[i] == (i == 4 ? 4 : want[i]), "%zu: %g", i, (double)x[i]);
    CHECK(fm_fill_means(all, 2, 2, &empty) &&
              memcmp(all, whole, sizeof all) == 0,
          "nothing was missing");
    CHECK(!fm_fill_means(none, 2, 2, &empty) && empty == 1, "%zu", empty);
    return 0;
}
