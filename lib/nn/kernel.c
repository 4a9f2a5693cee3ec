#include "nn/kernel.h"

#include "base/cpu.h"

const struct fm_kernel *
fm_kernel_best(void)
{
#if defined(__x86_64__)
    enum fm_cpu_level level = fm_cpu();

    if (level >= FM_CPU_AVX512)
        return &fm_kernel_avx512;
    if (level >= FM_CPU_AVX2 && __builtin_cpu_supports("fma"))
        return &fm_kernel_avx2;
#endif
    return NULL;
}
