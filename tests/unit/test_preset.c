#include "tensor/arch.h"

#include "check.h"

#include <string.h>

static struct fm_arch *
preset(const char *name, struct fm_shape input, size_t classes)
{
    struct fm_err e = {0};
    char *text = fm_arch_preset(name, input, classes, &e);
    struct fm_arch *a;

    CHECK(text, "%s", e.msg);
    a = fm_arch_parse(text, name, &e);
    CHECK(a, "%s", e.msg);
    CHECK(strcmp(a->text, text) == 0, "%s is not canonical", name);
    free(text);
    return a;
}

static void
sizes(const char *name, struct fm_shape in, size_t classes, size_t maskable,
      size_t params)
{
    struct fm_arch *a = preset(name, in, classes);

    CHECK(a->maskable == maskable && a->params == params, "%s: %zu, %zu", name,
          a->maskable, a->params);
    CHECK(a->classes == classes, "%s: classes", name);
    fm_arch_free(a);
}

/*
 * The FedPM paper's (arXiv 2209.15328) on its inputs; Conv2 by hand.
 *
 * CNN4: 389,920 weights and 1,920 batchnorm floats, as the FedMRN authors'
 * network has.  LeNet-5: the well-known 61,706.  MLP: the 199,210 of McMahan
 * et al. (arXiv 1602.05629), section 3.  CNN8 by hand.
 */
static void
golden(void)
{
    struct fm_shape mnist = {1, 28, 28}, cifar = {3, 32, 32};

    sizes("mlp", (struct fm_shape){784, 1, 1}, 10, 199210, 199210);
    sizes("mlp", mnist, 10, 199210, 199210);
    sizes("lenet5", mnist, 10, 61706, 61706);
    sizes("cnn4", mnist, 10, 389920, 391840);
    sizes("cnn8", cifar, 100, 1171296 + 102400, 1171296 + 102400 + 3840);
    sizes("conv2", mnist, 10, 640 + 36928 + 12544 * 256 + 256 + 65792 + 2570,
          640 + 36928 + 12544 * 256 + 256 + 65792 + 2570);
    sizes("conv4", mnist, 10, 1933258, 1933258);
    sizes("conv6", cifar, 10, 2262602, 2262602);
    sizes("conv10", cifar, 100, 19197092, 19197092);
    /* By hand: 80 8, 1024 8, 1024 256, 80 256. */
    sizes("charlstm", (struct fm_shape){80, 1, 1}, 80, 8192 + 262144 + 20480,
          640 + 8192 + 262144 + 20480);
}

static void
small_inputs(void)
{
    struct fm_arch *a = preset("cnn4", (struct fm_shape){1, 8, 8}, 3);

    CHECK(a->layer[a->nlayers - 1].in.c == 256, "8x8 ends as 1x1");
    fm_arch_free(a);
    a = preset("cnn8", (struct fm_shape){1, 1, 2}, 3);
    CHECK(a->layer[a->nlayers - 1].in.c == 512, "1x2 stays");
    fm_arch_free(a);
}

static void
hostile(void)
{
    struct fm_err e = {0};
    struct fm_shape s = {1, 1, 1};

    CHECK(!fm_arch_preset("cnn5", s, 2, &e), "cnn5");
    CHECK(strstr(e.msg, "cnn5: no such preset"), "%s", e.msg);
}

int
main(void)
{
    golden();
    small_inputs();
    hostile();
    return 0;
}
