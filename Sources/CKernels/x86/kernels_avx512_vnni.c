/* AVX512 with VNNI: products of four bytes in vectors of sixteen. The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#endif

#define KERNEL_VARIANT avx512_vnni
#define KERNEL_BASE avx512
#define KERNEL_LANES 16
#define KERNEL_FEATURE KERNEL_FEATURE_AVX512_VNNI
#define KERNEL_USES_AVX512
#define KERNEL_USES_VNNI
#include "../families/dot_variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_avx512_vnni;
#endif
