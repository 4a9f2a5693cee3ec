/*
 * bench_coder: masks in millions of parameters per second, one thread, the
 * best of three calls: coded (-w encode), decoded to raw bits (decode), or
 * decoded and added to the sums (sum), where -n bundles (10) are decoded and
 * then added in one call, as fedmrn-aggregate does.  The masks are drawn over
 * the noise with a shared dither, from updates whose size -u gives in
 * hundredths of the noise's magnitude; -b prints the bits per parameter.
 * FEDMRN_CPU caps the instruction set as everywhere.
 */
#include "agg/accum.h"
#include "answer.h"
#include "bundle/maskcode.h"
#include "mask/draw.h"
#include "rand/philox.h"

#include <unistd.h>

enum { CALLS = 3, RUN = 1024, CLIENTS = 32 };

struct job {
    size_t params, update, clients;
    enum fm_method method;
    enum fm_dist dist;
    const char *what;
    bool bits;
};

/* The only tensor's masks, as training ends with them. */
static void
draw(struct fm_bundle *b, const struct fm_model *m, const struct job *j)
{
    uint64_t key = fm_model_noise_key(m, b->round, b->client), x = 9;
    struct fm_place at = {fm_key_client(m->seed, b->round, b->client), 0, 0,
                          FM_FOR_DITHER};
    const double size = (double)j->update * 0.01 * 0x1p-8;

    for (size_t i = 0; i < m->masked; i += RUN) {
        size_t n = m->masked - i < RUN ? m->masked - i : RUN;
        uint16_t k[RUN];
        int32_t noise[RUN];
        uint8_t mask[RUN];
        float u[RUN];

        fm_noise_fill(noise, key, m->set.dist, 0, i, n);
        for (size_t r = 0; r < n && m->set.method == FM_FEDBAT; r++)
            noise[r] = 1 << 16;
        fm_philox_lanes(k, &at, (uint32_t)(i / FM_LANES),
                        (n + FM_LANES - 1) / FM_LANES);
        for (size_t r = 0; r < n; r++) /* a triangle about 0 */
            u[r] = (float)(size * 0x1p-31 *
                           ((double)(bench_random(&x) >> 33) -
                            (double)(bench_random(&x) >> 33)));
        fm_draw_stochastic(mask, u, noise, k, n, 1 << 16,
                           j->method != FM_FEDMRN);
        fm_bits_put(b->bytes.data, i, mask, n);
    }
}

static int
decode_and_add(const struct fm_model *m, const struct fm_bundle *b,
               const struct fm_buf *code, size_t n, struct fm_accum *sum,
               struct fm_err *e)
{
    const struct fm_bundle *all[CLIENTS] = {NULL};
    struct fm_bundle got[CLIENTS];
    struct fm_buf out[CLIENTS] = {{0}};
    int rc = 0;

    for (size_t k = 0; k < n && rc == 0; k++) {
        rc = fm_maskcode_decode(&out[k], b, code->data, code->len, m, NULL, e);
        got[k] = *b;
        got[k].masks = out[k].data;
        all[k] = &got[k];
    }
    if (rc == 0)
        rc = fm_accum_add(sum, all, n, NULL, e);
    for (size_t k = 0; k < n; k++)
        fm_buf_free(&out[k]);
    return rc;
}

/* One call of what is measured; `code` is there already. */
static int
once(const struct job *j, const struct fm_model *m, const struct fm_bundle *b,
     const struct fm_buf *code, struct fm_accum *sum, struct fm_err *e)
{
    struct fm_buf out = {0};
    int rc;

    if (strcmp(j->what, "sum") == 0)
        return decode_and_add(m, b, code, j->clients, sum, e);
    if (strcmp(j->what, "encode") == 0)
        rc = fm_maskcode_encode(&out, b, m, NULL, e);
    else
        rc = fm_maskcode_decode(&out, b, code->data, code->len, m, NULL, e);
    fm_buf_free(&out);
    return rc;
}

static int
run(const struct job *j, struct fm_err *e)
{
    struct fm_model *m = bench_model(j->params, j->method, j->dist, e);
    struct fm_accum *sum = m ? fm_accum_new(m, e) : NULL;
    struct fm_bundle b = {0};
    struct fm_buf code = {0};
    const size_t times = strcmp(j->what, "sum") == 0 ? j->clients : 1;
    double best = 0;
    int rc = sum ? 0 : (int)e->code;

    if (rc || (rc = bench_answer(&b, m, 0, e)))
        goto out;
    draw(&b, m, j);
    rc = fm_maskcode_encode(&code, &b, m, NULL, e);
    for (int i = 0; i <= CALLS && rc == 0 && !j->bits; i++) {
        double start = bench_now(), rate;

        rc = once(j, m, &b, &code, sum, e);
        rate = (double)(times * m->masked) / (bench_now() - start) / 1e6;
        if (i > 0 && rate > best)
            best = rate;
    }
    if (rc == 0)
        printf("%.3f\n",
               j->bits ? 8 * (double)code.len / (double)m->masked : best);
out:
    fm_buf_free(&code);
    fm_bundle_free(&b);
    fm_accum_free(sum);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    static const char usage[] =
        "bench_coder [-b] [-m method] [-w encode|decode|sum] "
        "[-p params] [-u update] [-d distribution] [-n bundles]";
    struct job j = {10000000, 100, 10, FM_FEDMRN, FM_UNIFORM, "decode", false};
    struct fm_err e = {0};
    int c;

    while ((c = getopt(argc, argv, "bw:p:u:d:n:m:")) != -1)
        switch (c) {
        case 'b':
            j.bits = true;
            break;
        case 'w':
            j.what = optarg;
            if (strcmp(optarg, "encode") != 0 &&
                strcmp(optarg, "decode") != 0 && strcmp(optarg, "sum") != 0)
                bench_usage(usage);
            break;
        case 'p':
            j.params = bench_number(optarg, BENCH_INPUTS, (size_t)1 << 32);
            break;
        case 'u':
            j.update = bench_number(optarg, 1, 1000);
            break;
        case 'd':
            if (fm_dist_parse(&j.dist, optarg, strlen(optarg)))
                bench_usage(usage);
            break;
        case 'n':
            j.clients = bench_number(optarg, 1, CLIENTS);
            break;
        case 'm':
            j.method = bench_method(optarg);
            break;
        default:
            bench_usage(usage);
        }
    if (run(&j, &e))
        bench_die("bench_coder", &e);
    return 0;
}
