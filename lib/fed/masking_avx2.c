#include "fed/masking_impl.h"

#if defined(__AVX2__)
FM_MASKING_VARIANT(fm_masking_apply_avx2)
#else
/* Another architecture: never called. */
typedef int fm_masking_avx2_unused;
#endif
