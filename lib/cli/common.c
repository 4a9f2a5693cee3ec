#include "cli/common.h"

#include "cli/out.h"

struct fm_pool *
fm_cli_pool(const struct fm_tool *tool, struct fm_err *e)
{
    return fm_pool_new(fm_opt_count(tool, "threads", 0, FM_POOL_MAX, 0), e);
}

char **
fm_cli_inputs(char **path, int *n, const char *other)
{
    static char dash[] = "-", *standard[] = {dash, NULL};
    int dashes = other && strcmp(other, dash) == 0;

    if (*n == 0) {
        path = standard;
        *n = 1;
    }
    for (int i = 0; i < *n; i++)
        dashes += strcmp(path[i], dash) == 0;
    if (dashes > 1)
        fm_cli_usage("standard input cannot be read twice");
    return path;
}

int
fm_cli_json(const struct fm_json *j, struct fm_err *e)
{
    struct fm_buf text = {0};
    int rc;

    if ((rc = fm_json_dump(&text, j, e)))
        goto out;
    if ((rc = fm_buf_add(&text, "\n", 1, e)))
        goto out;
    rc = fm_out_write(NULL, text.data, text.len, e);
out:
    fm_buf_free(&text);
    return rc;
}
