#include "base/printable.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Bytes of the character at `p`, and which it is; 0 when they are not UTF-8.
 * The second byte tells what is longer than need be, a surrogate or beyond
 * U+10FFFF (Unicode, table 3-7), which no reader of JSON takes.
 */
static size_t
next(uint32_t *c, const unsigned char *p)
{
    const size_t n = *p < 0x80   ? 1
                     : *p < 0xc2 ? 0
                     : *p < 0xe0 ? 2
                     : *p < 0xf0 ? 3
                     : *p < 0xf5 ? 4
                                 : 0;
    const unsigned char least = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

    if (n > 1 && (p[1] < least || p[1] > most))
        return 0;
    *c = n == 1 ? *p : *p & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (p[i] & 0x3f);
    }
    return n;
}

static bool
obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

void
fm_printable(char *text)
{
    unsigned char *p = (unsigned char *)text;
    uint32_t c;
    size_t n;

    for (; *p; p += n) {
        n = next(&c, p);
        if (n && !obeyed(c))
            continue;
        n = n ? n : 1;
        memset(p, '?', n);
    }
}

int
fm_printable_json(struct fm_buf *out, const struct fm_json *j, struct fm_err *e)
{
    const size_t start = out->len;
    struct fm_buf text = {0};
    size_t from = 0, n;
    int rc = fm_json_dump(&text, j, e);

    /* What ends the text stops a character that is cut short. */
    if (rc == 0)
        rc = fm_buf_add(&text, "", 1, e);
    for (size_t at = 0; rc == 0 && at + 1 < text.len; at += n) {
        char escape[16];
        uint32_t c;

        n = next(&c, text.data + at);
        assert(n > 0);
        /* JSON has escapes for C0 already; and these stand in texts only. */
        if (c < 0x7f || !obeyed(c))
            continue;
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
        rc = fm_buf_add(out, text.data + from, at - from, e);
        if (rc == 0)
            rc = fm_buf_add(out, escape, 6, e);
        from = at + n;
    }
    if (rc == 0)
        rc = fm_buf_add(out, text.data + from, text.len - 1 - from, e);
    if (rc)
        out->len = start;
    fm_buf_free(&text);
    return rc;
}
