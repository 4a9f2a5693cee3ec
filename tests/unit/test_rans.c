#include "base/bytes.h"
#include "base/cpu.h"
#include "guard.h"
#include "mask/rans.h"

enum { N = 3000 };

static uint64_t state = 1;

static uint32_t
rnd(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * 0x2545f4914f6cdd1du >> 32);
}

static uint8_t bits[N / 8 + 1], got[N / 8 + 1], room[2 * N + 200];
static uint16_t p[N];

static size_t
encode(const uint8_t **code, size_t n, unsigned lanes)
{
    struct fm_rans_out out;
    size_t size = fm_rans_room(n);

    CHECK(size <= sizeof room, "room");
    fm_rans_start(&out, room, size, lanes);
    fm_rans_encode(&out, bits, p, n);
    *code = fm_rans_finish(&out);
    return (size_t)(room + size - *code);
}

/*
 * By hand, one entry in each of 4 lanes, p = 1/2: from 65536, a 1 leads to
 * (65536 / 16384) * 32768 + 0 = 131072, a 0 to that + 16384.
 */
static void
golden(void)
{
    static const uint8_t want[16] = {0, 0, 2, 0, 0, 64, 2, 0,
                                     0, 0, 2, 0, 0, 64, 2, 0};
    const uint8_t *code;

    bits[0] = 5;
    for (int i = 0; i < 4; i++)
        p[i] = FM_RANS_ONE / 2;
    CHECK(encode(&code, 4, FM_RANS_FEW) == 16, "size");
    CHECK(memcmp(code, want, 16) == 0, "bytes");
}

static void
draw(size_t n, int kind)
{
    memset(bits, 0, sizeof bits);
    for (size_t i = 0; i < n; i++) {
        static const uint16_t some[] = {1, 32767, 16384, 300, 20000};
        bool bit;

        p[i] = kind < 5 ? some[kind] : (uint16_t)(rnd() % 32767 + 1);
        bit = rnd() % FM_RANS_ONE < p[i];
        if (kind == 6) /* what is least likely */
            bit = p[i] < FM_RANS_ONE / 2;
        bits[i / 8] |= (uint8_t)(bit << i % 8);
    }
}

static bool
decode(const uint8_t *code, size_t size, size_t n, unsigned lanes)
{
    struct fm_rans_in in;
    size_t half = n / 64 * 32;

    memset(got, 0xff, sizeof got);
    return fm_rans_open(&in, code, size, lanes) &&
           fm_rans_decode(&in, got, p, half) &&
           fm_rans_decode(&in, got + half / 8, p + half, n - half) &&
           fm_rans_close(&in);
}

/* Every variant at every length that has a tail; and cuts and longer codes
 * of each are refused. */
static void
round_trips(enum fm_cpu_level level)
{
    static uint8_t first[2 * N + 200];

    fm_cpu_cap(level);
    if (fm_cpu() != level) {
        SKIP("no %s here", fm_cpu_name(level));
        return;
    }
    for (unsigned lanes = 4; lanes <= 32; lanes *= 8)
        for (int kind = 0; kind < 7; kind++)
            for (size_t n = 0; n < N; n += n < 200 ? 1 : 97) {
                const uint8_t *code;
                uint8_t copy[2 * N + 202];
                size_t size;

                draw(n, kind);
                fm_cpu_cap(FM_CPU_PORTABLE);
                size = encode(&code, n, lanes);
                memcpy(first, code, size);
                fm_cpu_cap(level);
                CHECK(encode(&code, n, lanes) == size, "size, n %zu", n);
                CHECK(memcmp(code, first, size) == 0, "code, n %zu", n);
                memcpy(copy, code, size);
                memset(copy + size, 0, 2);
                CHECK(decode(copy, size, n, lanes), "%u lanes, kind %d, n %zu",
                      lanes, kind, n);
                CHECK(memcmp(got, bits, (n + 7) / 8) == 0, "n %zu", n);
                CHECK(!decode(copy, size + 2, n, lanes), "a word more");
                CHECK(!decode(copy, size - 1, n, lanes), "a byte less");
                CHECK(!decode(copy, size - 2, n, lanes), "a word less");
            }
    fm_cpu_cap(FM_CPU_AVX512);
}

/* Pieces give the same code as the whole. */
static void
pieces(void)
{
    struct fm_rans_out out;
    const uint8_t *code;
    uint8_t whole[2 * N + 200];
    size_t size, room_size = fm_rans_room(N - 5);

    draw(N - 5, 5);
    size = encode(&code, N - 5, 32);
    memcpy(whole, code, size);
    fm_rans_start(&out, room, room_size, 32);
    fm_rans_encode(&out, bits + 40, p + 320, N - 5 - 320);
    fm_rans_encode(&out, bits + 8, p + 64, 256);
    fm_rans_encode(&out, bits, p, 64);
    code = fm_rans_finish(&out);
    CHECK((size_t)(room + room_size - code) == size, "size");
    CHECK(memcmp(code, whole, size) == 0, "bytes");
}

/* Close to the entropy: 3000 entries of p = 300/32768 have .0756 bits each. */
static void
length(void)
{
    const uint8_t *code;
    size_t size;

    draw(N, 3);
    size = encode(&code, N, 4);
    CHECK((double)size < 16 + 3000 * 0.0756 / 8 * 1.5, "%zu bytes", size);
}

/* Any bytes: no crash, and every variant says the same of them. */
/* States that no coder leaves. */
static void
low(void)
{
    uint8_t code[FM_RANS_FEW * 4];
    struct fm_rans_in in;

    memset(code, 0xff, sizeof code);
    CHECK(fm_rans_open(&in, code, sizeof code, FM_RANS_FEW), "good states");
    memset(code + sizeof code - 4, 0, 4);
    CHECK(!fm_rans_open(&in, code, sizeof code, FM_RANS_FEW), "a state of 0");
    memset(code, 0xff, sizeof code);
    CHECK(!fm_rans_open(&in, gd_copy(code, 14), 14, FM_RANS_FEW), "14 bytes");
}

static void
hostile(void)
{
    uint8_t code[400], first[N / 8 + 1];

    for (int round = 0; round < 3000; round++) {
        size_t size = rnd() % sizeof code, n = rnd() % N;
        unsigned lanes = rnd() % 2 ? 4 : 32;
        bool ok[3];

        draw(n, 5);
        for (size_t i = 0; i < size; i++)
            code[i] = (uint8_t)rnd();
        for (int level = 0; level < 3; level++) {
            struct fm_rans_in in;

            fm_cpu_cap((enum fm_cpu_level)level);
            memset(got, 0, sizeof got);
            ok[level] = fm_rans_open(&in, code, size, lanes) &&
                        fm_rans_decode(&in, got, p, n);
            if (level == 0)
                memcpy(first, got, sizeof got);
            CHECK(ok[level] == ok[0], "round %d", round);
            CHECK(!ok[0] || memcmp(first, got, (n + 7) / 8) == 0, "%d", round);
        }
    }
    fm_cpu_cap(FM_CPU_AVX512);
}

int
main(void)
{
    golden();
    for (int level = 0; level < 3; level++)
        round_trips((enum fm_cpu_level)level);
    pieces();
    length();
    hostile();
    low();
    return 0;
}
