/* What opcodes share that rescale integers. */
#ifndef INGOT_RESCALING_H
#define INGOT_RESCALING_H

#include "opcode.h"

/* i8, u8, i16 or i32. */
bool ingot_is_quantized(uint8_t element);
/* A rescaling to y, whose inputs multiplier, shift and zero point stand from `input` on, the first two for all or for each of
 * `channels` (none when negative). */
ingot_status ingot_expect_rescaling(const ingot_op *op, ingot_rescaling rescaling, uint32_t input, int64_t channels);
kernel_rescaling ingot_prepared_rescaling(const ingot_preparation *p, ingot_rescaling rescaling, uint32_t input);

/* An integer product's element types, zero points (that of the first factor is one, or one for each of `rows` unless negative)
 * and what may follow its four inputs: a bias, a rescaling, or both. */
ingot_status ingot_expect_integer_product(const ingot_op *op, ingot_rescaling rescaling, int64_t rows, int64_t channels);
void ingot_prepare_integer_epilogue(const ingot_preparation *p, ingot_rescaling rescaling, const int32_t **bias,
                                    kernel_rescaling *arguments);

#endif
