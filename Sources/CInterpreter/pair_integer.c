/* Rules and kernel arguments of sums and products of integers. */
#include "pair_integer.h"

ingot_status ingot_expect_pair_input(const ingot_op *op, uint32_t input, const char *name) {
  const ingot_tensor *x = op->x[input], *zero = op->x[input + 1], *y = op->y;
  REQUIRE(op, x->element == INGOT_I8 || x->element == INGOT_U8 || x->element == INGOT_I16,
          "%s has element %s, expected i8, u8 or i16", name, ingot_element_text(x->element));
  REQUIRE(op, zero->element == x->element && zero->rank == 0,
          "the zero point of %s has element %s and rank %u, expected %s and 0", name, ingot_element_text(zero->element), zero->rank,
          ingot_element_text(x->element));
  REQUIRE(op, ingot_broadcasts(x, y), "%s does not broadcast to the result's shape", name);
  return INGOT_OK;
}

kernel_pair_integer ingot_prepared_pair(const ingot_preparation *p, const uint32_t inputs[4], kernel_rescaling rescaling) {
  const ingot_rescale_attributes *attributes = p->attributes;
  const ingot_tensor *y = p->y;
  const ingot_rows rows = ingot_part_rows(p, p->part);
  kernel_pair_integer arguments = {.y = ingot_row_address(p, y, rows), .rank = y->rank, .rescaling = rescaling,
                                   .a_zero = prepared_address(p, prepared_input(p, inputs[0] + 1)),
                                   .b_zero = prepared_address(p, prepared_input(p, inputs[1] + 1))};
  for (uint32_t i = 0; i < y->rank; i++) arguments.dims[i] = i + 2 == y->rank ? rows.count : y->dims[i];
  ingot_prepare_broadcast(y, y, arguments.strides[4]);
  for (uint32_t k = 0; k < 4; k++) {
    const ingot_tensor *x = prepared_input(p, inputs[k]);
    arguments.x[k] = k < 2 ? ingot_row_address(p, x, rows) : prepared_address(p, x);
    arguments.x_element[k] = x->element;
    if (k < 2) ingot_prepare_broadcast(x, y, arguments.strides[k]);
    else if (x->rank > 0) arguments.strides[k][attributes->axis] = 1;
  }
  kernel_pair_integer_merge(&arguments);
  return arguments;
}
