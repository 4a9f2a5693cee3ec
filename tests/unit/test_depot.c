#include "fed/depot.h"

#include "replayfix.h"

static void
finds(void)
{
    struct fm_err e = {0};
    struct fm_model *m = rf_read("w1");
    struct fm_buf b = {0};
    struct fm_depot d;
    const struct fm_depot_model *found;

    /* Deeper, hidden, damaged, and no file of ours. */
    CHECK(mkdir("deep", 0777) == 0 && rename("b-1.mrn", "deep/b") == 0 &&
              rename("a-2.mrn", ".hidden") == 0,
          "files");
    fx_save("text", &(struct fm_buf){(uint8_t *)m->arch->text, 20, 20});
    fx_save("bad.mrn", &(struct fm_buf){(uint8_t *)"070707abc", 9, 9});
    CHECK(!fm_file_read(&b, "w2", 1 << 20, &e), "%s", e.msg);
    b.data[b.len - 1] ^= 1;
    fx_save("damaged", &b);
    b.data[20] ^= 1; /* a file of another kind */
    fx_save("other", &b);
    fm_buf_free(&b);
    CHECK(!fm_depot_open(&d, ".", NULL, &e), "%s", e.msg);
    CHECK(d.bad_model.code == FM_EINPUT &&
              strncmp(d.bad_model.msg, "./damaged: damaged: ", 20) == 0,
          "%s", d.bad_model.msg);
    CHECK(d.nbundles == 4 && d.nmodels == 3, "%zu bundles, %zu models",
          d.nbundles, d.nmodels);
    CHECK(d.bad.code == FM_EINPUT && strncmp(d.bad.msg, "./bad.mrn: ", 11) == 0,
          "%s", d.bad.msg);
    for (size_t i = 0; i < d.nbundles; i++)
        CHECK(fm_depot_bundle(&d, &d.bundle[i].id) == &d.bundle[i], "%zu", i);
    found = fm_depot_model(&d, &m->id);
    CHECK(found && strcmp(d.path[found->file], "./w1") == 0 &&
              found->is.round == 1 &&
              fm_id_cmp(&found->parent, &m->parent) == 0,
          "w1");
    CHECK(!fm_depot_bundle(&d, &m->id), "a bundle that is a model");
    fm_depot_close(&d);
    CHECK(fm_depot_open(&d, "missing", NULL, &e) == FM_EINPUT, "no directory");
    fm_depot_close(&d);
    fm_model_free(m);
}

int
main(void)
{
    char dir[32];

    fx_enter(dir);
    rf_run();
    finds();
    fx_leave(dir);
    return 0;
}
