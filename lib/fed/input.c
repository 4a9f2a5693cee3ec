#include "fed/input.h"

int
fm_input_read(struct fm_dataset *d, const struct fm_dataset_from *from,
              const struct fm_arch *a, struct fm_err *e)
{
    const char *x = fm_dataset_samples_name(from);
    struct fm_dataset_from f = *from;
    const struct fm_shape in = a->input;
    int rc;

    f.window = fm_shape_count(in);
    if ((rc = fm_dataset_open(d, &f, e)) ||
        (rc = fm_dataset_check_tokens(d, x, fm_arch_vocabulary(a), e)))
        return rc;
    return fm_dataset_check(d, x, fm_dataset_labels_name(from), in.c, in.h,
                            in.w, a->classes, e);
}
