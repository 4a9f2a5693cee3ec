/*
 * fuzz_foreign: any bytes as what another trainer wrote; the first byte says
 * as what and for which method, and for an even one the file's header size is
 * put in.  What is accepted is an answer that may be read again.
 */
#include "fed/foreign.h"
#include "tensor/import.h"

#include "../unit/newmodel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char net[] = "input 2\nlinear 3\nbatchnorm\nlinear 1\n";
static const char plain[] = "input 2\nlinear 3\nlinear 1\n";

static void
answer(const struct fm_model *m, enum fm_foreign_kind kind, struct fm_buf *in)
{
    struct fm_foreign f = {kind, m, "a", 1, FM_DITHER_PRIVATE, 3};
    struct fm_err e = {0};
    struct fm_buf out = {0};
    struct fm_bundle b, again;

    if (fm_foreign_parse(&b, &f, in, &e) == 0) {
        CHECK(fm_bundle_write(&out, &b, &e) == 0, "%s", e.msg);
        CHECK(fm_bundle_parse(&again, &out, m, &e) == 0, "%s", e.msg);
        fm_bundle_free(&again);
    } else {
        CHECK(*e.msg, "no reason");
    }
    fm_bundle_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum fm_method methods[] = {FM_FEDMRN, FM_FEDMRNS, FM_FEDAVG,
                                             FM_FEDPM};
    struct fm_err e = {0};
    struct fm_buf in = {0}, file = {0};
    const unsigned how = size ? data[0] / 2 : 0;
    const enum fm_method method = methods[how % 4];
    struct fm_model *m;

    if (size < 9 || fm_buf_add(&in, data + 1, size - 1, NULL))
        return 0;
    if (data[0] % 2 == 0 && memchr(in.data + 8, '\n', in.len - 8))
        fm_put64(in.data,
                 (uint64_t)((uint8_t *)memchr(in.data + 8, '\n', in.len - 8) -
                            in.data - 8));
    m = nm_model(method, method == FM_FEDPM ? plain : net, 1);
    if (method == FM_FEDPM)
        CHECK(!fm_model_recount(m, (uint32_t[13]){0}, 0, &e), "%s", e.msg);
    CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
    if (how / 4 % 4 < 3)
        answer(m, (enum fm_foreign_kind)(how / 4 % 4), &in);
    else if (method != FM_FEDPM && fm_import_parse(m, &in, &e) == 0) {
        file.len = 0;
        CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
        fm_model_free(m);
        m = fm_model_parse(&file, &e);
        CHECK(m, "%s", e.msg);
    }
    fm_buf_free(&in);
    fm_buf_free(&file);
    fm_model_free(m);
    return 0;
}
