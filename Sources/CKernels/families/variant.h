/* All vector kernels for one instruction set, and their table. The including file defines KERNEL_VARIANT, KERNEL_LANES
 * and KERNEL_FEATURE, and has switched the instruction set on. */
#include "vector.h"
#include "functions.h"
#include "activation.h"
#include "tile.h"
#include "stored.h"
#include "palette.h"
#include "gemm.h"
#include "matmul.h"
#include "convolution.h"
#include "depthwise.h"
#include "phase.h"
#include "conv_transpose.h"
#include "reduction.h"
#include "elementwise.h"
#include "softmax.h"
#include "normalization.h"
#include "pooling.h"
#include "resize.h"
#include "recurrent.h"
#include "integer_variant.h"
#include "rescale.h"
#include "lookup.h"
#include "pair_integer.h"
#include "integer_sums.h"
#include "integer_pooling.h"
#include "softmax_integer.h"
#include "norm_integer.h"
#include "resize_integer.h"

extern const kernel_table VARIANT_TABLE(KERNEL_VARIANT);
const kernel_table VARIANT_TABLE(KERNEL_VARIANT) = {
    VARIANT_TEXT(KERNEL_VARIANT),
    KERNEL_FEATURE,
    NULL,
    {
        VECTOR_KERNELS(KERNEL_ENTRY) INTEGER_KERNELS(KERNEL_ENTRY)
#define PLAIN_ENTRY(family, arguments) [KERNEL_##family] = {kernel_##family##_work, kernel_##family##_run},
        PLAIN_KERNELS(PLAIN_ENTRY)
#undef PLAIN_ENTRY
    }};
