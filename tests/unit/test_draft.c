#include "data/draft.h"

#include "check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
draft(struct fm_buf *out, const char *text, size_t n, struct fm_err *e)
{
    char *copy = malloc(n + 3);
    int rc;

    CHECK(copy, "memory");
    memcpy(copy, "ID", 2); /* which is no part of a name */
    memcpy(copy + 2, text, n + 1);
    *e = (struct fm_err){0};
    *out = (struct fm_buf){0};
    rc = fm_draft(out, copy + 2, n, "y", e);
    free(copy);
    return rc;
}

static void
expect(const char *text, const char *want)
{
    struct fm_buf out;
    struct fm_err e;

    CHECK(!draft(&out, text, strlen(text), &e), "%s: %s", text, e.msg);
    CHECK(out.len == strlen(want) &&
              (out.len == 0 || memcmp(out.data, want, out.len) == 0),
          "%s: %.*s", text, (int)out.len, (const char *)out.data);
    fm_buf_free(&out);
}

/* By what draft.h says, by hand. */
static void
golden(void)
{
    expect("a,y\n1,0\n2,1\n", "y\t0\t1\n");
    expect("a,y\n1,10\n2,2\n3,-1\n", "y\t-1\t2\t10\n");
    expect("a,y\n1,malignant\n2,benign\n3,benign\n", "y\tbenign\tmalignant\n");
    expect("a,y\n1,1\n2,1\n", "y\t1\n");
    expect("a,y\n1,10.0\n2,2.0\n3,2.0\n", "y\t2.0\t10.0\n");
    expect("a,y\n1,0.5\n2,1.5\n", "y\n");
    expect("a,y\n1,1.0\n2,1.01\n", "y\n");
    expect("y;sex;name;none;same;some\n"
           "1;m;A B;;x;1\n1;f;C;NA;x;<1\n2;m;D;?;x;2\n2;?;E;;x;3\n",
           "y\t1\t2\nsex\tf\tm\nname\nnone\nsame\n");
    /* A quoted line end has no place in a list. */
    expect("a,y\n\"x\nz\",0\n\"x\nz\",1\nw,0\nw,1\n", "y\t0\t1\na\n");
}

/* rows NAME FIRST STEP - 20 rows of one column, and a label */
static void
identity(const char *name, int first, int step, bool left_out)
{
    char text[512], want[64];
    int n = snprintf(text, sizeof text, "%s,y\n", name);

    for (int i = 0; i < 20; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%d,%d\n",
                      first + i * step, i % 2);
    snprintf(want, sizeof want, "y\t0\t1\n%s%s", left_out ? name : "",
             left_out ? "\n" : "");
    expect(text, want);
}

static void
identities(void)
{
    identity("n", 100, 3, true);
    identity("n", 100, -3, false);
    identity("id", 100, -3, true);
    identity("Patient ID", 100, -3, true);
    identity("patientId", 100, -3, true);
    identity("acid", 100, -3, false);
    identity("ad", 100, -3, false);
    identity("is", 100, -3, false);
    identity("", 100, -3, false);
    identity("id", 7, 0, false);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "no header in it"},
        {"a,y\n", "no rows under the header"},
        {"a,b\n1,2\n", "no column 'y' for a label"},
        {"a,y\n1\n", "line 2: 1 fields, but the header has 2"},
        {"a,y\n1,2\n1,2,3\n", "line 3: 3 fields, but the header has 2"},
        {"a;y\n1;2\n1,5;2\n",
         "line 3, column 'a': '1,5' has a decimal comma; `tr , .`"},
        {"a,y\n\"1,5\",2\n", "'1,5' has a decimal comma, not a point"},
        {"17.99,M,y\n18.1,B,1\n12.5,M,0\n",
         "the first line, from '17.99', is a row like the others"},
        {"\"a\tb\",y\nx,1\n", "a line end or tab in the name"},
    };
    struct fm_buf out;
    struct fm_err e;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(draft(&out, bad[i].text, strlen(bad[i].text), &e) == FM_EINPUT &&
                  strstr(e.msg, bad[i].message),
              "%s: %s", bad[i].text, e.msg);
        fm_buf_free(&out);
    }
    /* Wavelengths are names. */
    expect("400.5,500.5,y\n1,2,a\n1,2,b\n", "y\ta\tb\n");
}

int
main(void)
{
    golden();
    identities();
    hostile();
    return 0;
}
