/*
 * bench: what the benchmark programs share: a clock, medians, and words on
 * failure.  A program prints its figure as one number on a line; the shell
 * gives it a row (README.md).
 */
#ifndef FM_BENCH_BENCH_H
#define FM_BENCH_BENCH_H

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds of a clock that only goes forward. */
static inline double
bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline int
bench_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of n >= 1 values, which are sorted in place. */
static inline double
bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, bench_order);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* splitmix64 (Steele, Lea and Flood 2014): the benchmarks' own generator. */
static inline uint64_t
bench_random(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* End the program with a failure's message. */
static inline void
bench_die(const char *program, const struct fm_err *e)
{
    fprintf(stderr, "%s: %s\n", program, e->msg);
    exit(1);
}

static inline void
bench_usage(const char *text)
{
    fprintf(stderr, "usage: %s\n", text);
    exit(2);
}

/* A number of an option in min..max. */
static inline size_t
bench_number(const char *text, size_t min, size_t max)
{
    char *end;
    unsigned long long v = strtoull(text, &end, 10);

    if (end == text || *end || v < min || v > max) {
        fprintf(stderr, "'%s' is not an integer in %zu..%zu\n", text, min, max);
        exit(2);
    }
    return (size_t)v;
}

#endif
