#include "data/rows.h"

#include "check.h"

#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test_rows.XXXXXX";
static char path[64];

static void
put(const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(text, 1, n, f) == n && fclose(f) == 0, "%s", path);
}

static void
golden(void)
{
    static const char text[] = "# rows of client 3\n7\r\n\n0\n007\n9";
    static const uint32_t want[] = {7, 0, 9};
    struct fm_err e = {0};
    uint32_t *row;
    size_t n;

    put(text, sizeof text - 1);
    CHECK(fm_rows_read(&row, &n, path, 10, &e) == FM_EINPUT, "7 twice");
    CHECK(strstr(e.msg, "rows:5: row 7 comes twice"), "%s", e.msg);
    CHECK(!row && n == 0, "a list from a failure");
    e.code = FM_OK;
    put("# rows of client 3\n7\r\n\n0\n9", 28 - 2);
    CHECK(!fm_rows_read(&row, &n, path, 10, &e), "%s", e.msg);
    CHECK(n == 3 && memcmp(row, want, sizeof want) == 0, "%zu rows", n);
    free(row);
}

/* More rows than the list starts with, so that it has to grow. */
static void
many(void)
{
    FILE *f = fopen(path, "w");
    struct fm_err e = {0};
    uint32_t *row, *all;
    size_t n;

    CHECK(f, "%s", path);
    for (int i = 0; i < 5000; i++)
        fprintf(f, "%d\n", i);
    CHECK(fclose(f) == 0, "%s", path);
    CHECK(!fm_rows_read(&row, &n, path, 5000, &e), "%s", e.msg);
    all = fm_rows_all(5000, &e);
    CHECK(all && n == 5000 && memcmp(row, all, n * sizeof *row) == 0, "rows");
    free(row);
    free(all);
}

static void
refuse(const char *text, size_t n, const char *part)
{
    struct fm_err e = {0};
    uint32_t *row;
    size_t got;

    put(text, n);
    CHECK(fm_rows_read(&row, &got, path, 10, &e) == FM_EINPUT, "%s", text);
    CHECK(strstr(e.msg, part), "wanted \"%s\": %s", part, e.msg);
    CHECK(!row, "a list from a failure");
}

static void
hostile(void)
{
    struct fm_err e = {0};
    uint32_t *row;
    size_t n;

    refuse("", 0, "rows: no row numbers in it");
    refuse("#1\n\n", 4, "no row numbers");
    refuse("1\n10\n", 5, "rows:2: row 10 is not below the data set's 10");
    refuse("99999999999999999999999999999999999999999\n", 42, "is not below");
    refuse("-1\n", 3, "rows:1: '-1' is not a row number");
    refuse("1 2\n", 4, "'1 2' is not");
    refuse("1\t\n", 3, "is not a row number");
    refuse("0x1\n", 4, "is not a row number");
    refuse("1\0002\n", 4, "rows: not a text, but row numbers are wanted");
    refuse("1\x1b\n", 3, "'1?' is not");
    CHECK(fm_rows_read(&row, &n, "/nonexistent/r", 10, &e) == FM_EINPUT &&
              strstr(e.msg, "/nonexistent/r"),
          "%s", e.msg);
}

int
main(void)
{
    CHECK(mkdtemp(dir), "no temporary directory");
    snprintf(path, sizeof path, "%s/rows", dir);
    golden();
    many();
    hostile();
    unlink(path);
    rmdir(dir);
    return 0;
}
