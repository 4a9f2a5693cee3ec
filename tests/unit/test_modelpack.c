#include "tensor/model.h"

#include "newmodel.h"

#include <string.h>

/* 29 counts. */
static const char net[] = "input 2x4x4\nconv 1 3x3\nrelu\nlinear 2\n";

static struct fm_model *
model(uint32_t votes)
{
    struct fm_model *m = nm_model(FM_FEDPM, net, 1);
    struct fm_err e = {0};
    uint32_t ones[29];

    for (size_t i = 0; i < 29; i++)
        ones[i] = (uint32_t)((uint64_t)votes * i / 28);
    CHECK(!fm_model_recount(m, ones, votes, &e), "%s", e.msg);
    return m;
}

static struct fm_buf
copy(const struct fm_buf *b)
{
    struct fm_buf c = {0};

    CHECK(!fm_buf_add(&c, b->data, b->len, NULL), "memory");
    return c;
}

/* ceil(log2(votes + 1)) bits a count, and the plain file's id and bytes. */
static void
round_trip(void)
{
    static const struct {
        uint32_t votes;
        size_t bits;
    } kind[] = {{0, 0},
                {1, 1},
                {3, 2},
                {4, 3},
                {10, 4},
                {255, 8},
                {256, 9},
                {65535, 16},
                {65536, 17},
                {1 << 24, 25},
                {(uint32_t)INT32_MAX, 31}};

    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        struct fm_model *m = model(kind[k].votes), *back;
        struct fm_buf plain = {0}, packed = {0}, in, again = {0};
        struct fm_err e = {0};
        size_t header;

        CHECK(!fm_model_dump(&plain, m, &e), "%s", e.msg);
        CHECK(!fm_model_pack(&packed, m, &e), "%s", e.msg);
        header = 8 + (size_t)fm_get64(packed.data);
        CHECK(packed.len - header == (29 * kind[k].bits + 7) / 8, "%zu: %zu", k,
              packed.len - header);
        in = copy(&packed);
        back = fm_model_parse(&in, &e);
        CHECK(back, "%u votes: %s", kind[k].votes, e.msg);
        CHECK(fm_id_cmp(&back->id, &m->id) == 0, "another id");
        CHECK(!fm_model_dump(&again, back, &e), "%s", e.msg);
        CHECK(again.len == plain.len &&
                  memcmp(again.data, plain.data, plain.len) == 0,
              "another file");
        fm_model_free(back);
        fm_model_free(m);
        fm_buf_free(&plain);
        fm_buf_free(&packed);
        fm_buf_free(&again);
    }
}

/* Least significant bit first: counts of 3 votes are 0 .. 3. */
static void
golden(void)
{
    struct fm_model *m = model(3);
    struct fm_buf b = {0};
    struct fm_err e = {0};
    const uint8_t *p;

    CHECK(!fm_model_pack(&b, m, &e), "%s", e.msg);
    p = b.data + b.len - 8;
    /* 10 zeros, 9 ones, 9 twos and a three, of two bits each */
    CHECK(memcmp(p, "\x00\x00\x50\x55\x95\xaa\xaa\x02", 7) == 0,
          "%02x %02x %02x %02x %02x %02x %02x %02x", p[0], p[1], p[2], p[3],
          p[4], p[5], p[6], p[7]);
    CHECK(memmem(b.data, b.len, "\"fedmrn.counts\":\"packed\"", 24),
          "metadata");
    CHECK(
        memmem(b.data, b.len, "\"counts\":{\"dtype\":\"U8\",\"shape\":[8]", 34),
        "tensor");
    fm_buf_free(&b);
    fm_model_free(m);
}

/* Every cut and every flipped bit is noticed. */
static void
hostile(void)
{
    struct fm_model *m = model(10);
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(!fm_model_pack(&b, m, &e), "%s", e.msg);
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        struct fm_buf in = copy(&b);

        in.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!fm_model_parse(&in, NULL), "bit %zu", bit);
    }
    for (size_t n = 0; n < b.len; n++) {
        struct fm_buf in = copy(&b);

        in.len = n;
        CHECK(!fm_model_parse(&in, NULL), "cut to %zu", n);
    }
    fm_buf_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    round_trip();
    golden();
    hostile();
    return 0;
}
