#include "data/stats.h"

#include "check.h"

#include <string.h>

/* A table of `n` rows of `c` features with the names "a\0b\0...". */
static struct fm_dataset
table(const float *x, size_t n, size_t c, const char *names, size_t size)
{
    struct fm_dataset d = {.n = n, .c = c, .h = 1, .w = 1, .f = x};
    struct fm_err e = {0};

    CHECK(!fm_buf_add(&d.names, names, size, &e), "%s", e.msg);
    return d;
}

static struct fm_stats
take(const struct fm_dataset *d, const uint32_t *row, size_t n)
{
    struct fm_stats s;
    struct fm_err e = {0};

    CHECK(!fm_stats_take(&s, d, row, n, &e), "%s", e.msg);
    return s;
}

static struct fm_buf
text(const struct fm_stats *s)
{
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(!fm_stats_text(&b, s, &e), "%s", e.msg);
    return b;
}

/* 1 2 3 4: mean 2.5, variance 1.25; -8 -8 -8 -8 does not vary. */
static const float x[] = {1, -8, 2, -8, 3, -8, 4, -8};
static const uint32_t rows[] = {0, 1, 2, 3};
static const char head[] = "fedmrn-stats\t1\ttable\t4\t2\n"
                           "a b\t0x5p+1\t0xfp+1\n"
                           "c???d\t-0x1p+5\t0x1p+8\n"
                           "end\t";

static void
golden(void)
{
    struct fm_dataset d = table(x, 4, 2, "a b\0c\t\xc2\x9b\144", 10);
    struct fm_stats s = take(&d, rows, 4), left, right;
    struct fm_buf whole = text(&s), sum;
    struct fm_err e = {0};

    CHECK(fm_stats_mean(&s, 0) == 2.5 && fm_stats_mean(&s, 1) == -8, "mean");
    /* The root of 20, over 4. */
    CHECK(fm_stats_std(&s, 0) == 0x1.1e3779b97f4a8p+0, "%a",
          fm_stats_std(&s, 0));
    CHECK(fm_stats_std(&s, 1) == 0, "constant");
    CHECK(whole.len == sizeof head - 1 + 33 &&
              memcmp(whole.data, head, sizeof head - 1) == 0,
          "%.*s", (int)whole.len, (const char *)whole.data);
    left = take(&d, rows + 3, 1);
    right = take(&d, rows, 3);
    CHECK(!fm_stats_add(&left, &right, &e), "%s", e.msg);
    sum = text(&left);
    CHECK(sum.len == whole.len && !memcmp(sum.data, whole.data, sum.len),
          "the sum of two sites");
    fm_buf_free(&sum);
    fm_buf_free(&whole);
    fm_stats_free(&s);
    fm_stats_free(&left);
    fm_stats_free(&right);
    fm_buf_free(&d.names);
}

/* Two images of two channels of 1x2: 0 255 | 51 51, 0 255 | 102 102. */
static void
pixels(void)
{
    static const uint8_t p[] = {0, 255, 51, 51, 0, 255, 102, 102};
    struct fm_dataset d = {.n = 2, .c = 2, .h = 1, .w = 2, .x = p};
    struct fm_stats s = take(&d, rows, 2);

    CHECK(s.count == 4 && s.n == 2, "%zu", s.n);
    CHECK(fm_stats_mean(&s, 0) == 0.5 && fm_stats_std(&s, 0) == 0.5, "0");
    CHECK(fm_stats_mean(&s, 1) == 76.5 / 255 &&
              fm_stats_std(&s, 1) == 25.5 / 255,
          "1");
    fm_stats_free(&s);
}

static void
refused(const char *bytes, size_t n, const char *why)
{
    struct fm_err e = {0};
    struct fm_stats s;
    size_t used;

    CHECK(fm_stats_parse(&s, (const uint8_t *)bytes, n, &used, &e) == FM_EINPUT,
          "%s", why);
    CHECK(strstr(e.msg, why), "%s, not %s", e.msg, why);
    fm_stats_free(&s);
}

/* As many values as are exact, and no more. */
static void
most(void)
{
    const uint8_t pixel = 0;
    const struct fm_dataset d = {
        .n = 1, .c = 1, .h = 1 << 21, .w = 1 << 20, .x = &pixel};
    const uint32_t row = 0;
    const struct fm_stats_feature f = {.name = ""};
    struct fm_stats s = {0}, more = {0};
    struct fm_err e = {0};

    CHECK(fm_stats_take(&s, &d, &row, 1, &e) == FM_EINPUT, "2^41 pixels");
    CHECK(strstr(e.msg, "more than 2^40 values"), "%s", e.msg);
    CHECK(fm_stats_take(&s, &d, &row, (size_t)1 << 60, NULL) == FM_EINPUT,
          "more than there are");
    more.pixels = s.pixels;
    s.n = more.n = 1;
    s.count = 1;
    more.count = (uint64_t)1 << 40;
    s.feature = more.feature = (struct fm_stats_feature *)&f;
    e = (struct fm_err){0};
    CHECK(fm_stats_add(&s, &more, &e) == FM_EINPUT, "added");
    CHECK(strstr(e.msg, "more than 2^40 values"), "%s", e.msg);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "not a file of sums"},
        {"a,b,c\n1,2,3\n", "not a file of sums"},
        {"gedmrn-stats\t1\ttable\t4\t1\n", "not a file of sums"},
        {"fedmrn-stats\t1\ttable\t18446744073709551620\t1\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t4\t1\nabcdef\t0x0\t0x0p+0\n",
         "line 2: not an exact sum"},
        {"fedmrn-stats\t1\ttable\t4\t00000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000000000000000000000001"
         "\n",
         "line 1: not a line of sums"},
        {"fedmrn-stats\t1\ttable\t4\t1", "line 1: cut short"},
        {"fedmrn-stats\t1\ttable\t4\n", "line 1: 4 fields, not 5"},
        {"fedmrn-stats\t2\ttable\t4\t1\n", "version '2'"},
        {"fedmrn-stats\t1\tchairs\t4\t1\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t0\t1\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t-4\t1\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t1099511627777\t1\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t4\t16777217\n", "not a head"},
        {"fedmrn-stats\t1\ttable\t4\t16777216\na\t0x0p+0\t0x0p+0\n",
         "16777216 features, but the file is shorter"},
        {"fedmrn-stats\t1\ttable\t4\t1\nabcdef\t0x0p+0\t0x0\n",
         "line 2: not an exact sum"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\033[2J\t0x0p+0\t0x0p+0\n",
         "line 2: a control character in a name"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\xc2\x9b\t0x0p+0\t0x0p+0\n",
         "line 2: a control character in a name"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x1p-150\t0x1p+0\n",
         "line 2: no 4 numbers have these sums"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x1p+200\t0x1p+0\n", "no 4 numbers"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x0p+0\t-0x1p+0\n", "no 4 numbers"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x5p+0\t0x3p+1\n", "no 4 numbers"},
        {"fedmrn-stats\t1\tpixels\t4\t1\n\t0x1p-1\t0x1p+0\n", "no 4 numbers"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x1p+0\t0x1p+0\nfin\t0\n",
         "line 3: no end"},
        {"fedmrn-stats\t1\ttable\t4\t1\na\t0x1p+0\t0x1p+0\nend\t0\n",
         "damaged: the checksum"},
    };
    struct fm_dataset d = table(x, 4, 2, "a\0b", 4);
    struct fm_stats s = take(&d, rows, 4), t;
    struct fm_buf b = text(&s);
    struct fm_err e = {0};
    size_t used;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i].text, strlen(bad[i].text), bad[i].why);
    refused("fedmrn-stats\t1\0\ttable\t4\t1\n", 29, "line 1: not a line of");
    for (size_t n = 0; n < b.len; n++)
        refused((const char *)b.data, n, n < 13 ? "not a file" : "");
    for (size_t i = 0; i < b.len; i++) {
        b.data[i] ^= 1;
        refused((const char *)b.data, b.len, "");
        b.data[i] ^= 1;
    }
    /* What follows is the next one's. */
    CHECK(!fm_buf_add(&b, "more", 4, &e), "%s", e.msg);
    CHECK(!fm_stats_parse(&t, b.data, b.len, &used, &e), "%s", e.msg);
    CHECK(used == b.len - 4, "%zu", used);
    CHECK(!strcmp(t.feature[1].name, "b"), "%s", t.feature[1].name);
    fm_stats_free(&t);
    fm_buf_free(&b);
    fm_stats_free(&s);
    fm_buf_free(&d.names);
}

/* Sums of `count` numbers as a file has them, read; `s` is to be released. */
static int
read_sums(struct fm_stats *s, uint64_t count, const char *squares)
{
    struct fm_stats_feature f = {.name = "a"};
    const struct fm_stats made = {.count = count, .n = 1, .feature = &f};
    struct fm_buf b;
    struct fm_err e = {0};
    size_t used;
    int rc;

    CHECK(fm_wide_parse(&f.squares, squares), "%s", squares);
    b = text(&made);
    rc = fm_stats_parse(s, b.data, b.len, &used, &e);
    fm_buf_free(&b);
    return rc;
}

/* Files that one by one are possible are so together, up to the last bit. */
static void
heaviest(void)
{
    const uint64_t count = UINT64_C(1) << 34;
    struct fm_stats s, more;
    struct fm_err e = {0};

    CHECK(read_sums(&s, count, "0x1p+290") == FM_EINPUT, "2^34 of 2^128");
    fm_stats_free(&s);
    CHECK(read_sums(&s, 1, "0x1p+256") == FM_EINPUT, "one of 2^128");
    fm_stats_free(&s);
    CHECK(!read_sums(&s, count, "0xffffffp+266"), "just below");
    for (int i = 1; i < 64; i++) {
        CHECK(!read_sums(&more, count, "0xffffffp+266"), "just below");
        CHECK(!fm_stats_add(&s, &more, &e), "%s", e.msg);
        fm_stats_free(&more);
    }
    CHECK(s.count == (uint64_t)1 << FM_STATS_COUNT_LOG2, "count");
    CHECK(fm_stats_std(&s, 0) > 0x1.fffffp+127, "%a", fm_stats_std(&s, 0));
    fm_stats_free(&s);
}

static void
unlike(void)
{
    static const uint8_t p[] = {1, 2};
    struct fm_dataset one = table(x, 4, 2, "a\0b", 4),
                      other = table(x, 4, 2, "b\0a", 4),
                      wide = table(x, 2, 4, "a\0b\0c\0d", 8);
    struct fm_dataset image = {.n = 1, .c = 2, .h = 1, .w = 1, .x = p};
    const struct {
        const struct fm_dataset *d;
        const char *why;
    } bad[] = {
        {&other, "feature 1 is 'b', but 'a' before it"},
        {&wide, "4 features, but 2 before it"},
        {&image, "sums of pixels do not add up with those of a table"},
    };
    struct fm_stats s = take(&one, rows, 4);

    for (size_t i = 0; i < 3; i++) {
        struct fm_err e = {0};
        struct fm_stats t = take(bad[i].d, rows, 1);

        CHECK(fm_stats_add(&s, &t, &e) == FM_EINPUT, "%s", bad[i].why);
        CHECK(strstr(e.msg, bad[i].why), "%s", e.msg);
        CHECK(s.count == 4, "%llu", (unsigned long long)s.count);
        fm_stats_free(&t);
    }
    fm_stats_free(&s);
    fm_buf_free(&one.names);
    fm_buf_free(&other.names);
    fm_buf_free(&wide.names);
}

int
main(void)
{
    golden();
    pixels();
    hostile();
    most();
    heaviest();
    unlike();
    return 0;
}
