#include "tensor/archtext.h"

#include "check.h"

/* The whole grammar on one page, and its canonical form. */
static void
canonical(void)
{
    static const char text[] = "# a net\r\n"
                               "\n"
                               "input 3x9x08 # image\n"
                               "conv 4 3x2  pad=1 stride=1\n"
                               "batchnorm momentum=0.1 eps=0.001\n"
                               "relu\ntanh\nsigmoid\n"
                               "maxpool 2 stride=2\n"
                               "avgpool 2 stride=1\n"
                               "dropout 0.50\n"
                               "flatten\n"
                               "linear 7 nobias\n"
                               "batchnorm momentum=0.2\n"
                               "linear 5";
    static const char want[] = "input 3x9x8\n"
                               "conv 4 3x2 pad=1\n"
                               "batchnorm eps=0.001\n"
                               "relu\ntanh\nsigmoid\n"
                               "maxpool 2\n"
                               "avgpool 2 stride=1\n"
                               "dropout 0.5\n"
                               "flatten\n"
                               "linear 7 nobias\n"
                               "batchnorm momentum=0.2\n"
                               "linear 5\n";
    struct fm_err e = {0};
    struct fm_arch *a = fm_arch_parse(text, "t", &e), *b;

    CHECK(a, "%s", e.msg);
    CHECK(strcmp(a->text, want) == 0, "%s", a->text);
    b = fm_arch_parse(a->text, "t", &e);
    CHECK(b && strcmp(b->text, want) == 0, "canonical text is a fixed point");
    /* 9x8 with pad 1 under 3x2: (9+2-3)+1 = 9 by (8+2-2)+1 = 9. */
    CHECK(a->layer[0].out.c == 4 && a->layer[0].out.h == 9 &&
              a->layer[0].out.w == 9,
          "conv gives %zux%zux%zu", a->layer[0].out.c, a->layer[0].out.h,
          a->layer[0].out.w);
    CHECK(a->layer[5].out.h == 4 && a->layer[6].out.h == 3, "pools");
    CHECK(a->layer[8].out.c == 4 * 3 * 3 && a->layer[8].out.h == 1, "flatten");
    CHECK(a->layer[1].eps == 0.001 && a->layer[1].momentum == 0.1, "options");
    CHECK(a->layer[7].p == 0.5, "dropout");
    CHECK(a->layer[0].bias && !a->layer[9].bias && a->layer[11].bias, "bias");
    CHECK(a->classes == 5 && a->nlayers == 12, "classes %zu, layers %zu",
          a->classes, a->nlayers);
    fm_arch_free(a);
    fm_arch_free(b);
}

static void
sequence(void)
{
    static const char text[] = "input 080\nembedding 80  8 # table\nrelu\n"
                               "lstm 256 nobias layers=2\nlinear 80 nobias\n";
    static const char want[] = "input 80\nembedding 80 8\nrelu\n"
                               "lstm 256 layers=2 nobias\nlinear 80 nobias\n";
    struct fm_err e = {0};
    struct fm_arch *a = fm_arch_parse(text, "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(strcmp(a->text, want) == 0, "%s", a->text);
    CHECK(a->layer[0].vocabulary == 80 && a->layer[0].out.c == 8 &&
              a->layer[0].out.h == 80 && a->layer[0].out.w == 1,
          "embedding");
    CHECK(a->layer[2].layers == 2 && !a->layer[2].bias &&
              fm_shape_count(a->layer[2].out) == 256,
          "lstm");
    fm_arch_free(a);
}

static void
shapes(void)
{
    struct fm_shape s;

    CHECK(!fm_shape_parse(&s, "1x28x29") && s.c == 1 && s.h == 28 && s.w == 29,
          "image");
    CHECK(!fm_shape_parse(&s, "64") && s.c == 64 && s.h == 1 && s.w == 1,
          "vector");
    CHECK(fm_shape_parse(&s, "28x28") && fm_shape_parse(&s, "0") &&
              fm_shape_parse(&s, "1x0x1") && fm_shape_parse(&s, "") &&
              fm_shape_parse(&s, "65536x65536x1") &&
              fm_shape_parse(&s, "2147483648x2147483648x2147483648"),
          "malformed shapes");
}

/* Bounds that are still inside. */
static void
largest(void)
{
    struct fm_err e = {0};
    struct fm_arch *a =
        fm_arch_parse("input 1x3x4\nconv 2 3x4\ndropout 0\nlinear 2", "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(a->layer[0].out.h == 1 && a->layer[0].out.w == 1, "shape");
    CHECK(a->layer[1].p == 0, "dropout");
    fm_arch_free(a);
}

static void
hostile(void)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "t: no architecture in it"},
        {"# input 3\n", "t: no architecture in it"},
        {"linear 3", "t:1: linear: the first line must be `input`"},
        {"input", "t:1: input: a shape such as 1x28x28 or 64 is missing"},
        {"input 28x28", "t:1: input: 28x28 is not a shape"},
        {"input 4 nobias", "t:1: input: nobias is not understood"},
        {"input 4", "the last layer must be `linear`"},
        {"input 4\nlinear 2\nrelu\n", "t:3: relu: the last layer must"},
        {"input 4\ninput 4", "t:2: input: only the first line"},
        {"input 4\n\ngru 3", "t:3: gru: no such layer"},
        {"input 4\nlstm 3", "t:2: lstm: needs a sequence, which an embed"},
        {"input 4\nembedding 9 2\nlstm", "t:3: lstm: a width is missing"},
        {"input 4\nembedding 9 2\nlstm 3 layers=5", "lstm: more than 4 lay"},
        {"input 4\nembedding 9 2\nlstm 3 layers=0", "layers=0 is not an int"},
        {"input 4\nembedding 9 2\nlstm 3\nlstm 3", "t:4: lstm: needs a seq"},
        {"input 4\nembedding 9", "t:2: embedding: a width is missing"},
        {"input 4\nembedding", "embedding: a number of tokens is missing"},
        {"input 4\nembedding 16777217 1", "more than 2^24 tokens"},
        {"input 4\ntanh\nembedding 9 2", "t:3: embedding: must be the first"},
        {"input 1x4x4\nembedding 9 2", "needs an input of N tokens, not an"},
        {"input 4\nembedding 9 2\nlinear 3", "t:3: linear: cannot take a seq"},
        {"input 4\nembedding 9 2\nflatten", "flatten: cannot take a sequence"},
        {"input 4\nembedding 9 2\nbatchnorm", "batchnorm: cannot take a seq"},
        {"input 4\nembedding 9 2\nmaxpool 2", "needs an image, not a sequence"},
        {"input 2147483648\nembedding 2 2", "more than 2^31 values"},
        {"input 4\nlinear", "t:2: linear: a number of outputs is missing"},
        {"input 4\nlinear 0", "t:2: linear: 0 is not a number of outputs"},
        {"input 4\nlinear 3 3", "t:2: linear: 3 is not understood"},
        {"input 4\nlinear 3 bias", "t:2: linear: bias is not understood"},
        {"input 4\nconv 3 1x1", "t:2: conv: needs an image, not a vector of 4"},
        {"input 1x4x4\nflatten\nmaxpool 2", "t:3: maxpool: needs an image"},
        {"input 1x4x4\nconv 3", "t:2: conv: a kernel such as 3x3 is missing"},
        {"input 1x4x4\nconv 3 3", "t:2: conv: 3 is not a kernel such as 3x3"},
        {"input 1x4x4\nconv 3 5x1", "5x1 is larger than its input 4x4"},
        {"input 1x4x4\nconv 3 1x5", "1x5 is larger than its input 4x4"},
        {"input 1x4x4\nconv 3 5x5", "5x5 is larger than its input 4x4"},
        {"input 1x4x4\nconv 3 1x1 pad=65536", "pad=65536 is not an integer in"},
        {"input 1x4x4\nconv 3 1x1 stride=0", "stride=0 is not an integer in 1"},
        {"input 1x4x4\nconv 3 1x1 pad=1 pad=1", "pad=1 is not understood"},
        {"input 1x4x4\nconv 3 1x1 eps=1", "eps=1 is not understood"},
        {"input 1x4x4\nmaxpool 5", "maxpool: 5x5 is larger than its input"},
        {"input 4\nbatchnorm eps=0", "t:2: batchnorm: eps must be above 0"},
        {"input 4\nbatchnorm eps=nan", "eps=nan is not a number in [0,1]"},
        {"input 4\nbatchnorm momentum=1.5", "is not a number in [0,1]"},
        {"input 4\ndropout", "t:2: dropout: a probability is missing"},
        {"input 4\ndropout x", "dropout: x is not a probability in [0,1)"},
        {"input 4\ndropout 1", "dropout: 1 is not a probability in [0,1)"},
        {"input 4\ndropout 0.99999999999", "is not a probability in [0,1)"},
        {"input 4\nlinear 2147483648\nlinear 9", "more than 2^34 entries"},
        /* 2^64 of them. */
        {"input 536870912x2x2\nconv 2147483648 4x4 pad=1\nlinear 2",
         "more than 2^34 entries"},
        {"input 2147483648\nlinear 8\nlinear 2147483648\nlinear 8\n"
         "linear 2147483648\nlinear 2",
         "more than 2^36 parameters"},
        {"input 1x65535x32768\nconv 2 1x1", "more than 2^31 values"},
        {"input 4\n\033[2Jlinear 2", "t:2: ?[2Jlinear: no such layer"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fm_err e = {0};
        struct fm_arch *a = fm_arch_parse(bad[i].text, "t", &e);

        CHECK(!a && e.code == FM_EINPUT, "accepted: %s", bad[i].text);
        CHECK(strstr(e.msg, bad[i].message), "%s: %s", bad[i].text, e.msg);
        CHECK(!fm_arch_parse(bad[i].text, "t", NULL), "without fm_err");
    }
}

/* As many layers as are allowed, and one more. */
static void
many(void)
{
    char text[32 + 5 * (FM_LAYERS_MAX + 1)] = "input 3\n";
    size_t at = strlen(text);
    struct fm_err e = {0};
    struct fm_arch *a;

    for (size_t i = 0; i < FM_LAYERS_MAX - 1; i++, at += 5)
        memcpy(text + at, "tanh\n", 6);
    memcpy(text + at, "linear 2", 9);
    a = fm_arch_parse(text, "t", &e);
    CHECK(a && a->nlayers == FM_LAYERS_MAX, "%s", e.msg);
    fm_arch_free(a);
    memcpy(text + at, "tanh\nlinear 2", 14);
    CHECK(!fm_arch_parse(text, "t", &e), "too many layers");
    CHECK(strstr(e.msg, "more than 4096 layers"), "%s", e.msg);
}

int
main(void)
{
    canonical();
    sequence();
    shapes();
    largest();
    hostile();
    many();
    return 0;
}
