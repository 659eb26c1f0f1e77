/* MUL_INTEGER: rules and kernel arguments. */
#include "../pair_integer.h"

static ingot_status check_mul_integer(const ingot_op *op) {
  const ingot_rescale_attributes *mul = op->attributes;
  CHECK(ingot_expect_pair_input(op, 0, "a"));
  CHECK(ingot_expect_pair_input(op, 2, "b"));
  CHECK(ingot_expect_no_row_channels(op, op->x[4] != NULL && op->x[4]->rank > 0, mul->axis));
  return ingot_expect_rescaling_along(op, ingot_rescaling_of(mul), 4, mul->axis);
}

static int prepare_mul_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  static const uint32_t inputs[4] = {0, 2, 4, 5};
  arguments->mul_integer = ingot_prepared_pair(p, inputs, ingot_prepared_result(p, ingot_rescaling_of(p->attributes), 6));
  return KERNEL_mul_integer;
}

const ingot_facts ingot_mul_integer_facts = {.results = 1, .required = 7, .most = 7, .in_place = 1 << 0 | 1 << 2,
                                             .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0) | INGOT_WINDOW_INPUT(2),
                                             .tasks = ingot_row_parts, .check = check_mul_integer, .prepare = prepare_mul_integer};
