/* AVX2: vectors of eight. The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

#define KERNEL_VARIANT avx2
#define KERNEL_LANES 8
#define KERNEL_FEATURE KERNEL_FEATURE_AVX2
#define KERNEL_USES_AVX2
#include "../families/variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_avx2;
#endif
