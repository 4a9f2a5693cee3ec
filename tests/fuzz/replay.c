/*
 * replay: a fuzz target on its corpus, without a fuzzer.  As the program
 * test_fuzz_NAME it reads tests/fuzz/corpus/NAME, from the root of the tree;
 * or the files that are named.  It ends well unless the target ends it.
 */
#include "base/archive.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one(const char *path)
{
    struct fm_err e = {0};
    struct fm_buf b = {0};

    if (fm_file_read(&b, path, (size_t)1 << 24, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    LLVMFuzzerTestOneInput(b.data, b.len);
    fm_buf_free(&b);
}

int
main(int argc, char **argv)
{
    const char *name = strstr(argv[0], "test_fuzz_");
    char dir[64], path[512];
    struct dirent *entry;
    int n = 0;
    DIR *d;

    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            one(argv[i]);
        return 0;
    }
    snprintf(dir, sizeof dir, "tests/fuzz/corpus/%s", name ? name + 10 : "");
    d = opendir(dir);
    while (d && (entry = readdir(d))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        one(path);
        n++;
    }
    if (d)
        closedir(d);
    if (n == 0)
        fprintf(stderr, "%s: no corpus\n", dir);
    return n == 0;
}
