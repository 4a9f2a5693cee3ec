/*
 * cpu: which instruction sets the exact kernels may use.
 *
 * A kernel has a portable version and variants in NAME_avx2.c, NAME_avx512.c;
 * its entry point asks fm_cpu() and picks.  Every variant gives the same bytes.
 *
 * The environment variable FEDMRN_CPU caps the answer: portable, avx2 or
 * avx512.  An unknown value means portable, the safe reading of a typo.
 */
#ifndef FM_BASE_CPU_H
#define FM_BASE_CPU_H

enum fm_cpu_level {
    FM_CPU_PORTABLE = 0,
    FM_CPU_AVX2 = 1,   /* AVX2, and the OS saves its registers */
    FM_CPU_AVX512 = 2, /* AVX-512 F, BW, DQ and VL, likewise */
};

/* fm_cpu - the best level of this host under the cap.  Cannot fail. */
enum fm_cpu_level fm_cpu(void);

/* fm_cpu_cap - for tests: lower the cap at run time; restore with AVX512. */
void fm_cpu_cap(enum fm_cpu_level level);

/* fm_cpu_name - "portable", "avx2" or "avx512". */
const char *fm_cpu_name(enum fm_cpu_level level);

#endif
