#include "data/numbers.h"

#include "check.h"

#include <math.h>

/* Two numbers a sample, rows in any order and twice. */
static void
batch(void)
{
    static const float t[] = {1, 2, 3, 4, -5.5f, 6};
    static const uint32_t row[] = {2, 0, 2};
    static const float want[] = {-5.5f, 6, 1, 2, -5.5f, 6};
    const struct fm_dataset d = {.n = 3, .t = t, .numbers = 2};
    float got[6];

    fm_numbers_batch(&d, row, 3, got);
    CHECK(memcmp(got, want, sizeof want) == 0, "%g %g", (double)got[0],
          (double)got[1]);
}

static void
from_labels(void)
{
    static const uint8_t y[] = {0, 7, 255};
    struct fm_dataset d = {.n = 3};
    struct fm_err e = {0};

    CHECK(!fm_numbers_from_labels(&d, &e) && !d.t, "there are none");
    CHECK(!fm_buf_add(&d.yfile, y, 3, &e), "%s", e.msg);
    d.y = d.yfile.data;
    CHECK(!fm_numbers_from_labels(&d, &e), "%s", e.msg);
    CHECK(!d.y && d.numbers == 1 && d.t[0] == 0 && d.t[1] == 7 && d.t[2] == 255,
          "labels");
    fm_dataset_free(&d);
}

static void
refuse(const struct fm_dataset *d, size_t outputs, const char *message)
{
    struct fm_err e = {0};

    CHECK(fm_numbers_check(d, "f", outputs, &e) == FM_EINPUT, "%s accepted",
          message);
    CHECK(strcmp(e.msg, message) == 0, "%s", e.msg);
}

static void
hostile(void)
{
    float t[] = {1, 2, 3, 4};
    const struct fm_dataset one = {.n = 4, .t = t, .numbers = 1};
    const struct fm_dataset two = {.n = 2, .t = t, .numbers = 2};
    struct fm_err e = {0};

    CHECK(!fm_numbers_check(&one, "f", 1, &e) &&
              !fm_numbers_check(&two, "f", 2, &e),
          "%s", e.msg);
    refuse(&one, 10,
           "f: 1 number a sample to learn, but the model has 10 outputs");
    refuse(&two, 1,
           "f: 2 numbers a sample to learn, but the model has 1 output");
    t[3] = NAN;
    refuse(&two, 2, "f: what sample 1 should learn is not finite");
    t[3] = INFINITY;
    refuse(&one, 1, "f: what sample 3 should learn is not finite");
}

int
main(void)
{
    batch();
    from_labels();
    hostile();
    return 0;
}
