/* What opcodes share that rescale integers. */
#ifndef INGOT_RESCALING_H
#define INGOT_RESCALING_H

#include "opcode.h"

/* i8, u8, i16 or i32. */
bool ingot_is_quantized(uint8_t element);
/* A rescaling to y, whose inputs multiplier, shift and zero point stand from `input` on, the first two for all or for each of
 * `channels` (none when negative). */
ingot_status ingot_expect_rescaling(const ingot_op *op, ingot_rescaling rescaling, uint32_t input, int64_t channels);
/* The same with parameters for each index of an axis of the result. */
ingot_status ingot_expect_rescaling_along(const ingot_op *op, ingot_rescaling rescaling, uint32_t input, int64_t axis);
/* Of it the zero point and the limits alone: `input` is the zero point. */
ingot_status ingot_expect_result(const ingot_op *op, ingot_rescaling rescaling, uint32_t input);
/* An input of i8, u8 or i16, or of i32 too where it may be wide, with the scalar of its zero point behind it. */
ingot_status ingot_expect_quantized(const ingot_op *op, uint32_t input, bool wide);
/* The attributes are the standard ones, as the inputs are not there. */
ingot_status ingot_expect_no_rescaling(const ingot_op *op, ingot_rescaling rescaling);
kernel_rescaling ingot_prepared_rescaling(const ingot_preparation *p, ingot_rescaling rescaling, uint32_t input);

kernel_rescaling ingot_prepared_result(const ingot_preparation *p, ingot_rescaling rescaling, uint32_t input);
/* A tensor around the axis of the rescaling's parameters; what shares them all is one channel. */
kernel_channels ingot_prepared_channels(const ingot_tensor *x, const kernel_rescaling *rescaling, int64_t axis);
static inline ingot_rescaling ingot_rescaling_of(const ingot_rescale_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

/* An integer product's element types, zero points (that of the first factor is one, or one for each of `rows` unless negative)
 * and what may follow its four inputs: a bias, a rescaling, or both. */
ingot_status ingot_expect_integer_product(const ingot_op *op, ingot_rescaling rescaling, int64_t rows, int64_t channels);
void ingot_prepare_integer_epilogue(const ingot_preparation *p, ingot_rescaling rescaling, const int32_t **bias,
                                    kernel_rescaling *arguments);

#endif
