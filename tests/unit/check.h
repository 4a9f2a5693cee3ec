/*
 * check: what a unit test asserts with.  A failed check prints its place and
 * its message and ends the program with status 1; a test that ran to its end
 * returns 0.  A skip prints why and goes on.
 */
#ifndef FM_TESTS_CHECK_H
#define FM_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(cond, ...)                                                       \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond);         \
            fprintf(stderr, __VA_ARGS__);                                      \
            fputc('\n', stderr);                                               \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

#define SKIP(...)                                                              \
    do {                                                                       \
        printf("skip: " __VA_ARGS__);                                          \
        putchar('\n');                                                         \
    } while (0)

#endif
