/* NEON with dot products and products of small matrices (I8MM). The instruction set is switched on for this file's functions alone. */
#include "../internal.h"

#if defined(__aarch64__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod+i8mm")
#endif
#include <arm_neon.h>

#define KERNEL_VARIANT i8mm
#define KERNEL_BASE neon
#define KERNEL_LANES 4
#define KERNEL_FEATURE KERNEL_FEATURE_I8MM
#define KERNEL_USES_NEON
#define KERNEL_USES_DOTPROD
#define KERNEL_USES_I8MM
#include "../families/dot_variant.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int kernel_no_i8mm;
#endif
