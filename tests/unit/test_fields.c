#include "data/fields.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

/* Open a copy of a text, which is to be freed. */
static char *
open_text(struct fm_fields *f, const char *text, const char *label, int *rc,
          struct fm_err *e)
{
    size_t n = strlen(text);
    char *copy = malloc(n + 1);

    CHECK(copy, "memory");
    memcpy(copy, text, n + 1);
    *e = (struct fm_err){0};
    *rc = fm_fields_open(f, copy, n, label, e);
    return copy;
}

/* `want`: all fields of the rows, each ended by |, each row by a line end. */
static void
expect(const char *text, const char *label, size_t column, const char *want)
{
    struct fm_fields f;
    struct fm_err e;
    char got[256] = "", *field;
    int rc;
    char *copy = open_text(&f, text, label, &rc, &e);

    CHECK(rc == 0 && f.label == column, "%s: label %zu: %s", text, f.label,
          e.msg);
    while (fm_fields_more(&f)) {
        for (f.last = false; !f.last; strcat(got, "|")) {
            CHECK(!fm_fields_next(&f, &field, &e), "%s: %s", text, e.msg);
            strcat(got, field);
        }
        strcat(got, "\n");
    }
    CHECK(strcmp(got, want) == 0, "%s: %s", text, got);
    fm_fields_free(&f);
    free(copy);
}

static void
golden(void)
{
    expect("a,b\n1,2\n", "b", 1, "1|2|\n");
    expect("a\tb,c\r\n1\t2,5\r\n\r\n3\t", "1", 0, "1|2,5|\n3||\n");
    expect("\xef\xbb\xbf\n\"a;b\";c\n\" x \"; y \n", "c", 1, "x|y|\n");
    expect("sep=,\r\na;b,c\n1;2,3\n", "c", 1, "1;2|3|\n");
    expect("sep=|\na|b\n1,5|2\n", "b", 1, "1,5|2|\n");
    expect("sep=,a\n1,2\n", "a", 1, "1|2|\n");
    /* Semicolons separate only where no comma does, outside of quotes. */
    expect("a;b,c\n1;2,3\n", "c", 1, "1;2|3|\n");
    expect("\"a,\tb\";\"c\"\"d\"\n1,5;\"2\n3\"\n", "c\"d", 1, "1,5|2\n3|\n");
    expect("a,b\n\"  \",\" \"\"  \"\n", "a", 0, "|\"|\n");
    expect("a,2,b\n1,2,3\n", "2", 1, "1|2|3|\n");
}

static void
hostile(void)
{
    static const struct {
        const char *text, *label, *message;
    } bad[] = {
        {"", "a", "no header in it"},
        {"a,b", "c", "no column 'c' for a label; the header has 2, from 'a'"},
        {"a|b|c", "c",
         "no column 'c' for a label; the header is one, 'a|b|c': between "
         "columns are commas, tabs or semicolons, or what a line such as "
         "sep=|"},
        {"\xff\xfe"
         "a",
         "a", "a text in UTF-16; `iconv -f UTF-16 -t UTF-8`"},
        {"sep=;\n", "a", "no header in it"},
        {"a,B", "b", "no column 'b' for a label, but one 'B'"},
        {"a,a,b", "a", "two columns are called 'a'; say the label's number"},
        {"a", "a", "the label is the only column"},
        {"sep=\"\na,b", "sep=\"", "the label is the only column"},
        {"a,\"b", "a", "line 1: a quote is not closed"},
        {"\n\n\"a\"b,c", "c", "line 3: text after a closing quote"},
    };
    char nul[] = "a,b\n1,\0\n";
    /* What is behind the end is no part of a line that tells the separator. */
    char told[2][16] = {"sep=\0\n", "sep=,\r\n"};
    char *many = malloc(2 * FM_TABLE_COLUMNS_MAX + 2);
    struct fm_fields f;
    struct fm_err e = {0};
    int rc;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *copy = open_text(&f, bad[i].text, bad[i].label, &rc, &e);

        CHECK(rc == FM_EINPUT && strstr(e.msg, bad[i].message), "%s: %s",
              bad[i].text, e.msg);
        fm_fields_free(&f);
        free(copy);
    }
    e = (struct fm_err){0};
    CHECK(fm_fields_open(&f, nul, sizeof nul - 1, "a", &e) == FM_EINPUT &&
              strcmp(e.msg, "line 2: not a text: a NUL byte") == 0,
          "%s", e.msg);
    fm_fields_free(&f);
    e = (struct fm_err){0};
    CHECK(fm_fields_open(&f, told[0], 4, "sep=", &e) == FM_EINPUT &&
              strstr(e.msg, "the label is the only column"),
          "%s", e.msg);
    fm_fields_free(&f);
    e = (struct fm_err){0};
    CHECK(!fm_fields_open(&f, told[1], 6, "sep=", &e) && f.columns == 2, "%s",
          e.msg);
    fm_fields_free(&f);
    CHECK(many, "memory");
    for (size_t i = 0; i <= FM_TABLE_COLUMNS_MAX; i++)
        memcpy(many + 2 * i, "a,", 2);
    many[2 * FM_TABLE_COLUMNS_MAX + 1] = '\0';
    e = (struct fm_err){0};
    CHECK(fm_fields_open(&f, many, 2 * FM_TABLE_COLUMNS_MAX + 1, "a", &e) ==
                  FM_EINPUT &&
              strstr(e.msg, "more than 65536 columns"),
          "%s", e.msg);
    fm_fields_free(&f);
    free(many);
}

static void
numbers(void)
{
    static const char *const number[] = {"1.5", "-2", ".25", "+1e3", "0"};
    static const char *const none[] = {"0x10", "inf", "1e39", "1-1", "", "1,5"};
    static const char *const comma[] = {"1,5", "-0,25", "1,5e3"};
    static const char *const other[] = {"1.5", "1,000,000", "a,b", "1,5.2",
                                        ","};
    char wide[FM_FIELD_SHOWN + 1] = "1,";
    float v;

    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        CHECK(fm_field_number(&v, number[i]), "%s", number[i]);
    CHECK(v == 0, "0 is %g", (double)v);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(!fm_field_number(&v, none[i]), "%s", none[i]);
    for (size_t i = 0; i < sizeof comma / sizeof *comma; i++)
        CHECK(fm_field_comma(comma[i]), "%s", comma[i]);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        CHECK(!fm_field_comma(other[i]), "%s", other[i]);
    memset(wide + 2, '0', sizeof wide - 3);
    CHECK(!fm_field_comma(wide), "%s", wide);
    wide[FM_FIELD_SHOWN - 1] = '\0';
    CHECK(fm_field_comma(wide), "%s", wide);
    CHECK(fm_field_missing("") && fm_field_missing("NA") &&
              fm_field_missing("?") && !fm_field_missing("0") &&
              !fm_field_missing("none"),
          "missing");
}

int
main(void)
{
    golden();
    hostile();
    numbers();
    return 0;
}
