/* json: small texts, of which nothing is taken on trust. */
#include "base/json.h"
#include "check.h"

#include <math.h>
#include <string.h>

static struct fm_json *
parse(const char *s, struct fm_err *e)
{
    return fm_json_parse(s, strlen(s), "t.json", e);
}

/* Texts and their values, by hand from RFC 8259. */
static void
reading(void)
{
    struct fm_err e = {0};
    struct fm_json *j = parse(" {\"s\":\"\\u00e9\\\"]{\",\"n\":7,\"a\":[0,"
                              "9223372036854775807],\"o\":{\"x\":null}}\n",
                              &e);
    const struct fm_json *a;
    const char *s = NULL;
    uint64_t v = 0;

    CHECK(j, "%s", e.msg);
    CHECK(fm_json_is_object(j) && !fm_json_is_array(j), "kind");
    CHECK(fm_json_size(j) == 4, "%zu", fm_json_size(j));
    CHECK(fm_json_str(j, "s", &s) && strcmp(s, "\xc3\xa9\"]{") == 0, "%s", s);
    CHECK(fm_json_int(j, "n", 7, &v) && v == 7, "n");
    a = fm_json_get(j, "a");
    CHECK(a && fm_json_is_array(a) && fm_json_size(a) == 2, "a");
    CHECK(fm_json_int_at(a, 1, INT64_MAX, &v) && v == INT64_MAX, "a[1]");
    CHECK(fm_json_get(fm_json_get(j, "o"), "x"), "o.x");
    CHECK(strcmp(fm_json_text(fm_json_get(j, "s")), s) == 0, "text");
    fm_json_free(j);
    fm_json_free(NULL);
}

/* A getter takes its own type within its bounds, and nothing else. */
static void
getters(void)
{
    struct fm_json *j = parse("{\"neg\":-1,\"real\":1.0,\"str\":\"1\","
                              "\"big\":256,\"t\":true,\"n\":null,\"a\":[1.5]}",
                              NULL);
    static const char *const keys[] = {"neg", "real", "str", "t",
                                       "n",   "a",    "gone"};
    const char *s = "untouched";
    uint64_t v = 99;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        CHECK(!fm_json_int(j, keys[i], UINT64_MAX, &v), "%s", keys[i]);
    CHECK(!fm_json_int(j, "big", 255, &v), "over the maximum");
    CHECK(v == 99, "written by a failure");
    CHECK(!fm_json_str(j, "big", &s) && !fm_json_str(j, "gone", &s), "str");
    CHECK(strcmp(s, "untouched") == 0, "%s", s);
    CHECK(!fm_json_int_at(fm_json_get(j, "a"), 0, 9, &v), "a real");
    CHECK(!fm_json_int_at(fm_json_get(j, "a"), 1, 9, &v), "beyond the end");
    CHECK(!fm_json_int_at(NULL, 0, 9, &v), "NULL");
    CHECK(fm_json_get(NULL, "a") == NULL, "NULL");
    CHECK(fm_json_get(fm_json_get(j, "str"), "a") == NULL, "not an object");
    CHECK(fm_json_size(fm_json_get(j, "str")) == 0, "size of a string");
    CHECK(!fm_json_text(fm_json_get(j, "big")) && !fm_json_text(NULL), "text");
    fm_json_free(j);
}

static int
collect(void *ctx, const char *key, const struct fm_json *value)
{
    strcat(ctx, key);
    return fm_json_is_array(value) ? 5 : 0;
}

static void
order(void)
{
    struct fm_json *j = parse("{\"z\":1,\"a\":2,\"m\":[],\"b\":3}", NULL);
    char seen[8] = "";

    CHECK(fm_json_each(j, collect, seen) == 5, "the visitor's answer");
    CHECK(strcmp(seen, "zam") == 0, "%s", seen);
    fm_json_free(j);
}

static void
writing(void)
{
    static const char want[] =
        "{\"z\":\"\xc3\xa9\\\"\\n\\u001B\",\"a\":9223372036854775807,"
        "\"r\":[0.1,1.0,-0.5,1e+300,5e-324,0.3333333333333333,null,null],"
        "\"o\":{\"t\":true,\"f\":false,\"n\":null},\"e\":[],\"k\\\"\":{}}";
    struct fm_json *j = fm_json_object(), *r, *o;
    struct fm_buf b = {0};
    struct fm_err e = {0};

    fm_json_add_str(j, "z", "\xc3\xa9\"\n\x1b");
    fm_json_add_int(j, "a", INT64_MAX);
    r = fm_json_add_array(j, "r");
    fm_json_add_real(r, NULL, 0.1);
    fm_json_add_real(r, NULL, 1);
    fm_json_add_real(r, NULL, -0.5);
    fm_json_add_real(r, NULL, 1e300);
    fm_json_add_real(r, NULL, 0x1p-1074);
    fm_json_add_real(r, NULL, 1.0 / 3);
    fm_json_add_real(r, NULL, NAN);
    fm_json_add_real(r, NULL, INFINITY);
    o = fm_json_add_object(j, "o");
    fm_json_add_bool(o, "t", true);
    fm_json_add_bool(o, "f", false);
    fm_json_add_null(o, "n");
    fm_json_add_array(j, "e");
    fm_json_add_object(j, "k\"");

    CHECK(fm_buf_add(&b, "x", 1, &e) == 0, "add");
    CHECK(fm_json_dump(&b, j, &e) == 0, "%s", e.msg);
    CHECK(b.len == sizeof want && memcmp(b.data + 1, want, b.len - 1) == 0,
          "%.*s", (int)b.len, (const char *)b.data);
    fm_json_free(j);

    /* And it reads back. */
    j = fm_json_parse(b.data + 1, b.len - 1, "w", &e);
    CHECK(j && fm_json_size(fm_json_get(j, "r")) == 8, "%s", e.msg);
    fm_json_free(j);
    fm_buf_free(&b);
}

/* Every text must be refused, for the reason that is named. */
/* [{},{},...]: as many values as may be, then one more. */
static void
crowd(void)
{
    size_t n = FM_JSON_VALUES / 2, len = 3 * n + 1;
    struct fm_err e = {0};
    struct fm_json *j;
    char *s = malloc(len);

    CHECK(s, "memory");
    for (size_t i = 0; i < n; i++)
        memcpy(s + 1 + 3 * i, "{},", 3);
    s[0] = '[';
    s[len - 1] = ']'; /* n objects, n - 1 commas, 1 array */
    j = fm_json_parse(s, len, "t", &e);
    CHECK(j && fm_json_size(j) == n, "%s", e.msg);
    fm_json_free(j);
    s[len - 2] = '[';
    CHECK(!fm_json_parse(s, len, "t", &e), "a crowd");
    CHECK(e.code == FM_EINPUT && strstr(e.msg, "more than 1048576 values"),
          "%s", e.msg);
    free(s);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "empty"},
        {" ", "t.json: byte"},
        {"{", "t.json: byte"},
        {"{}{}", "end of file expected"},
        {"{} x", "end of file expected"},
        {"{\"a\":1,\"a\":2}", "duplicate"},
        {"{\"a\":1,\"\\u0061\":2}", "duplicate"},
        {"{\"a\":\"\\u0000\"}", "\\u0000"},
        {"{\"\\u0000\":1}", "NUL"},
        {"{\"a\":9223372036854775808}", "too big"},
        {"{\"a\":1e999}", "real number overflow"},
        {"{\"a\":01}", "t.json: byte"},
        {"{\"a\":NaN}", "t.json: byte"},
        {"{'a':1}", "t.json: byte"},
        {"[1,]", "t.json: byte"},
        {"\"\xff\"", "unable to decode byte 0xff"},
        {"\"\xc0\x80\"", "unable to decode"},
        {"\"\xed\xa0\x80\"", "unable to decode"},
        {"\"\x1b[2J\"", "control character"},
        {"[[[[[[[[[1]]]]]]]]]", "deeper than 8"},
        {"{\"a\":[[[[[[[[[", "deeper than 8"},
        {"\"\\\\\"[[[[[[[[[", "deeper than 8"},
    };
    struct fm_json *j;
    char nul[] = "{\"a\":\"x\"}", *deep;
    struct fm_err e = {0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_err f = {0};

        j = parse(bad[i].text, &f);
        CHECK(!j && f.code == FM_EINPUT, "accepted: %s", bad[i].text);
        CHECK(strstr(f.msg, bad[i].why), "%s: %s", bad[i].text, f.msg);
    }
    nul[6] = '\0';
    CHECK(!fm_json_parse(nul, sizeof nul - 1, "t", &e), "a NUL byte");

    /* Brackets in strings nest nothing; a million outside reach no parser. */
    j = parse("[\"[[[[[[[[[[[[\\\"[[[\"]", NULL);
    CHECK(j, "brackets in a string");
    fm_json_free(j);
    j = parse("[[[[[[[[1]]]]]]]]", NULL);
    CHECK(j, "the deepest allowed");
    fm_json_free(j);
    deep = malloc(1000000);
    CHECK(deep, "memory");
    memset(deep, '[', 1000000);
    CHECK(!fm_json_parse(deep, 1000000, "t", NULL), "deep");
    free(deep);
    crowd();
}

/* A builder's mistakes show when the text is asked for. */
static void
broken_builder(void)
{
    struct fm_json *j = fm_json_object();
    struct fm_buf b = {0};
    struct fm_err e = {0};

    fm_json_add_int(j, "a", 1);
    fm_json_add_str(j, "b", "\xff\xfe");
    CHECK(fm_json_dump(&b, j, &e) == FM_ESYS, "bad UTF-8 written");
    CHECK(strstr(e.msg, "UTF-8"), "%s", e.msg);
    CHECK(b.len == 0, "left behind: %zu bytes", b.len);
    fm_json_free(j);

    CHECK(fm_json_dump(&b, NULL, NULL) == FM_ESYS, "NULL written");
    fm_json_add_int(NULL, "a", 1);
    CHECK(!fm_json_add_object(NULL, "a"), "child of NULL");
    j = fm_json_object();
    CHECK(fm_json_dump(&b, j, NULL) == FM_ESYS, "a lost value forgotten");
    fm_json_free(j);
    fm_buf_free(&b);
}

/* A tree that is not known beforehand. */
static void
walking(void)
{
    static const char text[] = "[null,true,false,-7,2.5,\"s\",[],{}]";
    static const enum fm_json_kind want[] = {
        FM_JSON_NULL, FM_JSON_BOOL,   FM_JSON_BOOL,  FM_JSON_INT,
        FM_JSON_REAL, FM_JSON_STRING, FM_JSON_ARRAY, FM_JSON_OBJECT,
    };
    struct fm_err e = {0};
    struct fm_json *j = fm_json_parse(text, sizeof text - 1, "t", &e);

    CHECK(j, "%s", e.msg);
    for (size_t i = 0; i < fm_json_size(j); i++)
        CHECK(fm_json_kind(fm_json_at(j, i)) == want[i], "value %zu", i);
    CHECK(!fm_json_at(j, 8) && fm_json_kind(NULL) == FM_JSON_NULL, "outside");
    CHECK(fm_json_bool_of(fm_json_at(j, 1)), "true");
    CHECK(!fm_json_bool_of(fm_json_at(j, 2)), "false");
    CHECK(fm_json_int_of(fm_json_at(j, 3)) == -7, "-7");
    CHECK(fm_json_real_of(fm_json_at(j, 4)) == 2.5, "2.5");
    CHECK(fm_json_int_of(fm_json_at(j, 4)) == 0, "a real is no integer");
    fm_json_free(j);
}

int
main(void)
{
    walking();
    reading();
    getters();
    order();
    writing();
    hostile();
    broken_builder();
    return 0;
}
