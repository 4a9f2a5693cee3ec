#include "cli/common.h"

#include "base/odc.h"
#include "base/printable.h"
#include "cli/out.h"

#include <unistd.h>

struct fm_pool *
fm_cli_pool(const struct fm_tool *tool, struct fm_err *e)
{
    return fm_pool_new(fm_opt_count(tool, "threads", 0, FM_POOL_MAX, 0), e);
}

/* Options that mean nothing without another. */
static void
need_data_option(const struct fm_tool *tool, const char *name,
                 const char *other)
{
    if (fm_opt(tool, name) && !fm_opt(tool, other))
        fm_cli_usage("option --%s: needs --%s", name, other);
}

void
fm_cli_tokens(const struct fm_tool *tool, bool tokens)
{
    static const char *const name[] = {"mean", "std"};

    for (int i = 0; i < 2; i++)
        if (tokens && fm_opt(tool, name[i]))
            fm_cli_usage("option --%s means nothing to a network of tokens, "
                         "which takes them as they are",
                         name[i]);
}

struct fm_dataset_from
fm_cli_datafile(const struct fm_tool *tool, bool images)
{
    static const char *const own[] = {"label", "part", "categories"};
    const char *missing = fm_opt(tool, "missing");
    const char *given = images ? fm_opt(tool, "images") : NULL;

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        need_data_option(tool, own[i], "data");
    if (!given)
        need_data_option(tool, "missing", "data");
    if (missing && strcmp(missing, "refuse") != 0 &&
        strcmp(missing, "mean") != 0)
        fm_cli_usage("option --missing: '%s' is not refuse or mean", missing);
    return (struct fm_dataset_from){.images = given,
                                    .data = fm_opt(tool, "data"),
                                    .label = fm_opt(tool, "label"),
                                    .part = fm_opt(tool, "part"),
                                    .categories = fm_opt(tool, "categories"),
                                    .mean = missing && *missing == 'm'};
}

struct fm_dataset_from
fm_cli_data(const struct fm_tool *tool, bool images)
{
    static const char *const whole[] = {"text", "leaf", "data", "images"};
    struct fm_dataset_from d = fm_cli_datafile(tool, images);
    const char *given = NULL;

    d.step = fm_opt_count(tool, "step", 1, UINT32_MAX, 1);
    need_data_option(tool, "step", "text");
    d.text = fm_opt(tool, "text");
    d.leaf = fm_opt(tool, "leaf");
    for (int i = 0; i < 3 + images; i++) {
        if (!fm_opt(tool, whole[i]))
            continue;
        if (given)
            fm_cli_usage("options --%s and --%s: one is enough", given,
                         whole[i]);
        given = whole[i];
    }
    d.labels = fm_opt(tool, "labels");
    if (d.labels && (d.text || d.leaf))
        fm_cli_usage("options --%s and --labels: the first has its own labels",
                     given);
    if (d.labels && d.label)
        fm_cli_usage("options --label and --labels: one is enough");
    if (!given && images)
        fm_cli_usage("no data: one of --images, --data, --text and --leaf is "
                     "wanted");
    if (!given || d.images)
        d.labels = fm_opt_need(tool, "labels");
    return d;
}

/* How many of the files are standard input. */
static size_t
count_stdin(const char *const *path, size_t n)
{
    size_t dashes = 0;

    for (size_t i = 0; i < n; i++)
        dashes += path[i] && strcmp(path[i], "-") == 0;
    return dashes;
}

static void
check_stdin(size_t dashes)
{
    if (dashes > 1)
        fm_cli_usage("standard input cannot be read twice");
}

void
fm_cli_one_stdin(const char *const *path, size_t n)
{
    check_stdin(count_stdin(path, n));
}

void
fm_cli_data_stdin(const struct fm_dataset_from *from, const char *model,
                  const char *indices)
{
    const char *const path[] = {model,        indices,         from->images,
                                from->labels, from->text,      from->leaf,
                                from->data,   from->categories};

    fm_cli_one_stdin(path, sizeof path / sizeof *path);
}

void
fm_cli_apart(const struct fm_tool *tool)
{
    const char *out = fm_opt(tool, "output");

    for (const struct fm_opt *o = tool->opt; out && o->name; o++)
        if (o->value && o->arg && o->value != out &&
            (strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "KEY") == 0) &&
            fm_out_same(out, o->value))
            fm_cli_usage("options --%s and --output: the same file", o->name);
}

void
fm_cli_spare_bundle(const struct fm_tool *tool)
{
    static const char name[] = "manifest.json"; /* of its first member */
    const char *out = fm_opt(tool, "output");
    struct fm_map m = {0};

    if (!out || !fm_file_map(&m, out, SIZE_MAX))
        return;
    if (m.len > FM_ODC_HEADER + sizeof name &&
        memcmp(m.data, "070707", FM_ARCHIVE_MAGIC) == 0 &&
        memcmp(m.data + FM_ODC_HEADER, name, sizeof name) == 0)
        fm_cli_usage("option --output: %s is a client's answer, and would be "
                     "lost; name the file to write",
                     out);
    fm_file_unmap(&m);
}

char **
fm_cli_inputs(char **path, int *n, const char *other)
{
    static char dash[] = "-", *standard[] = {dash, NULL};

    if (*n == 0) {
        /* Nobody types what is read here; they forgot the names. */
        if (isatty(STDIN_FILENO))
            fm_cli_usage("no file named, and standard input is a terminal");
        path = standard;
        *n = 1;
    }
    check_stdin(count_stdin(&other, 1) +
                count_stdin((const char *const *)path, (size_t)*n));
    return path;
}

const char *
fm_cli_signed(const struct fm_tool *tool, char **path, int n)
{
    const char *given = fm_opt(tool, "signatures");
    const char *file[] = {fm_opt(tool, "model"), fm_opt(tool, "roster"), given,
                          NULL};
    const char **stream = &file[3];

    for (int i = 0; i < n; i++)
        if (strcmp(path[i], "-") == 0)
            *stream = path[i];
    if (given && !fm_opt(tool, "roster"))
        fm_cli_usage("--signatures takes --roster, which says whose");
    if (given && !*stream && n > 1)
        fm_cli_usage("--signatures is for standard input or the only file; "
                     "others have theirs beside them");
    if (fm_opt(tool, "roster") && *stream && !given)
        fm_cli_usage("--roster and standard input, which has no signatures "
                     "beside it: name them by --signatures FILE");
    fm_cli_one_stdin(file, sizeof file / sizeof *file);
    return !given ? NULL : *stream ? *stream : path[0];
}

int
fm_cli_json(const struct fm_json *j, struct fm_err *e)
{
    struct fm_buf text = {0};
    int rc;

    if ((rc = fm_printable_json(&text, j, e)))
        goto out;
    if ((rc = fm_buf_add(&text, "\n", 1, e)))
        goto out;
    rc = fm_out_write(NULL, text.data, text.len, e);
out:
    fm_buf_free(&text);
    return rc;
}
