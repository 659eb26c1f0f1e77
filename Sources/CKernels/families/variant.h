/* All vector kernels for one instruction set, and their table. The including file defines KERNEL_VARIANT, KERNEL_LANES
 * and KERNEL_FEATURE, and has switched the instruction set on. */
#include "vector.h"
#include "functions.h"
#include "activation.h"
#include "gemm.h"
#include "matmul.h"
#include "convolution.h"
#include "depthwise.h"
#include "conv_transpose.h"
#include "reduction.h"
#include "elementwise.h"
#include "softmax.h"
#include "normalization.h"
#include "pooling.h"
#include "resize.h"
#include "recurrent.h"
#include "rescale.h"

#define VARIANT_TABLE_NAME(variant) kernel_table_##variant
#define VARIANT_TABLE(variant) VARIANT_TABLE_NAME(variant)
#define VARIANT_TEXT_OF(variant) #variant
#define VARIANT_TEXT(variant) VARIANT_TEXT_OF(variant)

extern const kernel_table VARIANT_TABLE(KERNEL_VARIANT);
const kernel_table VARIANT_TABLE(KERNEL_VARIANT) = {
    VARIANT_TEXT(KERNEL_VARIANT),
    KERNEL_FEATURE,
    {
#define VECTOR_ENTRY(family, arguments) [KERNEL_##family] = {family##_work, family##_run},
        VECTOR_KERNELS(VECTOR_ENTRY)
#undef VECTOR_ENTRY
#define PLAIN_ENTRY(family, arguments) [KERNEL_##family] = {kernel_##family##_work, kernel_##family##_run},
        PLAIN_KERNELS(PLAIN_ENTRY)
#undef PLAIN_ENTRY
    }};
