#include "tensor/model.h"

#include "newmodel.h"

static const char net[] = "input 2x4x4\nconv 3 3x3 nobias\nbatchnorm\nrelu\n"
                          "flatten\nlinear 2\n";

static struct fm_model *
make(enum fm_method method)
{
    return nm_model(method, net, 0xfeed);
}

/* The file, byte for byte, written down from model.h and safetensors.h; the
 * checksum is `xxhsum -H2` of the file with zeros in its place. */
static void
golden(void)
{
#define T(name, shape, begin, end)                                             \
    ",\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape                       \
    "],\"data_offsets\":[" begin "," end "]}"
    /* clang-format off */
    static const char want[] =
        "{\"__metadata__\":{\"fedmrn.format\":\"1\",\"fedmrn.arch\":"
        "\"input 2x4x4\\nconv 3 3x3 nobias\\nbatchnorm\\nrelu\\nflatten\\n"
        "linear 2\\n\",\"fedmrn.method\":\"fedmrns\","
        "\"fedmrn.noise\":\"uniform:83886*2^-24\","
        "\"fedmrn.noise-key\":\"client\",\"fedmrn.dither\":\"shared\","
        "\"fedmrn.masking\":\"psm\",\"fedmrn.epochs\":\"10\","
        "\"fedmrn.batch\":\"64\",\"fedmrn.lr\":\"0.1\","
        "\"fedmrn.lr-schedule\":\"constant\",\"fedmrn.momentum\":\"0\","
        "\"fedmrn.weight-decay\":\"0\",\"fedmrn.mean\":\"0\","
        "\"fedmrn.std\":\"1\",\"fedmrn.seed\":\"000000000000feed\","
        "\"fedmrn.round\":\"2\","
        "\"fedmrn.parent\":\"01000000000000000000000000000000\","
        "\"fedmrn.bundles\":\"00000000000000000000000000000002 "
        "00000000000000000000000000000003\","
        "\"fedmrn.checksum\":\"3b5132165f730c409937704dac72bb1e\"}"
        T("features.0.weight", "3,2,3,3", "0", "216")
        T("features.1.weight", "3", "216", "228")
        T("features.1.bias", "3", "228", "240")
        T("features.1.running_mean", "3", "240", "252")
        T("features.1.running_var", "3", "252", "264")
        T("classifier.weight", "2,12", "264", "360")
        T("classifier.bias", "2", "360", "368") "}";
    /* clang-format on */
    struct fm_model *m = make(FM_FEDMRNS);
    struct fm_buf b = {0};
    struct fm_err e = {0};
    struct fm_id id;
    size_t n = sizeof want - 1, header = (n + 7) / 8 * 8;

    m->set.full_bits = FM_FULL_EXACT; /* is left out */
    m->round = 2;
    m->parent.b[0] = 1;
    m->nbundles = 2;
    m->bundle = calloc(2, sizeof *m->bundle);
    CHECK(m->bundle, "memory");
    m->bundle[0].b[15] = 2;
    m->bundle[1].b[15] = 3;
    m->tensor[0].value[0] = 1.0f;  /* 3f800000 */
    m->tensor[6].value[1] = -2.5f; /* c0200000 */
    CHECK(fm_model_dump(&b, m, &e) == 0, "%s", e.msg);
    CHECK(b.len == 8 + header + 368, "%zu bytes", b.len);
    CHECK(fm_get64(b.data) == header, "header size");
    CHECK(memcmp(b.data + 8, want, n) == 0, "%.*s", (int)header,
          (char *)b.data + 8);
    CHECK(memcmp(b.data + 8 + header, "\0\0\x80\x3f\0\0\0\0", 8) == 0, "first");
    CHECK(memcmp(b.data + b.len - 8, "\0\0\0\0\0\0\x20\xc0", 8) == 0, "last");
    id = fm_hash128(b.data, b.len);
    CHECK(fm_id_cmp(&id, &m->id) == 0, "id");
    m->id.b[3] ^= 1;
    CHECK(fm_model_identify(m, &e) == 0, "%s", e.msg);
    CHECK(fm_id_cmp(&id, &m->id) == 0, "the same without the file");
    fm_buf_free(&b);
    fm_model_free(m);
}

static void
places(void)
{
    struct fm_model *m = make(FM_FEDMRN);
    static const size_t at[] = {0, 0, 3, 6, 9, 54, 78};

    CHECK(m->masked == 54 + 24 + 2 && m->full == 12, "%zu, %zu", m->masked,
          m->full);
    for (size_t i = 0; i < 7; i++) {
        bool masked = i == 0 || i >= 5;

        CHECK(m->tensor[i].masked == masked && m->tensor[i].at == at[i],
              "tensor %zu at %zu", i, m->tensor[i].at);
        CHECK((uintptr_t)m->tensor[i].value % 4 == 0, "alignment");
    }
    CHECK(fm_model_noise_a(m, 1, 0) == 167772, "magnitude");
    CHECK(fm_model_max_bundle(m) >= 954 + 10 + 48, "bound");
    fm_model_free(m);
    m = make(FM_FEDAVG);
    CHECK(m->masked == 0 && m->full == 92 && !m->tensor[0].masked &&
              m->tensor[6].at == 90,
          "fedavg masks nothing");
    fm_model_free(m);
}

/* FedPM's: counts in the place of values, as narrow as the votes allow. */
static void
counts(void)
{
    static const char text[] = "input 2x4x4\nconv 1 3x3\nrelu\nlinear 2\n";
    static const struct {
        uint32_t votes;
        enum fm_dtype dtype;
    } kind[] = {{0, FM_U8},         {10, FM_U8},     {255, FM_U8},
                {256, FM_U16},      {65535, FM_U16}, {65536, FM_I32},
                {INT32_MAX, FM_I32}};
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m, *back;
    uint32_t ones[29];

    fm_settings_default(&set, FM_FEDPM);
    m = fm_model_new(fm_arch_parse(text, "net", &e), &set, 1, &e);
    CHECK(m, "%s", e.msg);
    CHECK(m->masked == 29 && m->full == 0 && m->votes == 0 &&
              m->dtype == FM_U8 && !m->tensor[0].value,
          "%zu masked", m->masked);
    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        struct fm_buf b = {0}, in = {0};
        size_t header;

        for (size_t i = 0; i < 29; i++)
            ones[i] = (uint32_t)((uint64_t)kind[k].votes * i / 28);
        CHECK(!fm_model_recount(m, ones, kind[k].votes, &e), "%s", e.msg);
        CHECK(m->dtype == kind[k].dtype, "dtype of %u votes", kind[k].votes);
        CHECK(!fm_model_dump(&b, m, &e), "%s", e.msg);
        header = 8 + (size_t)fm_get64(b.data);
        CHECK(b.len == header + 29 * fm_dtype_size(m->dtype), "%zu", b.len);
        CHECK(!fm_buf_add(&in, b.data, b.len, &e), "%s", e.msg);
        back = fm_model_parse(&in, &e);
        CHECK(back, "%s", e.msg);
        CHECK(fm_id_cmp(&back->id, &m->id) == 0 && back->votes == m->votes,
              "read back");
        for (size_t t = 0, i = 0; t < 4; t++)
            for (size_t j = 0; j < m->tensor[t].spec->count; j++, i++)
                CHECK(fm_model_ones(back, t, j) == ones[i], "count %zu", i);
        fm_model_free(back);
        fm_buf_free(&b);
    }
    fm_model_free(m);
    CHECK(!fm_model_new(fm_arch_parse(net, "net", &e), &set, 1, &e),
          "accepted");
    CHECK(e.code == FM_EINPUT &&
              strstr(e.msg, "cannot train features.1.weight of a batchnorm"),
          "%s", e.msg);
    e = (struct fm_err){0};
    CHECK(!fm_model_new(
              fm_arch_parse("input 3\nembedding 4 2\nlstm 5\nlinear 2\n", "net",
                            &e),
              &set, 1, &e) &&
              strstr(e.msg, "cannot train features.0.weight of an embedding"),
          "%s", e.msg);
}

static void
channels(void)
{
    struct fm_err e = {0};
    struct fm_settings set;

    fm_settings_default(&set, FM_FEDMRN);
    set.nmean = 3;
    CHECK(!fm_model_new(fm_arch_parse(net, "net", &e), &set, 1, &e), "mean");
    CHECK(e.code == FM_EINPUT && strstr(e.msg, "mean: 3 values for 2 input"),
          "%s", e.msg);
    e = (struct fm_err){0};
    set.nmean = 2;
    set.nstd = 4;
    CHECK(!fm_model_new(fm_arch_parse(net, "net", &e), &set, 1, &e), "std");
    CHECK(strstr(e.msg, "std: 4 values for 2 input"), "%s", e.msg);
}

/* What a loss asks of the outputs, and moved images of the input. */
static void
fits(void)
{
    static const char tokens[] = "input 3\nembedding 4 2\nlstm 5\nlinear 1\n";
    static const char image[] = "input 1x9x4\nflatten\nlinear 1\n";
    static const char one[] = "input 3\nlinear 1\n";
    struct fm_settings set, crop, flip, bce, far;
    const struct {
        const char *net, *message;
        const struct fm_settings *set;
    } bad[] = {
        {net, "loss: bce goes with 1 output, and the network has ", &bce},
        {tokens, "crop: the network reads tokens and not images", &crop},
        {tokens, "flip: the network reads tokens and not images", &flip},
        {image, "crop: 4 could leave nothing of images of 9x4", &far},
    };
    struct fm_model *m;

    fm_settings_default(&set, FM_FEDMRN);
    bce = crop = flip = far = set;
    bce.loss = FM_LOSS_BCE;
    crop.crop = 1;
    far.crop = 4;
    flip.flip = FM_FLIP_YES;
    for (size_t i = 0; i < 4; i++) {
        struct fm_err e = {0};
        struct fm_arch *a = fm_arch_parse(bad[i].net, "net", &e);

        CHECK(!fm_model_new(a, bad[i].set, 1, &e) && e.code == FM_EINPUT &&
                  strstr(e.msg, bad[i].message),
              "%zu: %s", i, e.msg);
        a = fm_arch_parse(one, "net", NULL);
        m = fm_model_new(a, bad[i].set, 1, NULL);
        CHECK(m, "%zu", i);
        fm_model_free(m);
    }
}

int
main(void)
{
    golden();
    places();
    counts();
    channels();
    fits();
    return 0;
}
