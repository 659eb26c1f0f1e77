/* The products of integers for one instruction set. The including file defines KERNEL_VARIANT, KERNEL_LANES and what vector.h and
 * integer_vector.h ask for, and has switched the instruction set on. */
#include "integer_vector.h"
#include "quantized.h"
#include "table.h"
#include "integer_product.h"
#include "integer_tile.h"
#include "integer_pack.h"
#include "integer_row.h"
#include "integer_gemm.h"
#include "integer_window.h"
#include "matmul_integer.h"
#include "convolution_integer.h"
#include "depthwise_integer.h"
#include "conv_transpose_integer.h"
#include "recurrent_integer.h"

#define KERNEL_ENTRY(family, arguments) [KERNEL_##family] = {family##_work, family##_run},
#define VARIANT_TABLE_NAME(variant) kernel_table_##variant
#define VARIANT_TABLE(variant) VARIANT_TABLE_NAME(variant)
#define VARIANT_TEXT_OF(variant) #variant
#define VARIANT_TEXT(variant) VARIANT_TEXT_OF(variant)
