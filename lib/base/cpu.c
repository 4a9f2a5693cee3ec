#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"portable", "avx2", "avx512"};

static _Atomic int cap = FM_CPU_AVX512;
static _Atomic int found = -1; /* host and environment, asked once */

static enum fm_cpu_level
host(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return FM_CPU_AVX512;
    if (__builtin_cpu_supports("avx2"))
        return FM_CPU_AVX2;
#endif
    return FM_CPU_PORTABLE;
}

static int
limit(void)
{
    const char *s = getenv("FEDMRN_CPU");

    if (!s)
        return FM_CPU_AVX512;
    for (int i = FM_CPU_AVX512; i > FM_CPU_PORTABLE; i--)
        if (strcmp(s, names[i]) == 0)
            return i;
    return FM_CPU_PORTABLE;
}

enum fm_cpu_level
fm_cpu(void)
{
    int f = found;

    if (f < 0) {
        int h = (int)host(), l = limit();

        found = f = h < l ? h : l;
    }
    return (enum fm_cpu_level)(f < cap ? f : cap);
}

void
fm_cpu_cap(enum fm_cpu_level level)
{
    cap = (int)level;
}

const char *
fm_cpu_name(enum fm_cpu_level level)
{
    return names[level];
}
