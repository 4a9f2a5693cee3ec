/*
 * fedmrn-stats: each feature's mean and deviation, of rows that stay at home.
 * See man/fedmrn-stats.1 for the contract; the work is in data/stats.h.
 */
#include "base/digest.h"
#include "base/extract.h"
#include "base/printable.h"
#include "cli/common.h"
#include "cli/out.h"
#include "cli/visible.h"
#include "data/datafile.h"
#include "data/draft.h"
#include "data/rows.h"
#include "data/stats.h"
#include "tensor/number.h"
#include "tensor/settings.h"

#include <stdlib.h>
#include <string.h>

static struct fm_opt opts[] = {
    {0, "images", "FILE", "sum up these images (IDX, NPY)", NULL},
    FM_OPT_DATA,
    {0, "indices", "FILE", "only these rows (default: all)", NULL},
    {0, "draft", NULL,
     "--data: print a draft of the list for --categories instead", NULL},
    {0, "settings", NULL, "print them as options of fedmrn-init", NULL},
    FM_OPT_JSON,
    FM_OPT_OUTPUT,
    {0}};

static struct fm_tool tool = {
    "fedmrn-stats", "--data FILE [--label NAME] | --images FILE | [SUMS]...",
    "Sum up a site's features, or add up the sums of sites: for normalisation "
    "without\nsharing rows.",
    "fedmrn-init -a net.arch $(fedmrn-stats --settings *.sums) -o w0", opts};

/* What was asked for. */
struct job {
    struct fm_dataset_from data;
    const char *indices, *out;
    bool settings, json;
    char **path; /* of sums, when there are no data */
    int n;
};

static int
sum_up(struct fm_stats *s, const struct job *j, struct fm_err *e)
{
    const char *name = fm_dataset_samples_name(&j->data);
    struct fm_dataset d = {0};
    uint32_t *row = NULL;
    size_t n;
    int rc;

    if ((rc = fm_dataset_open(&d, &j->data, e)))
        goto out;
    n = d.n;
    if (j->indices)
        rc = fm_rows_read(&row, &n, j->indices, d.n, e);
    else
        rc = (row = fm_rows_all(n, e)) ? 0 : FM_ESYS;
    if (!rc && (rc = fm_stats_take(s, &d, row, n, e)))
        fm_err_where(e, fm_file_name(name));
out:
    free(row);
    fm_dataset_free(&d);
    return rc;
}

/* The sums so far, and which files of sums they are made of. */
struct total {
    struct fm_stats sums;
    struct fm_buf ids;
};

static int
add_one(struct total *t, const uint8_t *bytes, size_t size, size_t *used,
        struct fm_err *e)
{
    struct fm_stats s;
    struct fm_id id;
    int rc = fm_stats_parse(&s, bytes, size, used, e);

    if (rc)
        goto out;
    id = fm_hash128(bytes, *used);
    for (size_t at = 0; at < t->ids.len; at += sizeof id)
        if (memcmp(t->ids.data + at, &id, sizeof id) == 0) {
            rc = fm_err_set(e, FM_EINPUT,
                            "the same sums a second time; each site counts "
                            "once");
            goto out;
        }
    if ((rc = fm_buf_add(&t->ids, &id, sizeof id, e)))
        goto out;
    if (t->sums.n) {
        rc = fm_stats_add(&t->sums, &s, e);
    } else {
        t->sums = s;
        s = (struct fm_stats){0};
    }
out:
    fm_stats_free(&s);
    return rc;
}

static int
add_up(struct total *t, const struct job *j, struct fm_err *e)
{
    struct fm_buf file = {0};
    int rc = 0;

    for (int i = 0; i < j->n && !rc; i++) {
        size_t at = 0, used = 0;

        file.len = 0;
        if ((rc = fm_file_read(&file, j->path[i],
                               (size_t)1 << FM_STATS_LIMIT_LOG2, e)))
            break;
        do {
            rc = add_one(t, file.data + at, file.len - at, &used, e);
            at += used;
        } while (!rc && at < file.len);
        if (rc)
            fm_err_where(e, fm_file_name(j->path[i]));
    }
    fm_buf_free(&file);
    return rc;
}

/* A feature that never changes is left as it is. */
static float
deviation(const struct fm_stats *s, size_t i)
{
    float std = (float)fm_stats_std(s, i);

    return std > 0 ? std : 1;
}

static int
print_settings(const struct job *j, const struct fm_stats *s, struct fm_err *e)
{
    struct fm_buf text = {0};
    char number[FM_DOUBLE_TEXT + 8];
    int rc = 0;

    if (s->n > FM_CHANNELS_MAX)
        return fm_err_set(e, FM_EINPUT,
                          "%zu features, but a model keeps at most %d means; "
                          "scale the columns of the tables instead (--json has "
                          "all)",
                          s->n, FM_CHANNELS_MAX);
    for (int std = 0; std < 2 && !rc; std++) {
        const char *option = std ? " --std=" : "--mean=";

        rc = fm_buf_add(&text, option, strlen(option), e);
        for (size_t i = 0; i < s->n && !rc; i++) {
            fm_float_text(number,
                          std ? deviation(s, i) : (float)fm_stats_mean(s, i));
            if (i + 1 < s->n)
                strcat(number, ",");
            rc = fm_buf_add(&text, number, strlen(number), e);
        }
    }
    if (!rc)
        rc = fm_buf_add(&text, "\n", 1, e);
    if (!rc)
        rc = fm_out_write(j->out, text.data, text.len, e);
    fm_buf_free(&text);
    return rc;
}

static int
print_json(const struct job *j, const struct fm_stats *s, struct fm_err *e)
{
    struct fm_json *o = fm_json_object(), *list;
    struct fm_buf text = {0};
    int rc;

    fm_json_add_str(o, "kind", s->pixels ? "pixels" : "table");
    fm_json_add_int(o, "count", s->count);
    list = fm_json_add_array(o, "features");
    for (size_t i = 0; i < s->n; i++) {
        struct fm_json *f = fm_json_add_object(list, NULL);

        if (!s->pixels)
            fm_visible_add(f, "name", s->feature[i].name);
        fm_json_add_real(f, "mean", fm_stats_mean(s, i));
        fm_json_add_real(f, "std", fm_stats_std(s, i));
    }
    if (!(rc = fm_printable_json(&text, o, e)) &&
        !(rc = fm_buf_add(&text, "\n", 1, e)))
        rc = fm_out_write(j->out, text.data, text.len, e);
    fm_buf_free(&text);
    fm_json_free(o);
    return rc;
}

static int
print_sums(const struct job *j, const struct fm_stats *s, struct fm_err *e)
{
    struct fm_buf text = {0};
    int rc = fm_stats_text(&text, s, e);

    if (!rc)
        rc = fm_out_write(j->out, text.data, text.len, e);
    fm_buf_free(&text);
    return rc;
}

static int
draft(const struct job *j, struct fm_err *e)
{
    struct fm_buf file = {0}, text = {0};
    const char *kind;
    int rc =
        fm_extract_file(&file, j->data.data, (size_t)1 << FM_IDX_LIMIT_LOG2, e);

    if (rc)
        goto out;
    if ((kind = fm_datafile_kind(file.data, file.len))) {
        rc = fm_err_set(e, FM_EINPUT,
                        "%s: %s; a draft is of a table's columns, and nothing "
                        "else takes --categories",
                        fm_file_name(j->data.data), kind);
        goto out;
    }
    if ((rc = fm_buf_add(&file, "", 1, e)))
        goto out;
    if ((rc = fm_draft(&text, (char *)file.data, file.len - 1, j->data.label,
                       e)))
        fm_err_where(e, fm_file_name(j->data.data));
    else
        rc = fm_out_write(j->out, text.data, text.len, e);
out:
    fm_buf_free(&file);
    fm_buf_free(&text);
    return rc;
}

static int
run(const struct job *j, struct fm_err *e)
{
    struct total t = {0};
    int rc;

    if (fm_dataset_samples_name(&j->data))
        rc = sum_up(&t.sums, j, e);
    else
        rc = add_up(&t, j, e);
    if (!rc)
        rc = j->settings ? print_settings(j, &t.sums, e)
             : j->json   ? print_json(j, &t.sums, e)
                         : print_sums(j, &t.sums, e);
    fm_buf_free(&t.ids);
    fm_stats_free(&t.sums);
    return rc;
}

/* A draft is of a whole table, and neither sums nor settings. */
static void
check_draft(const struct job *j)
{
    static const char *const not [] = {"categories", "missing",  "part",
                                       "indices",    "settings", "json"};

    if (!fm_opt(&tool, "draft"))
        return;
    if (!j->data.data)
        fm_cli_usage("option --draft: needs --data");
    fm_opt_need(&tool, "label");
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        if (fm_opt(&tool, not [i]))
            fm_cli_usage("option --%s means nothing with --draft", not [i]);
}

int
main(int argc, char **argv)
{
    struct job j = {0};
    struct fm_err e = {0};
    const char *source;

    j.path = fm_cli_start(&tool, argc, argv, &j.n);
    j.data = fm_cli_datafile(&tool, true);
    j.data.unlabelled = true;
    j.data.kind = FM_LABELS_EITHER; /* they are not looked at */
    if (j.data.images && j.data.data)
        fm_cli_usage("options --images and --data: one is enough");
    source = fm_dataset_samples_name(&j.data);
    j.indices = fm_opt(&tool, "indices");
    check_draft(&j);
    if (!source && j.indices)
        fm_cli_usage("option --indices: needs --data or --images");
    if (source && j.n)
        fm_cli_usage("%s: sums are added up when all are made; without --data "
                     "and --images",
                     j.path[0]);
    fm_cli_data_stdin(&j.data, NULL, j.indices);
    if (!source)
        j.path = fm_cli_inputs(j.path, &j.n, NULL);
    j.settings = fm_opt(&tool, "settings");
    j.json = fm_opt(&tool, "json");
    if (j.settings && j.json)
        fm_cli_usage("options --settings and --json: one is enough");
    j.out = fm_opt(&tool, "output");
    fm_cli_apart(&tool);
    if (!fm_out_check(j.out, &e))
        fm_opt(&tool, "draft") ? draft(&j, &e) : run(&j, &e);
    return fm_cli_end(&e);
}
