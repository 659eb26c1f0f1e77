/* What matrix products of floats and of integers share. */
#ifndef INGOT_PRODUCT_H
#define INGOT_PRODUCT_H

#include "opcode.h"

/* Shapes of a product of the first two inputs. */
ingot_status ingot_expect_product(const ingot_op *op, bool transpose_a, bool transpose_b);
/* Whether a matrix, the last two axes of a tensor of this rank, lies in panels: blocks of an axis, each with all of the other. */
bool ingot_is_panels(const ingot_layout *layout, uint32_t rank, bool of_rows);
/* How far apart the matrices of x lie for each batch axis of y, 0 where x repeats. Returns how many matrices x has. */
int64_t ingot_prepare_batches(const ingot_tensor *x, const ingot_tensor *y, int64_t strides[INGOT_MAX_RANK]);

#endif
