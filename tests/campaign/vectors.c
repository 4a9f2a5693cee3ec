/*
 * vectors: one fault in a file, and what each tool says to it.
 *
 *   vectors BIN [NUMBER]     all hostile files, or the one of this number
 *
 * Makes hostile files (hostile_*.c), lets every tool in the directory BIN that
 * reads such a file read it, under limits of memory and time, and expects of
 * each: status 3; one line that starts with the tool's name, holds the reason,
 * and no byte that drives a terminal; and no output.  mutants.py asks by the
 * environment for a list of the checks that each file meets.
 */
#include "../unit/signfix.h"
#include "hostile.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { WORDS = 24, MEMORY = 1 << 30, SECONDS = 20, FLOOR = 500 };

struct fm_model *w0;
off_t hostile_tail;
static size_t vectors, only, tried, survived;
static const char *bin; /* the tools' directory */

/* Who reads beside the model what stands in a bundle's place. */
#define BESIDE (READ_BUNDLE | READ_CLAIM | READ_SUM | READ_SUM_CLAIM)

/* {} is the hostile file; `out` must not appear. */
static const struct {
    int reader; /* any of these */
    const char *command;
} commands[] = {
    {READ_BUNDLE | READ_SUM | READ_MODEL, "fedmrn-verify -q {}"},
    {BESIDE, "fedmrn-verify -q -m w0 {}"},
    {READ_BUNDLE | READ_SUM | READ_SHOWN, "fedmrn-inspect {}"},
    {BESIDE, "fedmrn-inspect -m w0 {}"},
    {BESIDE, "fedmrn-aggregate -q -m w0 {} -o out"},
    {BESIDE, "fedmrn-aggregate -q -m w0 good.mrn {} -o out"},
    {BESIDE, "fedmrn-aggregate -q -m w0 --partial {} -o out"},
    {READ_BUNDLE, "fedmrn-unpack --raw {} -o out"},
    {READ_BUNDLE | READ_CLAIM, "fedmrn-unpack -m w0 {} -o out"},
    {READ_BUNDLE, "fedmrn-pack {} -o out"},
    {READ_MODEL, "fedmrn-aggregate -q -m {} good.mrn -o out"},
    {READ_MODEL, "fedmrn-verify -q -m {} good.mrn"},
    {READ_MODEL, "fedmrn-unpack -m {} good.mrn -o out"},
    {READ_MODEL, "fedmrn-noise -m {} --client a -o out"},
    {READ_MODEL, "fedmrn-eval -q -t 1 -m {} --images images --labels labels"},
    {READ_MODEL, "fedmrn-train -q -t 1 -m {} --images images --labels labels "
                 "--client a -o out"},
    {READ_IMAGES, "fedmrn-train -q -t 1 -m w0 --images {} --labels labels "
                  "--client a -o out"},
    {READ_IMAGES, "fedmrn-eval -q -t 1 -m w0 --images {} --labels labels"},
    {READ_LABELS | READ_CLASSES,
     "fedmrn-train -q -t 1 -m w0 --images images --labels {} "
     "--client a -o out"},
    {READ_LABELS | READ_CLASSES,
     "fedmrn-eval -q -t 1 -m w0 --images images --labels {}"},
    {READ_LABELS,
     "fedmrn-split --labels {} --scheme iid --clients 2 --seed 1 -o out"},
    {READ_NPY, "fedmrn-train -q -t 1 -m w0 --data {} --labels labels "
               "--client a -o out"},
    {READ_NPY, "fedmrn-stats --data {} -o out"},
    {READ_ARRAYS, "fedmrn-train -q -t 1 -m w0 --data {} --client a -o out"},
    {READ_ARRAYS,
     "fedmrn-split --data {} --scheme iid --clients 2 --seed 1 -o out"},
    {READ_ROWS, "fedmrn-train -q -t 1 -m w0 --images images --labels labels "
                "--indices {} --client a -o out"},
    {READ_ROWS, "fedmrn-eval -q -t 1 -m w0 --images images --labels labels "
                "--indices {}"},
    {READ_ARCH, "fedmrn-init --arch {} -o out"},
    {READ_STATE, "fedmrn-train -q -t 1 -m p0 --images images --labels labels "
                 "--client a --state {} -o out"},
    {READ_ROSTER, "fedmrn-verify -q --roster {} good.mrn"},
    {READ_ROSTER, "fedmrn-aggregate -q -m w0 --roster {} good.mrn -o out"},
    {READ_SIGNATURE,
     "fedmrn-verify -q --roster roster --signatures {} good.mrn"},
    {READ_SIGNATURE, "fedmrn-aggregate -q -m w0 --roster roster "
                     "--signatures {} good.mrn -o out"},
    {READ_KEY, "fedmrn-pack -q --sign {} good.mrn -o out"},
    {READ_LEDGER, "fedmrn-verify -q --ledger {}"},
    {READ_LEDGER, "fedmrn-aggregate -q -m w0 --ledger {} good.mrn -o out"},
    {READ_CHECKPOINT, "fedmrn-train -q -t 1 -m w0 --images images --labels "
                      "labels --client a --checkpoint {} -o out"},
    {READ_RESIDUAL, "fedmrn-pack -q -m v1 --codec topk:0.5 --residual {} "
                    "second -o out"},
    {READ_SUMS, "fedmrn-stats {} -o out"},
    {READ_TABLE, "fedmrn-stats --data {} --label y -o out"},
    {READ_UPDATE, "fedmrn-pack -q -m w0 --update {} --client a --samples 1 "
                  "-o out"},
};

static void
child(char **word)
{
    struct rlimit memory = {MEMORY, MEMORY}, cpu = {SECONDS, SECONDS};
    int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0666),
        null = open("/dev/null", O_RDWR);
    const char *met = getenv("MUTANT_DIR");
    char path[4096];

#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_AS, &memory);
#else
    (void)memory;
#endif
    setrlimit(RLIMIT_CPU, &cpu);
    if (met) {
        snprintf(path, sizeof path, "%s/%zu", met, vectors);
        setenv("FM_MUTANT_LOG", path, 1);
    }
    snprintf(path, sizeof path, "%s/%s", bin, word[0]);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execv(path, word);
    _exit(127);
}

/* Its status; -1 when a signal ended it. */
static int
run(const char *command)
{
    char copy[512], file[] = "hostile", *word[WORDS] = {0}, *save = NULL;
    size_t n = 0;
    int status;
    pid_t pid;

    snprintf(copy, sizeof copy, "%s", command);
    for (char *w = strtok_r(copy, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        CHECK(n + 1 < WORDS, "%s", command);
        word[n++] = strcmp(w, "{}") == 0 ? file : w;
    }
    pid = fork();
    CHECK(pid >= 0, "fork");
    if (pid == 0)
        child(word);
    CHECK(waitpid(pid, &status, 0) == pid, "wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What is wrong with a refusal, or NULL. */
static const char *
fault(const char *command, const char *reason, int status, char said[4096])
{
    size_t tool = strcspn(command, " "), n;
    FILE *f = fopen("err", "rb");

    CHECK(f, "no words at all");
    n = fread(said, 1, 4095, f);
    fclose(f);
    said[n] = '\0';
    if (status != 3)
        return "another status";
    if (strncmp(said, command, tool) != 0 || said[tool] != ':')
        return "it does not start with the tool's name";
    if (!strstr(said, reason))
        return "another reason";
    if (strlen(said) != n)
        return "a NUL";
    for (size_t i = 0; i < n; i++)
        if ((said[i] < 0x20 || said[i] > 0x7e) && said[i] != '\n')
            return "a byte that drives a terminal";
    if (access("out", F_OK) == 0)
        return "an output";
    return NULL;
}

void
hostile(enum reader reader, const char *name, const char *reason,
        const struct fm_buf *file)
{
    vectors++;
    if (only && only != vectors)
        return;
    fx_save("hostile", file);
    CHECK(!hostile_tail || truncate("hostile", hostile_tail) == 0, "truncate");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char said[4096];
        const char *why;
        int status;

        if (!(commands[i].reader & (int)reader))
            continue;
        tried++;
        remove("out");
        status = run(commands[i].command);
        why = fault(commands[i].command, reason, status, said);
        if (!why)
            survived++;
        else
            fprintf(stderr, "vectors: %s: %s: %s; status %d, and said: %s\n",
                    name, commands[i].command, why, status, said);
    }
}

/* The files that the commands read beside the hostile one. */
static void
round_of_files(struct fm_buf *good)
{
    static const char images[] = "\0\0\10\3\0\0\0\2\0\0\0\3\0\0\0\3"
                                 "abcdefghijklmnopqr",
                      labels[] = "\0\0\10\1\0\0\0\2\0\1";
    struct fm_model *p0 = fx_fedpm("input 1x3x3\nlinear 2\n", 0, 1);
    struct fm_buf b = {0};

    w0 = fx_model(FX_TINY, FM_FEDMRN, FM_UNIFORM);
    CHECK(fm_model_dump(&b, w0, NULL) == 0, "memory");
    fx_save("w0", &b);
    b.len = 0;
    CHECK(fm_model_dump(&b, p0, NULL) == 0, "memory");
    fx_save("p0", &b);
    fx_file(good, w0, "good", 3, 1);
    fx_save("good.mrn", good);
    b.len = 0;
    CHECK(fm_buf_add(&b, images, sizeof images - 1, NULL) == 0, "memory");
    fx_save("images", &b);
    b.len = 0;
    CHECK(fm_buf_add(&b, labels, sizeof labels - 1, NULL) == 0, "memory");
    fx_save("labels", &b);
    fm_buf_free(&b);
    fm_model_free(p0);
}

/* The tools make what only they can: a checkpoint, and a residual. */
static void
made_by_tools(void)
{
    static const char script[] =
        "PATH=$1:$PATH\n"
        "d='--images images --labels labels --client a --seed 1'\n"
        "fedmrn-train -q -m w0 $d --checkpoint point -o /dev/full 2>/dev/null\n"
        "printf '%s\\n' 'input 1x3x3' 'linear 2' |\n"
        "    fedmrn-init --arch - --method fedavg --epochs 1 -o v0\n"
        "fedmrn-train -q -m v0 $d |\n"
        "    fedmrn-pack -q -m v0 --codec topk:0.5 --residual residual -o x\n"
        "fedmrn-aggregate -q -m v0 x -o v1 && rm x\n"
        "fedmrn-train -q -m v1 $d -o second\n";
    pid_t pid = fork();
    int status;

    CHECK(pid >= 0, "fork");
    if (pid == 0) {
        execlp("sh", "sh", "-c", script, "sh", bin, (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the tools");
}

/* Clients 0 and 1 are listed, 2 is revoked. */
static void
listed(void)
{
    static const char *const who[] = {"good", "other", "good"};
    char text[512] = "", key[FM_PUBKEY_TEXT];
    size_t n = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct sf_key k = sf_key(i);

        n += (size_t)snprintf(text + n, sizeof text - n, "%s %s %s\n", who[i],
                              fm_pubkey_text(key, &k.key),
                              i < 2 ? "100" : "revoked");
    }
    sf_save("roster", text, n);
}

/* A file without a fault must not pass for one with, under these limits. */
static bool
control(const struct fm_buf *good)
{
    size_t before = survived;

    fx_save("hostile", good);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].reader & READ_BUNDLE) {
            int status = run(commands[i].command);

            CHECK(status == 0, "%s: status %d", commands[i].command, status);
            remove("out");
        }
    return survived == before;
}

int
main(int argc, char **argv)
{
    struct fm_buf good = {0};
    char dir[32];

    CHECK(argc == 2 || argc == 3, "usage: vectors BIN [NUMBER]");
    if (argc == 3)
        only = strtoul(argv[2], NULL, 10);
    bin = realpath(argv[1], NULL);
    CHECK(bin, "%s: no such directory", argv[1]);
    fx_enter(dir);
    round_of_files(&good);
    listed();
    made_by_tools();
    if (!only) {
        CHECK(control(&good), "the negative control survived");
        printf("# control: a good file is not refused\n");
    }
    hostile_bundles();
    hostile_models();
    hostile_data();
    hostile_trust(&good);
    hostile_arrays();
    printf("# %zu files\n", vectors);
    printf("campaign: %zu of %zu survived\n", survived, tried);
    fm_buf_free(&good);
    fm_model_free(w0);
    fx_leave(dir);
    free((void *)bin);
    return tried < (only ? 1 : FLOOR) || survived != tried;
}
