/* cifar: records by the description that the data sets come with. */
#include "data/cifar.h"

#include "check.h"

enum { PIXELS = 3072 };

static uint8_t bytes[3 * (2 + PIXELS)];

/* Records of which pixel `i` of number `k` is 11 + (i + k) mod 200. */
static size_t
make(size_t n, size_t labels)
{
    size_t at = 0;

    for (size_t k = 0; k < n; k++) {
        for (size_t l = 0; l < labels; l++)
            bytes[at++] = (uint8_t)(3 * k + l);
        for (size_t i = 0; i < PIXELS; i++)
            bytes[at++] = (uint8_t)(11 + (i + k) % 200);
    }
    return at;
}

static void
take(size_t size, const char *label, size_t n, uint8_t last)
{
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    CHECK(fm_cifar_is(bytes, size), "%zu bytes", size);
    CHECK(!fm_cifar_take(&d, bytes, size, label, &e), "%s", e.msg);
    CHECK(d.n == n && d.c == 3 && d.h == 32 && d.w == 32, "%zu", d.n);
    CHECK(d.y[n - 1] == last, "label %u", d.y[n - 1]);
    for (size_t k = 0; k < n; k++)
        CHECK(fm_dataset_row(&d, k)[5] == 16 + k, "record %zu", k);
    fm_dataset_free(&d);
}

static void
refused(size_t size, const char *label, const char *why)
{
    struct fm_dataset d = {0};
    struct fm_err e = {0};

    CHECK(fm_cifar_take(&d, bytes, size, label, &e) == FM_EINPUT, "%s", why);
    CHECK(strstr(e.msg, why), "%s", e.msg);
    fm_dataset_free(&d);
}

int
main(void)
{
    size_t n = make(3, 1);

    take(n, NULL, 3, 6);
    refused(n, "fine", "CIFAR-10 has one label");
    refused(n - 1, NULL, "9218 bytes are not records of CIFAR-10");
    refused(0, NULL, "0 bytes are not records");
    bytes[2 * 3073] = 10;
    CHECK(!fm_cifar_is(bytes, n), "label 10");
    n = make(3, 2);
    take(n, NULL, 3, 7);
    take(n, "fine", 3, 7);
    take(n, "coarse", 3, 6);
    refused(n, "class", "the labels coarse and fine, not 'class'");
    bytes[3074] = 20;
    CHECK(!fm_cifar_is(bytes, n), "coarse label 20");
    bytes[3074] = 19;
    bytes[3075] = 100;
    CHECK(!fm_cifar_is(bytes, n), "fine label 100");
    /* One record of a white picture is as well a text that begins with a tab.
     */
    n = make(1, 1);
    take(n, NULL, 1, 0);
    bytes[0] = 9;
    CHECK(!fm_cifar_is(bytes, n), "a text");
    return 0;
}
