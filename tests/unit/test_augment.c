#include "data/augment.h"

#include "check.h"

#include <string.h>

enum { H = 4, W = 5, C = 2, PIXELS = C * H * W, CROP = 2, N = 3000 };

static const struct fm_dataset images = {.n = 1, .c = C, .h = H, .w = W};
static const float mean[C] = {0.5f, 0.25f}, std[C] = {0.5f, 0.125f};

/* As if by fm_dataset_batch: every pixel is another number. */
static void
normalised(float *x)
{
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H * W; i++)
            x[c * H * W + i] = ((float)(i + 1) / 32 - mean[c]) / std[c];
}

/* The whole of what one move does, from its definition. */
static void
moved(float *out, const float *x, int down, int right, bool mirror)
{
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H; i++)
            for (int j = 0; j < W; j++) {
                int row = i + down, column = (mirror ? W - 1 - j : j) + right;
                bool inside = row >= 0 && row < H && column >= 0 && column < W;

                *out++ =
                    inside ? x[(c * H + row) * W + column] : -mean[c] / std[c];
            }
}

/* Which of the moves made it: 0 .. 2 (2 crop + 1)^2 - 1, and only one. */
static int
which(const float *got, uint32_t crop, bool flip)
{
    int p = (int)crop, place = 0, found = -1;
    float x[PIXELS], want[PIXELS];

    normalised(x);
    for (int down = -p; down <= p; down++)
        for (int right = -p; right <= p; right++)
            for (int mirror = 0; mirror <= flip; mirror++, place++) {
                moved(want, x, down, right, mirror);
                if (memcmp(got, want, sizeof want) != 0)
                    continue;
                CHECK(found < 0, "two moves look alike");
                found = place;
            }
    CHECK(found >= 0, "a move that there is not");
    return found;
}

/*
 * Every one of the moves, all as often: with m of them and N images the sum of
 * (count - N/m)^2 / (N/m) has m - 1 for its mean and 2 (m - 1) for its
 * variance; six deviations above are out of the question.
 */
static void
uniform(uint32_t crop, bool flip)
{
    const struct fm_augment a = {crop, flip};
    int side = 2 * (int)crop + 1, m = side * side * (flip ? 2 : 1);
    size_t count[50] = {0};
    double each = N / (double)m, sum = 0;
    struct fm_stream s;
    float x[PIXELS];

    fm_stream_start(&s, 11, 1, 0, FM_FOR_AUGMENT);
    for (int i = 0; i < N; i++) {
        normalised(x);
        fm_augment_batch(&a, &images, 1, mean, C, std, C, x, &s);
        count[which(x, crop, flip)]++;
    }
    for (int i = 0; i < m; i++)
        sum += ((double)count[i] - each) * ((double)count[i] - each) / each;
    CHECK((sum - (m - 1)) * (sum - (m - 1)) < 36 * 2 * (m - 1),
          "crop %u, flip %d: chi square %g of %d", crop, flip, sum, m);
}

/* A batch draws sample by sample from the stream, as the header says. */
static void
order(void)
{
    const struct fm_augment a = {CROP, true};
    struct fm_stream s, again;
    float x[3 * PIXELS], y[PIXELS];

    for (int i = 0; i < 3; i++)
        normalised(x + i * PIXELS);
    fm_stream_start(&s, 5, 9, 0, FM_FOR_AUGMENT);
    again = s;
    fm_augment_batch(&a, &images, 3, mean, C, std, C, x, &s);
    for (int i = 0; i < 3; i++) {
        int down = (int)fm_stream_below(&again, 5) - CROP;
        int right = (int)fm_stream_below(&again, 5) - CROP;
        int mirror = (int)fm_stream_below(&again, 2);
        int place = ((down + CROP) * 5 + right + CROP) * 2 + mirror;

        CHECK(which(x + i * PIXELS, CROP, true) == place, "sample %d", i);
    }
    /* One mean and std serve both channels. */
    normalised(y);
    again = s;
    fm_augment_batch(&a, &images, 1, mean, 1, std, 1, y, &s);
    CHECK(fm_stream_u32(&s) != fm_stream_u32(&again), "nothing was drawn");
}

static void
refuse(const struct fm_augment *a, struct fm_dataset d, size_t nmean,
       size_t nstd, const char *message)
{
    const struct fm_augment off = {0};
    struct fm_err e = {0};

    CHECK(fm_augment_check(a, &d, "f", nmean, nstd, &e) == FM_EINPUT,
          "%s accepted", message);
    CHECK(strstr(e.msg, message), "%s", e.msg);
    CHECK(!fm_augment_check(&off, &d, "f", nmean, nstd, NULL) &&
              !fm_augment_on(&off),
          "off: %s", message);
}

static void
hostile(void)
{
    const struct fm_augment crop = {CROP, false}, large = {H, true},
                            flip = {0, true};
    const float f[3] = {0};
    struct fm_err e = {0};
    struct fm_dataset vector = {.n = 1, .c = 3, .h = 1, .w = 1};
    struct fm_dataset table = vector, text = images, high = images;

    table.f = f;
    text.text = true;
    high.h = W;
    high.w = H;
    CHECK(!fm_augment_check(&crop, &images, "f", C, 1, &e) &&
              !fm_augment_check(&flip, &images, "f", 1, C, &e),
          "%s", e.msg);
    refuse(&crop, vector, 1, 1, "f: crop is for images, and these are vectors");
    refuse(&flip, table, 1, 1, "f: flip is for images, and these are features");
    refuse(&large, text, 0, 1,
           "f: crop is for images, and these are characters");
    refuse(&large, images, 1, 1,
           "f: crop 4 could leave nothing of images of 4x5");
    refuse(&large, high, 1, 1,
           "f: crop 4 could leave nothing of images of 5x4");
    refuse(&crop, images, PIXELS, 1, "f: crop wants one mean and std for each");
    refuse(&crop, images, 1, PIXELS, "f: crop wants one mean and std for each");
}

int
main(void)
{
    uniform(CROP, false);
    uniform(CROP, true);
    uniform(1, true);
    uniform(0, true);
    order();
    hostile();
    return 0;
}
