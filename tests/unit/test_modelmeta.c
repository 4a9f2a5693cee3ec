#include "modelfix.h"

/* What the metadata may not say, though the checksum holds. */
static void
messages(void)
{
    struct fm_buf b = mf_file(FM_FEDMRN, true), copy;

    mf_edited(&b, "fedmrn.format\":\"1", "fedmrm.format\":\"1",
              "not a model: no fedmrn.format in its metadata; fedmrn-init");
    mf_edited(&b, "fedmrn.format\":\"1", "fedmrn.format\":\"2",
              "fedmrn.format is 2; this version reads 1");
    mf_edited(&b, "\\nrelu", "\\nrelo", "fedmrn.arch:4: relo: no such layer");
    mf_edited(&b, "fedmrn.epochs\":\"10\"", "fedmrn.epochs\":\"00\"",
              "epochs: 00 is not an integer in 1..100000");
    mf_edited(&b, "fedmrn.epochs", "fedmrn.epoch2", "fedmrn.epochs is missing");
    mf_edited(&b, "fedmrn.round\":\"3\"", "fedmrn.round\":\"x\"",
              "fedmrn.round: x is not an integer in 0..2^32");
    mf_edited(&b, "fedmrn.round\":\"3\"", "fedmrn.round\":\"0\"",
              "a parent or bundles in round 0");
    mf_edited(&b, "fedmrn.parent", "fedmrn.parrot",
              "does not belong in a model");
    mf_edited(&b, "0000000000000007\"", "000000000000000A\"",
              "fedmrn.seed: 000000000000000A is not 16 lower-case hex");
    mf_edited(&b, "00ab\"", "00aB\"", "is not an id");
    mf_edited(&b, "00ab\"", "0000\"", "is not in order");
    mf_edited(&b, "00ab\"", "00a\" ", "bundles: not a list of ids");
    mf_edited(&b, "parent\":\"0", "parent\":\"x", "fedmrn.parent: x00");
    mf_edited(&b, "\\nlinear 2\\n", "\\ntanh\\n    ", "the last layer must be");
    /* Bundles without a parent. */
    copy = mf_copy(b.data, b.len);
    mf_replace(&copy, "fedmrn.round\":\"3\"", "fedmrn.round\":\"0\"");
    mf_replace(&copy, "fedmrn.parent", "fedmrn.counts");
    mf_seal(&copy);
    mf_refused(&copy, "a parent or bundles in round 0");
    fm_buf_free(&b);
    b = mf_file(FM_FEDAVG, false);
    mf_edited(&b, "fedmrn.momentum", "fedmrn.momemtum", "momentum is missing");
    fm_buf_free(&b);
}

/* 16 digits are the whole seed: nothing may follow them. */
static void
long_seed(void)
{
    static const char more[] = "zzzzzzzz";
    struct fm_buf b = mf_file(FM_FEDMRN, false), in = {0};
    uint8_t *at = memmem(b.data, b.len, "0000000000000007\"", 17);
    size_t n;

    CHECK(at, "no seed");
    n = (size_t)(at - b.data) + 16;
    CHECK(!fm_buf_add(&in, b.data, n, NULL) &&
              !fm_buf_add(&in, more, 8, NULL) &&
              !fm_buf_add(&in, b.data + n, b.len - n, NULL),
          "memory");
    fm_put64(in.data, fm_get64(in.data) + 8);
    mf_seal(&in);
    mf_refused(&in, "fedmrn.seed: 0000000000000007zzzzzzzz is not 16 lower");
    fm_buf_free(&b);
}

/* 29 counts of so many votes each, of which there are as many. */
static struct fm_buf
counts(uint32_t votes, bool packed)
{
    static const char net[] = "input 2x4x4\nconv 1 3x3\nrelu\nlinear 2\n";
    struct fm_model *m = nm_model(FM_FEDPM, net, 1);
    struct fm_err e = {0};
    struct fm_buf b = {0};
    uint32_t ones[29];

    for (size_t i = 0; i < 29; i++)
        ones[i] = votes;
    CHECK(!fm_model_recount(m, ones, votes, &e), "%s", e.msg);
    CHECK(!(packed ? fm_model_pack(&b, m, &e) : fm_model_dump(&b, m, &e)), "%s",
          e.msg);
    fm_model_free(m);
    return b;
}

/* Votes tell how wide counts are, and bound them. */
static void
votes(void)
{
    static const struct {
        uint32_t votes;
        const char *from, *to, *message;
    } row[] = {
        {255, "votes\":\"255\"", "votes\":\"254\"",
         "features.0.weight: count 0 is above the 254 votes"},
        {255, "votes\":\"255\"", "votes\":\"256\"",
         "features.0.weight: its shape or type is not the architecture's"},
        {256, "votes\":\"256\"", "votes\":\"255\"", "its shape or type is not"},
        {65535, "\"65535\"", "\"65534\"", "count 0 is above the 65534 votes"},
        {65535, "\"65535\"", "\"65536\"", "its shape or type is not"},
        {65536, "\"65536\"", "\"65535\"", "its shape or type is not"},
        {65536, "\"I32\"", "\"F32\"", "its shape or type is not"},
        {INT32_MAX, "2147483647", "2147483648",
         "fedmrn.votes: 2147483648 is not an integer in 0..2^31-1"},
        {INT32_MAX, "2147483647", "2147483646", "above the 2147483646 votes"},
        {10, "votes\":\"10\"", "votes\":\"-1\"", "votes: -1 is not an integer"},
        {10, "fedmrn.votes", "fedmrn.vetos", "fedmrn.votes is missing"},
        {10, "\"fedpm\"", "\"fedmr\"", "its shape or type is not"},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct fm_buf b = counts(row[i].votes, false);

        mf_edited(&b, row[i].from, row[i].to, row[i].message);
        fm_buf_free(&b);
    }
}

/* Packed counts: 29 of 4 bits each, and 4 bits to the end of a byte. */
static void
packed(void)
{
    struct fm_buf b = counts(10, true);

    mf_edited(&b, "\"packed\"", "\"racked\"", "counts: racked is not packed");
    mf_edited(&b, "fedmrn.counts", "fedmrn.covnts", "tensor 0 is counts");
    mf_edited(&b, "votes\":\"10\"", "votes\":\"16\"",
              "not one tensor of the 19 bytes that its packed counts take");
    mf_edited(&b, "votes\":\"10\"", "votes\":\"09\"", "not in the form");
    mf_edited(&b, "\"U8\"", "\"I8\"", "not one tensor of the 15 bytes");
    mf_edited(&b, "\"U8\"", "\"X8\"", "X8");
    b.data[b.len - 1] |= 0x10;
    mf_seal(&b);
    mf_refused(&b, "counts: a pad bit is set");
    b = counts(10, true);
    b.data[b.len - 15] = 0x0b;
    mf_seal(&b);
    mf_refused(&b, "features.0.weight: count 0 is above the 10 votes");
}

/* A small file without votes may not claim a thousand million counts. */
static void
claims(void)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_buf b = {0};
    struct fm_model *m;

    fm_settings_default(&set, FM_FEDPM);
    m = fm_model_new(
        fm_arch_parse("input 9\nsigmoid\nlinear 9 nobias\n", "net", &e), &set,
        1, &e);
    CHECK(m && !fm_model_pack(&b, m, &e), "%s", e.msg);
    mf_edited(&b, "input 9\\nsigmoid\\nlinear 9 nobias",
              "input 10000\\nlinear 100000 nobias",
              "1000000000 counts without a vote are not packed; use the plain "
              "file");
    fm_buf_free(&b);
    fm_model_free(m);
}

int
main(void)
{
    messages();
    long_seed();
    votes();
    packed();
    claims();
    return 0;
}
