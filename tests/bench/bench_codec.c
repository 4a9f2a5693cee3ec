/*
 * bench_codec: a float update in millions of parameters per second, one thread,
 * the best of three calls: coded (-w encode) or decoded (decode) by the codec
 * -c (signsgd), a normal update of -p parameters (10 million); -b prints the
 * bits per parameter.
 */
#include "base/mem.h"
#include "bench.h"
#include "codec/codec.h"
#include "rand/stream.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 3, NORMALS = 4096 };

/* Of one thread the processor's time is the time, and nobody else is in it. */
static double
cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Any of NORMALS normal numbers in each place: they take long to draw. */
static void
fill(float *x, size_t n)
{
    float normal[NORMALS];
    struct fm_stream s;
    uint64_t r = 3;

    fm_stream_start(&s, 1, 0, 0, FM_FOR_SPLIT);
    for (int i = 0; i < NORMALS; i++)
        normal[i] = (float)fm_stream_normal(&s) * 0x1p-10f;
    for (size_t i = 0; i < n; i++)
        x[i] = normal[bench_random(&r) % NORMALS];
}

static int
run(const struct fm_codec *codec, size_t n, const char *what, bool bits,
    struct fm_err *e)
{
    const struct fm_codec_shape s = {
        .codec = *codec, .count = &n, .ntensors = 1, .n = n, .key = 7};
    float *x = fm_alloc_dirty(n, sizeof *x, e);
    float *y = fm_alloc_dirty(n, sizeof *y, e);
    struct fm_buf code = {0}, again = {0};
    double best = 0;
    int rc = x && y ? 0 : FM_ESYS;

    if (rc)
        goto out;
    fill(x, n);
    rc = fm_codec_encode(&code, &s, x, 1, e);
    for (int i = 0; i <= CALLS && rc == 0 && !bits; i++) {
        double start = cpu_now(), rate;

        again.len = 0;
        if (strcmp(what, "encode") == 0)
            rc = fm_codec_encode(&again, &s, x, 1, e);
        else
            rc = fm_codec_decode(y, &s, code.data, code.len, e);
        rate = (double)n / (cpu_now() - start) / 1e6;
        if (i > 0 && rate > best)
            best = rate;
    }
    if (rc == 0)
        printf("%.3f\n", bits ? 8 * (double)code.len / (double)n : best);
out:
    fm_buf_free(&code);
    fm_buf_free(&again);
    free(x);
    free(y);
    return rc;
}

int
main(int argc, char **argv)
{
    static const char usage[] =
        "bench_codec [-b] [-c codec] [-w encode|decode] [-p params]";
    struct fm_codec codec = {FM_CODEC_SIGNSGD, 0, 0};
    struct fm_err e = {0};
    const char *what = "decode";
    size_t n = 10000000;
    bool bits = false;
    int c;

    while ((c = getopt(argc, argv, "bc:w:p:")) != -1)
        switch (c) {
        case 'b':
            bits = true;
            break;
        case 'c':
            if (!fm_codecname_parse(&codec, optarg) ||
                codec.kind == FM_CODEC_FLOAT32)
                bench_usage(usage);
            break;
        case 'w':
            what = optarg;
            if (strcmp(what, "encode") != 0 && strcmp(what, "decode") != 0)
                bench_usage(usage);
            break;
        case 'p':
            n = bench_number(optarg, 1, (size_t)1 << 30);
            break;
        default:
            bench_usage(usage);
        }
    if (run(&codec, n, what, bits, &e))
        bench_die("bench_codec", &e);
    return 0;
}
