#include "fed/input.h"

#include "check.h"

#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test_input.XXXXXX", path[64];

static int
text(struct fm_dataset *d, const char *arch, enum fm_loss_kind loss,
     const char *content, struct fm_err *e)
{
    struct fm_dataset_from from = {.text = path, .step = 2};
    struct fm_arch *a = fm_arch_parse(arch, "t", NULL);
    FILE *f = fopen(path, "wb");
    int rc;

    CHECK(a && f && fputs(content, f) >= 0 && fclose(f) == 0, "%s", path);
    *e = (struct fm_err){0};
    rc = fm_input_read(d, &from, a, loss, e);
    fm_arch_free(a);
    return rc;
}

static void
refuse(const char *arch, enum fm_loss_kind loss, const char *content,
       const char *message)
{
    struct fm_dataset d;
    struct fm_err e;

    CHECK(text(&d, arch, loss, content, &e) == FM_EINPUT, "accepted: %s", arch);
    CHECK(strstr(e.msg, "/text: ") && strstr(e.msg, message), "%s", e.msg);
    fm_dataset_free(&d);
}

int
main(void)
{
    struct fm_dataset d;
    struct fm_err e;

    CHECK(mkdtemp(dir), "no temporary directory");
    snprintf(path, sizeof path, "%s/text", dir);
    CHECK(!text(&d, "input 3\nembedding 80 2\nlstm 2\nlinear 80\n",
                FM_LOSS_SOFTMAX, "abcdefg", &e),
          "%s", e.msg);
    CHECK(d.n == 2 && d.y[1] == 58 && fm_dataset_row(&d, 1)[0] == 55, "cde, f");
    fm_dataset_free(&d);
    refuse("input 3\nlinear 80\n", FM_LOSS_SOFTMAX, "abcdefg",
           "characters are for a network");
    refuse("input 3\nembedding 53 2\nlstm 2\nlinear 80\n", FM_LOSS_SOFTMAX,
           "ABCdEFG",
           "value 56 of sample 1 is not below the model's 53 tokens");
    refuse("input 3\nembedding 80 2\nlstm 2\nlinear 56\n", FM_LOSS_SOFTMAX,
           "abcdefg",
           "label 56 of sample 0 is not below 56 classes; they count from 0");
    refuse("input 3\nembedding 80 2\nlstm 2\nlinear 80\n", FM_LOSS_SOFTMAX,
           "abc",
           "3 characters, but a sample takes 3 and the one that follows");
    refuse("input 3\nembedding 80 2\nlstm 2\nlinear 1\n", FM_LOSS_MSE,
           "abcdefg", "characters are classes, and the model learns numbers");
    unlink(path);
    rmdir(dir);
    return 0;
}
