#include "tensor/safetensors.h"

#include "check.h"

/* A file with this header, and `n` bytes of data 1, 2, 3, ... */
static struct fm_buf
file(const char *header, size_t n)
{
    struct fm_buf b = {0};
    uint8_t size[8];

    fm_put64(size, strlen(header));
    CHECK(!fm_buf_add(&b, size, 8, NULL), "memory");
    CHECK(!fm_buf_add(&b, header, strlen(header), NULL), "memory");
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(i + 1);

        CHECK(!fm_buf_add(&b, &byte, 1, NULL), "memory");
    }
    return b;
}

#define ENTRY(shape, begin, end)                                               \
    "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end  \
    "]}"

/* As the Python package writes it: its order of keys, padded with spaces. */
static void
golden(void)
{
    struct fm_buf b =
        file("{\"__metadata__\":{\"k\":\"v\",\"a\":\"\\u00e9\"},"
             "\"b\": {\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[24,28]},"
             "\"a\":" ENTRY("[2,3]", "0", "24") ",\"e\":" ENTRY("[0,7]", "24",
                                                                "24") "}   ",
             28);
    struct fm_st st;
    struct fm_err e = {0};

    CHECK(fm_st_parse(&st, b.data, b.len, &e) == 0, "%s", e.msg);
    CHECK(st.ntensors == 3 && st.nmeta == 2, "%zu, %zu", st.ntensors, st.nmeta);
    CHECK(strcmp(st.tensor[0].name, "a") == 0 && st.tensor[0].ndim == 2 &&
              st.tensor[0].dim[1] == 3 && st.tensor[0].count == 6 &&
              st.tensor[0].dtype == FM_F32 && st.tensor[0].data[0] == 1,
          "a");
    CHECK(strcmp(st.tensor[1].name, "e") == 0 && st.tensor[1].count == 0, "e");
    CHECK(strcmp(st.tensor[2].name, "b") == 0 && st.tensor[2].ndim == 0 &&
              st.tensor[2].count == 1 && st.tensor[2].dtype == FM_I32 &&
              st.tensor[2].data[0] == 25,
          "b");
    CHECK(strcmp(fm_st_get(&st, "k"), "v") == 0 &&
              strcmp(fm_st_get(&st, "a"), "\u00e9") == 0 &&
              !fm_st_get(&st, "b"),
          "metadata");
    fm_st_free(&st);
    fm_buf_free(&b);
}

/* Small integers: one and two bytes a value. */
static void
narrow(void)
{
    struct fm_st_tensor t[] = {
        {.name = "b", .dtype = FM_U8, .ndim = 1, .dim = {3}, .count = 3},
        {.name = "w", .dtype = FM_U16, .ndim = 2, .dim = {2, 1}, .count = 2},
    };
    struct fm_st st = {2, 0, t, NULL}, back;
    struct fm_buf b = {0};
    struct fm_err e = {0};
    const uint8_t data[] = {1, 2, 255, 4, 0, 0, 1};

    CHECK(fm_st_header(&b, &st, &e) == 0, "%s", e.msg);
    CHECK(!fm_buf_add(&b, data, sizeof data, &e), "%s", e.msg);
    CHECK(fm_st_parse(&back, b.data, b.len, &e) == 0, "%s", e.msg);
    CHECK(back.tensor[0].dtype == FM_U8 && back.tensor[0].data[2] == 255 &&
              back.tensor[1].dtype == FM_U16 &&
              fm_get16(back.tensor[1].data + 2) == 256,
          "values");
    fm_st_free(&back);
    CHECK(fm_st_parse(&back, b.data, b.len - 1, &e) == FM_EINPUT, "cut");
    fm_st_free(&back);
    fm_buf_free(&b);
}

static void
alike(void)
{
    const struct fm_st_tensor a = {
        .name = "a", .dtype = FM_F32, .ndim = 2, .dim = {2, 3}, .count = 6};
    struct fm_st_tensor b;

    for (int i = 0; i < 5; i++) {
        b = a;
        b.name[0] = i == 1 ? 'b' : 'a';
        b.dtype = i == 2 ? FM_I32 : FM_F32;
        b.ndim = i == 3 ? 1 : 2;
        b.dim[1] = i == 4 ? 2 : 3;
        CHECK(fm_st_alike(&a, &b) == (i == 0), "difference %d", i);
        CHECK(fm_st_alike(&b, &a) == (i == 0), "difference %d", i);
    }
}

static void
writer(void)
{
    static const char want[] =
        "{\"__metadata__\":{\"z\":\"1\\n\",\"a\":\"2\"},\"w\":" ENTRY(
            "[2,3]", "0",
            "24") ",\"n\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":"
                  "[24,28]}}";
    char z[] = "z", a[] = "a", one[] = "1\n", two[] = "2";
    struct fm_st_meta meta[] = {{z, one}, {a, two}};
    struct fm_st_tensor t[] = {
        {.name = "w", .dtype = FM_F32, .ndim = 2, .dim = {2, 3}, .count = 6},
        {.name = "n", .dtype = FM_I32, .ndim = 1, .dim = {1}, .count = 1},
    };
    struct fm_st st = {2, 2, t, meta}, back;
    struct fm_buf b = {0};
    struct fm_err e = {0};
    size_t n = sizeof want - 1;
    uint8_t data[28] = {0};

    CHECK(fm_st_header(&b, &st, &e) == 0, "%s", e.msg);
    CHECK(b.len % 8 == 0 && fm_get64(b.data) == b.len - 8, "%zu", b.len);
    CHECK(memcmp(b.data + 8, want, n) == 0, "%.*s", (int)b.len - 8,
          (char *)b.data + 8);
    for (size_t i = 8 + n; i < b.len; i++)
        CHECK(b.data[i] == ' ', "pad byte %zu is %d", i, b.data[i]);
    CHECK(!fm_buf_add(&b, data, sizeof data, &e), "%s", e.msg);
    CHECK(fm_st_parse(&back, b.data, b.len, &e) == 0, "%s", e.msg);
    CHECK(back.ntensors == 2 && strcmp(fm_st_get(&back, "z"), "1\n") == 0,
          "round trip");
    fm_st_free(&back);
    fm_buf_free(&b);
}

/* A header that nobody would read is not written. */
static void
too_long(void)
{
    const size_t most = 16 << 20;
    char key[] = "k", *value = malloc(most + 1);
    struct fm_st_meta meta = {key, value};
    struct fm_st st = {0, 1, NULL, &meta};
    struct fm_buf b = {0};
    struct fm_err e = {0};

    CHECK(value, "memory");
    memset(value, 'a', most);
    value[most] = '\0';
    CHECK(fm_st_header(&b, &st, &e) == FM_EINPUT && b.len == 0, "written");
    CHECK(strstr(e.msg, "more than 16 MiB"), "%s", e.msg);
    fm_buf_free(&b);
    free(value);
}

static void
hostile(void)
{
    static const struct {
        const char *header;
        size_t data;
        const char *message;
    } bad[] = {
        {"", 100, "no JSON header"},
        {"x", 100, "no JSON header"},
        {" {}", 100, "no JSON header"},
        {"[] ", 100, "no JSON header"},
        {"{", 100, "no JSON header"},
        {"{}\n", 0, "does not end with `}`"},
        {"{}", 1, "1 bytes after the last tensor"},
        {"{\"a\":1}", 0, "a: its entry is not"},
        {"{\"a\":{}}", 0, "a: its entry is not"},
        {"{\"__metadata__\":[]}", 0, "__metadata__ is not an object"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "k is not a text"},
        {"{\"a\":" ENTRY("[1]", "0", "4") ",\"a\":" ENTRY("[1]", "0", "4") "}",
         4, "header"},
        {"{\"a\":" ENTRY("[1]", "0", "4") ",\"b\":" ENTRY("[1]", "0", "4") "}",
         4, "b: its data starts at byte 0, not 4"},
        {"{\"a\":" ENTRY("[1]", "4", "8") "}", 8, "a: its data starts at"},
        {"{\"a\":" ENTRY("[1]", "0", "4") "}", 8, "4 bytes after the last"},
        {"{\"a\":" ENTRY("[1]", "0", "4") "}", 3, "do not lie in the file's 3"},
        {"{\"a\":" ENTRY("[1]", "4", "0") "}", 8, "do not lie in the file's 8"},
        {"{\"a\":" ENTRY("[2]", "0", "4") "}", 4, "does not fill its 4 bytes"},
        {"{\"a\":" ENTRY("[1.0]", "0", "4") "}", 4, "dimension 0 is not an"},
        {"{\"a\":" ENTRY("[-1]", "0", "4") "}", 4, "dimension 0 is not an"},
        {"{\"a\":" ENTRY("[281474976710656]", "0", "4") "}", 4, "below 2^48"},
        {"{\"a\":" ENTRY("[281474976710655,281474976710655]", "0", "4") "}", 4,
         "too many values"},
        {"{\"a\":" ENTRY("[4611686018427387905]", "0", "4") "}", 4, "2^48"},
        {"{\"a\":" ENTRY("[65536,65536,65536,16384]", "0", "0") "}", 0,
         "does not fill"},
        {"{\"a\":" ENTRY("[1]", "0", "\"4\"") "}", 4, "are not two integers"},
        {"{\"a\":" ENTRY("[1]", "\"0\"", "4") "}", 4, "are not two integers"},
        {"{\"a\":" ENTRY("[1]", "0", "4,9") "}", 4, "are not two integers"},
        {"{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "a: its entry is not dtype"},
        {"{\"a\":" ENTRY("{}", "0", "4") "}", 4, "its shape is not a list"},
        {"{\"a\":" ENTRY("[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "at most 8"},
        {"{\"a\":{\"dtype\":\"C64\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "a: dtype C64, not F64, F32, F16, BF16, I8 to I64, U8 to U64 or "
         "BOOL"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offset\":[0,4]}}", 4,
         "a: data_offsets are not two"},
        {"{\"\\u0000\":" ENTRY("[1]", "0", "4") "}", 4, "header"},
        {"{\"a\xff\":" ENTRY("[1]", "0", "4") "}", 4, "header"},
        {"{\"a\":" ENTRY("[[[[[[[[[1]]]]]]]]]", "0", "4") "}", 4, "nested"},
    };
    char name[400];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_buf b = file(bad[i].header, bad[i].data);
        struct fm_err e = {0};
        struct fm_st st;

        CHECK(fm_st_parse(&st, b.data, b.len, &e) == FM_EINPUT, "accepted: %s",
              bad[i].header);
        CHECK(strstr(e.msg, bad[i].message), "%s: %s", bad[i].header, e.msg);
        fm_st_free(&st);
        fm_buf_free(&b);
    }
    for (int len = 127; len <= 128; len++) {
        struct fm_buf b;
        struct fm_err e = {0};
        struct fm_st st;

        snprintf(name, sizeof name, "{\"%0*d\":" ENTRY("[1]", "0", "4") "}",
                 len, 0);
        b = file(name, 4);
        CHECK(fm_st_parse(&st, b.data, b.len, &e) ==
                  (len < 128 ? 0 : FM_EINPUT),
              "a name of %d: %s", len, e.msg);
        fm_st_free(&st);
        fm_buf_free(&b);
    }
}

/* Nothing shorter than the file is taken for it. */
static void
prefixes(void)
{
    struct fm_buf b = file("{\"a\":" ENTRY("[2]", "0", "8") "}", 8);
    struct fm_st st;

    for (size_t n = 0; n < b.len; n++) {
        struct fm_err e = {0};
        uint8_t *p = malloc(n + 1); /* so that a sanitizer sees over-reads */

        CHECK(p, "memory");
        memcpy(p, b.data, n);
        CHECK(fm_st_parse(&st, p, n, &e) == FM_EINPUT, "%zu bytes", n);
        fm_st_free(&st);
        free(p);
    }
    {
        struct fm_err e = {0};

        CHECK(fm_st_parse(&st, (const uint8_t *)"07070707", 8, &e) == FM_EINPUT,
              "an archive");
        CHECK(strstr(e.msg, "an archive, as bundles are"), "%s", e.msg);
        e = (struct fm_err){0};
        CHECK(fm_st_parse(&st, (const uint8_t *)"PK\3\4\0\0\0\0", 8, &e) ==
                  FM_EINPUT,
              "a zip archive");
        CHECK(strstr(e.msg, "a zip archive, as torch.save writes it"), "%s",
              e.msg);
    }
    b.data[6] = 1; /* a header of 2^48 bytes */
    CHECK(fm_st_parse(&st, b.data, b.len, NULL) == FM_EINPUT, "huge header");
    fm_st_free(&st);
    fm_buf_free(&b);
}

/* The header alone tells the size of the whole file. */
static void
head(void)
{
    struct fm_buf b = file(
        "{\"b\":" ENTRY("[3]", "8", "20") ",\"a\":" ENTRY("[2]", "0", "8") "}",
        0);
    struct fm_err e = {0};
    struct fm_st st;
    size_t size = 0;

    CHECK(!fm_st_parse_head(&st, b.data, b.len, &size, &e), "%s", e.msg);
    CHECK(size == b.len + 20 && st.ntensors == 2, "%zu", size);
    CHECK(st.tensor[1].at == 8 && !st.tensor[1].data, "b");
    fm_st_free(&st);
    for (size_t n = 0; n < b.len; n++) {
        CHECK(fm_st_parse_head(&st, b.data, n, &size, NULL) == FM_EINPUT,
              "%zu bytes", n);
        fm_st_free(&st);
    }
    fm_buf_free(&b);
    b = file("{\"a\":" ENTRY("[2]", "4", "12") "}", 0);
    CHECK(fm_st_parse_head(&st, b.data, b.len, &size, &e) == FM_EINPUT, "hole");
    CHECK(strstr(e.msg, "a: its data starts at byte 4, not 0"), "%s", e.msg);
    fm_st_free(&st);
    fm_buf_free(&b);
}

/* More names than tensors may be, refused before room is made for them. */
static void
crowd(void)
{
    enum { N = 65536 + 2, EACH = 10 }; /* bytes of "00000":1, */
    char *s = malloc(EACH * N + 3);
    struct fm_err e = {0};
    struct fm_st st;
    struct fm_buf b;

    CHECK(s, "memory");
    s[0] = '{';
    for (size_t i = 0; i < N; i++)
        snprintf(s + 1 + EACH * i, EACH + 2, "\"%05zx\":1%c", i,
                 i + 1 < N ? ',' : '}');
    b = file(s, 0);
    CHECK(fm_st_parse(&st, b.data, b.len, &e) == FM_EINPUT, "accepted");
    CHECK(strstr(e.msg, "more than 65536 tensors"), "%s", e.msg);
    CHECK(!st.tensor, "room was made");
    fm_st_free(&st);
    fm_buf_free(&b);
    free(s);
}

int
main(void)
{
    crowd();
    golden();
    narrow();
    alike();
    writer();
    too_long();
    hostile();
    prefixes();
    head();
    return 0;
}
