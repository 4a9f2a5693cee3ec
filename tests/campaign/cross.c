/*
 * cross: digests of what the exact modules compute, one a line.  Built for
 * another processor and run there it must print the same (cross.sh).
 */
#include "agg/accum.h"
#include "base/digest.h"
#include "base/mem.h"
#include "bundle/coded.h"
#include "bundle/dense.h"
#include "bundle/maskcode.h"
#include "data/split.h"
#include "mask/bits.h"
#include "mask/draw.h"
#include "rand/fmath.h"
#include "rand/philox.h"
#include "rand/stream.h"

#include "../unit/check.h"

#include <string.h>

#define NET                                                                    \
    "input 1x8x8\nconv 4 3x3 nobias\nbatchnorm\nrelu\nlinear 67\nrelu\n"       \
    "linear 5\n"

enum { COUNT = 100003, CLIENTS = 5 };

static uint64_t seed = 42;

/* Little-endian bytes are what leaves a machine: they are what is compared. */
static void
say(const char *name, const void *p, size_t n, size_t size)
{
    uint8_t *bytes = fm_alloc_dirty(n, size, NULL);
    char hex[FM_ID_HEX];
    struct fm_id id;

    CHECK(bytes, "memory");
    for (size_t i = 0; i < n; i++) {
        const uint8_t *from = (const uint8_t *)p + i * size;
        uint64_t v[2] = {0, 0};

        if (size == 16) {
            __int128 wide;

            memcpy(&wide, from, 16);
            v[0] = (uint64_t)wide;
            v[1] = (uint64_t)(wide >> 64);
        } else if (size == 8) {
            memcpy(v, from, 8);
        } else if (size == 4) {
            uint32_t w;

            memcpy(&w, from, 4);
            v[0] = w;
        } else if (size == 2) {
            uint16_t w;

            memcpy(&w, from, 2);
            v[0] = w;
        } else {
            v[0] = *from;
        }
        for (size_t k = 0; k < size; k++)
            bytes[i * size + k] = (uint8_t)(v[k / 8] >> 8 * (k % 8));
    }
    id = fm_hash128(bytes, n * size);
    printf("%s %s\n", name, fm_id_hex(hex, &id));
    free(bytes);
}

static void
draws(void)
{
    static const char *const name[] = {"noise uniform", "noise gaussian",
                                       "noise bernoulli"};
    static int32_t n[COUNT];
    static uint16_t k[COUNT + 8];
    static uint32_t order[COUNT];
    static double x[1000];
    const struct fm_place at = {seed, 3, 1, FM_FOR_DITHER};
    struct fm_stream s;
    uint64_t key[3] = {fm_key_client(seed, 7, "a"), fm_key_round(seed, 7),
                       fm_hash64("abc", 3)};

    say("keys", key, 3, 8);
    for (int d = 0; d < 3; d++) {
        fm_noise_fill(n, key[0], (enum fm_dist)d, 2, 128, COUNT);
        say(name[d], n, COUNT, 4);
    }
    say("gaussian table", fm_noise_table(), 65536, 4);
    fm_philox_lanes(k, &at, 5, (COUNT + 7) / 8);
    say("lanes", k, COUNT, 2);
    fm_stream_start(&s, seed, 1, 2, FM_FOR_SHUFFLE);
    for (uint32_t i = 0; i < COUNT; i++)
        order[i] = i;
    fm_stream_shuffle(&s, order, COUNT);
    say("shuffle", order, COUNT, 4);
    for (size_t i = 0; i < 1000; i++)
        x[i] =
            fm_stream_gamma(&s, 0.3 + (double)i / 100) + fm_stream_normal(&s);
    say("gammas and normals", x, 1000, 8);
    for (size_t i = 0; i < 1000; i++)
        x[i] = fm_log((double)(i + 1) / 77) + fm_exp((double)i / 99) +
               fm_normal_inverse(((double)i + .5) / 1000);
    say("log, exp and normal quantiles", x, 1000, 8);
}

static struct fm_model *
model(enum fm_method method, enum fm_dist dist)
{
    struct fm_err e = {0};
    const char *net =
        method == FM_FEDPM ? "input 80\nlinear 67\nlinear 5\n" : NET;
    struct fm_settings set;
    struct fm_model *m;

    fm_settings_default(&set, method);
    set.dist = dist;
    m = fm_model_new(fm_arch_parse(net, "net", &e), &set, seed, &e);
    CHECK(m, "%s", e.msg);
    if (method != FM_FEDPM)
        CHECK(fm_model_init_values(m, "kaiming", &e) == 0, "%s", e.msg);
    m->id.b[3] = 7; /* a file's; there is none */
    return m;
}

/* Masks of small updates, drawn as fedmrn-train does. */
static void
draw(struct fm_bundle *b, const struct fm_model *m)
{
    const uint64_t key = fm_key_client(m->seed, b->round, b->client);
    static float u[COUNT];
    static int32_t n[COUNT];
    static uint16_t k[COUNT + 8];
    static uint8_t mask[COUNT];
    struct fm_stream s;

    fm_stream_start(&s, seed, 9, 9, FM_FOR_MASK);
    for (size_t t = 0; t < m->arch->ntensors; t++) {
        const struct fm_place at = {key, 0, (uint32_t)t, FM_FOR_DITHER};
        size_t count = m->tensor[t].spec->count;

        CHECK(count <= COUNT, "room");
        if (!m->tensor[t].masked)
            continue;
        fm_noise_fill(n, key, m->set.dist, (uint32_t)t, 0, count);
        fm_philox_lanes(k, &at, 0, (count + 7) / 8);
        for (size_t i = 0; i < count; i++)
            u[i] = (float)((fm_stream_unit(&s) - .5) * .004);
        if (m->set.method == FM_FEDPM)
            for (size_t i = 0; i < count; i++)
                mask[i] = u[i] > 0;
        else
            fm_draw_stochastic(mask, u, n, k, count, 1u << 16,
                               m->set.method == FM_FEDMRNS);
        fm_bits_put(b->bytes.data, m->tensor[t].at, mask, count);
    }
    for (size_t i = 0; i < m->full; i++)
        fm_putf(b->bytes.data + fm_bits_size(m->masked) + 4 * i,
                (float)((double)fm_stream_below(&s, 65) - 32) * 0x1p-9f);
}

static struct fm_bundle
answer(const struct fm_model *m, const char *client)
{
    struct fm_bundle b = {.method = m->set.method,
                          .round = m->round + 1,
                          .samples = 600,
                          .base = m->id,
                          .masked = m->masked,
                          .full = m->full};
    size_t bits = fm_bits_size(m->masked), bytes = bits + 8 + 4 * m->full;

    strcpy(b.client, client);
    CHECK(fm_buf_reserve(&b.bytes, bytes, NULL) == 0, "memory");
    memset(b.bytes.data, 0, bytes);
    b.bytes.len = bytes;
    b.masks = b.bytes.data;
    b.dense = b.bytes.data + bits;
    draw(&b, m);
    return b;
}

static void
codes(const char *name, struct fm_bundle *b, const struct fm_model *m)
{
    const size_t bits = fm_bits_size(m->masked);
    const struct fm_dense_shape shape = {NULL, 1, m->full};
    struct fm_buf code = {0}, back = {0};
    struct fm_err e = {0};
    char line[64];

    CHECK(fm_maskcode_encode(&code, b, m, NULL, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: code of the masks", name);
    say(line, code.data, code.len, 1);
    CHECK(fm_maskcode_decode(&back, b, code.data, code.len, m, NULL, &e) == 0,
          "%s", e.msg);
    CHECK(back.len == bits && memcmp(back.data, b->masks, bits) == 0,
          "other masks");
    code.len = 0;
    CHECK(fm_dense_encode(&code, b->dense, &shape, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: code of the deltas", name);
    say(line, code.data, code.len, 1);
    fm_buf_free(&code);
    fm_buf_free(&back);
}

/* The files that leave a machine: an answer, raw and coded, and a model. */
static void
files(const char *name, struct fm_bundle *b, struct fm_model *m)
{
    struct fm_buf file = {0};
    struct fm_err e = {0};
    char line[64];

    CHECK(fm_bundle_write(&file, b, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: raw file", name);
    say(line, file.data, file.len, 1);
    file.len = 0;
    CHECK(fm_coded_encode(b, m, NULL, &e) == 0, "%s", e.msg);
    CHECK(fm_bundle_write(&file, b, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: coded file", name);
    say(line, file.data, file.len, 1);
    file.len = 0;
    CHECK(fm_model_dump(&file, m, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: model file", name);
    say(line, file.data, file.len, 1);
    fm_buf_free(&file);
    fm_buf_free(&b->coded);
}

static void
sums(const char *name, enum fm_method method, enum fm_dist dist)
{
    struct fm_model *m = model(method, dist);
    struct fm_accum *a = fm_accum_new(m, NULL);
    struct fm_bundle b[CLIENTS];
    const struct fm_bundle *list[CLIENTS];
    struct fm_err e = {0};
    char line[64];

    CHECK(a, "memory");
    for (int i = 0; i < CLIENTS; i++) {
        char client[8] = {(char)('a' + i)};

        b[i] = answer(m, client);
        list[i] = &b[i];
    }
    say(name, b[0].bytes.data, b[0].bytes.len, 1);
    codes(name, &b[0], m);
    files(name, &b[0], m);
    CHECK(fm_accum_add(a, list, CLIENTS, NULL, &e) == 0, "%s", e.msg);
    snprintf(line, sizeof line, "%s: accumulators", name);
    if (method == FM_FEDPM) {
        say(line, a->votes->ones, m->masked, 4);
    } else {
        say(line, a->masked, m->masked, 8);
        snprintf(line, sizeof line, "%s: full accumulators", name);
        say(line, a->full, m->full, 16);
        CHECK(fm_accum_finish(a, m, NULL, &e) == 0, "%s", e.msg);
        snprintf(line, sizeof line, "%s: next model", name);
        for (size_t t = 0; t < m->arch->ntensors; t++)
            say(line, m->tensor[t].value, m->tensor[t].spec->count, 4);
    }
    for (int i = 0; i < CLIENTS; i++)
        fm_buf_free(&b[i].bytes);
    fm_accum_free(a);
    fm_model_free(m);
}

static void
splits(void)
{
    static const char *const scheme[] = {"iid", "dirichlet:0.3", "labels:0.3"};
    static uint8_t y[5000];

    for (size_t i = 0; i < sizeof y; i++)
        y[i] = (uint8_t)(i * i % 10);
    for (int i = 0; i < 3; i++) {
        struct fm_split s;

        CHECK(fm_split_make(&s, y, sizeof y, scheme[i], 20, 2, seed, NULL) == 0,
              "%s", scheme[i]);
        say(scheme[i], s.row, sizeof y, 4);
        fm_split_free(&s);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    draws();
    splits();
    sums("fedmrn uniform", FM_FEDMRN, FM_UNIFORM);
    sums("fedmrn bernoulli", FM_FEDMRN, FM_BERNOULLI);
    sums("fedmrns gaussian", FM_FEDMRNS, FM_GAUSSIAN);
    sums("fedpm", FM_FEDPM, FM_UNIFORM);
    return 0;
}
