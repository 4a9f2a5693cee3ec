#include "tensor/words.h"

#include "check.h"

static struct fm_buf canonical;
static struct fm_err e;

static void
words(void)
{
    static const char line[] = " conv\t3  a=7\tb=0.5 on # conv 4";
    struct fm_words w = {.what = "t", .canonical = &canonical, .e = &e};
    size_t dim[2], a = 1, c = 9;
    double b = 0;

    CHECK(fm_words_cut(&w, line, strlen(line)) == 0, "%s", e.msg);
    CHECK(w.n == 5 && strcmp(w.word[4], "on") == 0, "%zu words", w.n);
    CHECK(w.line == 1, "line %zu", w.line);
    CHECK(fm_words_dims(&w, 1, "a size", dim, 1) == 0 && dim[0] == 3, "dim");
    CHECK(fm_words_count(&w, "a", 1, &a) == 0 && a == 7, "a = %zu", a);
    CHECK(fm_words_count(&w, "c", 1, &c) == 0 && c == 9, "c = %zu", c);
    CHECK(fm_words_share(&w, "b", &b) == 0 && b == 0.5, "b = %g", b);
    CHECK(fm_words_end(&w) == FM_EINPUT, "a word was left");
    CHECK(strcmp(e.msg, "t:1: conv: on is not understood here") == 0, "%s",
          e.msg);
    CHECK(fm_words_flag(&w, "on") && !fm_words_flag(&w, "on"), "flag");
    CHECK(fm_words_put(&w, "conv") == 0 &&
              fm_words_put_count(&w, "a", 7, 1) == 0 &&
              fm_words_put_count(&w, "c", 9, 9) == 0 &&
              fm_words_put_real(&w, "b", 0.5, 0) == 0 && fm_words_end(&w) == 0,
          "put");
    CHECK(canonical.len == 15 &&
              memcmp(canonical.data, "conv a=7 b=0.5\n", 15) == 0,
          "%.*s", (int)canonical.len, (char *)canonical.data);
}

static void
hostile(void)
{
    struct fm_words w = {.what = "t", .canonical = &canonical, .e = &e};
    char line[300];
    size_t dim[3];

    memset(line, 'x', sizeof line);
    e = (struct fm_err){0};
    CHECK(fm_words_cut(&w, line, sizeof line) == FM_EINPUT, "long line");
    CHECK(strstr(e.msg, "t:1: longer than 255"), "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(fm_words_cut(&w, "a b c d e f g h i", 17) == FM_EINPUT, "words");
    CHECK(strstr(e.msg, "t:2: a: more than 8 words"), "%s", e.msg);
    line[0] = '#'; /* a long comment is no fault */
    CHECK(fm_words_cut(&w, line, sizeof line) == 0 && w.n == 0, "comment");

    CHECK(fm_words_split("3x4", dim, 3) == 2 && dim[1] == 4, "3x4");
    CHECK(fm_words_split("2147483648", dim, 1) == 1, "2^31");
    CHECK(fm_words_split("2147483649", dim, 1) == 0, "2^31 + 1");
    CHECK(fm_words_split("3x", dim, 3) == 0 &&
              fm_words_split("", dim, 3) == 0 &&
              fm_words_split("x3", dim, 3) == 0 &&
              fm_words_split("0", dim, 3) == 0 &&
              fm_words_split("1x2x3x4", dim, 3) == 0,
          "malformed");
}

int
main(void)
{
    words();
    hostile();
    fm_buf_free(&canonical);
    return 0;
}
