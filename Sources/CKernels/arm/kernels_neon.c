/* NEON: vectors of four with fused multiply-add. Part of every aarch64. */
#include "../internal.h"

#if defined(__aarch64__)
#define KERNEL_VARIANT neon
#define KERNEL_LANES 4
#define KERNEL_FEATURE KERNEL_FEATURE_NEON
#define KERNEL_USES_NEON
#include "../families/variant.h"
#else
typedef int kernel_no_neon;
#endif
