/* The kernels of AVX-VNNI in the encoding of AVX512-VNNI, which computes the same, for CPUs that have only that one. */
#include "../../Sources/CKernels/internal.h"

#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define KERNEL_DPBUSD _mm256_dpbusd_epi32
#define KERNEL_DPWSSD _mm256_dpwssd_epi32
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512vl,avx512vnni")
#endif

#define KERNEL_VARIANT avx_vnni_by_avx512
#define KERNEL_BASE avx2
#define KERNEL_LANES 8
#define KERNEL_FEATURE KERNEL_FEATURE_AVX512_VNNI
#define KERNEL_USES_AVX2
#define KERNEL_USES_VNNI
#include "../../Sources/CKernels/families/dot_variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const kernel_table *avx_vnni_by_avx512(void) { return &kernel_table_avx_vnni_by_avx512; }
#else
const kernel_table *avx_vnni_by_avx512(void) { return NULL; }
#endif
