/* bench_cpu: the values of FEDMRN_CPU that this machine can run, one a line. */
#include "base/cpu.h"

#include <stdio.h>

int
main(void)
{
    for (int i = FM_CPU_PORTABLE; i <= (int)fm_cpu(); i++)
        puts(fm_cpu_name((enum fm_cpu_level)i));
    return 0;
}
