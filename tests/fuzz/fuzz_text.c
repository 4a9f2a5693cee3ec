/*
 * fuzz_text: any bytes as what people and other programs write: the first byte
 * says which.
 */
#include "base/bytes.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "data/draft.h"
#include "data/idx.h"
#include "data/onehot.h"
#include "data/rows.h"
#include "data/split.h"
#include "tensor/arch.h"
#include "tensor/safetensors.h"
#include "tensor/settings.h"

#include "../unit/check.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 1000, NUMBER = 2000 };

static void
rows(const uint8_t *p, size_t n)
{
    static int fd = -1;
    uint32_t *row = NULL;
    size_t got;
    char path[64];

    if (fd < 0)
        fd = memfd_create("rows", MFD_CLOEXEC);
    CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, p, n, 0) == (ssize_t)n, "memfd");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fm_rows_read(&row, &got, path, ROWS, NULL) == 0)
        for (size_t i = 0; i < got; i++)
            CHECK(row[i] < ROWS, "row %u", row[i]);
    free(row);
}

/* A canonical text is read as itself. */
static void
arch(const char *text)
{
    struct fm_arch *a = fm_arch_parse(text, "net", NULL), *again;

    if (a) {
        again = fm_arch_parse(a->text, "net", NULL);
        CHECK(again && strcmp(a->text, again->text) == 0, "%s", a->text);
        fm_arch_free(again);
    }
    fm_arch_free(a);
}

/* NAME=VALUE */
static void
setting(char *text)
{
    char *value = strchr(text, '='), once[FM_SETTING_TEXT],
         twice[FM_SETTING_TEXT];
    struct fm_settings s;
    bool known = false;

    if (!value)
        return;
    *value++ = '\0';
    for (size_t i = 0; fm_setting_names[i]; i++)
        known = known || strcmp(text, fm_setting_names[i]) == 0;
    fm_settings_default(&s, FM_FEDMRN);
    if (!known || fm_setting_set(&s, text, value, NULL))
        return;
    fm_setting_get(&s, text, once);
    CHECK(fm_setting_set(&s, text, once, NULL) == 0, "%s=%s", text, once);
    fm_setting_get(&s, text, twice);
    CHECK(strcmp(once, twice) == 0, "%s, then %s", once, twice);
}

static void
manifest(const uint8_t *p, size_t n)
{
    struct fm_bundle b = {0};
    struct fm_buf out = {0};

    if (fm_manifest_parse(&b, p, n, NULL) == 0) {
        CHECK(fm_manifest_write(&out, &b, NULL) == 0, "memory");
        CHECK(out.len == n && memcmp(out.data, p, n) == 0, "other bytes");
    }
    fm_buf_free(&out);
}

static void
safetensors(const uint8_t *p, size_t n)
{
    struct fm_st st;
    unsigned sum = 0;

    if (fm_st_parse(&st, p, n, NULL) == 0)
        for (size_t i = 0; i < st.ntensors; i++)
            for (size_t k = 0; k < st.tensor[i].count; k++)
                sum += st.tensor[i].data[k * fm_dtype_size(st.tensor[i].dtype)];
    CHECK(sum <= 255 * n, "bytes from nowhere");
    fm_st_free(&st);
}

/* A draft is a list, unless it repeats a name as its table does. */
static void
draft(char *text, size_t n)
{
    struct fm_buf out = {0};
    struct fm_err e = {0};
    struct fm_onehot *h;

    if (fm_draft(&out, text, n, "y", &e) == 0) {
        CHECK(fm_buf_add(&out, "", 1, &e) == 0, "memory");
        h = fm_onehot_parse((char *)out.data, out.len - 1, &e);
        CHECK(h || strstr(e.msg, "comes twice"), "%s", e.msg);
        fm_onehot_free(h);
    }
    fm_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[NUMBER];
    struct fm_idx x;
    size_t n;

    if (size == 0)
        return 0;
    n = --size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data + 1, n);
    text[n] = '\0';
    switch (*data) {
    case 'i':
        if (fm_idx_parse(&x, data + 1, size, 1, FM_IDX_NDIM, NULL) == 0)
            CHECK(x.data + x.count == data + 1 + size, "other values");
        break;
    case 'd':
        draft(text, n);
        break;
    case 'r':
        rows(data + 1, size);
        break;
    case 'a':
        arch(text);
        break;
    case 's':
        setting(text);
        break;
    case 'm':
        manifest(data + 1, size);
        break;
    case 't':
        safetensors(data + 1, size);
        break;
    case 'j':
        fm_json_free(fm_json_parse(data + 1, size, "text", NULL));
        break;
    case 'p':
        (void)fm_split_check(text, NULL);
        break;
    default:
        break;
    }
    return 0;
}
