#include "base/cpu.h"
#include "maskfix.h"

static struct fm_buf out, got;

static int
decode(const struct fm_bundle *b, const struct fm_model *m,
       struct fm_pool *pool, struct fm_err *e)
{
    got.len = 0;
    return fm_maskcode_decode(&got, b, out.data, out.len, m, pool, e);
}

static void
round_trip(const struct fm_bundle *b, const struct fm_model *m,
           struct fm_pool *pool)
{
    struct fm_err e = {0};

    out.len = 0;
    CHECK(fm_maskcode_encode(&out, b, m, pool, &e) == 0, "%s", e.msg);
    CHECK(fm_maskcode_alone(out.data, out.len) == (out.data[0] % 8 <= 1),
          "alone");
    CHECK(decode(b, m, pool, &e) == 0, "%s", e.msg);
    CHECK(got.len == fm_bits_size(b->masked), "%zu bytes", got.len);
    CHECK(memcmp(got.data, b->masks, got.len) == 0, "other masks");
}

/* Every kind of noise, method and dither, on each processor. */
static void
round_trips(const char *arch, enum fm_cpu_level level)
{
    struct fm_pool *pool = fm_pool_new(2, NULL);

    CHECK(pool, "pool");
    fm_cpu_cap(level);
    for (int d = FM_UNIFORM; d <= FM_BERNOULLI; d++)
        for (int how = 0; how < 4; how++) {
            struct fm_model *m = fx_model(
                arch, how & 1 ? FM_FEDMRNS : FM_FEDMRN, (enum fm_dist)d);
            struct fm_bundle b = fx_answer(m, "7", 600, 1);

            b.dither = how & 2 ? FM_DITHER_PRIVATE : FM_DITHER_SHARED;
            mf_draw(&b, m, d == FM_BERNOULLI ? 0.05f : 1);
            round_trip(&b, m, pool);
            round_trip(&b, NULL, NULL);
            memset(b.bytes.data, 0, fm_bits_size(b.masked));
            round_trip(&b, m, NULL);
            memset(b.bytes.data, 255, fm_bits_size(b.masked));
            if (b.masked % 8)
                b.bytes.data[b.masked / 8] = (uint8_t)((1 << b.masked % 8) - 1);
            round_trip(&b, m, NULL);
            fm_bundle_free(&b);
            fm_model_free(m);
        }
    fm_cpu_cap(FM_CPU_AVX512);
    fm_pool_free(pool);
}

/* Masks of any small size without a model. */
static void
small(void)
{
    struct fm_bundle b = {.method = FM_FEDMRN};
    uint8_t bits[40];

    for (b.masked = 0; b.masked < 300; b.masked++)
        for (int kind = 0; kind < 3; kind++) {
            memset(bits, 0, sizeof bits);
            for (size_t i = 0; i < b.masked; i++)
                bits[i / 8] |= (uint8_t)((kind == 0   ? 0
                                          : kind == 1 ? 1
                                                      : i % 31 == 0)
                                         << i % 8);
            b.masks = bits;
            if (b.masked == 0) {
                out.len = 0;
                CHECK(!fm_maskcode_encode(&out, &b, NULL, NULL, NULL) &&
                          out.len == 0 && !decode(&b, NULL, NULL, NULL),
                      "empty");
                continue;
            }
            round_trip(&b, NULL, NULL);
        }
}

/* The code of one parameter, by hand: stored, for nothing is shorter. */
static void
golden(void)
{
    const uint8_t one = 1;
    struct fm_bundle b = {.method = FM_FEDMRN, .masked = 1, .masks = &one};

    round_trip(&b, NULL, NULL);
    CHECK(out.len == 2 && out.data[0] == 0 && out.data[1] == 1, "bytes");
}

static void
refuse(const struct fm_bundle *b, const struct fm_model *m, const char *code,
       size_t size, const char *message)
{
    struct fm_err e = {0};

    got.len = 0;
    CHECK(fm_maskcode_decode(&got, b, (const uint8_t *)code, size, m, NULL,
                             &e) == FM_EINPUT,
          "%s", message);
    CHECK(strstr(e.msg, message), "%s, not %s", e.msg, message);
    CHECK(got.len == 0, "%zu bytes", got.len);
}

/* Every flip and cut of a code, and bytes of any kind: refused, or a mask. */
static void
hostile(void)
{
    struct fm_model *m = fx_model(FX_ARCH, FM_FEDMRN, FM_UNIFORM);
    struct fm_bundle b = fx_answer(m, "7", 600, 1);
    size_t kept = 0, raw = fm_bits_size(b.masked);
    char bytes[200];
    uint64_t x = 3;

    refuse(&b, m, "\4", 1, "form 4 is not known");
    refuse(&b, m, "\20", 1, "form 16 is not known");
    refuse(&b, m, "\10abc", 4, "form 8 is not known");
    refuse(&b, m, "\0abc", 4, "masks: 3 bytes, not the");
    b.method = FM_FEDSPARSIFY;
    refuse(&b, m, "\2abc", 4, "form 2 is not fedsparsify's");
    b.method = FM_FEDMRN;
    refuse(&b, NULL, "\2abc", 4, "which --model must give");
    refuse(&b, m, "\3", 1, "a curve is malformed");
    refuse(&b, m, "\1\1\20\0aaaa", 8, "a curve is malformed");
    refuse(&b, m, "\1\1\0\0", 4, "a curve is malformed");
    refuse(&b, m, "\1\0\104aaaaaaaaaaaaaaaaaa", 21, "a curve is malformed");
    refuse(&b, m, "\1\0\4", 3, "the code is too short");
    refuse(&b, m, "\1\0\4aaaaaaaaaaaaaaaaaa", 21, "not a code of");
    refuse(&b, m, "", 0, "masks: 0 bytes");

    mf_draw(&b, m, 1);
    round_trip(&b, m, NULL);
    CHECK(out.data[0] == FM_FORM_DITHER, "form %u", out.data[0]);
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        struct fm_err e = {0};
        int rc;

        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rc = decode(&b, m, NULL, &e);
        CHECK(rc == 0 || (rc == FM_EINPUT && e.msg[0]), "bit %zu", bit);
        if (rc == 0) {
            kept++;
            CHECK(fm_bits_check(got.data, got.len, b.masked, NULL) == 0,
                  "bit %zu: not a mask", bit);
        }
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(kept < 8, "%zu flips not noticed by the coder itself", kept);
    for (size_t n = out.len; n-- > 0;) {
        out.len = n;
        CHECK(decode(&b, m, NULL, NULL) == FM_EINPUT, "%zu bytes", n);
    }
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + fx_random(&x) % (sizeof bytes - 1);

        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)fx_random(&x);
        bytes[0] = (char)(bytes[0] & 11);
        got.len = 0;
        if (fm_maskcode_decode(&got, &b, (uint8_t *)bytes, n, m, NULL, NULL))
            continue;
        CHECK(got.len == raw, "%zu bytes", got.len);
    }
    fm_bundle_free(&b);
    fm_model_free(m);
}

/* Segments whose sizes lie. */
static void
segments(void)
{
    struct fm_bundle b = {.method = FM_FEDMRN,
                          .masked = 2 * (size_t)FM_SEGMENT + 5};
    struct fm_buf bits = {0};

    CHECK(!fm_buf_reserve(&bits, fm_bits_size(b.masked), NULL), "memory");
    memset(bits.data, 0, fm_bits_size(b.masked));
    bits.data[1000] = 1;
    b.masks = bits.data;
    round_trip(&b, NULL, NULL);
    for (size_t at = 3; at < 3 + 8; at++)
        for (int bit = 0; bit < 8; bit++) {
            out.data[at] ^= (uint8_t)(1 << bit);
            CHECK(decode(&b, NULL, NULL, NULL) == FM_EINPUT, "byte %zu", at);
            out.data[at] ^= (uint8_t)(1 << bit);
        }
    b.masked = (size_t)1 << 40;
    CHECK(decode(&b, NULL, NULL, NULL) == FM_EINPUT, "a size that is a lie");
    fm_buf_free(&bits);
}

int
main(void)
{
    golden();
    for (int level = 0; level < 3; level++)
        round_trips(FX_ARCH, (enum fm_cpu_level)level);
    round_trips(FX_TINY, FM_CPU_AVX512);
    round_trips("input 1x40x40\nlinear 200\n", FM_CPU_AVX512);
    small();
    hostile();
    segments();
    fm_buf_free(&out);
    fm_buf_free(&got);
    return 0;
}
