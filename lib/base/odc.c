#include "base/odc.h"

#include <assert.h>
#include <stdio.h>

enum {
    MAGIC = FM_ARCHIVE_MAGIC,
    NAMESIZE_AT = 59,
    NAMESIZE_LEN = 6,
    FILESIZE_AT = 65,
    FILESIZE_LEN = 11,
};

static const char trailer[] = "TRAILER!!!";

bool
fm_odc_name_ok(const char *s)
{
    /* Small letters and points need no locale and no thought. */
    return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz.")] == '\0' &&
           strlen(s) < FM_MEMBER_NAME;
}

static bool
octal(const uint8_t *p, size_t n, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '7')
            return false;
        v = v << 3 | (uint64_t)(p[i] - '0');
    }
    *out = v;
    return true;
}

const char *
fm_odc_sizes(const uint8_t *header, size_t *name, uint64_t *data)
{
    uint64_t n;

    if (memcmp(header, "070707", MAGIC) != 0)
        return "no archive header here";
    if (!octal(header + NAMESIZE_AT, NAMESIZE_LEN, &n) ||
        !octal(header + FILESIZE_AT, FILESIZE_LEN, data))
        return "a size is not octal";
    if (n < 2 || n > FM_MEMBER_NAME)
        return "a member's name is empty or too long";
    *name = (size_t)n;
    return NULL;
}

size_t
fm_odc_header(uint8_t *out, size_t number, const char *name, uint64_t size)
{
    const unsigned mode = number ? 0100644 : 0;
    char text[FM_ODC_HEAD_MAX + 64];

    if (number == 0)
        name = trailer;
    assert(strlen(name) < FM_MEMBER_NAME && size <= FM_ODC_DATA_MAX);
    snprintf(text, sizeof text,
             "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011llo", 0,
             (unsigned)number, mode, 0, 0, 1, 0, 0, (unsigned)strlen(name) + 1,
             (unsigned long long)size);
    memcpy(out, text, FM_ODC_HEADER);
    memcpy(out + FM_ODC_HEADER, name, strlen(name) + 1);
    return FM_ODC_HEADER + strlen(name) + 1;
}

bool
fm_odc_is_trailer(const uint8_t *name, size_t n)
{
    return n == sizeof trailer && memcmp(name, trailer, n) == 0;
}

static int
reject(struct fm_err *e, size_t at, const char *why)
{
    return fm_err_set(e, FM_EINPUT, "byte %zu: %s", at, why);
}

int
fm_odc_next(struct fm_member *m, const uint8_t *bytes, size_t size, size_t *at,
            bool *done, struct fm_err *e)
{
    const uint8_t *p = bytes + *at;
    size_t left = size - *at, name;
    uint64_t data;
    const char *bad;

    if (left < FM_ODC_HEADER)
        return reject(e, *at, "cut short in a header");
    bad = fm_odc_sizes(p, &name, &data);
    if (bad)
        return reject(e, *at, bad);
    left -= FM_ODC_HEADER;
    p += FM_ODC_HEADER;
    if (left < name || data > left - name)
        return reject(e, *at, "cut short in a member");
    *done = fm_odc_is_trailer(p, name);
    if (*done)
        return 0;
    memcpy(m->name, p, name);
    if (memchr(m->name, '\0', name) != m->name + name - 1 ||
        !fm_odc_name_ok(m->name))
        return reject(e, *at, "not a member's name");
    m->data = p + name;
    m->size = (size_t)data;
    *at += FM_ODC_HEADER + name + m->size;
    return 0;
}
