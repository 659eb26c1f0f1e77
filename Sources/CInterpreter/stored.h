/* Weights that are stored in few bits. */
#ifndef INGOT_STORED_H
#define INGOT_STORED_H

#include "opcode.h"

/* Every operand is a float tensor but the second input, `rows` rows of `k` numbers, if it is stored in bits: then inputs 3 and 4 say
 * what it stands for. */
ingot_status ingot_expect_weights(const ingot_op *op, int64_t bits, int64_t block, int64_t rows, int64_t k);
ingot_status ingot_expect_palettes(const ingot_op *op, const ingot_tensor *numbers, const ingot_tensor *palettes, int64_t bits, int64_t block,
                                   int64_t rows);
/* Along an axis lie so many numbers, packed. */
ingot_status ingot_expect_packed(const ingot_op *op, const ingot_tensor *packed, int64_t bits, uint32_t axis, int64_t extent);
/* The second input with as many elements along an axis as there are inputs, if it is stored in bits. */
ingot_status ingot_expect_numbers(const ingot_op *op, int64_t bits, uint32_t axis, int64_t extent, ingot_tensor *numbers);
kernel_storage ingot_prepared_weights(const ingot_preparation *p, int64_t bits, int64_t block, int64_t k);
kernel_storage ingot_prepared_palettes(const ingot_preparation *p, const ingot_tensor *palettes, int64_t bits, int64_t block,
                                       int64_t rows, int64_t row_bytes);

#endif
