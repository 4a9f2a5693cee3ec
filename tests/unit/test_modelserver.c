#include "modelfix.h"

static struct fm_buf
file_of(enum fm_server server)
{
    struct fm_err e = {0};
    struct fm_settings set;
    struct fm_model *m;
    struct fm_buf b = {0};

    fm_settings_default(&set, FM_FEDAVG);
    set.server = server;
    m = fm_model_new(fm_arch_parse(mf_net, "net", &e), &set, 7, &e);
    CHECK(m && !fm_model_init_values(m, "normal:0.01", &e), "%s", e.msg);
    CHECK(!fm_model_dump(&b, m, &e), "%s", e.msg);
    fm_model_free(m);
    return b;
}

/* The file's tensors, by hand: the conv's weight, batchnorm's two of four, the
 * linear layer's weight and bias have moments, 54 + 3 + 3 + 24 + 2 each. */
static void
tensors(void)
{
    static const char *const name[] = {"features.0.weight", "features.1.weight",
                                       "features.1.bias", "classifier.weight",
                                       "classifier.bias"};

    for (int o = FM_SERVER_SGD; o <= FM_SERVER_YOGI; o++) {
        struct fm_buf b = file_of((enum fm_server)o), again = {0};
        const size_t moments = o == FM_SERVER_SGD ? 0 : o == 1 ? 1 : 2;
        struct fm_err e = {0};
        struct fm_model *m;
        struct fm_st st;
        char want[64];

        CHECK(!fm_st_parse(&st, b.data, b.len, &e), "%s", e.msg);
        CHECK(st.ntensors == 7 + 5 * moments, "%zu", st.ntensors);
        for (size_t k = 0; k < 5 * moments; k++) {
            snprintf(want, sizeof want, "fedmrn.server.%c.%s", "mv"[k / 5],
                     name[k % 5]);
            CHECK(strcmp(st.tensor[7 + k].name, want) == 0, "%s, not %s",
                  st.tensor[7 + k].name, want);
        }
        fm_st_free(&st);
        again = mf_copy(b.data, b.len);
        m = fm_model_parse(&again, &e);
        CHECK(m && m->state == 86 * moments, "%s", e.msg);
        for (size_t t = 0; t < m->arch->ntensors; t++)
            for (size_t k = 0; k < 2; k++)
                CHECK(!m->tensor[t].moment[k] ||
                          m->tensor[t].moment[k][0] == (k ? 1e-6f : 0),
                      "the start");
        CHECK(!fm_model_dump(&again, m, &e), "%s", e.msg);
        CHECK(again.len == b.len && memcmp(again.data, b.data, b.len) == 0,
              "read and written");
        fm_model_free(m);
        fm_buf_free(&again);
        fm_buf_free(&b);
    }
}

/* Set the last float of a file, a bias' last moment, and read it. */
static void
ends_with(enum fm_server server, float v, const char *message)
{
    struct fm_buf b = file_of(server);
    struct fm_err e = {0};
    struct fm_model *m;

    fm_putf(b.data + b.len - 4, v);
    mf_seal(&b);
    m = fm_model_parse(&b, &e);
    CHECK(!m == (message != NULL), "%g", (double)v);
    CHECK(!message || strstr(e.msg, message), "%s", e.msg);
    fm_model_free(m);
}

static void
hostile(void)
{
    struct fm_buf b = file_of(FM_SERVER_ADAM);

    ends_with(FM_SERVER_ADAM, 0, NULL);
    ends_with(FM_SERVER_ADAM, -1e-9f,
              "fedmrn.server.v.classifier.bias: value 1 is negative");
    ends_with(FM_SERVER_ADAM, 1.0f / 0.0f,
              "fedmrn.server.v.classifier.bias: value 1 is not finite");
    ends_with(FM_SERVER_MOMENTUM, -1, NULL);
    ends_with(FM_SERVER_MOMENTUM, 0.0f / 0.0f,
              "fedmrn.server.m.classifier.bias: value 1 is not finite");
    /* Another optimizer's settings, or tensors. */
    mf_edited(&b, "server-optimizer\":\"adam", "server-optimizer\":\"adom",
              "server-optimizer: adom is not sgd, momentum, adam or yogi");
    mf_edited(&b, "server.v.classifier.bias", "server.w.classifier.bias",
              "is fedmrn.server.w.classifier.bias, where the architecture has "
              "fedmrn.server.v.classifier.bias");
    mf_edited(&b, "fedmrn.server-optimizer", "fedmrn.server-optimiser",
              "17 tensors, where the architecture has 7");
    fm_buf_free(&b);
}

int
main(void)
{
    tensors();
    hostile();
    return 0;
}
