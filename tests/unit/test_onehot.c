#include "data/onehot.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static struct fm_onehot *
parse(char *room, const char *text, size_t n, struct fm_err *e)
{
    memcpy(room, text, n);
    *e = (struct fm_err){0};
    return fm_onehot_parse(room, n, e);
}

static void
golden(void)
{
    static const char text[] = "\xef\xbb\xbfsex\tf\tm\r\n\r\n"
                               " blood group \t A\tB \tAB\t0\n patient id\r\n";
    char room[sizeof text];
    struct fm_err e;
    struct fm_onehot *h = parse(room, text, sizeof text - 1, &e);

    CHECK(h, "%s", e.msg);
    CHECK(h->n == 3 && strcmp(h->column[0].name, "sex") == 0 &&
              strcmp(h->column[1].name, "blood group") == 0,
          "%zu columns", h->n);
    CHECK(h->column[0].n == 2 && h->column[1].n == 4, "categories");
    CHECK(strcmp(h->column[2].name, "patient id") == 0 && h->column[2].n == 0,
          "left out");
    CHECK(fm_onehot_find(&h->column[0], "m") == 1, "m");
    CHECK(fm_onehot_find(&h->column[1], "A") == 0, "A");
    CHECK(fm_onehot_find(&h->column[1], "B") == 1, "B");
    CHECK(fm_onehot_find(&h->column[1], "0") == 3, "0");
    CHECK(fm_onehot_find(&h->column[1], "a") == 4, "a");
    CHECK(fm_onehot_find(&h->column[1], "") == 4, "none");
    fm_onehot_free(h);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "no column in it"},
        {"\n \r\n", "no column in it"},
        {"sex\tf\tm\n\nsex\ta\tb", "line 3: 'sex' comes twice"},
        {"sex\tf\tm\tf ", "line 1: category 'f' comes twice"},
        {"sex\tf\tm\t", "line 1: category '' is empty"},
        {"sex\t\tm", "line 1: category '' is empty"},
    };
    char room[128], *many = malloc(8 * FM_ONEHOT_MAX + 64);
    struct fm_err e;
    size_t n = 0;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!parse(room, bad[i].text, strlen(bad[i].text), &e), "%s",
              bad[i].text);
        CHECK(e.code == FM_EINPUT && strstr(e.msg, bad[i].message), "%s: %s",
              bad[i].text, e.msg);
    }
    CHECK(!parse(room, "a\tb\tc\0d", 7, &e) && strstr(e.msg, "a NUL byte"),
          "%s", e.msg);
    CHECK(many, "memory");
    many[n++] = 'a';
    for (int i = 0; i <= FM_ONEHOT_MAX; i++)
        n += (size_t)sprintf(many + n, "\t%d", i);
    e = (struct fm_err){0};
    CHECK(!fm_onehot_parse(many, n, &e) &&
              strstr(e.msg, "more than 4096 categories"),
          "%s", e.msg);
    n = 0;
    for (int i = 0; i <= FM_ONEHOT_MAX; i++)
        n += (size_t)sprintf(many + n, "%d\n", i);
    e = (struct fm_err){0};
    CHECK(!fm_onehot_parse(many, n, &e) &&
              strstr(e.msg, "line 4097: more than 4096 columns"),
          "%s", e.msg);
    free(many);
    fm_onehot_free(NULL);
}

int
main(void)
{
    golden();
    hostile();
    return 0;
}
