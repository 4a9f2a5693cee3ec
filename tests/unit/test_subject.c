#include "fed/subject.h"

#include "check.h"
#include "fixture.h"
#include "partial_file.h"

static void
refused(const char *path, const struct fm_model *base, const char *why)
{
    struct fm_err e = {0};
    struct fm_subject s;

    CHECK(fm_subject_read(&s, path, base, &e) == FM_EINPUT &&
              strstr(e.msg, path) && strstr(e.msg, why),
          "%s: %s", path, e.msg);
    fm_subject_free(&s);
}

int
main(void)
{
    struct fm_model *m = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    struct fm_err e = {0};
    struct fm_buf b = {0};
    struct fm_subject s;
    struct fm_partial sum;
    struct fm_id id, both[2];
    char dir[32];

    fx_enter(dir);
    CHECK(!fm_model_dump(&b, m, &e), "%s", e.msg);
    fx_save("w0", &b);
    b.len = 0;
    id = both[0] = fx_file(&b, m, "a", 5, 1);
    fx_save("a.mrn", &b);
    both[1] = fx_file(&b, m, "b", 5, 2);
    fx_save("two", &b);
    b.len = 0;
    CHECK(!fm_index_write(&b, both, 2, &e), "%s", e.msg);
    fx_file(&b, m, "a", 5, 1);
    fx_file(&b, m, "b", 5, 2);
    fx_save("round", &b);
    b.len = 0;
    sum = pf_sum(m, 0, 2);
    CHECK(!pf_write(&b, &sum, &e), "%s", e.msg);
    pf_sum_free(&sum);
    fx_save("sum", &b);
    b.len = 5;
    fx_save("short", &b);

    CHECK(!fm_subject_read(&s, "w0", NULL, &e) && s.model, "%s", e.msg);
    fm_subject_free(&s);
    CHECK(!fm_subject_read(&s, "a.mrn", m, &e) && !s.model &&
              memcmp(&s.item.bundle.id, &id, sizeof id) == 0,
          "%s", e.msg);
    fm_subject_free(&s);
    refused("a.mrn", NULL, "name the model");
    refused("two", m, "several");
    refused("round", m, "several bundles; fedmrn-unpack --raw");
    refused("sum", m, "a partial sum, not a bundle");
    refused("short", m, "");
    refused("missing", m, "");

    fm_buf_free(&b);
    fm_model_free(m);
    fx_leave(dir);
    return 0;
}
