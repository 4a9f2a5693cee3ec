#include "fed/render.h"

#include "check.h"

#include <string.h>

static void
render(const char *json, const char *want)
{
    struct fm_err e = {0};
    struct fm_json *j = fm_json_parse(json, strlen(json), "t", &e);
    struct fm_buf out = {0};

    CHECK(j, "%s", e.msg);
    CHECK(fm_render(&out, j, &e) == 0, "%s", e.msg);
    CHECK(fm_buf_add(&out, "", 1, &e) == 0, "%s", e.msg);
    CHECK(strcmp((char *)out.data, want) == 0, "%s", (char *)out.data);
    fm_buf_free(&out);
    fm_json_free(j);
}

/* Labels share a width; a table's columns fit their texts. */
static void
layout(void)
{
    render("{\"file\":\"w\",\"kind\":\"model\",\"n\":12,\"long_name\":true,"
           "\"x\":0.123456789,\"none\":null,\"shape\":[1,28,28],"
           "\"labels\":[5,6],\"empty\":[],"
           "\"inner\":{\"a\":\"b\",\"longer\":1},\"text\":\"one\\ntwo\\n\","
           "\"ids\":[\"p\",\"q\"],\"nothing\":{}}",
           "w: model\n"
           "    n          12\n"
           "    long name  yes\n"
           "    x          0.12346\n"
           "    none       -\n"
           "    shape      1x28x28\n"
           "    labels     5 6\n"
           "    empty      -\n"
           "    inner\n"
           "        a       b\n"
           "        longer  1\n"
           "    text\n"
           "        one\n"
           "        two\n"
           "    ids\n"
           "        p\n"
           "        q\n");
    render("{\"file\":\"w\",\"kind\":\"k\",\"rows\":["
           "{\"s\":\"a\",\"n\":1,\"same\":7,\"o\":{\"x\":1}},"
           "{\"s\":\"bcd\",\"n\":1000,\"same\":7}]}",
           "w: k\n"
           "    rows\n"
           "        same  7\n"
           "\n"
           "        s       n\n"
           "        a       1\n"
           "        bcd  1000\n");
    render("{\"file\":\"w\",\"kind\":\"k\",\"rows\":[{\"n\":1,\"s\":\"a\"}]}",
           "w: k\n"
           "    rows\n"
           "        n  s\n"
           "        1  a\n");
    render("{\"file\":\"w\",\"kind\":\"k\",\"rows\":[{\"n\":1},{\"m\":2}]}",
           "w: k\n"
           "    rows\n"
           "        n\n"
           "        1\n"
           "        -\n");
}

/* Escape sequences of a hostile file stay harmless; UTF-8 is padded right. */
static void
hostile(void)
{
    render("{\"file\":\"\\u001b[2J\",\"kind\":\"k\",\"a\\u0007\":"
           "\"x\\u009b1m\\u007f\",\"b\\u00e9\":\"\\u00e9\"}",
           "?[2J: k\n"
           "    a?  x??1m?\n"
           "    b\u00e9  \u00e9\n");
    render("{\"file\":1}", "1: -\n");
    render("[]", "-: -\n");
}

/* A long text is cut, not overrun. */
static void
lengths(void)
{
    char json[2000] = "{\"file\":\"w\",\"kind\":\"k\",\"s\":\"";
    struct fm_err e = {0};
    struct fm_buf out = {0};
    struct fm_json *j;
    size_t at = strlen(json);

    memset(json + at, 'x', 1500);
    memcpy(json + at + 1500, "\"}", 3);
    j = fm_json_parse(json, strlen(json), "t", &e);
    CHECK(j && fm_render(&out, j, &e) == 0, "%s", e.msg);
    CHECK(out.len < 300 && out.data[out.len - 1] == '\n', "%zu", out.len);
    fm_buf_free(&out);
    fm_json_free(j);
}

int
main(void)
{
    layout();
    hostile();
    lengths();
    return 0;
}
