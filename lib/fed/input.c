#include "fed/input.h"

#include "data/numbers.h"

int
fm_input_read(struct fm_dataset *d, const struct fm_dataset_from *from,
              const struct fm_arch *a, enum fm_loss_kind loss, struct fm_err *e)
{
    const char *x = fm_dataset_samples_name(from);
    const char *y = fm_dataset_labels_name(from);
    struct fm_dataset_from f = *from;
    const struct fm_shape in = a->input;
    int rc;

    f.window = fm_shape_count(in);
    f.kind = loss == FM_LOSS_MSE ? FM_LABELS_NUMBERS : FM_LABELS_CLASSES;
    if ((rc = fm_dataset_open(d, &f, e)) ||
        (rc = fm_dataset_check_tokens(d, x, fm_arch_vocabulary(a), e)))
        return rc;
    if (loss == FM_LOSS_MSE && d->text)
        return fm_err_set(e, FM_EINPUT,
                          "%s: characters are classes, and the model learns "
                          "numbers (loss mse)",
                          fm_file_name(x));
    if (d->t && (rc = fm_numbers_check(d, y, a->classes, e)))
        return rc;
    return fm_dataset_check(d, x, y, in.c, in.h, in.w,
                            loss == FM_LOSS_BCE ? 2 : a->classes, e);
}
