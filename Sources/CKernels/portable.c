/* Vectors of four, which every compiler lowers to what the machine has. */
#define KERNEL_VARIANT portable
#define KERNEL_LANES 4
#define KERNEL_FEATURE KERNEL_FEATURE_PORTABLE
#include "families/variant.h"
