/*
 * vec: help for the compiler's vectoriser.  Approximate modules only.
 *
 * FM_CLONES in front of a function compiles it for AVX-512, AVX2 and the
 * baseline, and the loader picks (an ifunc, so glibc on x86-64 only; the
 * sanitizers' runtime is not up yet when it picks).  Arithmetic is the same in
 * every clone: there is no contraction, and loops are not reassociated.
 */
#ifndef FM_NN_VEC_H
#define FM_NN_VEC_H

#include <features.h>

#ifndef __has_attribute
#define __has_attribute(x) 0
#endif
#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__x86_64__) && defined(__GLIBC__) &&                               \
    __has_attribute(target_clones) && !defined(__SANITIZE_ADDRESS__) &&        \
    !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) &&      \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
#define FM_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FM_CLONES
#endif

/* Sixteen floats, at any address.  The compiler cuts them to the registers it
 * has.  VEC_AT(p) is what lies at float *p, also to assign to. */
typedef float fm_vec
    __attribute__((vector_size(64), aligned(sizeof(float)), may_alias));

enum { FM_VEC_LANES = 16 };

#define VEC_AT(p)       (*(fm_vec *)(p))
#define VEC_AT_CONST(p) (*(const fm_vec *)(p))

/* What comparing two of them gives, all ones or zeros; and v where it is. */
typedef int fm_vec_mask __attribute__((vector_size(64), aligned(4), may_alias));

#define VEC_ONLY(mask, v) ((fm_vec)((fm_vec_mask)(v) & (mask)))

/* A clone's helpers must be compiled into it. */
#define FM_INLINE static inline __attribute__((always_inline))

#endif
