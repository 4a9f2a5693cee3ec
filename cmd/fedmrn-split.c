/*
 * fedmrn-split: a data set's rows parted among clients.
 * See man/fedmrn-split.1 for the contract; the work is in data/split.h.
 */
#include "cli/common.h"
#include "cli/out.h"
#include "cli/outdir.h"
#include "data/dataset.h"
#include "data/split.h"

#include <string.h>

static struct fm_opt opts[] = {
    {0, "labels", "FILE", "the training labels (IDX)", NULL},
    {0, "scheme", "SCHEME", "iid, dirichlet:B or labels:F", NULL},
    {0, "clients", "N", "how many clients", NULL},
    {0, "min-rows", "N", "rows that dirichlet leaves every client (10)", NULL},
    {'s', "seed", "N", "seed of the draws (default: 1)", NULL},
    {'o', "output", "DIR", "new directory of lists 0, 1, ... (default: print)",
     NULL},
    {0}};

static struct fm_tool tool = {
    "fedmrn-split", "--labels FILE --scheme SCHEME --clients N [OPTION]...",
    "Part the rows of a data set among clients: one list of row numbers each.",
    "fedmrn-split --labels train-labels --scheme dirichlet:0.3 --clients 100 "
    "--out parts",
    opts};

/* Each row as decimal text on a line of its own, `before` in front of it. */
static int
append_rows(struct fm_buf *out, const uint32_t *row, size_t n,
            const char *before, struct fm_err *e)
{
    char line[48];
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++) {
        int len = snprintf(line, sizeof line, "%s%lu\n", before,
                           (unsigned long)row[i]);

        rc = fm_buf_add(out, line, (size_t)len, e);
    }
    return rc;
}

static int
print(const struct fm_split *s, struct fm_err *e)
{
    struct fm_buf text = {0};
    char before[24];
    int rc = 0;

    for (size_t k = 0; k < s->clients && !rc; k++) {
        snprintf(before, sizeof before, "%zu\t", k);
        rc = append_rows(&text, s->row + s->start[k],
                         s->start[k + 1] - s->start[k], before, e);
    }
    if (!rc)
        rc = fm_out_write(NULL, text.data, text.len, e);
    fm_buf_free(&text);
    return rc;
}

static int
write_lists(const struct fm_split *s, const char *path, struct fm_err *e)
{
    struct fm_outdir dir;
    struct fm_buf text = {0};
    char name[24];
    int rc;

    if ((rc = fm_outdir_open(&dir, path, e)))
        return rc;
    for (size_t k = 0; k < s->clients && !rc; k++) {
        snprintf(name, sizeof name, "%zu", k);
        text.len = 0;
        rc = append_rows(&text, s->row + s->start[k],
                         s->start[k + 1] - s->start[k], "", e);
        if (!rc)
            rc = fm_outdir_put(&dir, name, text.data, text.len, e);
    }
    if (!rc)
        rc = fm_outdir_commit(&dir, e);
    fm_outdir_abort(&dir);
    fm_buf_free(&text);
    return rc;
}

static int
run(const char *labels, const char *scheme, size_t clients, size_t min_rows,
    uint64_t seed, const char *out, struct fm_err *e)
{
    struct fm_dataset d = {0};
    struct fm_split s = {0};
    int rc;

    if (out && (rc = fm_outdir_check(out, e)))
        return rc;
    if ((rc = fm_dataset_read(&d, NULL, labels, e)))
        goto out;
    if ((rc =
             fm_split_make(&s, d.y, d.n, scheme, clients, min_rows, seed, e))) {
        fm_err_where(e, fm_file_name(labels));
        goto out;
    }
    rc = out ? write_lists(&s, out, e) : print(&s, e);
out:
    fm_split_free(&s);
    fm_dataset_free(&d);
    return rc;
}

int
main(int argc, char **argv)
{
    const char *labels, *scheme, *out;
    size_t clients, min_rows;
    uint64_t seed = 1;
    struct fm_err e = {FM_OK, ""};
    char **operand;
    int n;

    operand = fm_cli_start(&tool, argc, argv, &n);
    if (n > 0)
        fm_cli_usage("%s: fedmrn-split takes no operands", operand[0]);
    labels = fm_opt_need(&tool, "labels");
    scheme = fm_opt_need(&tool, "scheme");
    if (fm_split_check(scheme, &e))
        fm_cli_usage("option --scheme: %s", e.msg);
    fm_opt_need(&tool, "clients");
    clients = fm_opt_count(&tool, "clients", 1, FM_SPLIT_CLIENTS_MAX, 0);
    min_rows = fm_opt_count(&tool, "min-rows", 1, UINT32_MAX, 10);
    if (fm_opt(&tool, "min-rows") && strncmp(scheme, "dirichlet:", 10) != 0)
        fm_cli_usage("option --min-rows means nothing under %s, which draws "
                     "no sizes",
                     scheme);
    fm_opt_seed(&tool, "seed", &seed);
    out = fm_opt(&tool, "output");
    if (out && strcmp(out, "-") == 0)
        out = NULL;
    run(labels, scheme, clients, min_rows, seed, out, &e);
    return fm_cli_end(&e);
}
