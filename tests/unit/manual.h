/*
 * manual: test vectors that stand in a manual, so that the two cannot drift.
 *
 * In the page, a line `.\" vectors: NAME` stands before a `.Bd -literal` block
 * that must have exactly the given text.  Tests run in the top directory.
 */
#ifndef FM_TESTS_MANUAL_H
#define FM_TESTS_MANUAL_H

#include "check.h"

#include <string.h>

/* manual_check - does the page's block NAME read `want`, line by line? */
static inline void
manual_check(const char *page, const char *name, const char *want)
{
    char line[256], mark[64], plain[256];
    const char *at = want;
    int state = 0; /* 0 before the mark, 1 after it, 2 inside, 3 done */
    FILE *fp = fopen(page, "r");

    if (!fp) {
        SKIP("no %s here: run me in the top directory", page);
        return;
    }
    snprintf(mark, sizeof mark, ".\\\" vectors: %s\n", name);
    while (state < 3 && fgets(line, sizeof line, fp)) {
        size_t n = 0;

        if (state == 0)
            state = strcmp(line, mark) == 0;
        else if (state == 1)
            state = strncmp(line, ".Bd", 3) == 0 ? 2 : 1;
        else if (strcmp(line, ".Ed\n") == 0)
            state = 3;
        else {
            for (const char *p = line; *p; p++) /* \- is a minus sign */
                if (!(p[0] == '\\' && p[1] == '-'))
                    plain[n++] = *p;
            CHECK(strncmp(at, plain, n) == 0, "%s has:\n%.*sbut now it is:\n%s",
                  page, (int)n, plain, want);
            at += n;
        }
    }
    CHECK(state == 3 && *at == '\0', "%s lacks, under \"%s\":\n%s", page, name,
          state == 3 ? at : want);
    fclose(fp);
}

#endif
