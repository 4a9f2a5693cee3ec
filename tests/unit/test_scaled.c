#include "codec/scaled.h"

#include "codecfix.h"
#include "guard.h"

/* The scale of a test: the first entry's magnitude. */
static float
first(double *clip, const float *x, size_t n)
{
    (void)n;
    *clip = 4;
    return fabsf(x[0]);
}

/* By hand: whole levels are never rounded, what is above the clip is cut, and
 * each bucket has its own scale; a scale of 0 makes zeros. */
static void
golden(void)
{
    static const float x[] = {2, -1, 9, 0, 1, 1, 8, 4};
    static const float want[] = {2, -1, 2, 0, 0, 0, 8, 4};
    static const size_t count[] = {4, 2, 2};
    const struct fm_scaled by = {.bucket = 4, .most = 2, .measure = first};
    struct fm_codec_shape s = {.count = count, .ntensors = 3, .n = 8};
    float in[8], y[8];
    struct fm_buf out = {0};

    memcpy(in, x, sizeof in);
    in[4] = 0;
    CHECK(fm_scaled_encode(&out, &s, &by, in, 1, NULL) == 0, "encode");
    CHECK(fm_getf(out.data) == 2 && fm_getf(out.data + 4) == 0 &&
              fm_getf(out.data + 8) == 8,
          "scales");
    CHECK(fm_scaled_decode(y, &s, &by, out.data, out.len, NULL) == 0, "decode");
    /* 8 is cut to 4, half of the scale; and 4 is. */
    for (int i = 0; i < 8; i++)
        CHECK(y[i] == (i == 6 ? 4 : want[i]), "%d: %g", i, (double)y[i]);
    CHECK(fm_scaled_decode(y, &s, &by, gd_copy(out.data, 11), 11, NULL) ==
              FM_EINPUT,
          "no room for scales");
    fm_putf(out.data, -1);
    CHECK(fm_scaled_decode(y, &s, &by, out.data, out.len, NULL) == FM_EINPUT,
          "a negative scale");
    fm_buf_free(&out);
}

int
main(void)
{
    golden();
    return 0;
}
