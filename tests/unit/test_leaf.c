#include "data/leaf.h"

#include "check.h"

#include <string.h>

static int
parse(struct fm_leaf *l, const char *text, size_t window, struct fm_err *e)
{
    *e = (struct fm_err){0};
    return fm_leaf_parse(l, text, strlen(text), window, e);
}

/* Rows follow `users`, not the order of user_data. */
static void
golden(void)
{
    static const char text[] =
        "{\"users\":[\"b\",\"none\",\"A\"],\"hierarchies\":[1,2],"
        "\"num_samples\":[2,0,1],\"user_data\":{\"A\":{\"x\":[\" !\\u00e9\"],"
        "\"y\":[\"a\"],\"raw\":\"?\"},\"none\":{\"x\":[],\"y\":[]},"
        "\"b\":{\"x\":[\"abc\",\"bcd\"],\"y\":[\"d\",\"\\n\"]}}}";
    static const uint8_t x[] = {53, 54, 55, 54, 55, 56, 1, 2, 79};
    static const uint8_t y[] = {56, 0, 53};
    static const size_t user[] = {0, 2, 2, 3};
    struct fm_leaf l;
    struct fm_err e;

    for (size_t window = 0; window <= 3; window += 3) {
        CHECK(!parse(&l, text, window, &e), "%s", e.msg);
        CHECK(l.n == 3 && l.window == 3 && l.users == 3, "%zu of %zu", l.n,
              l.window);
        CHECK(l.x.len == 9 && memcmp(l.x.data, x, 9) == 0, "x");
        CHECK(l.y.len == 3 && memcmp(l.y.data, y, 3) == 0, "y");
        CHECK(memcmp(l.user, user, sizeof user) == 0, "users");
        CHECK(l.names.len == 9 && memcmp(l.names.data, "b\0none\0A", 9) == 0,
              "names");
        fm_leaf_free(&l);
    }
}

static void
hostile(void)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "LEAF: empty, not JSON"},
        {"{", "LEAF: byte 1: "},
        {"[]", "not LEAF's JSON: it lacks users or user_data"},
        {"{\"users\":{},\"user_data\":{}}", "not LEAF's JSON"},
        {"{\"users\":[],\"user_data\":[]}", "not LEAF's JSON"},
        {"{\"users\":[],\"user_data\":{}}", "no samples in it"},
        {"{\"users\":[],\"user_data\":{\"a\":1}}",
         "0 users, but user_data of 1"},
        {"{\"users\":[1],\"user_data\":{\"a\":{}}}", "entry 0 is not a name"},
        {"{\"users\":[\"b\"],\"user_data\":{\"a\":{}}}",
         "user 'b' has no user_data"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":1}}",
         "user 'a': x and y are not two arrays"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":1,\"y\":[]}}}",
         "user 'a': x and y are not two arrays"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[],\"y\":1}}}",
         "user 'a': x and y are not two arrays"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[\"u\"],\"y\":[]}}}",
         "user 'a' has 1 x and 0 y"},
        {"{\"users\":[\"a\"],\"num_samples\":[2],"
         "\"user_data\":{\"a\":{\"x\":[\"u\"],\"y\":[\"u\"]}}}",
         "user 'a' has 1 samples, and not what num_samples says"},
        {"{\"users\":[\"a\"],\"num_samples\":7,"
         "\"user_data\":{\"a\":{\"x\":[\"u\"],\"y\":[\"u\"]}}}",
         "not what num_samples says"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[5],\"y\":[\"u\"]}}}",
         "user 'a': x 0 is not a text"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[\"uv\",\"u\"],"
         "\"y\":[\"u\",\"v\"]}}}",
         "user 'a': x 1 is not a text of 2 characters"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[\"u\"],"
         "\"y\":[\"uv\"]}}}",
         "user 'a': y 0 is not one character"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[\"u\"],"
         "\"y\":[\"\"]}}}",
         "user 'a': y 0 is not one character"},
        {"{\"users\":[\"a\",\"a\"],\"user_data\":{\"a\":{\"x\":[],\"y\":[]},"
         "\"b\":{\"x\":[],\"y\":[]}}}",
         "users: 'a' comes twice"},
        {"{\"users\":[\"a\"],\"user_data\":{\"a\":1,\"a\":2}}", "duplicate"},
        {"[[[[[[[[[]]]]]]]]]", "nested deeper than 8 levels"},
    };
    struct fm_leaf l;
    struct fm_err e;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(parse(&l, bad[i].text, 0, &e) == FM_EINPUT, "accepted: %s",
              bad[i].text);
        CHECK(strstr(e.msg, bad[i].message), "%s: %s", bad[i].text, e.msg);
        fm_leaf_free(&l);
    }
    CHECK(parse(&l,
                "{\"users\":[\"a\"],\"user_data\":{\"a\":{\"x\":[\"uv\"],"
                "\"y\":[\"u\"]}}}",
                80, &e) == FM_EINPUT,
          "window");
    CHECK(strstr(e.msg, "x 0 is not a text of 80 characters"), "%s", e.msg);
    fm_leaf_free(&l);
}

/* Every cut of a good file. */
static void
cuts(void)
{
    static const char text[] = "{\"users\":[\"a\"],\"num_samples\":[1],"
                               "\"user_data\":{\"a\":{\"x\":[\"uv\"],"
                               "\"y\":[\"w\"]}}}";
    struct fm_leaf l;
    struct fm_err e;

    CHECK(!parse(&l, text, 2, &e), "%s", e.msg);
    fm_leaf_free(&l);
    for (size_t n = 0; n < sizeof text - 1; n++) {
        e = (struct fm_err){0};
        CHECK(fm_leaf_parse(&l, text, n, 2, &e) == FM_EINPUT, "%zu bytes", n);
        fm_leaf_free(&l);
    }
}

int
main(void)
{
    golden();
    hostile();
    cuts();
    return 0;
}
