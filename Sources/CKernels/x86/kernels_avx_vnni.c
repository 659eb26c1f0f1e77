/* AVX2 with VNNI: products of four bytes in vectors of eight. The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define KERNEL_DPBUSD _mm256_dpbusd_avx_epi32
#define KERNEL_DPWSSD _mm256_dpwssd_avx_epi32
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avxvnni")
#endif

#define KERNEL_VARIANT avx_vnni
#define KERNEL_BASE avx2
#define KERNEL_LANES 8
#define KERNEL_FEATURE KERNEL_FEATURE_AVX_VNNI
#define KERNEL_USES_AVX2
#define KERNEL_USES_VNNI
#include "../families/dot_variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_avx_vnni;
#endif
