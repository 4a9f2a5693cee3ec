/*
 * fuzz_model: any bytes as a model, with the checksum that it should have; and
 * what is accepted is written again to the same bytes.
 */
#include "../unit/modelfix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fm_buf in = mf_copy(data, size), same, out = {0};
    struct fm_err e = {0};
    struct fm_model *m;

    mf_seal(&in);
    same = mf_copy(in.data, in.len);
    m = fm_model_parse(&in, &e);
    CHECK(m || *e.msg, "no reason");
    /* Packed counts are written unpacked. */
    if (m && !memmem(same.data, same.len, "fedmrn.counts", 13)) {
        CHECK(fm_model_dump(&out, m, &e) == 0, "%s", e.msg);
        CHECK(out.len == same.len && memcmp(out.data, same.data, out.len) == 0,
              "other bytes");
    }
    fm_buf_free(&out);
    fm_buf_free(&same);
    fm_model_free(m);
    return 0;
}
