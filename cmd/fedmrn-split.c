/*
 * fedmrn-split: a data set's rows parted among clients.
 * See man/fedmrn-split.1 for the contract; the work is in data/split.h.
 */
#include "cli/common.h"
#include "cli/out.h"
#include "cli/outdir.h"
#include "data/dataset.h"
#include "data/split.h"
#include "data/text.h"

#include <string.h>

static struct fm_opt opts[] = {
    {0, "labels", "FILE", "the training labels (IDX, NPY)", NULL},
    FM_OPT_TEXT,
    FM_OPT_DATA,
    {0, "window", "N", "characters of a sample of a text (80)", NULL},
    {0, "scheme", "SCHEME",
     "iid, dirichlet:B, labels:F or natural (LEAF's users)", NULL},
    {0, "clients", "N", "how many clients", NULL},
    {0, "min-rows", "N",
     "rows that dirichlet leaves every client (10); natural: leave out those "
     "with less",
     NULL},
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

/* The name of a user, as a comment in front of his rows. */
static int
append_name(struct fm_buf *out, const char *name, struct fm_err *e)
{
    size_t at = out->len + 2;
    int rc;

    if ((rc = fm_buf_add(out, "# ", 2, e)) ||
        (rc = fm_buf_add(out, name, strlen(name), e)) ||
        (rc = fm_buf_add(out, "\n", 1, e)))
        return rc;
    for (; at + 1 < out->len; at++)
        if (out->data[at] < ' ' || out->data[at] == 0x7f)
            out->data[at] = '?';
    return 0;
}

static int
write_lists(const struct fm_split *s, const struct fm_dataset *d,
            const char *path, struct fm_err *e)
{
    const char *user = (const char *)d->names.data;
    size_t users = 0;
    struct fm_outdir dir;
    struct fm_buf text = {0};
    char name[24];
    int rc;

    if ((rc = fm_outdir_open(&dir, path, e)))
        return rc;
    for (size_t k = 0; k < s->clients && !rc; k++) {
        snprintf(name, sizeof name, "%zu", k);
        text.len = 0;
        while (s->user && users < s->user[k]) {
            user += strlen(user) + 1;
            users++;
        }
        if (s->user && (rc = append_name(&text, user, e)))
            break;
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

/* What was asked for. */
struct job {
    struct fm_dataset_from data;
    const char *scheme, *out;
    size_t clients, min_rows;
    uint64_t seed;
};

static int
part(struct fm_split *s, const struct job *j, const struct fm_dataset *d,
     struct fm_err *e)
{
    if (fm_split_is_natural(j->scheme))
        return fm_split_natural(s, d->user, d->users, j->min_rows, e);
    return fm_split_make(s, d->y, d->n, j->scheme, j->clients, j->min_rows,
                         j->seed, e);
}

static int
run(const struct job *j, struct fm_err *e)
{
    struct fm_dataset d = {0};
    struct fm_split s = {0};
    int rc;

    if (j->out && (rc = fm_outdir_check(j->out, e)))
        return rc;
    if ((rc = fm_dataset_open(&d, &j->data, e)))
        goto out;
    if ((rc = part(&s, j, &d, e))) {
        fm_err_where(e, fm_file_name(fm_dataset_labels_name(&j->data)));
        goto out;
    }
    rc = j->out ? write_lists(&s, &d, j->out, e) : print(&s, e);
out:
    fm_split_free(&s);
    fm_dataset_free(&d);
    return rc;
}

/* The scheme, and what goes with it. */
static void
read_scheme(struct job *j)
{
    struct fm_err e = {0};
    bool natural;

    j->scheme = fm_opt_need(&tool, "scheme");
    if (fm_split_check(j->scheme, &e))
        fm_cli_usage("option --scheme: %s", e.msg);
    natural = fm_split_is_natural(j->scheme);
    if (natural && !j->data.leaf)
        fm_cli_usage("option --scheme: natural needs --leaf, whose rows have "
                     "users");
    if (natural && fm_opt(&tool, "clients"))
        fm_cli_usage("option --clients means nothing under natural: they are "
                     "the users");
    if (natural && fm_opt(&tool, "seed"))
        fm_cli_usage("option --seed means nothing under natural, which draws "
                     "nothing");
    if (!natural)
        fm_opt_need(&tool, "clients");
    j->clients = fm_opt_count(&tool, "clients", 1, FM_SPLIT_CLIENTS_MAX, 0);
    j->min_rows =
        fm_opt_count(&tool, "min-rows", 1, UINT32_MAX, natural ? 1 : 10);
    if (fm_opt(&tool, "min-rows") && !natural &&
        strncmp(j->scheme, "dirichlet:", 10) != 0)
        fm_cli_usage("option --min-rows means nothing under %s, which draws "
                     "no sizes",
                     j->scheme);
}

int
main(int argc, char **argv)
{
    struct job j = {.seed = 1};
    struct fm_err e = {0};
    char **operand;
    int n;

    operand = fm_cli_start(&tool, argc, argv, &n);
    if (n > 0)
        fm_cli_usage("%s: fedmrn-split takes no operands", operand[0]);
    j.data = fm_cli_data(&tool, false);
    j.data.kind = FM_LABELS_EITHER;
    fm_cli_data_stdin(&j.data, NULL, NULL);
    if (j.data.text)
        j.data.window =
            fm_opt_count(&tool, "window", 1, INT32_MAX, FM_TEXT_WINDOW);
    else if (fm_opt(&tool, "window"))
        fm_cli_usage("option --window: needs --text");
    read_scheme(&j);
    fm_opt_seed(&tool, "seed", &j.seed);
    j.out = fm_opt(&tool, "output");
    if (j.out && strcmp(j.out, "-") == 0)
        j.out = NULL;
    run(&j, &e);
    return fm_cli_end(&e);
}
