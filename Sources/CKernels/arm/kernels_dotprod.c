/* NEON with the dot products of Armv8.2. The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__aarch64__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#include <arm_neon.h>

#define KERNEL_VARIANT dotprod
#define KERNEL_BASE neon
#define KERNEL_LANES 4
#define KERNEL_FEATURE KERNEL_FEATURE_DOTPROD
#define KERNEL_USES_NEON
#define KERNEL_USES_DOTPROD
#include "../families/dot_variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_dotprod;
#endif
