#include "check.h"
#include "fed/seen.h"

#include <stdio.h>

int
main(void)
{
    struct fm_seen s = {0};
    char name[24];

    CHECK(!fm_seen_has(&s, "a", 1), "nobody yet");
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "c%d", i * 7 % 500);
        CHECK(!fm_seen_add(&s, name, (uint64_t)(i % 5), NULL), "add");
        CHECK(!fm_seen_add(&s, name, (uint64_t)(i % 5), NULL), "again");
    }
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "c%d", i * 7 % 500);
        for (int k = 0; k < 5; k++)
            CHECK(fm_seen_has(&s, name, (uint64_t)k) == (k == i % 5),
                  "%s in round %d", name, k);
    }
    fm_seen_forget(&s, 3);
    CHECK(s.n == 400, "%zu", s.n);
    CHECK(!fm_seen_has(&s, "c0", 0) && fm_seen_has(&s, "c21", 3), "forgotten");
    CHECK(!fm_seen_add(&s, "late", 9, NULL) && fm_seen_has(&s, "late", 9) &&
              fm_seen_has(&s, "c21", 3),
          "added later");
    fm_seen_free(&s);
    CHECK(s.n == 0 && !fm_seen_has(&s, "late", 9), "freed");
    return 0;
}
