/* cpu: the environment and the cap only ever lower the level. */
#include "base/cpu.h"
#include "check.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The environment is read once, so each value needs its own process. */
static enum fm_cpu_level
under(const char *value)
{
    pid_t pid = fork();
    int status;

    CHECK(pid >= 0, "fork");
    if (pid == 0) {
        if (value)
            setenv("FEDMRN_CPU", value, 1);
        else
            unsetenv("FEDMRN_CPU");
        _exit((int)fm_cpu());
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "wait");
    return (enum fm_cpu_level)WEXITSTATUS(status);
}

int
main(void)
{
    enum fm_cpu_level host = under(NULL), here;

    CHECK(host <= FM_CPU_AVX512, "%d", (int)host);
    CHECK(under("avx512") == host, "avx512 is no cap");
    CHECK(under("avx2") == (host < FM_CPU_AVX2 ? host : FM_CPU_AVX2), "avx2");
    CHECK(under("portable") == FM_CPU_PORTABLE, "portable");

    /* A typo must not switch on what it was meant to switch off. */
    CHECK(under("") == FM_CPU_PORTABLE, "empty");
    CHECK(under("AVX2") == FM_CPU_PORTABLE, "capitals");
    CHECK(under("avx2 ") == FM_CPU_PORTABLE, "space");
    CHECK(under("none") == FM_CPU_PORTABLE, "unknown");

    here = fm_cpu();
    fm_cpu_cap(FM_CPU_PORTABLE);
    CHECK(fm_cpu() == FM_CPU_PORTABLE, "cap");
    fm_cpu_cap(FM_CPU_AVX2);
    CHECK(fm_cpu() <= FM_CPU_AVX2 && fm_cpu() <= here, "cap");
    fm_cpu_cap(FM_CPU_AVX512);
    CHECK(fm_cpu() == here, "restored");

    CHECK(strcmp(fm_cpu_name(FM_CPU_PORTABLE), "portable") == 0, "name");
    CHECK(strcmp(fm_cpu_name(FM_CPU_AVX2), "avx2") == 0, "name");
    CHECK(strcmp(fm_cpu_name(FM_CPU_AVX512), "avx512") == 0, "name");
    return 0;
}
