/*
 * common: the options that mean the same in every tool, and their glue.
 *
 * Rows for a tool's table:
 *
 *     static struct fm_opt opts[] = {
 *         FM_OPT_MODEL, FM_OPT_THREADS, FM_OPT_OUTPUT, FM_OPT_QUIET, {0}};
 */
#ifndef FM_CLI_COMMON_H
#define FM_CLI_COMMON_H

#include "base/bytes.h"
#include "base/json.h"
#include "base/pool.h"
#include "cli/opt.h"
#include "data/dataset.h"

#include <stdbool.h>

#define FM_OPT_OUTPUT                                                          \
    {                                                                          \
        'o', "output", "FILE",                                                 \
            "write FILE, whole or not at all (default: standard output)", NULL \
    }
#define FM_OPT_QUIET                                                           \
    {                                                                          \
        'q', "quiet", NULL, "show no progress", NULL                           \
    }
#define FM_OPT_MODEL                                                           \
    {                                                                          \
        'm', "model", "FILE", "the round's model", NULL                        \
    }
#define FM_OPT_JSON                                                            \
    {                                                                          \
        'j', "json", NULL, "print JSON", NULL                                  \
    }
#define FM_OPT_THREADS                                                         \
    {                                                                          \
        't', "threads", "N", "threads to use (default: all processors)", NULL  \
    }
#define FM_OPT_ROSTER                                                          \
    {                                                                          \
        0, "roster", "FILE",                                                   \
            "let pass only what a client in this list has signed", NULL        \
    }
#define FM_OPT_SIGNATURES                                                      \
    {                                                                          \
        0, "signatures", "FILE", "the signatures of standard input", NULL      \
    }
#define FM_OPT_TEXT                                                            \
    {0, "text", "FILE", "a text instead, to learn its next characters", NULL}, \
        {0, "leaf", "FILE", "the same from LEAF's JSON", NULL},                \
    {                                                                          \
        0, "step", "N",                                                        \
            "characters from one sample of a text to the next (1)", NULL       \
    }

#define FM_OPT_DATA                                                            \
    {0, "data", "FILE",                                                        \
     "samples and labels: CSV, TSV, NPY, NPZ, safetensors, CIFAR", NULL},      \
        {0, "label", "NAME", "--data: a table's column; CIFAR-100's coarse",   \
         NULL},                                                                \
        {0, "part", "NAME", "--data: train or test, where it has both", NULL}, \
        {0, "categories", "FILE", "--data: a table's columns of words", NULL}, \
    {                                                                          \
        0, "missing", "refuse|mean",                                           \
            "no value, or NaN: refuse (default), or the feature's mean", NULL  \
    }

/* fm_cli_data - what of --labels, --text, --leaf and --data is to be read, with
 * `images` of --images, too; and what belongs to one of them, but for --window.
 * A usage error when that is not one data set.
 * fm_cli_datafile - --data alone, or with `images` --images, if they are there,
 * and what belongs to them. */
struct fm_dataset_from fm_cli_data(const struct fm_tool *tool, bool images);
struct fm_dataset_from fm_cli_datafile(const struct fm_tool *tool, bool images);

/* fm_cli_tokens - a usage error when --mean or --std would normalise a
 * network's tokens, which are taken as they are. */
void fm_cli_tokens(const struct fm_tool *tool, bool tokens);

/*
 * fm_cli_pool - the pool that --threads asks for: 0 or absent means one thread
 * per online processor.  NULL and FM_ESYS when it cannot start.
 */
struct fm_pool *fm_cli_pool(const struct fm_tool *tool, struct fm_err *e);

/*
 * fm_cli_inputs - the `*n` operands as files to read; none means "-", standard
 * input, and *n becomes 1.  It is a usage error when standard input would be
 * read twice, `other` (another file that is read, or NULL) counted too; or when
 * none means a terminal.
 */
char **fm_cli_inputs(char **path, int *n, const char *other);

/* fm_cli_one_stdin - the same check for `n` files named by options; NULL ones
 * are not read.
 * fm_cli_data_stdin - of data, and a model and row numbers beside them. */
void fm_cli_one_stdin(const char *const *path, size_t n);
void fm_cli_data_stdin(const struct fm_dataset_from *from, const char *model,
                       const char *indices);

/*
 * fm_cli_signed - the input that --signatures is for, or NULL: standard input,
 * or the only file.  A usage error when it is for nothing, or when --roster
 * meets a stream without it, or when standard input would be read twice.  The
 * tool has --model, --roster and --signatures.
 */
const char *fm_cli_signed(const struct fm_tool *tool, char **path, int n);

/*
 * fm_cli_apart - a usage error when --output is a file that another option
 * names: what is read would be lost, or what is written beside it.
 */
void fm_cli_apart(const struct fm_tool *tool);

/*
 * fm_cli_spare_bundle - a usage error when --output is a bundle, and what is
 * written is none: as by `-o r1/x.mrn`, where the name before r1/ was
 * forgotten.
 */
void fm_cli_spare_bundle(const struct fm_tool *tool);

/* fm_cli_json - write `j` and a newline to standard output; 0 or FM_ESYS. */
int fm_cli_json(const struct fm_json *j, struct fm_err *e);

#endif
