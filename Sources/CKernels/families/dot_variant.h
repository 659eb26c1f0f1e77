/* An extension of an instruction set by instructions that multiply four bytes at a time: what uses those, and a table in front of
 * that of KERNEL_BASE, whose kernels it has for all else. As integer_variant.h asks. */
#include "vector.h"
#include "tile.h"
#include "phase.h"
#include "integer_variant.h"

extern const kernel_table VARIANT_TABLE(KERNEL_BASE), VARIANT_TABLE(KERNEL_VARIANT);
const kernel_table VARIANT_TABLE(KERNEL_VARIANT) = {
    VARIANT_TEXT(KERNEL_VARIANT), KERNEL_FEATURE, &VARIANT_TABLE(KERNEL_BASE), {INTEGER_KERNELS(KERNEL_ENTRY)}};
