#include "base/printable.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static void
becomes(const char *text, const char *want)
{
    char is[64];

    snprintf(is, sizeof is, "%s", text);
    fm_printable(is);
    CHECK(strcmp(is, want) == 0, "%s, not %s", is, want);
}

/* The bounds are those of Unicode's table 3-7 and of Bidi_Control. */
static void
texts(void)
{
    static const char *const good[] = {
        "",
        " ~",
        "\xc2\xa0\xdf\xbf",
        "\xd8\x9b\xd8\x9d",
        "\xe0\xa0\x80\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf",
        "\xe2\x81\xa5\xe2\x81\xaa\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x01",
        "\x1b",
        "\x1f",
        "\x7f",
        "\x80",
        "\x9b",
        "\xff",
        "\xc1\xbf",
        "\xc2\x80",
        "\xc2\x9b",
        "\xc2\x9f",
        "\xd8\x9c",
        "\xe2\x80\x8e",
        "\xe2\x80\x8f",
        "\xe2\x80\xa8",
        "\xe2\x80\xae",
        "\xe2\x81\xa6",
        "\xe2\x81\xa9",
        "\xe0\x82\x9b",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x82",
        "\xf0\x8f\xbf\xbf",
        "\xf5\x80\x80",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        becomes(good[i], good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[16], want[16] = "a";

        snprintf(text, sizeof text, "a%sb", bad[i]);
        memset(want + 1, '?', strlen(bad[i]));
        strcpy(want + 1 + strlen(bad[i]), "b");
        becomes(text, want);
    }
    /* One that was cut short takes nothing with it. */
    becomes("\xe2\x80\xc3\xa9", "??\xc3\xa9");
}

static void
json(void)
{
    struct fm_json *j = fm_json_object();
    struct fm_buf out = {0};
    struct fm_err e = {0};

    fm_json_add_str(j, "\xc2\x9b", "\x1b\x7f\xe2\x80\xae\xc3\xa9\"");
    fm_json_add_str(j, "b", "\xe2\x80\xa8");
    CHECK(!fm_buf_add(&out, "-", 1, &e) && !fm_printable_json(&out, j, &e) &&
              !fm_buf_add(&out, "", 1, &e),
          "%s", e.msg);
    CHECK(strcmp((char *)out.data, "-{\"\\u009b\":\"\\u001B\\u007f\\u202e"
                                   "\xc3\xa9\\\"\",\"b\":\"\\u2028\"}") == 0,
          "%s", (char *)out.data);
    fm_json_free(j);
    j = fm_json_object();
    fm_json_add_str(j, "a", "\xff");
    out.len = 1;
    CHECK(fm_printable_json(&out, j, &e) == FM_ESYS && out.len == 1, "%zu",
          out.len);
    fm_json_free(j);
    fm_buf_free(&out);
}

int
main(void)
{
    texts();
    json();
    return 0;
}
