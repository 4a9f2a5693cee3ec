/*
 * bench_bundles: synthetic answers to a model, for whatever reads bundles:
 * DIR/0.mrn, DIR/1.mrn, ..., or back to back on standard output.
 */
#include "answer.h"

#include <unistd.h>

/* One file; flushed and closed by hand, since a full disk speaks there. */
static int
save(const char *dir, size_t i, const struct fm_buf *file, struct fm_err *e)
{
    char path[4096];
    FILE *f = stdout;

    if (dir) {
        snprintf(path, sizeof path, "%s/%zu.mrn", dir, i);
        f = fopen(path, "wb");
    }
    if (!f || fwrite(file->data, 1, file->len, f) != file->len ||
        (dir ? fclose(f) : fflush(f)))
        return fm_err_set(e, FM_ESYS, "%s: cannot write", dir ? path : "-");
    return 0;
}

static int
run(const char *model, size_t first, size_t n, const char *dir,
    struct fm_err *e)
{
    struct fm_model *m = fm_model_read(model, e);
    struct fm_buf file = {0};
    int rc = m ? 0 : (int)e->code;

    for (size_t i = first; i < first + n && rc == 0; i++) {
        struct fm_bundle b = {0};

        file.len = 0;
        if ((rc = bench_answer(&b, m, i, e)) == 0 &&
            (rc = fm_bundle_write(&file, &b, e)) == 0)
            rc = save(dir, i, &file, e);
        fm_bundle_free(&b);
    }
    fm_buf_free(&file);
    fm_model_free(m);
    return rc;
}

int
main(int argc, char **argv)
{
    struct fm_err e = {0};
    size_t first = 0;
    int c;

    while ((c = getopt(argc, argv, "f:")) == 'f')
        first = bench_number(optarg, 0, 1000000000);
    if (c != -1 || argc - optind < 2 || argc - optind > 3)
        bench_usage("bench_bundles [-f first] MODEL COUNT [DIR]");
    if (run(argv[optind], first, bench_number(argv[optind + 1], 1, 1000000000),
            argv[optind + 2], &e))
        bench_die("bench_bundles", &e);
    return 0;
}
