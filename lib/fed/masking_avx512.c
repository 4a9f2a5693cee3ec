#include "fed/masking_impl.h"

#if defined(__AVX512BW__)
FM_MASKING_VARIANT(fm_masking_apply_avx512)
#else
/* Another architecture: never called. */
typedef int fm_masking_avx512_unused;
#endif
