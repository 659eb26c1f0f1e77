/* AVX512: vectors of sixteen. The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")
#endif

#define KERNEL_VARIANT avx512
#define KERNEL_LANES 16
#define KERNEL_FEATURE KERNEL_FEATURE_AVX512
#define KERNEL_USES_AVX512
#include "../families/variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_avx512;
#endif
