#include "fed/order.h"

#include "bundle/item.h"
#include "check.h"
#include "fixture.h"

#include <sys/stat.h>

/* A bundle that answers round `r`; only its manifest is read. */
static void
save_round(const char *path, const struct fm_model *m, uint64_t r, bool index)
{
    struct fm_bundle b = fx_answer(m, "c", 5, r);
    struct fm_buf out = {0};

    b.round = r;
    if (index)
        CHECK(fm_index_write(&out, &b.base, 1, NULL) == 0, "index");
    CHECK(fm_bundle_write(&out, &b, NULL) == 0, "write");
    fx_save(path, &out);
    fm_bundle_free(&b);
    fm_buf_free(&out);
}

static void
expect(const char *const *in, const char *const *want, size_t n)
{
    char *path[8];

    for (size_t i = 0; i < n; i++)
        path[i] = (char *)(uintptr_t)in[i];
    CHECK(fm_order_files(path, n, NULL) == 0, "order");
    for (size_t i = 0; i < n; i++)
        CHECK(strcmp(path[i], want[i]) == 0, "%zu: %s, not %s", i, path[i],
              want[i]);
}

int
main(void)
{
    static const char *const in[] = {"r10",  "-",   "r3", "text",
                                     "pipe", "r2i", "r3", "nosuch"};
    static const char *const want[] = {"text", "nosuch", "r2i", "r3",
                                       "r3",   "r10",    "-",   "pipe"};
    static const char *const bad[] = {"r2i", "cut", "long"};
    static const char *const bad_first[] = {"cut", "long", "r2i"};
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_buf b = {0};
    char dir[32];

    fx_enter(dir);
    save_round("r10", m, 10, false);
    save_round("r3", m, 3, false);
    save_round("r2i", m, 2, true);
    CHECK(mkfifo("pipe", 0600) == 0, "mkfifo");
    CHECK(fm_buf_add(&b, "no archive, only text", 21, NULL) == 0, "memory");
    fx_save("text", &b);
    b.len = 0;
    CHECK(fm_file_read(&b, "r10", 1 << 20, NULL) == 0, "read");
    b.len = 120; /* inside the manifest */
    fx_save("cut", &b);
    memcpy(b.data + 65, "77777777777", 11); /* a manifest of 8 GiB */
    fx_save("long", &b);
    fm_buf_free(&b);
    expect(in, want, 8);
    expect(bad, bad_first, 3);
    expect(in, want, 0);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
