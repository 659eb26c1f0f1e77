/* ADD_INTEGER: rules and kernel arguments. */
#include "../pair_integer.h"

static ingot_status expect_multiplier(const ingot_op *op, uint32_t input, const char *name) {
  const ingot_rescale_attributes *add = op->attributes;
  const ingot_tensor *multiplier = op->x[input], *y = op->y;
  const int64_t extent = add->axis < y->rank ? y->dims[add->axis] : -1;
  REQUIRE(op, multiplier->element == INGOT_I32 && (multiplier->rank == 0 || (multiplier->rank == 1 && multiplier->dims[0] == extent)),
          "the multiplier of %s has element %s, rank %u and first extent %lld, expected i32 and [] or [%lld]", name,
          ingot_element_text(multiplier->element), multiplier->rank, (long long)multiplier->dims[0], (long long)extent);
  return INGOT_OK;
}

static ingot_status check_add_integer(const ingot_op *op) {
  const ingot_rescale_attributes *add = op->attributes;
  const ingot_tensor *shift = op->x[6];
  CHECK(ingot_expect_pair_input(op, 0, "a"));
  CHECK(ingot_expect_pair_input(op, 3, "b"));
  CHECK(expect_multiplier(op, 2, "a"));
  CHECK(expect_multiplier(op, 5, "b"));
  REQUIRE(op, shift->element == INGOT_I8 && shift->rank == 0, "the shift has element %s and rank %u, expected i8 and 0",
          ingot_element_text(shift->element), shift->rank);
  CHECK(ingot_expect_no_row_channels(op, op->x[2]->rank + op->x[5]->rank > 0, add->axis));
  return ingot_expect_result(op, ingot_rescaling_of(op->attributes), 7);
}

static int prepare_add_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  static const uint32_t inputs[4] = {0, 3, 2, 5};
  kernel_rescaling rescaling = ingot_prepared_result(p, ingot_rescaling_of(p->attributes), 7);
  rescaling.shift = prepared_address(p, prepared_input(p, 6));
  arguments->add_integer = ingot_prepared_pair(p, inputs, rescaling);
  return KERNEL_add_integer;
}

const ingot_facts ingot_add_integer_facts = {.results = 1, .required = 8, .most = 8, .in_place = 1 << 0 | 1 << 3,
                                             .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0) | INGOT_WINDOW_INPUT(3),
                                             .tasks = ingot_row_parts, .check = check_add_integer, .prepare = prepare_add_integer};
