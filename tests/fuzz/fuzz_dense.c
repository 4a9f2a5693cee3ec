/*
 * fuzz_dense: any bytes as the code of a bundle's deltas; and what decodes is
 * coded and decoded again to the same.
 */
#include "bundle/dense.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FULL = 300 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t count[] = {1, 0, 99, 200};
    /* The first byte says what the reader knows. */
    const struct fm_dense_shape shape = {size && data[0] & 1 ? count : NULL,
                                         sizeof count / sizeof *count, FULL};
    uint8_t dense[4 * FULL], again[4 * FULL];
    struct fm_buf out = {0};

    if (size == 0 ||
        fm_dense_decode(dense, &shape, data + 1, size - 1, NULL) != 0)
        return 0;
    if (fm_dense_encode(&out, dense, &shape, NULL) == 0 &&
        (out.len > fm_dense_max(shape.ntensors, FULL) ||
         fm_dense_decode(again, &shape, out.data, out.len, NULL) != 0 ||
         memcmp(dense, again, sizeof dense) != 0))
        abort();
    fm_buf_free(&out);
    return 0;
}
