#include "data/idx.h"

#include "check.h"

#include <string.h>

/* Worked by hand from the format: three images of 2 x 1 pixels. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0,  0,  0,
                                 2, 0, 0, 0, 1, 9, 8, 7, 11, 12, 13};

static void
golden(void)
{
    struct fm_idx x;
    struct fm_err e = {0};

    CHECK(!fm_idx_parse(&x, images, sizeof images, 2, 4, &e), "%s", e.msg);
    CHECK(x.ndim == 3 && x.dim[0] == 3 && x.dim[1] == 2 && x.dim[2] == 1,
          "%zu dimensions", x.ndim);
    CHECK(x.count == 6 && x.data == images + 16 && x.data[5] == 13, "%zu",
          x.count);
}

static void
refuse(const uint8_t *p, size_t size, size_t min, size_t max, const char *part)
{
    struct fm_idx x;
    struct fm_err e = {0};

    CHECK(fm_idx_parse(&x, p, size, min, max, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, part), "wanted \"%s\": %s", part, e.msg);
}

static void
hostile(void)
{
    uint8_t b[sizeof images + 1];
    static const uint8_t huge[20] = {0,    0,    8,    4,    0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0,    1,    0,    0};

    for (size_t n = 0; n < sizeof images; n++)
        refuse(images, n, 2, 4,
               n < 4    ? "less than the magic number"
               : n < 16 ? "ends in its header"
                        : "promises 6 values");
    memcpy(b, images, sizeof images);
    b[sizeof images] = 0;
    refuse(b, sizeof b, 2, 4, "promises 6 values, the file has 7");
    b[0] = 0x1f;
    refuse(b, sizeof images, 2, 4, "starts with 1f000803");
    b[0] = 0;
    b[1] = 8;
    refuse(b, sizeof images, 2, 4, "starts with 00080803");
    b[1] = 0;
    b[2] = 0x0d;
    refuse(b, sizeof images, 2, 4, "type 0x0d");
    b[2] = 8;
    b[3] = 5;
    refuse(b, sizeof images, 2, 4, "5 dimensions, not 2 to 4");
    b[3] = 0;
    refuse(b, sizeof images, 1, 1, "0 dimensions, not 1 (");
    b[3] = 3;
    b[11] = 0;
    refuse(b, sizeof images, 2, 4, "dimension 2 is 0");
    refuse(huge, sizeof huge, 2, 4, "too large");
}

int
main(void)
{
    golden();
    hostile();
    return 0;
}
