#include "data/table.h"

#include "data/fields.h"

#include "check.h"

#include <string.h>

/* Of the tables that follow, when it is there. */
static const char *list;
static enum fm_labels kind;

static int
parse(struct fm_table *t, const char *text, const char *label, bool mean,
      struct fm_err *e)
{
    struct fm_onehot *onehot = NULL;
    char room[2048];
    size_t n = strlen(text);
    char *copy = malloc(n + 1);
    int rc;

    CHECK(copy, "memory");
    memcpy(copy, text, n + 1);
    *e = (struct fm_err){0};
    if (list) {
        CHECK(strlen(list) < sizeof room, "room");
        strcpy(room, list);
        onehot = fm_onehot_parse(room, strlen(room), e);
        CHECK(onehot, "%s", e->msg);
    }
    rc = fm_table_parse(t, copy, n, label, kind, onehot, mean, e);
    fm_onehot_free(onehot);
    free(copy);
    return rc;
}

static void
expect(const char *text, const char *label, bool mean, size_t n, size_t wide,
       const float *x, const uint8_t *y)
{
    struct fm_table t;
    struct fm_err e;

    CHECK(!parse(&t, text, label, mean, &e), "%s: %s", text, e.msg);
    CHECK(t.n == n && t.features == wide, "%s: %zu of %zu", text, t.n,
          t.features);
    for (size_t i = 0; i < n * wide; i++) {
        float v;

        memcpy(&v, t.x.data + 4 * i, 4);
        CHECK(v == x[i], "%s: x[%zu] is %g", text, i, (double)v);
    }
    CHECK(t.y.len == n && memcmp(t.y.data, y, n) == 0, "%s: labels", text);
    fm_table_free(&t);
}

static void
golden(void)
{
    static const float x[] = {1.5f, -2, 0.25f, 1e3f};
    static const float filled[] = {1, 6, 3, 4, 2, 5};
    static const uint8_t y[] = {0, 255};
    static const uint8_t three[] = {1, 0, 1};

    expect("a,b,y\n1.5,-2,0\n.25,+1e3,255\n", "y", false, 2, 2, x, y);
    expect("a,b,y\n1.5,-2,0\n.25,+1e3,255", "3", false, 2, 2, x, y);
    expect("y\ta\tb\r\n0\t1.5\t-2\r\n\r\n255\t.25\t1000\r\n", "y", false, 2, 2,
           x, y);
    expect("\xef\xbb\xbf\n\"a, \"\"x\"\"\ny\" , b ,\"y\"\n \"1.5\" , -2 , 0 \n"
           "\".25\",1e3,\"255\"",
           "y", false, 2, 2, x, y);
    /* As programs write it that keep labels as floats. */
    expect("a,b,y\n1.5,-2,0.0\n.25,1e3,255.\n", "y", false, 2, 2, x, y);
    expect("a;b;y\n1.5;-2;0\n\".25\";1e3;255\n", "y", false, 2, 2, x, y);
    expect("\"a;c\",b,y\n1.5,-2,0\n.25,1e3,255\n", "y", false, 2, 2, x, y);
    /* A name comes before a number; the other columns keep their order. */
    expect("a,2,b\n1.5,0,-2\n.25,255,1e3\n", "2", false, 2, 2, x, y);
    expect("a,b,y\n1,6,1\n3,NA,0\n2, ?,1\n", "y", true, 3, 2,
           (float[]){1, 6, 3, 6, 2, 6}, three);
    expect("a,b,y\n1,6,1\n3,4,0\n\"\",,1\n", "y", true, 3, 2, filled, three);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *label, *message;
    } bad[] = {
        {"", "y", "no header in it"},
        {"\n\r\n", "y", "no header in it"},
        {"a,y\n", "y", "no rows under the header"},
        {"y\n1\n", "y", "the label is the only column"},
        {"a,b\n1,2\n", "y",
         "no column 'y' for a label; the header has 2, from "
         "'a' to 'b'"},
        {"a,b\n1,2\n", "3", "no column '3' for a label"},
        {"a,b\n1,2\n", "0", "no column '0' for a label"},
        {"a;b,y\n1;2,3\n", "y", "line 2, column 'a;b': '1;2' is not a number"},
        {"a;y\n17,99;1\n", "y",
         "'17,99' has a decimal comma; `tr , .` makes points of them"},
        {"a,y\n\"17,99\",1\n", "y", "'17,99' has a decimal comma, not a"},
        {"a,y\n\"1,7,9\",1\n", "y", "'1,7,9' is not a number"},
        {"y,y\n1,2\n", "y", "two columns are called 'y'"},
        {"a,y\n1,1\n2\n", "y", "line 3: 1 fields, but the header has 2"},
        {"a,y\n1,1,2\n", "y", "line 2: more fields than the header's 2"},
        {"a,y\n1,256\n", "y", "line 2, column 'y': '256' is not a label"},
        {"a,y\n1,256.0\n", "y", "'256.0' is not a label"},
        {"a,y\n1,1.01\n", "y", "'1.01' is not a label"},
        {"a,y\n1,1.0.0\n", "y", "'1.0.0' is not a label"},
        {"a,y\n1,.0\n", "y", "'.0' is not a label"},
        {"a,y\n1,-1\n", "y",
         "'-1' is not a label: a whole number from 0 to 255; a model of loss "
         "mse learns other numbers"},
        {"a,y\n1,yes\n", "y",
         "'yes' is not a label: a whole number from 0 to 255, or a word in a "
         "list of --categories"},
        {"a,y\n1,\n", "y",
         "line 2, column 'y': the label is missing; take the row out"},
        {"a,y\n1,NaN\n", "y",
         "line 2, column 'y': 'NaN' says that the label is missing; take"},
        {"a,y\n1,1\n\nred,1\n", "y",
         "line 4, column 'a': 'red' is not a number"},
        {"a,y\n0x10,1\n", "y", "'0x10' is not a number"},
        {"a,y\ninf,1\n", "y", "'inf' is not a number"},
        {"a,y\n1e39,1\n", "y", "'1e39' is not a number"},
        {"a,y\n1-1,1\n", "y", "'1-1' is not a number"},
        {"a,y\n,1\n", "y",
         "line 2, column 'a': a value is missing; `--missing"},
        {"a,y\nNA,1\n", "y", "line 2, column 'a': 'NA' is missing; `--missing"},
        {"a,y\n\"1\n\n,1\n", "y", "line 2: a quote is not closed"},
        {"a,y\n\"1\"2,1\n", "y", "line 2: text after a closing quote"},
        {"\"a\nb\",y\n1,1\nx,1\n", "y", "line 4, column 'a"},
    };
    struct fm_table t;
    struct fm_err e;
    char nul[] = "a,y\n1\0,1\n";

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(parse(&t, bad[i].text, bad[i].label, false, &e) == FM_EINPUT,
              "accepted: %s", bad[i].text);
        CHECK(strstr(e.msg, bad[i].message), "%s: %s", bad[i].text, e.msg);
        fm_table_free(&t);
    }
    CHECK(parse(&t, "a,y,b\n?,1,\n1,1,NA\n", "y", true, &e) == FM_EINPUT &&
              strstr(e.msg, "column 'b' has no value to take the mean of"),
          "%s", e.msg);
    fm_table_free(&t);
    e = (struct fm_err){0};
    CHECK(fm_table_parse(&t, nul, sizeof nul - 1, "y", kind, NULL, false, &e) ==
                  FM_EINPUT &&
              strcmp(e.msg, "line 2: not a text: a NUL byte") == 0,
          "%s", e.msg);
    fm_table_free(&t);
}

/* Columns of 0 and 1 in the list's order, whichever the table has. */
static void
categories(void)
{
    static const struct {
        const char *list, *text, *message;
    } bad[] = {
        {"sex\tf\tm", "age,sex,y\n40,x,1\n",
         "line 2, column 'sex': 'x' is none of the column's categories"},
        {"sex\tf\tm", "age,sex,y\n40,F,1\n", "'F' is none of"},
        {"sex\tf\tm", "age,sex,y\n40,?,1\n", "'?' is missing; `--missing"},
        {"sex\tf\tm", "age,y\n40,1\n",
         "no column 'sex', which the list of categories begins a line with"},
        {"sex,f,m", "sex,age,y\nf,40,1\n", "no column 'sex,f,m', which"},
        {"y", "age,y\n40,M\n", "'M' is not a label: a whole number"},
        {"y\tB\tM", "age,y\n40,M\n40,b\n",
         "line 3, column 'y': 'b' is none of the label's categories"},
        {"y\tB\tM", "age,y\n40,\n", "column 'y': the label is missing"},
        {"y\tB\tM", "age,y\n40,?\n", "'?' says that the label is missing"},
        {"age", "age,y\n40,1\n",
         "the list of categories leaves out all features"},
        {"sex\tf\tm", "age,sex,y\nold,f,1\n",
         "column 'age': 'old' is not a number that a float can hold; a list"},
    };
    static const uint8_t y[] = {0, 1, 1};
    struct fm_table t;
    struct fm_err e;

    list = "sex\tf\tm\nward\tB 1\t?\tC";
    expect("ward,age,y,sex\nC,40,0,m\n\"B 1\",41,1,f\n?,42,1,m\n", "y", false,
           3, 6,
           (float[]){0, 0, 1, 40, 0, 1, 1, 0, 0, 41, 1, 0, 0, 1, 0, 42, 0, 1},
           y);
    CHECK(!parse(&t, "ward,age,y,sex\nC,40,0,m\n", "y", false, &e), "%s",
          e.msg);
    CHECK(t.names.len == 39 &&
              memcmp(t.names.data,
                     "ward=B 1\0ward=?\0ward=C\0age\0sex=f\0sex=m", 39) == 0,
          "names: %zu", t.names.len);
    fm_table_free(&t);
    /* Classes count from 0, and what is left out may hold anything. */
    list = "y\tB\tM\nname";
    expect("age;y;name\n40;B;Smith, J\n41;M;\n42;M;7,5\n", "2", false, 3, 1,
           (float[]){40, 41, 42}, y);
    /* What is missing becomes the shares of the others. */
    list = "sex\tf\tm";
    expect("sex,y\nf,0\n,1\nf,1\n", "y", true, 3, 2,
           (float[]){1, 0, 1, 0, 1, 0}, y);
    expect("y,sex\n0,f\n1,NA\n1,m\n", "y", true, 3, 2,
           (float[]){1, 0, .5f, .5f, 0, 1}, y);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        list = bad[i].list;
        CHECK(parse(&t, bad[i].text, "y", false, &e) == FM_EINPUT &&
                  strstr(e.msg, bad[i].message),
              "%s: %s", bad[i].text, e.msg);
        fm_table_free(&t);
    }
    CHECK(parse(&t, "sex,a,y\nf,1,1\nm,?,1\n", "y", true, &e) == 0, "%s",
          e.msg);
    fm_table_free(&t);
    CHECK(parse(&t, "sex,a,b,y\nf,1,?,1\n", "y", true, &e) == FM_EINPUT &&
              strstr(e.msg, "column 'b' has no value"),
          "%s", e.msg);
    fm_table_free(&t);
    list = NULL;
}

/* Lists that make more of a table than there is room for. */
static void
wide(void)
{
    char classes[2048], *many = malloc(2 * FM_TABLE_COLUMNS_MAX + 1);
    struct fm_table t;
    struct fm_err e;
    int n = sprintf(classes, "y");

    for (int i = 0; i <= UINT8_MAX + 1; i++)
        n += sprintf(classes + n, "\t%d", i);
    list = classes;
    CHECK(parse(&t, "a,y\n1,1\n", "y", false, &e) == FM_EINPUT &&
              strstr(e.msg, "column 'y' is the label: of more than 256"),
          "%s", e.msg);
    fm_table_free(&t);
    CHECK(many, "memory");
    for (size_t i = 0; i < FM_TABLE_COLUMNS_MAX; i++)
        memcpy(many + 2 * i, i == 0 ? "c," : i == 1 ? "y," : "a,", 2);
    strcpy(many + 2 * FM_TABLE_COLUMNS_MAX - 1, "\n");
    list = "c\t1\t2\t3";
    CHECK(parse(&t, many, "y", false, &e) == FM_EINPUT &&
              strstr(e.msg, "more than 65536 features"),
          "%s", e.msg);
    fm_table_free(&t);
    list = "c\t1\t2";
    CHECK(parse(&t, many, "y", false, &e) == FM_EINPUT &&
              strstr(e.msg, "no rows under the header"),
          "%s", e.msg);
    fm_table_free(&t);
    free(many);
    list = NULL;
}

/* What a regression learns: any numbers, also where they look like labels. */
static void
numbers(void)
{
    static const struct {
        enum fm_labels kind;
        const char *text, *message;
    } bad[] = {
        {FM_LABELS_NUMBERS, "a,y\n1,\n", "line 2, column 'y': the label is"},
        {FM_LABELS_NUMBERS, "a,y\n1,2\n1,NA\n",
         "line 3, column 'y': 'NA' says that the label is missing"},
        {FM_LABELS_NUMBERS, "a,y\n1,1.5\n1,red\n",
         "line 3, column 'y': 'red' is not a number that a float can hold"},
        {FM_LABELS_EITHER, "a,y\n1,red\n",
         "; a list of --categories makes "
         "classes of words"},
        {FM_LABELS_NUMBERS, "a,y\n1,1e39\n", "'1e39' is not a number"},
        {FM_LABELS_EITHER, "a,y\n1,0\n1,2.5\n1,red\n",
         "line 4, column 'y': 'red' is not a number"},
    };
    static const struct {
        enum fm_labels kind;
        const char *text;
        size_t numbers;
        float want[3];
    } good[] = {
        {FM_LABELS_NUMBERS, "a,y\n1,2\n1,-2.5\n1,1e3\n", 1, {2, -2.5f, 1000}},
        {FM_LABELS_NUMBERS, "a,y\n1,2\n1,3\n1,4\n", 1, {2, 3, 4}},
        {FM_LABELS_EITHER, "a,y\n1,2\n1,3\n1,256\n", 1, {2, 3, 256}},
        {FM_LABELS_EITHER, "a,y\n1,2.5\n1,3\n1,4\n", 1, {2.5f, 3, 4}},
        {FM_LABELS_EITHER, "a,y\n1,2\n1,3\n1,4\n", 0, {2, 3, 4}},
        {FM_LABELS_EITHER, "a,y\n1,2.0\n1,3.0\n1,4.5\n", 1, {2, 3, 4.5f}},
    };
    struct fm_table t;
    struct fm_err e;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        kind = good[i].kind;
        CHECK(!parse(&t, good[i].text, "y", false, &e), "%s", e.msg);
        CHECK(t.n == 3 && t.numbers == good[i].numbers &&
                  t.y.len == (t.numbers ? 12 : 3),
              "%s: %zu bytes", good[i].text, t.y.len);
        for (size_t k = 0; k < 3; k++) {
            float v = t.y.data[k];

            if (t.numbers)
                memcpy(&v, t.y.data + 4 * k, 4);
            CHECK(v == good[i].want[k], "%s: %g", good[i].text, (double)v);
        }
        fm_table_free(&t);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kind = bad[i].kind;
        CHECK(parse(&t, bad[i].text, "y", true, &e) == FM_EINPUT &&
                  strstr(e.msg, bad[i].message),
              "%s: %s", bad[i].text, e.msg);
        fm_table_free(&t);
    }
    /* Words are classes, whatever else would do. */
    list = "y\tno\tyes";
    kind = FM_LABELS_EITHER;
    CHECK(!parse(&t, "a,y\n1,yes\n1,no\n", "y", false, &e), "%s", e.msg);
    CHECK(!t.numbers && t.y.len == 2 && t.y.data[0] == 1, "listed words");
    fm_table_free(&t);
    kind = FM_LABELS_NUMBERS;
    CHECK(parse(&t, "a,y\n1,yes\n", "y", false, &e) == FM_EINPUT &&
              strstr(e.msg, "column 'y' has categories, and numbers are to be"),
          "%s", e.msg);
    fm_table_free(&t);
    list = NULL;
    kind = FM_LABELS_CLASSES;
}

int
main(void)
{
    numbers();
    golden();
    hostile();
    categories();
    wide();
    return 0;
}
