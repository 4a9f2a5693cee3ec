/*
 * bench_noise: noise integers in millions per second, one thread, in pieces
 * that stay in the cache.  The best of several passes.
 */
#include "bench.h"
#include "rand/noise.h"

#include <string.h>
#include <unistd.h>

enum { PIECE = 8192, PASSES = 5 };

int
main(int argc, char **argv)
{
    static int32_t n[PIECE];
    enum fm_dist d = FM_UNIFORM;
    size_t count = 1 << 24;
    double best = 0;
    int c;

    while ((c = getopt(argc, argv, "d:n:")) != -1)
        if (c == 'n')
            count = bench_number(optarg, PIECE, (size_t)1 << 35);
        else if (c != 'd' || fm_dist_parse(&d, optarg, strlen(optarg)))
            bench_usage("bench_noise [-d distribution] [-n count]");
    count -= count % PIECE;
    fm_noise_fill(n, 1, d, 0, 0, PIECE); /* builds the gaussian table */
    for (int i = 0; i < PASSES; i++) {
        double start = bench_now(), rate;

        for (size_t at = 0; at < count; at += PIECE)
            fm_noise_fill(n, 1, d, 0, at, PIECE);
        rate = (double)count / (bench_now() - start) / 1e6;
        if (rate > best)
            best = rate;
    }
    printf("%.1f\n", best);
    return 0;
}
