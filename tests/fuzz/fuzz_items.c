/*
 * fuzz_items: any bytes as a bundle, a round file or a partial sum, with and
 * without the model that they must answer.  The checksum of the last archive is
 * made right first, or nothing behind it would ever be reached.
 */
#include "../unit/fixture.h"
#include "agg/verify.h"

#include <stdio.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BACK = 87 + 16 + 9 + 76, HEAD = 76 + 9 };

static struct fm_model *model;
static int fd;

static void
release(void)
{
    fm_model_free(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];

    if (!model) {
        model = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
        fd = memfd_create("items", MFD_CLOEXEC);
        atexit(release);
    }
    CHECK(ftruncate(fd, 0) == 0, "memfd");
    CHECK(pwrite(fd, data, size, 0) == (ssize_t)size, "memfd");
    if (size > BACK) {
        struct fm_id sum = fm_hash128(data, size - BACK);

        CHECK(pwrite(fd, sum.b, sizeof sum.b, (off_t)(size - BACK + HEAD)) ==
                  sizeof sum.b,
              "memfd");
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (int i = 0; i < 2; i++) {
        struct fm_err e = {0};
        int rc = fm_verify(path, i ? model : NULL, NULL, &e);

        CHECK(rc == 0 || (rc == FM_EINPUT && *e.msg), "%d %s", rc, e.msg);
    }
    return 0;
}
