/* Weights that a product reads in 8 or 4 bits. */
#ifndef INGOT_STORED_H
#define INGOT_STORED_H

#include "opcode.h"

/* Every operand is a float tensor but the second input, `rows` rows of `k` numbers, if it is stored in bits: then inputs 3 and 4 say
 * what it stands for. */
ingot_status ingot_expect_weights(const ingot_op *op, int64_t bits, int64_t block, int64_t rows, int64_t k);
/* The second input with as many elements along an axis as numbers are stored. */
ingot_tensor ingot_stored_numbers(const ingot_tensor *weights, int64_t bits, uint32_t axis);
kernel_steps ingot_prepared_weights(const ingot_preparation *p, int64_t bits, int64_t block, int64_t k);

#endif
