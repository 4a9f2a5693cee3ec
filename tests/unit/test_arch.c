#include "tensor/arch.h"

#include "check.h"

#include <string.h>

/*
 * Names and shapes as PyTorch 1.13 prints them from state_dict() of
 * features = Sequential(Conv2d(3,4,(3,2),padding=1), BatchNorm2d(4), ReLU(),
 * MaxPool2d(2)), classifier = Sequential(Linear(64,7,bias=False), Tanh(),
 * Linear(7,5)), less num_batches_tracked.
 */
static void
state_dict(void)
{
    static const struct {
        const char *name;
        enum fm_role role;
        size_t ndim, dim[4], fan_in;
    } want[] = {
        {"features.0.weight", FM_WEIGHT, 4, {4, 3, 3, 2}, 18},
        {"features.0.bias", FM_BIAS, 1, {4}, 18},
        {"features.1.weight", FM_SCALE, 1, {4}, 1},
        {"features.1.bias", FM_SHIFT, 1, {4}, 1},
        {"features.1.running_mean", FM_MEAN, 1, {4}, 1},
        {"features.1.running_var", FM_VAR, 1, {4}, 1},
        {"classifier.0.weight", FM_WEIGHT, 2, {7, 64}, 64},
        {"classifier.2.weight", FM_WEIGHT, 2, {5, 7}, 7},
        {"classifier.2.bias", FM_BIAS, 1, {5}, 7},
    };
    struct fm_err e = {0};
    struct fm_arch *a =
        fm_arch_parse("input 3x9x8\nconv 4 3x2 pad=1\nbatchnorm\nrelu\n"
                      "maxpool 2\nflatten\nlinear 7 nobias\ntanh\nlinear 5\n",
                      "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(a->ntensors == sizeof want / sizeof *want, "%zu", a->ntensors);
    for (size_t i = 0; i < a->ntensors; i++) {
        const struct fm_tensor_spec *t = &a->tensor[i];

        CHECK(strcmp(t->name, want[i].name) == 0, "%s", t->name);
        CHECK(t->role == want[i].role && t->ndim == want[i].ndim &&
                  memcmp(t->dim, want[i].dim, sizeof t->dim) == 0 &&
                  t->fan_in == want[i].fan_in,
              "%s", t->name);
    }
    CHECK(a->layer[0].tensor == 0 && a->layer[0].ntensors == 2 &&
              a->layer[1].tensor == 2 && a->layer[1].ntensors == 4 &&
              a->layer[2].ntensors == 0 && a->layer[5].tensor == 6 &&
              a->layer[7].tensor == 7,
          "ordinals");
    CHECK(a->maskable == 72 + 4 + 448 + 35 + 5, "%zu", a->maskable);
    CHECK(a->params == a->maskable + 16, "%zu", a->params);
    fm_arch_free(a);
}

/* As PyTorch's nn.Embedding and nn.LSTM(8, 5, num_layers=2) in features. */
static void
sequence(void)
{
    static const struct {
        const char *name;
        enum fm_role role;
        size_t ndim, dim[4], fan_in;
    } want[] = {
        {"features.0.weight", FM_TABLE, 2, {80, 8}, 8},
        {"features.2.weight_ih_l0", FM_WEIGHT, 2, {20, 8}, 5},
        {"features.2.weight_hh_l0", FM_WEIGHT, 2, {20, 5}, 5},
        {"features.2.bias_ih_l0", FM_BIAS, 1, {20}, 5},
        {"features.2.bias_hh_l0", FM_BIAS, 1, {20}, 5},
        {"features.2.weight_ih_l1", FM_WEIGHT, 2, {20, 5}, 5},
        {"features.2.weight_hh_l1", FM_WEIGHT, 2, {20, 5}, 5},
        {"features.2.bias_ih_l1", FM_BIAS, 1, {20}, 5},
        {"features.2.bias_hh_l1", FM_BIAS, 1, {20}, 5},
        {"classifier.weight", FM_WEIGHT, 2, {3, 5}, 5},
        {"classifier.bias", FM_BIAS, 1, {3}, 5},
    };
    struct fm_err e = {0};
    struct fm_arch *a = fm_arch_parse("input 7\nembedding 80 8\ntanh\n"
                                      "lstm 5 layers=2\nlinear 3\n",
                                      "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(a->ntensors == sizeof want / sizeof *want, "%zu", a->ntensors);
    for (size_t i = 0; i < a->ntensors; i++) {
        const struct fm_tensor_spec *t = &a->tensor[i];

        CHECK(strcmp(t->name, want[i].name) == 0, "%s", t->name);
        CHECK(t->role == want[i].role && t->ndim == want[i].ndim &&
                  memcmp(t->dim, want[i].dim, sizeof t->dim) == 0 &&
                  t->fan_in == want[i].fan_in,
              "%s", t->name);
    }
    CHECK(fm_arch_vocabulary(a) == 80, "vocabulary");
    CHECK(a->params - a->maskable == 640, "the table travels in full");
    fm_arch_free(a);
}

static void
first_name(const char *text, size_t ordinal, const char *want)
{
    struct fm_err e = {0};
    struct fm_arch *a = fm_arch_parse(text, "t", &e);

    CHECK(a, "%s", e.msg);
    CHECK(strcmp(a->tensor[ordinal].name, want) == 0, "%s, not %s",
          a->tensor[ordinal].name, want);
    fm_arch_free(a);
}

/* Where features end and what the classifier is called. */
static void
naming(void)
{
    first_name("input 4\nlinear 2\n", 0, "classifier.weight");
    first_name("input 4\nrelu\nlinear 2\n", 0, "classifier.weight");
    first_name("input 4\nlinear 3\nrelu\nlinear 2\n", 2, "classifier.2.weight");
    first_name("input 1x4x4\nconv 2 3x3\nlinear 2\n", 2, "classifier.weight");
    first_name("input 1x4x4\nconv 2 3x3\nrelu\nflatten\nrelu\nlinear 2\n", 2,
               "classifier.1.weight");
    first_name("input 1x4x4\nrelu\nconv 2 3x3\nflatten\nflatten\nlinear 2\n", 0,
               "features.1.weight");
}

int
main(void)
{
    state_dict();
    sequence();
    naming();
    return 0;
}
